"""The company of the brief, the whole way by its public 2022 figures, as of 2023-06-30: a person gets it, nobody refuses it."""

import json
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from accounts.domain import profiles
from accounts.enums import ProfileSource
from accounts.models import Enterprise, EnterpriseProfile
from applications.domain import drafting, submission
from applications.enums import Section
from applications.queries import case
from portal.kernel.clock import now
from tests import factories
from tests.test_api import Api

pytestmark = pytest.mark.django_db
CASE = json.loads((Path(__file__).parent.parent / "data" / "case_zhipu.json").read_text(encoding="utf-8"))
PROFILE = {
    "name": CASE["name"],
    "established_on": CASE["established_on"],
    "district_code": CASE["district_code"],
    "industry_code": CASE["industry_code"],
    "annual": [{k: v for k, v in row.items() if k != "year" or v} for row in CASE["annual"] if row["year"] == 2022],
}


@pytest.fixture
def june_2023():
    # Mid-morning in Beijing; the clock runs on so that events keep their order.
    with time_machine.travel("2023-06-30T02:00:00+00:00"):
        yield


def firm_known_only_by_its_figures():
    """No register record, no titles, no staff: nothing is filled in by a guess."""
    firm = Enterprise.objects.create(
        uscc=factories.demo_uscc(), name=CASE["name"], is_demo=True, registry_checked_at=now()
    )
    profiles.write_source(enterprise=firm, source=ProfileSource.SELF, data=PROFILE)
    return factories.applicant(factories.member(firm, person=factories.user(name="法定代表人")))


def apply(who):
    application = drafting.start(enterprise_id=who.enterprise.pk, product_code="zhaojindai", actor=who.actor)
    request = {
        **factories.NEED,
        "requested_amount": 20_000_000,
        "term_months": 24,
        "purpose_detail": "大模型训练算力采购",
    }
    for section in (Section.NEED, Section.ENTERPRISE, Section.OPERATIONS, Section.TEAM):
        values = request if section == Section.NEED else {}
        drafting.save_section(
            application_id=application.pk, section=section, profile={}, request=values, actor=who.actor
        )
    factories.consent_to(who.enterprise, application.product.consents, who.actor)
    drafting.upload(application_id=application.pk, kind="financial_statements", upload=factories.pdf(), actor=who.actor)
    return submission.submit(application_id=application.pk, actor=who.actor)


def test_application_reaches_a_person_with_nothing_failed(june_2023, sent, run_jobs):
    factories.load_defaults()
    bankers = factories.bankers()
    who = firm_known_only_by_its_figures()
    application = apply(who)
    run_jobs()
    application.refresh_from_db()
    screening = application.screenings.get()
    assert (application.status, application.outcome, application.failed) == ("screened", "refer", 0)
    assert screening.size_class == ""
    assert (application.tier, application.tier_outcome, screening.tier.result["could_be"]) == (
        "T1",
        "refer",
        ["T5", "T4", "T3", "T2"],
    )
    assert application.score_high >= 75
    assert str(screening.eligibility.snapshot.as_of) == "2023-06-30"
    groups = {g.outcome: {i["code"] for i in g.items} for g in case.finding_groups(screening)}
    assert groups["refer"] == {"tier", "rd_year_before", "dishonest", "bureau"}
    assert "fail" not in groups
    assert application.due_at is not None
    reviewer = Client()
    from accounts.models import User

    reviewer.force_login(
        User.objects.get(pk=bankers.reviewer.user_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert CASE["name"] in reviewer.get("/admin/queues/unclaimed/").text
    assert "缺前年研发费用，由客户经理核实" in reviewer.get(f"/admin/cases/{application.reference}/").text
    firm = Client()
    firm.force_login(who.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "转人工" in firm.get(f"/applications/{application.reference}/").text


def test_precheck_refers_every_product(defaults):
    api = Api(*factories.partner_client())
    body = {"uscc": factories.demo_uscc(), **PROFILE, "annual": _decimals(PROFILE["annual"]), "as_of": "2023-06-30"}
    answer = api("POST", "prechecks/", body).json()
    assert answer["size_class"] is None
    assert [f["label"] for f in answer["size_findings"]] == ["员工人数"]
    assert (answer["tier"]["code"], answer["tier"]["could_be"]) == ("T1", ["T5", "T4", "T3", "T2"])
    assert answer["score"]["points_max"] >= 75
    assert {p["outcome"] for p in answer["products"]} == {"refer"}
    assert "fail" not in {f["outcome"] for p in answer["products"] for f in p["findings"]}
    assert not EnterpriseProfile.objects.exists()


def _decimals(rows: list[dict]) -> list[dict]:
    return [{k: v if k == "year" else f"{v}.00" for k, v in row.items()} for row in rows]
