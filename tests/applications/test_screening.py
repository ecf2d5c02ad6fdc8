"""Screening: evidence, dead sources, conflicts, exactly once."""

import pytest

from accounts.domain import profiles
from accounts.enums import ProfileSource
from accounts.models import Consent, RegistryRecord
from applications.domain import evidence, screening
from applications.models import Evidence, Screening
from applications.queries.sealing import sealed_case
from portal.kernel.clock import today
from portal.kernel.models import Event
from products.models import Register, RegisterEntry, TierAssignment
from products.policy.sealed import problems
from tests import factories


def findings(application) -> dict[str, dict]:
    row = application.screenings.latest("round")
    return {f["code"]: f for f in row.eligibility.result["findings"]}


def test_screening_twice_changes_nothing(founder, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    assert screening.screen(application_id=application.pk) is None
    assert Screening.objects.count() == 1
    assert Event.objects.filter(type="application.screened").count() == 1


def test_dead_tax_source_refers_and_the_case_goes_on(founder, run_jobs):
    RegistryRecord.objects.update(credit={"down": True})
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    assert application.status == "screened"
    assert findings(application)["bureau"]["because"] == "source_down"
    assert Evidence.objects.get(source="credit_bureau").outcome == "down"


def test_bureau_is_not_asked_without_consent(founder, sent):
    application = factories.submitted(founder)
    Consent.objects.filter(kind="firm_credit").update(revoked_at=application.submitted_at)
    evidence.collect(application_id=application.pk)
    assert Evidence.objects.get(source="credit_bureau").outcome == "no_consent"


def test_two_sources_that_differ_refer_with_both_values(founder, run_jobs):
    last_year = today().year - 1
    RegistryRecord.objects.update(tax={"tax_grade": "A", "annual": [{"year": last_year, "rd_expense": "8460000.00"}]})
    application = factories.submitted(founder, "zhaochuangdai", term_months=12)
    from applications.queries import case

    run_jobs()
    row = application.screenings.get()
    facts = row.eligibility.snapshot.facts
    assert facts["rd_expense"]["b"] == "conflict"
    assert facts["rd_expense"]["o"] == [846000000, 900000000]
    assert case.finding_groups(row)


def test_tier_by_register_and_history_only_on_change(founder, run_jobs):
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"),
        uscc=founder.enterprise.uscc,
        name="x",
        valid_from="2025-01-01",
        valid_to="2030-01-01",
    )
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    assert application.tier == "T3"
    from applications.domain import closing

    closing.withdraw(application_id=application.pk, actor=founder.actor)
    factories.submitted(founder, "zhaochuangdai", term_months=12)
    run_jobs()
    assert TierAssignment.objects.count() == 1


def test_dishonest_firm_is_marked_but_a_person_closes_the_case(founder, run_jobs):
    RegisterEntry.objects.create(
        register=Register.objects.get(code="dishonest"), uscc=founder.enterprise.uscc, name="x", valid_from="2025-01-01"
    )
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    assert (application.outcome, application.status) == ("fail", "screened")


def test_declared_title_refers_until_verified(founder, run_jobs):
    profiles.write_source(
        enterprise=founder.enterprise,
        source=ProfileSource.SELF,
        data={**factories.PROFILE, "titles": [{"kind": "hnte", "region": "110000"}]},
    )
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    assert (application.tier, application.tier_outcome) == ("T1", "refer")
    assert findings(application)["tier"]["outcome"] == "refer"


def test_stored_evaluation_replays_to_the_same_hash(founder, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    kept = sealed_case(application)
    assert len(kept["rounds"][0]["evaluations"]) == 5
    assert problems(kept) == []


def test_submission_is_frozen(founder, run_jobs):
    application = factories.submitted(founder)
    profiles.write_source(enterprise=founder.enterprise, source=ProfileSource.SELF, data={"employees": 1})
    run_jobs()
    assert application.screenings.get().eligibility.snapshot.facts["employees"]["v"] == 120


@pytest.mark.parametrize("product", ["zhaojiedai", "zhaochuangdai", "zhaojindai", "account-opening"])
def test_every_product_reaches_a_person(founder, run_jobs, product):
    application = factories.submitted(founder, product, term_months=12)
    run_jobs()
    application.refresh_from_db()
    assert application.status == "screened"


def test_missing_policy_sends_the_case_to_a_person(founder, run_jobs):
    from products.models import PolicyVersion

    application = factories.submitted(founder)
    PolicyVersion.objects.filter(code="zhaojiedai").update(effective_to="2020-01-02")
    run_jobs()
    application.refresh_from_db()
    assert (application.status, application.outcome) == ("screened", "refer")
    assert not application.screenings.exists()


@pytest.mark.parametrize(
    "garbage",
    [
        {"annual": "x"},
        {"annual": [{"year": 2025, "revenue": "abc"}]},
        {"annual": [{"revenue": "1"}]},
        {"annual": [{"year": 2025, "revenue": "NaN"}]},
        {"annual": [{"year": "2025"}]},
        {"tax_grade": 5},
        {"employees": -1},
        {"established_on": "2019/06/11"},
    ],
)
def test_garbage_is_not_readable(garbage):
    from accounts.profile_rules import is_readable

    assert not is_readable(garbage)


def test_updated_at_moves_with_every_status(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    before = application.updated_at
    from applications.domain import closing

    closing.withdraw(application_id=application.pk, actor=founder.actor)
    application.refresh_from_db()
    assert application.updated_at > before


def test_case_stuck_with_the_machine_stands_in_a_queue(founder, bankers, sent):
    from accounts.models import Banker
    from applications.models import Application
    from applications.queries.queues import QUEUES

    application = factories.submitted(founder)
    rows = QUEUES["screening"].rows(Application.objects.all(), Banker.objects.first().pk)
    assert list(rows) == [application]
