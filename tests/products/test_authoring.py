"""A policy's way from draft to retirement: who may do what, what it needs, and that what is published stays."""

import copy
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from portal.kernel.actors import SYSTEM, Actor, ActorKind
from portal.kernel.canonical import digest
from portal.kernel.clock import today
from portal.kernel.errors import IllegalTransition, InvalidInput, NotPermitted, PolicyUnusable, RuleRefused, StaleObject
from portal.kernel.events import verify
from portal.kernel.immutability import install_triggers
from portal.kernel.models import Event
from products.domain import authoring, backtesting, golden
from products.domain.evaluating import in_force
from products.models import BackTest, GoldenCase, PolicyVersion
from tests import factories

pytestmark = pytest.mark.django_db


def stricter(code: str = "zhaojiedai", months: int = 24) -> dict:
    """The policy in force with another bound on its age rule."""
    document = copy.deepcopy(in_force(code, today()).document)
    document["rules"][1]["when"]["bound"] = months
    return document


def drafted(author: Actor, **other: object) -> PolicyVersion:
    wanted = {"document": stricter(), "effective_from": today(), "summary": "提高成立年限", **other}
    return authoring.draft(actor=author, **wanted)


@pytest.fixture
def tested(desk, run_jobs):
    """A draft that was tested on the past."""
    version = drafted(desk[0])
    backtesting.start(version_id=version.pk, actor=desk[0])
    run_jobs()
    return version


def submitted(version: PolicyVersion, author: Actor) -> PolicyVersion:
    return authoring.submit(version_id=version.pk, seen=version.version, actor=author)


def test_a_draft_becomes_the_policy_in_force_by_two_people(desk, tested):
    author, other = desk
    handed = submitted(tested, author)
    published = authoring.publish(version_id=handed.pk, seen=handed.version, actor=other)
    assert in_force("zhaojiedai", today()) == published
    assert published.sha256 == digest(published.document)
    assert published.published_by_id == other.user_id
    types = list(Event.objects.filter(stream=published.reference).order_by("seq").values_list("type", flat=True))
    assert types == ["policy.drafted", "policy.submitted", "policy.published"]
    assert verify(published.reference) is None


def test_the_author_cannot_publish_and_neither_can_whoever_changed_it(desk, tested):
    author, other = desk
    changed = authoring.change_draft(
        version_id=tested.pk,
        seen=tested.version,
        document=tested.document,
        effective_from=tested.effective_from,
        summary="同事改了说明",
        actor=other,
    )
    handed = submitted(changed, author)
    for person in desk:
        with pytest.raises(RuleRefused, match="not_publishable"):
            authoring.publish(version_id=handed.pk, seen=handed.version, actor=person)
    third = factories.banker("policy", "policy3@bank.example")
    assert authoring.publish(version_id=handed.pk, seen=handed.version, actor=third).status == "published"


@pytest.mark.parametrize("role", ["rm", "reviewer", "approver", "admin"])
def test_nobody_off_the_policy_desk_may_touch_policies(desk, tested, role):
    stranger = factories.banker(role, f"{role}9@bank.example")
    for act in (
        lambda who: drafted(who, document=stricter("zhaoqidai")),
        lambda who: authoring.submit(version_id=tested.pk, seen=tested.version, actor=who),
        lambda who: authoring.discard(version_id=tested.pk, seen=tested.version, actor=who),
        lambda who: backtesting.start(version_id=tested.pk, actor=who),
        lambda who: golden.save(policy_code="zhaojiedai", name="样例", facts="", expected="refer", actor=who),
    ):
        for who in (stranger, SYSTEM, Actor(ActorKind.APPLICANT, user_id=desk[0].user_id)):
            with pytest.raises(NotPermitted):
                act(who)


def test_a_dismissed_policy_manager_may_not_either(desk):
    from accounts.models import Banker

    Banker.objects.filter(user_id=desk[0].user_id).update(is_active=False)
    with pytest.raises(NotPermitted):
        drafted(desk[0])


def test_a_policy_has_one_open_draft(desk):
    first = drafted(desk[0])
    with pytest.raises(RuleRefused, match="draft_open"):
        drafted(desk[1])
    authoring.discard(version_id=first.pk, seen=first.version, actor=desk[1])
    assert drafted(desk[1]).number == first.number + 1


def test_a_change_in_between_is_never_overwritten(desk):
    version = drafted(desk[0])
    save = {
        "version_id": version.pk,
        "document": version.document,
        "effective_from": today(),
        "summary": "第二次保存",
        "actor": desk[1],
    }
    authoring.change_draft(seen=version.version, **save)
    with pytest.raises(StaleObject):
        authoring.change_draft(seen=version.version, **save)


