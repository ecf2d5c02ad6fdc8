"""Races with real transactions and threads: one wins, the others are told why."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from accounts.models import Banker
from applications.domain import assigning, submission
from applications.models import Application, Screening, Submission
from portal.kernel import jobs
from portal.kernel.errors import PortalError
from portal.kernel.events import verify
from portal.kernel.idempotency import Answer, guard
from portal.kernel.models import Event, IdempotencyKey
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    """Run all works in threads that start together; returns their results or errors."""
    gate = threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait(10)
            return work()
        except PortalError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def world(transactional_db, sent):
    factories.load_defaults()
    return factories.legal_rep()


def test_six_submits_of_one_draft(world):
    application = factories.draft(world)
    results = at_once(*[lambda: submission.submit(application_id=application.pk, actor=world.actor)] * 6)
    won = [r for r in results if isinstance(r, Application)]
    lost = [r for r in results if isinstance(r, PortalError)]
    assert (len(won), len(lost)) == (1, 5)
    assert {e.code for e in lost} == {"illegal_transition"}
    assert all("当前状态是「自动检查中」" in e.message for e in lost)
    assert Submission.objects.count() == 1
    assert Event.objects.filter(stream=application.reference, type="application.submitted").count() == 1
    assert verify(application.reference) is None


def test_two_drafts_of_one_product_submitted_at_once(world):
    first = factories.draft(world)
    other = Application.objects.get(pk=first.pk)
    other.pk, other.reference = None, "SQ20260101-TWIN22"
    other.save(force_insert=True)
    results = at_once(
        *[lambda pk=pk: submission.submit(application_id=pk, actor=world.actor) for pk in (first.pk, other.pk)]
    )
    lost = [r for r in results if isinstance(r, PortalError)]
    assert [e.code for e in lost] == ["already_open"]


def test_two_bankers_claim_one_case(world, monkeypatch):
    bankers = factories.bankers()
    application = factories.submitted(world)
    from applications.domain import screening

    screening.screen(application_id=application.pk)
    results = at_once(
        *[
            lambda actor=a: assigning.claim(application_id=application.pk, actor=actor)
            for a in (bankers.reviewer, bankers.reviewer2)
        ]
    )
    lost = [r for r in results if isinstance(r, PortalError)]
    assert [e.code for e in lost] == ["already_claimed"]
    application.refresh_from_db()
    assert str(Banker.objects.get(pk=application.assignee_id).user) in lost[0].message


def test_one_screening_job_run_by_four_workers(world):
    application = factories.submitted(world)
    from portal.kernel.models import QueuedJob

    job = QueuedJob.objects.get(name="applications.screen")
    at_once(*[lambda: jobs.run(job.pk)] * 4)
    application.refresh_from_db()
    assert application.status == "screened"
    assert Screening.objects.count() == 1
    assert Event.objects.filter(stream=application.reference, type="application.screened").count() == 1


@pytest.mark.postgres
def test_twenty_threads_on_one_idempotency_key(world):
    actor, _ = factories.partner_client()
    done = []

    def work():
        done.append(1)
        return Answer(201, {"n": len(done)})

    results = at_once(*[lambda: guard(actor=actor, key="k", fingerprint="f", work=work)] * 20)
    assert len(done) == 1
    assert {r.body["n"] for r in results if isinstance(r, Answer)} == {1}
    assert {r.code for r in results if isinstance(r, PortalError)} <= {"idempotency_in_progress"}
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.postgres
def test_twenty_requests_with_one_key_make_one_application(world):
    """Through the whole door: every answer is the one application, or the word that it is still being made."""
    from tests.test_api import PROFILE, Api, need

    api = Api(*factories.partner_client())
    code = factories.demo_uscc()
    api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
    results = at_once(*[lambda: api("POST", "applications/", need(code), idempotency_key="one")] * 20)
    assert Application.objects.count() == 1
    assert {r.status_code for r in results} <= {201, 409}
    made = [r.json()["reference"] for r in results if r.status_code == 201]
    assert set(made) == {Application.objects.get().reference}
    assert {r.json()["code"] for r in results if r.status_code == 409} <= {"idempotency_in_progress"}
    assert Event.objects.filter(stream=made[0]).count() == 1
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.postgres
def test_application_role_cannot_rewrite_history(world):
    """The role that serves may append events; only the owner may migrate, nobody may rewrite."""
    from django.core.management import call_command
    from django.db import ProgrammingError, transaction

    call_command("dbroles", "portal_app", password="x", verbosity=0)
    factories.submitted(world)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE portal_app")
        try:
            cursor.execute("SELECT count(*) FROM kernel_event")
            assert cursor.fetchone()[0] > 0
            cursor.execute("UPDATE applications_application SET version = version")
            for statement in (
                "UPDATE kernel_event SET type = 'x'",
                "DELETE FROM kernel_event",
                "TRUNCATE kernel_event",
                "ALTER TABLE kernel_event ADD COLUMN x int",
                "UPDATE applications_submission SET sha256 = 'x'",
            ):
                with pytest.raises(ProgrammingError), transaction.atomic():
                    cursor.execute(statement)
        finally:
            cursor.execute("RESET ROLE")
