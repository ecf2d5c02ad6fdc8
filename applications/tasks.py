"""Jobs and timed work of the applications app. Each is one call into the domain."""

from celery import shared_task

from accounts.domain import partners
from applications import outbound
from applications.domain import closing, coverage, evidence, holdings, monitoring, outreach, screening
from applications.enums import Job
from portal.kernel.clock import today
from portal.kernel.idempotency import forget_old
from portal.kernel.jobs import job


@job(Job.SCREEN)
def screen(*, application_id: int) -> None:
    evidence.collect(application_id=application_id)
    screening.screen(application_id=application_id)


@job(Job.ANNOUNCE)
def announce(*, reference: str) -> None:
    outbound.announce(reference=reference)


@job(Job.HOLDINGS)
def read_holdings(*, statement_id: int) -> None:
    holdings.read(statement_id=statement_id)


@job(Job.COVERAGE)
def count_coverage(*, run_id: int) -> None:
    coverage.count(run_id=run_id)


@job(Job.OUTREACH)
def refresh_outreach(*, plan_id: int) -> None:
    outreach.refresh(plan_id=plan_id)


@shared_task(name="applications.lists")
def lists() -> None:
    """Every morning: tasks follow the lists, and today is counted."""
    outreach.refresh_all()
    coverage.ask(on=today(), again=True)


@job(Job.FETCH_HOLDINGS)
def fetch_holdings() -> None:
    holdings.fetch()


@shared_task(name="applications.ask_holdings")
def ask_holdings() -> None:
    holdings.ask_fetch()


@shared_task(name="applications.expire")
def expire() -> None:
    closing.expire_due()
    partners.expire_referrals()
    forget_old()


@shared_task(name="applications.monitor")
def monitor() -> None:
    monitoring.refresh()
