"""Jobs of the accounts app. Each is one call into the domain."""

from accounts.domain import partners
from accounts.enums import Job
from portal.kernel.jobs import job


@job(Job.DELIVER_REFERRAL)
def deliver_referral(*, reference: str, sealed_token: str) -> None:
    partners.deliver_referral(reference=reference, sealed_token=sealed_token)