def test_a_draft_belongs_to_its_policy(desk):
    version = drafted(desk[0])
    with pytest.raises(InvalidInput, match="code_changed"):
        authoring.change_draft(
            version_id=version.pk,
            seen=version.version,
            document=stricter("zhaoqidai"),
            effective_from=today(),
            summary="换成别的",
            actor=desk[0],
        )


def test_a_broken_document_is_never_kept(desk):
    document = stricter()
    document["rules"][1]["when"]["bound"] = "24"
    with pytest.raises(InvalidInput) as caught:
        drafted(desk[0], document=document)
    assert caught.value.message.startswith("/rules/1/when/bound")
    assert not PolicyVersion.objects.filter(status="draft").exists()


@pytest.mark.parametrize("code", ["", "UPPER", "a b", "1x", "x" * 25, "政策"])
def test_a_code_that_is_none(desk, code):
    with pytest.raises(InvalidInput):
        drafted(desk[0], document={**stricter(), "code": code})


@pytest.mark.parametrize("summary", ["", " ", "改", "长" * 201])
def test_a_change_needs_its_reason(desk, summary):
    with pytest.raises(InvalidInput) as caught:
        drafted(desk[0], summary=summary)
    assert caught.value.field == "summary"


def test_without_a_test_on_the_past_it_cannot_be_handed_in(desk):
    with pytest.raises(RuleRefused, match="not_ready") as caught:
        submitted(drafted(desk[0]), desk[0])
    assert "回测" in caught.value.message


def test_a_test_of_an_earlier_draft_does_not_count(desk, tested):
    changed = authoring.change_draft(
        version_id=tested.pk,
        seen=tested.version,
        document=stricter(months=36),
        effective_from=today(),
        summary="再提高",
        actor=desk[0],
    )
    with pytest.raises(RuleRefused, match="not_ready"):
        submitted(changed, desk[0])


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (1, True)])
def test_a_version_takes_effect_today_or_later(desk, run_jobs, days, fits):
    version = drafted(desk[0], effective_from=today() + timedelta(days=days))
    backtesting.start(version_id=version.pk, actor=desk[0])
    run_jobs()
    assert bool(authoring.why_not_hand_in(version)) is not fits


def test_a_version_that_a_later_one_would_cover_is_refused(desk, run_jobs):
    def whole(effective_from: date, months: int) -> PolicyVersion:
        version = drafted(desk[0], document=stricter(months=months), effective_from=effective_from)
        backtesting.start(version_id=version.pk, actor=desk[0])
        run_jobs()
        handed = submitted(version, desk[0])
        return authoring.publish(version_id=handed.pk, seen=handed.version, actor=desk[1])

    later = whole(today() + timedelta(days=30), 24)
    with pytest.raises(RuleRefused, match="not_ready") as caught:
        whole(today() + timedelta(days=29), 36)
    assert f"第 {later.number} 版" in caught.value.message
    open_one = PolicyVersion.objects.get(status="draft")
    authoring.discard(version_id=open_one.pk, seen=open_one.version, actor=desk[0])
    same_day = whole(today() + timedelta(days=30), 36)
    assert in_force("zhaojiedai", today() + timedelta(days=30)) == same_day
    assert in_force("zhaojiedai", today()).number == 1


def test_golden_cases_must_pass(desk, tested):
    golden.save(policy_code="zhaojiedai", name="成立一年半", facts="成立年限 = 18个月", expected="refer", actor=desk[0])
    row = GoldenCase.objects.get()
    assert golden.failing(authoring._checked(tested.document)) == []
    GoldenCase.objects.filter(pk=row.pk).update(expected="pass")
    with pytest.raises(RuleRefused, match="not_ready") as caught:
        submitted(tested, desk[0])
    assert "「成立一年半」应得符合，这一稿给出转人工" in caught.value.message


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("facts", {"facts": "成立年限 = 18"}),
        ("facts", {"facts": "没有的指标 = 1"}),
        ("facts", {"facts": "成立年限 = 1年\n成立年限 = 2年"}),
        ("facts", {"facts": "高新技术企业 = 也许"}),
        ("expected", {"expected": "T3"}),
        ("expected", {"expected": ""}),
        ("name", {"name": " "}),
        ("name", {"policy_code": "none"}),
    ],
)
def test_a_golden_case_that_is_none(desk, field, given):
    row = {"policy_code": "zhaojiedai", "name": "样例一", "facts": "", "expected": "refer", **given}
    with pytest.raises(InvalidInput) as caught:
        golden.save(actor=desk[0], **row)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("code", "facts", "expected"),
    [
        ("tiers", "专精特新“小巨人” = 是", "T5"),
        ("score", "研发人员占员工 = 60%", "8"),
        ("zhaojiedai", "列入失信被执行人名单 = 是", "fail"),
    ],
)
def test_a_golden_case_of_each_kind_gets_its_answer(desk, code, facts, expected):
    row = golden.save(policy_code=code, name="样例", facts=facts, expected=expected, actor=desk[0])
    document = authoring._checked(in_force(code, today()).document)
    assert golden.answers(document) == [(row, expected)]


