"""Policies under races, with real transactions and threads: one wins, the others are told why."""

import pytest

from portal.kernel import jobs
from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.events import verify
from portal.kernel.models import QueuedJob
from products.domain import authoring, backtesting
from products.domain.evaluating import in_force
from products.models import BackTest, PolicyVersion
from tests import factories
from tests.applications.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db, sent):
    factories.load_defaults()
    return factories.policy_desk()


def drafted(desk) -> PolicyVersion:
    base = in_force("zhaojiedai", today())
    return authoring.draft_from(version_id=base.pk, effective_from=today(), actor=desk[0])


def test_two_people_begin_a_draft_at_once(desk):
    base = in_force("zhaojiedai", today())
    results = at_once(
        *(lambda who=who: authoring.draft_from(version_id=base.pk, effective_from=today(), actor=who) for who in desk)
    )
    won = [r for r in results if isinstance(r, PolicyVersion)]
    lost = [r for r in results if isinstance(r, PortalError)]
    assert (len(won), [e.code for e in lost]) == (1, ["draft_open"])


def test_a_draft_is_published_once_or_changed_never_both(desk):
    version = drafted(desk)
    backtesting.start(version_id=version.pk, actor=desk[0])
    jobs.run(QueuedJob.objects.get(finished_at=None).pk)
    handed = authoring.submit(version_id=version.pk, seen=version.version, actor=desk[0])
    act = {"version_id": handed.pk, "seen": handed.version}
    results = at_once(
        lambda: authoring.publish(actor=desk[1], **act),
        lambda: authoring.publish(actor=desk[1], **act),
        lambda: authoring.send_back(reason="再看一看", actor=desk[1], **act),
        lambda: authoring.discard(actor=desk[0], **act),
    )
    assert sum(isinstance(r, PolicyVersion) for r in results) == 1
    assert {r.code for r in results if isinstance(r, PortalError)} == {"policy_changed"}
    assert verify(handed.reference) is None


def test_slices_of_one_test_that_run_at_once_count_nothing_twice(desk, monkeypatch):
    monkeypatch.setattr(backtesting, "SLICE", 2)
    for number in range(5):
        factories.submitted(factories.legal_rep(name=f"第{number}家"))
    for row in QueuedJob.objects.filter(finished_at=None):
        jobs.run(row.pk)
    test = backtesting.start(version_id=drafted(desk).pk, actor=desk[0])
    for _ in range(2):
        at_once(*[lambda: backtesting.run_slice(back_test_id=test.pk)] * 3)
    test = BackTest.objects.get()
    assert (test.done, sum(test.result["matrix"].values())) == (5, 5)
    assert test.finished_at is not None
