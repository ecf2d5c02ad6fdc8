"""The nightly round over all tiers: what changed is written and told once, what did not is left alone."""

from datetime import timedelta

import pytest

from accounts.domain import profiles
from accounts.models import EnterpriseProfile
from portal.kernel import jobs
from portal.kernel.clock import today
from portal.kernel.models import Event, QueuedJob
from products.domain import judging, retiering, titles
from products.domain.evaluating import compiled, in_force
from products.models import Evaluation, FactSnapshot, Register, RegisterEntry, TierAssignment
from products.policy import engine
from products.policy.facts import Known
from products.tasks import retier_all
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiered(founder, run_jobs):
    """A firm with a tier of its own, from a screening."""
    factories.submitted(founder)
    run_jobs()
    return founder.enterprise


def counts() -> tuple[int, int, int, int]:
    told = Event.objects.filter(type="enterprise.tier_changed").count()
    return TierAssignment.objects.count(), FactSnapshot.objects.count(), Evaluation.objects.count(), told


def enter(enterprise, code: str = "hnte", **period) -> RegisterEntry:
    row = {"valid_from": today() - timedelta(days=1), **period}
    return RegisterEntry.objects.create(
        register=Register.objects.get(code=code), uscc=enterprise.uscc, name=enterprise.name, **row
    )


def test_a_firm_of_which_nothing_changed_costs_no_row(tiered):
    before = counts()
    assert retiering.run_slice(after=0) == 0
    assert counts() == before


def test_a_new_title_lifts_the_firm_once_and_is_told(tiered):
    before = counts()
    enter(tiered)
    assert retiering.run_slice(after=0) == 1
    now = TierAssignment.objects.get(enterprise=tiered, valid_to=None)
    assert now.tier == "T3"
    event = Event.objects.filter(stream=tiered.uscc, type="enterprise.tier_changed").order_by("-seq").first()
    assert (event.payload["from"], event.payload["to"]) == ("T1", "T3")
    assert counts() == tuple(n + 1 for n in before)
    assert retiering.run_slice(after=0) == 0
    assert counts() == tuple(n + 1 for n in before)


def test_a_title_that_ran_out_lowers_it_the_day_after(tiered):
    entry = enter(tiered, valid_to=today())
    retiering.run_slice(after=0)
    assert TierAssignment.objects.get(enterprise=tiered, valid_to=None).tier == "T3"
    RegisterEntry.objects.filter(pk=entry.pk).update(valid_to=today() - timedelta(days=1))
    retiering.run_slice(after=0)
    assert TierAssignment.objects.get(enterprise=tiered, valid_to=None).tier == "T1"


def test_the_round_goes_in_slices_until_the_end(founder, run_jobs, monkeypatch):
    monkeypatch.setattr(retiering, "SLICE", 1)
    firms = [founder, factories.legal_rep(name="第二家"), factories.legal_rep(name="第三家")]
    for firm in firms:
        factories.submitted(firm)
    run_jobs()
    for firm in firms:
        enter(firm.enterprise, "innovative_sme")
    retier_all()
    while row := QueuedJob.objects.filter(finished_at=None).first():
        jobs.run(row.pk)
    assert set(TierAssignment.objects.filter(valid_to=None).values_list("tier", flat=True)) == {"T2"}


def test_a_slice_costs_the_same_for_one_firm_and_for_three(founder, run_jobs, django_assert_max_num_queries):
    for firm in (founder, factories.legal_rep(name="第二家"), factories.legal_rep(name="第三家")):
        factories.submitted(firm)
    run_jobs()
    retiering.run_slice(after=0)
    with django_assert_max_num_queries(8):
        retiering.run_slice(after=0)


def test_without_a_ladder_nothing_is_touched(tiered):
    before = counts()
    from products.models import PolicyVersion

    PolicyVersion.objects.filter(code="tiers").update(effective_to=today() - timedelta(days=1))
    assert retiering.run_slice(after=0) == 0
    assert counts() == before


def test_many_are_looked_up_as_one_is(founder, defaults):
    other = factories.legal_rep(name="第二家").enterprise
    enter(founder.enterprise)
    enter(other, "dishonest")
    asked = {e.uscc: titles.Asked(e.name) for e in (founder.enterprise, other)}
    many = titles.look_up_many(asked, today())
    for uscc, one in asked.items():
        found = many[uscc].states(), many[uscc].register_facts()
        assert found == titles.look_up(uscc=uscc, name=one.name, on=today(), declared=None)
    rows = profiles.usable_rows_of([founder.enterprise.pk, other.pk])
    for firm in (founder.enterprise, other):
        assert rows[firm.pk] == [(row.source, row.data) for row in profiles.usable_rows(firm)]
        assert len(rows[firm.pk]) == EnterpriseProfile.objects.filter(enterprise=firm).count()


def test_facts_worked_out_when_asked_are_the_facts_of_a_screening(founder, defaults):
    firm = founder.enterprise
    enter(firm)
    merged = profiles.merged(firm)
    eager = judging.facts_at(
        uscc=firm.uscc, name=firm.name, known=Known(merged.values, merged.sources, merged.conflicts),
        declared_titles=merged.titles, verified_titles=merged.verified_titles, as_of=today(),
    )  # fmt: skip
    lazy = retiering.facts_of({firm.pk: (firm.uscc, firm.name)}, today())[firm.pk]
    assert dict(lazy) == eager
    assert lazy.get("no_such_fact") is None
    with pytest.raises(KeyError):
        lazy["no_such_fact"]
    ladder = compiled(in_force("tiers", today()))
    climbed = engine.climb(ladder, eager)
    assert engine.place(ladder, lazy) == (climbed.code, climbed.outcome, climbed.could_be)