def test_sending_back_needs_words_and_opens_the_draft_again(desk, tested):
    handed = submitted(tested, desk[0])
    with pytest.raises(InvalidInput):
        authoring.send_back(version_id=handed.pk, seen=handed.version, reason="", actor=desk[1])
    back = authoring.send_back(version_id=handed.pk, seen=handed.version, reason="依据写错了", actor=desk[1])
    assert back.status == "draft"
    assert (back.summary, back.note) == ("提高成立年限", "依据写错了")


def asked_to_end(version: PolicyVersion, actor, last_day: date | None = None) -> PolicyVersion:
    return authoring.ask_end(
        version_id=version.pk, seen=version.version, last_day=last_day or today(), reason="产品停办", actor=actor
    )


def ended(version: PolicyVersion, desk, last_day: date | None = None) -> PolicyVersion:
    asked = asked_to_end(version, desk[0], last_day)
    return authoring.retire(version_id=asked.pk, seen=asked.version, actor=desk[1])


def test_retiring_ends_a_version_on_its_last_day(desk):
    version = in_force("zhaojiedai", today())
    with pytest.raises(InvalidInput, match="last_day_past"):
        asked_to_end(version, desk[0], today() - timedelta(days=1))
    with pytest.raises(InvalidInput, match="reason_required"):
        authoring.ask_end(version_id=version.pk, seen=version.version, last_day=today(), reason="", actor=desk[0])
    ended(version, desk)
    assert in_force("zhaojiedai", today()) == version
    with pytest.raises(PolicyUnusable):
        in_force("zhaojiedai", today() + timedelta(days=1))


def test_an_end_that_was_asked_waits_for_a_second_person(desk):
    version = in_force("zhaojiedai", today())
    with pytest.raises(RuleRefused, match="not_retirable"):
        authoring.retire(version_id=version.pk, seen=version.version, actor=desk[1])
    asked = asked_to_end(version, desk[0])
    assert in_force("zhaojiedai", today() + timedelta(days=9)) == version
    with pytest.raises(RuleRefused, match="not_retirable") as refused:
        authoring.retire(version_id=asked.pk, seen=asked.version, actor=desk[0])
    assert "申请停用的人不能自己确认" in refused.value.message
    with pytest.raises(StaleObject):
        authoring.retire(version_id=asked.pk, seen=asked.version - 1, actor=desk[1])
    with pytest.raises(IllegalTransition):
        asked_to_end(asked, desk[1])
    done = authoring.retire(version_id=asked.pk, seen=asked.version, actor=desk[1])
    assert (done.status, done.effective_to, done.note) == ("retired", today(), "产品停办")
    said = Event.objects.filter(stream=done.reference).order_by("seq").values_list("type", "actor")
    assert list(said)[-2:] == [("policy.end_asked", desk[0].key), ("policy.retired", desk[1].key)]


@pytest.mark.parametrize("who", [0, 1], ids=["who asked", "the second person"])
def test_an_end_that_was_asked_may_be_dropped(desk, who):
    asked = asked_to_end(in_force("zhaojiedai", today()), desk[0])
    kept = authoring.keep(version_id=asked.pk, seen=asked.version, actor=desk[who])
    assert (kept.status, kept.note, kept.end_asked_by, kept.end_asked_for) == ("published", "", None, None)
    assert in_force("zhaojiedai", today() + timedelta(days=9)) == kept
    ended(kept, desk)


def test_an_end_whose_day_went_by_is_asked_anew(desk):
    asked = asked_to_end(in_force("zhaojiedai", today()), desk[0])
    PolicyVersion.objects.filter(pk=asked.pk).update(end_asked_for=today() - timedelta(days=1))
    with pytest.raises(RuleRefused, match="not_retirable") as refused:
        authoring.retire(version_id=asked.pk, seen=asked.version, actor=desk[1])
    assert "已过" in refused.value.message


def published(desk, run_jobs, effective_from: date, months: int) -> PolicyVersion:
    version = drafted(desk[0], document=stricter(months=months), effective_from=effective_from)
    backtesting.start(version_id=version.pk, actor=desk[0])
    run_jobs()
    handed = submitted(version, desk[0])
    return authoring.publish(version_id=handed.pk, seen=handed.version, actor=desk[1])


