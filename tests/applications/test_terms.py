"""The tier sets the terms: limit, rate, who signs, how long it may take."""

from datetime import timedelta
from decimal import Decimal

import pytest

from applications.domain import assigning, deciding, reviewing
from applications.enums import Proposal
from applications.models import Application
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import due_after, today
from portal.kernel.errors import InvalidInput, NotPermitted
from products.domain.authoring import publish_document
from products.domain.evaluating import in_force
from products.models import PolicyVersion
from tests import factories
from tests.applications import test_spine

pytestmark = pytest.mark.django_db
SINCE = today() - timedelta(days=1)


def table(kind: str, **values) -> None:
    """One line for every request, in force instead of the seeded table."""
    line = {"code": "all", "label": "一律", "when": {"fact": "purpose", "op": "known"}, **values}
    document = {"code": kind, "kind": kind, "title": "试验", "lines": [line]}
    publish_document(document=document, effective_from=SINCE, actor=SYSTEM)


def screened(founder, run_jobs, **wish) -> Application:
    application = factories.submitted(founder, **wish)
    run_jobs()
    application.refresh_from_db()
    return application


def scored(application, bankers) -> Application:
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    test_spine.scored(application, bankers.reviewer)
    application.refresh_from_db()
    return application


def propose(application, bankers, amount="500000", rate_bp=350):
    terms = reviewing.Terms(Decimal(amount), rate_bp, 12, "interest_first")
    return reviewing.recommend(
        application_id=application.pk, proposal=Proposal.APPROVE, comment="同意", terms=terms, actor=bankers.reviewer
    )


def test_screening_keeps_what_the_tables_set(founder, run_jobs):
    application = screened(founder, run_jobs)
    assert (application.tier, application.limit_amount, application.signer_limit) == ("T1", Decimal(10_000_000), None)
    kept = application.screenings.get()
    assert [e.policy.code for e in kept.evaluations] == ["zhaojiedai", "tiers", "score", "limits", "routing"]
    assert kept.limits.snapshot_id == kept.eligibility.snapshot_id


@pytest.mark.parametrize(("amount", "refused"), [("300000", False), ("300000.01", True)])
def test_a_proposal_over_the_limit_is_refused_at_its_field(founder, bankers, run_jobs, amount, refused):
    table("limits", max_amount="300000.00")
    application = scored(screened(founder, run_jobs), bankers)
    assert application.screenings.get().indicative_amount <= 300_000
    if not refused:
        assert propose(application, bankers, amount).amount == Decimal(amount)
        return
    with pytest.raises(InvalidInput, match="amount_over_limit") as error:
        propose(application, bankers, amount)
    assert (error.value.field, error.value.message) == ("amount", "超出所在层级的授信上限 30 万元")


@pytest.mark.parametrize(("rate_bp", "refused"), [(319, True), (320, False), (345, False), (346, True)])
def test_the_table_narrows_the_rate(founder, bankers, run_jobs, rate_bp, refused):
    table("limits", min_rate_bp=320, max_rate_bp=345)
    application = scored(screened(founder, run_jobs), bankers)
    if refused:
        with pytest.raises(InvalidInput, match="rate_outside"):
            propose(application, bankers, rate_bp=rate_bp)
    else:
        assert propose(application, bankers, rate_bp=rate_bp).rate_bp == rate_bp


def test_rates_that_cannot_be_met_are_refused_with_the_reason(founder, bankers, run_jobs):
    table("limits", min_rate_bp=3000)
    application = scored(screened(founder, run_jobs), bankers)
    with pytest.raises(InvalidInput, match="rates_contradict"):
        propose(application, bankers)


def test_the_routing_names_the_level_that_signs(founder, bankers, run_jobs):
    table("routing", signer_limit="10000000.00")
    application = scored(screened(founder, run_jobs), bankers)
    recommendation = propose(application, bankers)
    sign = {"application_id": application.pk, "recommendation_id": recommendation.pk, "comment": "同意"}
    with pytest.raises(NotPermitted, match="may_not_sign") as error:
        deciding.approve(**sign, actor=bankers.approver)
    assert "1,000 万元" in error.value.message
    deciding.approve(**sign, actor=bankers.approver2)
    application.refresh_from_db()
    assert application.status == "offered"


def test_the_routing_shortens_the_time_and_never_lengthens_it(founder, run_jobs):
    table("routing", sla_days=250)
    application = screened(founder, run_jobs)
    assert application.due_at == due_after(application.submitted_at, application.product.sla_days).at
    other = factories.legal_rep()
    table("routing", sla_days=1)
    long = screened(other, run_jobs, product="zhaochuangdai")
    assert long.product.sla_days > 1
    assert long.due_at == due_after(long.submitted_at, 1).at


def test_without_tables_the_products_own_bounds_hold(founder, bankers, run_jobs):
    PolicyVersion.objects.filter(code__in=["limits", "routing"]).update(effective_to=SINCE)
    application = scored(screened(founder, run_jobs), bankers)
    assert (application.limit_amount, application.signer_limit) == (None, None)
    assert application.screenings.get().limits is None
    assert propose(application, bankers).amount == 500_000


def test_an_open_tier_sets_no_limit(bankers, run_jobs, defaults):
    profile = {**factories.PROFILE, "titles": [{"kind": "hnte", "number": "GR1"}]}
    firm = factories.legal_rep(profile=profile)
    application = screened(firm, run_jobs)
    assert (application.tier_outcome, application.limit_amount) == ("refer", None)
    assert application.screenings.get().limits.outcome == "refer"


def test_an_open_tier_asks_for_the_highest_level_to_sign(founder, bankers, run_jobs):
    lines = [
        {
            "code": tier.lower(),
            "label": tier,
            "when": {"fact": "tier", "op": "in", "bound": [tier]},
            "signer_limit": limit,
        }
        for tier, limit in (("T1", "500000.00"), ("T5", "10000000.00"))
    ]
    document = {"code": "routing", "kind": "routing", "title": "试验", "lines": lines}
    publish_document(document=document, effective_from=SINCE, actor=SYSTEM)
    assert screened(founder, run_jobs).signer_limit == 500_000
    firm = factories.legal_rep(profile={**factories.PROFILE, "titles": [{"kind": "hnte", "number": "GR1"}]})
    application = screened(firm, run_jobs)
    assert (application.tier_outcome, application.signer_limit) == ("refer", Decimal(10_000_000))


def test_the_case_page_says_the_limit(founder, bankers, run_jobs, client):
    table("limits", max_amount="300000.00")
    table("routing", signer_limit="10000000.00")
    application = screened(founder, run_jobs)
    from accounts.models import User

    reviewer = User.objects.get(pk=bankers.reviewer.user_id)
    client.force_login(reviewer, backend="django.contrib.auth.backends.ModelBackend")
    words = client.get(f"/admin/cases/{application.reference}/").content.decode()
    assert "层级授信上限" in words
    assert "签字人限额不低于 1,000 万元" in words
    assert in_force("limits", today()).number == 2
