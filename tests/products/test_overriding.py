"""Manual tiers: two people, a reason, an end; what they do to screenings and what is announced."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Membership
from applications.queries.case import finding_groups
from portal.kernel.clock import now, today
from portal.kernel.errors import IllegalTransition, InvalidInput, NotPermitted, RuleRefused, StaleObject
from portal.kernel.models import Event
from products.domain import outlook, overriding
from products.models import TierOverride
from tests import factories

pytestmark = pytest.mark.django_db
REASON = "承担国家级项目，证书在办理中，见会议纪要"


def proposed(firm, actor, tier="T4", days=30) -> TierOverride:
    return overriding.propose(
        enterprise_id=firm.pk, tier=tier, reason=REASON, last_day=today() + timedelta(days=days), actor=actor
    )


def active(firm, bankers, **more) -> TierOverride:
    override = proposed(firm, bankers.reviewer, **more)
    return overriding.approve(override_id=override.pk, seen=override.version, actor=bankers.approver)


def announced(firm) -> list[tuple]:
    events = Event.objects.filter(stream=firm.uscc, type="enterprise.tier_changed").order_by("seq")
    return [(e.payload["from"], e.payload["to"]) for e in events]


def test_it_counts_only_after_another_person_agreed(founder, bankers):
    override = proposed(founder.enterprise, bankers.reviewer)
    assert overriding.in_force(founder.enterprise.pk, today()) is None
    overriding.approve(override_id=override.pk, seen=override.version, actor=bankers.approver)
    found = overriding.in_force(founder.enterprise.pk, today())
    assert (found.tier, found.decided_by_id) == ("T4", bankers.approver.user_id)
    assert announced(founder.enterprise) == [("none", "T4")]


def test_nobody_signs_their_own_and_reviewers_do_not_sign(founder, bankers):
    override = proposed(founder.enterprise, bankers.approver)
    for actor in (bankers.approver, bankers.reviewer):
        with pytest.raises(NotPermitted):
            overriding.approve(override_id=override.pk, seen=override.version, actor=actor)
    with pytest.raises(NotPermitted):
        proposed(factories.legal_rep().enterprise, bankers.rm)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tier": "T9"}, "tier"),
        ({"tier": "none"}, "tier"),
        ({"reason": "好"}, "reason"),
        ({"last_day": today() - timedelta(days=1)}, "last_day"),
        ({"last_day": today() + timedelta(days=367)}, "last_day"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(founder, bankers, change, field):
    wanted = {"tier": "T4", "reason": REASON, "last_day": today() + timedelta(days=366), **change}
    with pytest.raises(InvalidInput) as refused:
        overriding.propose(enterprise_id=founder.enterprise.pk, actor=bankers.reviewer, **wanted)
    assert refused.value.field == field


def test_one_waits_at_a_time_and_a_newer_one_ends_the_older(founder, bankers):
    first = active(founder.enterprise, bankers)
    second = proposed(founder.enterprise, bankers.reviewer, tier="T3")
    with pytest.raises(RuleRefused, match="override_waiting"):
        proposed(founder.enterprise, bankers.reviewer, tier="T5")
    with pytest.raises(StaleObject):
        overriding.approve(override_id=second.pk, seen=second.version - 1, actor=bankers.approver)
    overriding.approve(override_id=second.pk, seen=second.version, actor=bankers.approver)
    first.refresh_from_db()
    assert first.status == "ended"
    assert announced(founder.enterprise) == [("none", "T4"), ("T4", "T3")]


def test_a_refusal_says_why_and_is_final(founder, bankers):
    override = proposed(founder.enterprise, bankers.reviewer)
    with pytest.raises(InvalidInput):
        overriding.refuse(override_id=override.pk, seen=override.version, reason="", actor=bankers.approver)
    override = overriding.refuse(
        override_id=override.pk, seen=override.version, reason="依据不足", actor=bankers.approver
    )
    with pytest.raises(IllegalTransition):
        overriding.end(override_id=override.pk, seen=override.version, reason="算了", actor=bankers.reviewer)


def test_it_ends_after_its_last_day_and_not_on_it(founder, bankers):
    override = active(founder.enterprise, bankers, days=0)
    assert overriding.end_due() == 0
    TierOverride.objects.filter(pk=override.pk).update(last_day=today() - timedelta(days=1))
    assert overriding.in_force(founder.enterprise.pk, today()) is None
    assert overriding.end_due() == 1
    assert overriding.end_due() == 0
    assert announced(founder.enterprise)[-1] == ("T4", "none")


def test_what_counted_on_a_past_day_is_still_told(founder, bankers):
    first = active(founder.enterprise, bankers)
    began = today() - timedelta(days=10)
    TierOverride.objects.filter(pk=first.pk).update(active_from=began)
    yesterday = today() - timedelta(days=1)
    overriding.end(override_id=first.pk, seen=first.version, reason="资质已取得", actor=bankers.approver)
    assert overriding.in_force(founder.enterprise.pk, today()) is None
    assert overriding.in_force(founder.enterprise.pk, yesterday) == first
    assert overriding.in_force(founder.enterprise.pk, began - timedelta(days=1)) is None
    second = active(founder.enterprise, bankers, tier="T3")
    assert overriding.in_force(founder.enterprise.pk, today()) == second
    assert overriding.in_force(founder.enterprise.pk, yesterday) == first


def test_an_override_that_ran_its_course_counted_to_its_last_day(founder, bankers):
    override = active(founder.enterprise, bankers)
    yesterday = today() - timedelta(days=1)
    TierOverride.objects.filter(pk=override.pk).update(active_from=yesterday, last_day=yesterday)
    assert overriding.end_due() == 1
    assert overriding.in_force(founder.enterprise.pk, yesterday) == override
    assert overriding.in_force(founder.enterprise.pk, today()) is None


def test_a_screening_judges_by_it_and_keeps_the_ladders_own_answer(founder, bankers, run_jobs):
    before = factories.submitted(founder)
    run_jobs()
    before.refresh_from_db()
    assert before.tier == "T1"
    override = active(founder.enterprise, bankers)
    after = factories.submitted(founder, product="zhaojindai", requested_amount=20_000_000, term_months=36)
    run_jobs()
    after.refresh_from_db()
    screening = after.screenings.get()
    assert (after.tier, after.tier_outcome, screening.override_id) == ("T4", "pass", override.pk)
    assert screening.tier.result["tier"] == "T1"
    assert screening.eligibility.snapshot.facts["tier"] == {"v": "T4", "s": "override"}
    assert after.limit_amount == 30_000_000
    by_tier = next(f for f in screening.eligibility.result["findings"] if f["fact"] == "tier")
    assert (by_tier["outcome"], by_tier["source"]) == ("pass", "override")


def test_the_firm_sees_it_and_a_pre_check_does_not(founder, bankers):
    active(founder.enterprise, bankers)
    assert outlook.outlook(founder.enterprise, today()).judged.tier["tier"] == "T4"
    from products.domain.judging import judge
    from products.policy.facts import Known

    known = Known({}, {})
    assert judge(uscc=founder.enterprise.uscc, known=known, declared_titles=[], as_of=today()).tier["tier"] != "T4"


def test_a_banker_stays_away_from_their_own_firm(founder, bankers):
    Membership.objects.create(
        user_id=bankers.reviewer.user_id, enterprise=founder.enterprise, role="viewer", verified_at=now()
    )
    with pytest.raises(NotPermitted, match="conflict_of_interest"):
        proposed(founder.enterprise, bankers.reviewer)


def test_the_database_holds_one_of_each(founder, bankers):
    active(founder.enterprise, bankers)
    proposed(founder.enterprise, bankers.reviewer, tier="T3")
    for status in ("active", "proposed"):
        row = TierOverride.objects.get(status=status)
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_a_proposal_past_its_day_ends_by_itself_and_may_be_refused(founder, bankers):
    override = proposed(founder.enterprise, bankers.reviewer, days=0)
    TierOverride.objects.filter(pk=override.pk).update(last_day=today() - timedelta(days=1))
    assert overriding.end_due() == 1
    assert announced(founder.enterprise) == []
    again = proposed(founder.enterprise, bankers.reviewer, days=0)
    TierOverride.objects.filter(pk=again.pk).update(last_day=today() - timedelta(days=1))
    overriding.refuse(override_id=again.pk, seen=again.version, reason="已过期", actor=bankers.approver)


def test_partners_and_the_firm_are_not_told_that_it_was_set_by_hand(founder, bankers, run_jobs):
    active(founder.enterprise, bankers)
    application = factories.submitted(founder)
    run_jobs()
    screening = application.screenings.get()
    sources = {i["source"] for g in finding_groups(screening) for i in g.items if i["label"] == "所在分层"}
    assert sources == {"tiers"}
    assert "override" in {i["source"] for g in finding_groups(screening, for_bank=True) for i in g.items}
