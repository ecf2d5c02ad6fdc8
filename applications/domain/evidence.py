"""Ask outside sources, outside any transaction: one row each, a dead source included."""

from __future__ import annotations

from accounts.domain import onboarding
from accounts.enums import ConsentKind
from accounts.models import Consent, Enterprise
from applications.enums import EvidenceOutcome
from applications.integrations.sources import source
from applications.models import Application, Evidence
from portal.kernel.clock import now
from portal.kernel.errors import TransientError
from portal.kernel.transactions import use_case

# source → the consent without which it must not be asked (先授权后查询)
NEEDS_CONSENT = {"tax": ConsentKind.TAX_DATA, "credit_bureau": ConsentKind.FIRM_CREDIT}


def collect(*, application_id: int) -> list[Evidence]:
    """Fetch what is not there yet for the present round. Asked again, it returns what it has."""
    application = Application.objects.select_related("enterprise", "product").get(pk=application_id)
    if application.status != "submitted":
        return []
    if application.enterprise.registry_checked_at is None:
        recheck_registry(application.enterprise)
    if not application.is_credit:
        return []
    have = set(application.evidence.filter(round=application.round).values_list("source", flat=True))
    consented = set(Consent.objects.live().filter(enterprise=application.enterprise).values_list("kind", flat=True))
    rows = [
        _ask(application, name, allowed=kind in consented) for name, kind in NEEDS_CONSENT.items() if name not in have
    ]
    Evidence.objects.bulk_create(rows, ignore_conflicts=True)
    return list(application.evidence.filter(round=application.round))


def _ask(application: Application, name: str, *, allowed: bool) -> Evidence:
    row = Evidence(application=application, round=application.round, source=name, fetched_at=now())
    if not allowed:
        row.outcome = EvidenceOutcome.NO_CONSENT
        return row
    try:
        value = source(name).fetch(application.enterprise.uscc)
    except TransientError:
        row.outcome = EvidenceOutcome.DOWN
    else:
        row.outcome = EvidenceOutcome.OK if value else EvidenceOutcome.NOT_FOUND
        row.value = value or {}
    return row


def recheck_registry(enterprise: Enterprise) -> None:
    """Catch up on a registry that was down when the enterprise entered."""
    registration, _ = onboarding.look_up(enterprise.uscc)
    if registration is not None:
        _accept(enterprise_id=enterprise.pk, registration=registration)


@use_case
def _accept(*, enterprise_id: int, registration: onboarding.Registration) -> None:
    onboarding.accept_registration(Enterprise.objects.select_for_update().get(pk=enterprise_id), registration)
