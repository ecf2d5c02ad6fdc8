"""Champion and challenger: a draft follows the cases that come in, and decides nothing."""

import copy
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from applications.models import Application
from portal.kernel.clock import now, today
from portal.kernel.errors import NotPermitted, RuleRefused
from portal.kernel.models import Event
from products.domain import authoring, shadowing
from products.domain.evaluating import in_force
from products.models import Evaluation, ShadowRun
from products.tasks import shadow
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("settled_at_once")]


@pytest.fixture
def stricter(desk):
    """An open draft that refers every firm younger than a hundred years."""
    document = copy.deepcopy(in_force("zhaojiedai", today()).document)
    document["rules"][1]["when"]["bound"] = 1200
    tomorrow = today() + timedelta(days=1)
    return authoring.draft(document=document, effective_from=tomorrow, summary="更严", actor=desk[0])


def apply(run_jobs, count: int) -> None:
    for number in range(count):
        factories.submitted(factories.legal_rep(name=f"第{number}家"))
    run_jobs()


def test_only_cases_that_come_in_later_are_compared(desk, stricter, run_jobs):
    apply(run_jobs, 1)
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    apply(run_jobs, 2)
    evaluations = Evaluation.objects.count()
    shadow()
    run_jobs()
    run.refresh_from_db()
    assert (run.done, run.result["matrix"]) == (2, {"pass>refer": 2})
    assert shadowing.agreed(run) == 0
    assert set(Application.objects.values_list("outcome", flat=True)) == {"pass"}
    assert Evaluation.objects.count() == evaluations
    shadow()
    run_jobs()
    run.refresh_from_db()
    assert run.done == 2


def test_an_evaluation_is_followed_when_it_is_settled(desk, stricter, run_jobs, monkeypatch):
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    apply(run_jobs, 1)
    monkeypatch.setattr(shadowing, "SETTLED", timedelta(minutes=1))
    shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert run.done == 0
    monkeypatch.setattr(shadowing, "now", lambda: now() + timedelta(minutes=1))
    shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert run.done == 1


def test_slices_follow_one_another_and_count_nothing_twice(desk, stricter, run_jobs, monkeypatch):
    monkeypatch.setattr(shadowing, "SLICE", 2)
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    apply(run_jobs, 5)
    for _ in range(4):
        shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert (run.done, sum(run.result["matrix"].values())) == (5, 5)


def test_the_draft_as_it_was_when_the_run_began_is_compared(desk, stricter, run_jobs):
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    document = copy.deepcopy(in_force("zhaojiedai", today()).document)
    authoring.change_draft(
        version_id=stricter.pk, seen=stricter.version, document=document,
        effective_from=stricter.effective_from, summary="改回", actor=desk[0],
    )  # fmt: skip
    apply(run_jobs, 1)
    shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert run.result["matrix"] == {"pass>refer": 1}


def test_it_ends_when_stopped_and_when_its_version_is_no_longer_open(desk, stricter, run_jobs):
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    with pytest.raises(RuleRefused, match="shadow_running"):
        shadowing.start(version_id=stricter.pk, actor=desk[1])
    shadowing.stop(version_id=stricter.pk, actor=desk[1])
    with pytest.raises(RuleRefused, match="no_shadow"):
        shadowing.stop(version_id=stricter.pk, actor=desk[1])
    apply(run_jobs, 1)
    shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert run.done == 0
    again = shadowing.start(version_id=stricter.pk, actor=desk[0])
    stricter.refresh_from_db()
    authoring.discard(version_id=stricter.pk, seen=stricter.version, actor=desk[0])
    shadowing.follow(run_id=again.pk)
    again.refresh_from_db()
    assert again.stopped_at is not None
    with pytest.raises(RuleRefused, match="not_open"):
        shadowing.start(version_id=stricter.pk, actor=desk[0])
    told = Event.objects.filter(stream=stricter.reference, type__startswith="policy.shadow").values_list(
        "type", flat=True
    )
    assert sorted(told) == ["policy.shadow_started", "policy.shadow_started", "policy.shadow_stopped"]


def test_a_score_is_compared_by_direction(desk, run_jobs):
    document = copy.deepcopy(in_force("score", today()).document)
    document["dimensions"] = document["dimensions"][:1]
    draft = authoring.draft(document=document, effective_from=today(), summary="只看技术", actor=desk[0])
    run = shadowing.start(version_id=draft.pk, actor=desk[0])
    apply(run_jobs, 1)
    shadowing.follow(run_id=run.pk)
    run.refresh_from_db()
    assert run.result["matrix"] == {"lower": 1}


def test_only_the_policy_desk_and_one_run_a_version(desk, stricter, bankers):
    with pytest.raises(NotPermitted):
        shadowing.start(version_id=stricter.pk, actor=bankers.reviewer)
    run = shadowing.start(version_id=stricter.pk, actor=desk[0])
    run.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        run.save(force_insert=True)


def test_the_page_starts_shows_and_stops_it(desk, stricter, run_jobs):
    client = Client()
    person = User.objects.get(pk=desk[0].user_id)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    where = "/admin/policies/zhaojiedai/2/"
    client.post(f"{where}shadow/", {"act": "start"})
    assert "还没有新的申请可比" in client.get(where).content.decode()
    apply(run_jobs, 1)
    shadow()
    run_jobs()
    words = client.get(where).content.decode()
    assert "与现行版本一致 <b>0.0%</b>" in words
    assert "符合 → 转人工" in words
    client.post(f"{where}shadow/", {"act": "stop"})
    assert ShadowRun.objects.get().stopped_at is not None