def test_what_a_retired_version_covered_does_not_come_back(desk, run_jobs):
    ended(published(desk, run_jobs, today(), 24), desk)
    assert in_force("zhaojiedai", today()).number == 2
    with pytest.raises(PolicyUnusable):
        in_force("zhaojiedai", today() + timedelta(days=1))


def test_a_version_called_off_before_its_day_never_takes_effect(desk, run_jobs):
    first_day = today() + timedelta(days=30)
    version = published(desk, run_jobs, first_day, 24)
    ended(version, desk)
    for day in (today(), first_day - timedelta(days=1), first_day, first_day + timedelta(days=9)):
        assert in_force("zhaojiedai", day).number == 1
    again = published(desk, run_jobs, today() + timedelta(days=1), 36)
    assert in_force("zhaojiedai", first_day) == again


def test_rolling_back_is_the_older_document_anew(desk, tested):
    handed = submitted(tested, desk[0])
    authoring.publish(version_id=handed.pk, seen=handed.version, actor=desk[1])
    first = PolicyVersion.objects.get(code="zhaojiedai", number=1)
    again = authoring.draft_from(version_id=first.pk, effective_from=today(), actor=desk[1])
    assert again.document == first.document
    assert (again.number, again.status, again.summary) == (3, "draft", "恢复第 1 版")
    with pytest.raises(RuleRefused, match="not_published"):
        authoring.draft_from(version_id=again.pk, effective_from=today(), actor=desk[1])


def test_a_published_version_takes_no_other_act(desk):
    version = in_force("zhaojiedai", today())
    act = {"version_id": version.pk, "seen": version.version, "actor": desk[0]}
    with pytest.raises(RuleRefused):
        authoring.change_draft(document=version.document, effective_from=today(), summary="改一改", **act)
    with pytest.raises(IllegalTransition):
        authoring.discard(**act)
    with pytest.raises(RuleRefused):
        authoring.publish(**act)


def test_the_database_refuses_to_change_a_published_version(desk, settings):
    settings.INSTALL_TRIGGERS = True
    with transaction.atomic():
        install_triggers()
        version = in_force("zhaojiedai", today())
        rows = PolicyVersion.objects.filter(pk=version.pk)
        for change in (
            lambda: rows.update(document={"kind": "eligibility"}),
            lambda: rows.update(title="另一个名字"),
            lambda: rows.update(frozen_at=None),
            lambda: rows._raw_delete("default"),
        ):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                change()
        asked = authoring.ask_end.__wrapped__(
            version_id=version.pk, seen=version.version, last_day=today(), reason="产品停办", actor=desk[0]
        )
        authoring.retire.__wrapped__(version_id=asked.pk, seen=asked.version, actor=desk[1])
        with connection.cursor() as cursor:
            for name in ("no_update", "no_delete", "no_truncate"):
                drop = " ON products_policyversion" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS products_policyversion_{name}{drop}")
        transaction.set_rollback(True)


def test_the_past_is_counted_by_what_changes(founder, desk, bankers, run_jobs):
    for number in range(3):
        factories.submitted(founder if number == 0 else factories.legal_rep(name=f"第{number}家"))
    run_jobs()
    document = stricter(months=100 * 12)
    document["rules"].append(
        {"code": "share", "label": "市场占有率", "when": {"fact": "price_share", "op": "known"}, "on_fail": "refer"}
    )
    version = drafted(desk[0], document=document)
    test = backtesting.start(version_id=version.pk, actor=desk[0])
    run_jobs()
    test.refresh_from_db()
    assert (test.total, test.done, test.percent) == (3, 3, 100)
    assert sum(test.result["matrix"].values()) == 3
    assert {move.partition(">")[2] for move in test.result["matrix"]} == {"refer"}
    assert "pass>refer" in test.result["matrix"]
    assert test.result["missing"]["price_share"] == 3
    assert "age" not in test.result["missing"]
    assert {row["after"] for row in test.result["changed"]} == {"refer"}
    assert sum(part["all"] for part in test.result["slices"]["tier"].values()) == 3


def test_the_past_is_tested_in_slices_that_count_nothing_twice(founder, desk, run_jobs, monkeypatch):
    monkeypatch.setattr(backtesting, "SLICE", 1)
    for number in range(3):
        factories.submitted(founder if number == 0 else factories.legal_rep(name=f"第{number}家"))
    run_jobs()
    test = backtesting.start(version_id=drafted(desk[0]).pk, actor=desk[0])
    backtesting.run_slice(back_test_id=test.pk)
    test.refresh_from_db()
    assert (test.done, test.finished_at, test.percent) == (1, None, 33)
    for _ in range(5):
        backtesting.run_slice(back_test_id=test.pk)
    test.refresh_from_db()
    assert test.done == 3
    assert test.finished_at is not None
    assert sum(test.result["matrix"].values()) == 3
    assert BackTest.objects.count() == 1
