"""The bank's desk: role × route, acts by form, forbidden hands, queues at their cost."""

import csv
import io

import pytest
from django.test import Client

from accounts.models import User
from applications.enums import Dimension
from applications.models import Application
from portal.kernel.models import AccessRecord
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
ROUTES = [
    "/admin/queues/unclaimed/",
    "/admin/queues/mine/",
    "/admin/queues/returned/",
    "/admin/queues/signature/",
    "/admin/queues/overdue/",
    "/admin/members/",
]


@pytest.fixture
def case(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    return application


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("who", "status"), [("rm", 200), ("reviewer", 200), ("approver", 200)])
def test_working_roles_see_the_desk(case, route, who, status):
    assert signed_in(f"{who}@bank.example").get(route).status_code == status


@pytest.mark.parametrize("role", ["policy", "admin"])
@pytest.mark.parametrize("route", [*ROUTES, "/admin/cases/{}/"])
def test_administrators_have_no_cases(case, role, route):
    factories.banker(role, f"{role}@bank.example")
    assert signed_in(f"{role}@bank.example").get(route.format(case.reference)).status_code == 403


@pytest.mark.parametrize("route", [*ROUTES, "/admin/cases/{}/", "/admin/data/", "/admin/"])
def test_applicants_and_strangers_are_kept_out(case, founder, route):
    path = route.format(case.reference)
    applicant = Client()
    applicant.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    for client in (applicant, Client()):
        assert client.get(path).status_code in (302, 403), path


def test_second_factor_is_demanded_outside_the_demonstration(case, settings):
    settings.STAFF_NEEDS_SECOND_FACTOR = True
    page = signed_in("reviewer@bank.example").get("/admin/queues/mine/")
    assert page.status_code == 302
    assert "/2fa/" in page.headers["Location"]


def test_drafts_and_sandbox_cases_are_not_found(case, founder):
    draft = factories.draft(factories.legal_rep(name="乙"))
    Application.objects.filter(pk=case.pk).update(is_sandbox=True)
    staff = signed_in("reviewer@bank.example")
    for reference in (draft.reference, case.reference):
        assert staff.get(f"/admin/cases/{reference}/").status_code == 404


def test_case_goes_through_by_forms(case):
    reviewer, approver = signed_in("reviewer@bank.example"), signed_in("approver@bank.example")
    base = f"/admin/cases/{case.reference}/"
    assert "领取" in reviewer.get(base).text
    reviewer.post(f"{base}claim/")
    assert "还差技术壁垒" in reviewer.get(base).text
    scores = {
        f"points_{d}": n for d, n in (("technology_barrier", 30), ("team_background", 20), ("industry_position", 15))
    }
    assert reviewer.post(f"{base}score/", scores).status_code == 422
    reasons = {f"reason_{d}": "见材料" for d in ("technology_barrier", "team_background", "industry_position")}
    assert reviewer.post(f"{base}score/", scores | reasons).status_code == 302
    terms = {
        "proposal": "approve",
        "amount": "80",
        "rate": "3.45",
        "term_months": "12",
        "repayment_method": "interest_first",
        "comment": "同意",
    }
    bad = reviewer.post(f"{base}recommend/", terms | {"rate": "9.9"})
    assert bad.status_code == 422
    assert "3.00%–4.60%" in bad.text
    assert reviewer.post(f"{base}recommend/", terms).status_code == 302
    made = case.recommendations.get()
    assert "不能审批" not in approver.get(base).text
    approver.post(f"{base}approve/", {"recommendation_id": made.pk, "comment": "同意"})
    case.refresh_from_db()
    assert (case.status, case.offer.rate_bp, case.offer.amount) == ("offered", 345, 800_000)


def test_loser_of_a_claim_reads_who_won(case):
    signed_in("reviewer@bank.example").post(f"/admin/cases/{case.reference}/claim/")
    page = signed_in("reviewer2@bank.example").post(f"/admin/cases/{case.reference}/claim/", follow=True)
    assert "陶安已在" in page.text


@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("rm", "claim"),
        ("rm", "score"),
        ("approver", "claim"),
        ("approver", "recommend"),
        ("reviewer", "approve"),
        ("rm", "approve"),
    ],
)
def test_role_without_the_act_changes_nothing(case, who, act):
    data = {"recommendation_id": 1, "proposal": "decline", "reason_code": "cash_flow", "comment": "x"}
    signed_in(f"{who}@bank.example").post(f"/admin/cases/{case.reference}/{act}/", data)
    case.refresh_from_db()
    assert (case.status, case.assignee_id) == ("screened", None)


@pytest.mark.parametrize(
    ("act", "data"),
    [
        ("return_for_changes", {"reason": "nope", "items": "x"}),
        ("return_for_changes", {"reason": "purpose", "items": ""}),
        ("return_for_changes", {"reason": "purpose", "items": "a\x00b"}),
        ("return_for_changes", {"reason": "purpose", "items": "\n".join("x" * 9)}),
        ("note", {"body": ""}),
        ("note", {"body": "x" * 1001}),
        ("recommend", {"proposal": "approve", "comment": "x"}),
    ],
)
def test_bad_act_comes_back_with_its_error(case, act, data):
    client = signed_in("reviewer@bank.example")
    client.post(f"/admin/cases/{case.reference}/claim/")
    assert client.post(f"/admin/cases/{case.reference}/{act}/", data).status_code == 422
    case.refresh_from_db()
    assert case.status == "screened"


def test_unknown_act_is_not_found(case):
    assert signed_in("reviewer@bank.example").post(f"/admin/cases/{case.reference}/nope/").status_code == 404


def test_replay_button_proves_the_answer(case):
    page = signed_in("reviewer@bank.example").post(f"/admin/cases/{case.reference}/replay/", follow=True)
    assert "重放一致" in page.text


def test_csv_defuses_formulas(case, founder):
    founder.enterprise.name = "=cmd|calc"
    founder.enterprise.save()
    page = signed_in("reviewer@bank.example").get("/admin/queues/unclaimed/?csv=1")
    rows = list(csv.reader(io.StringIO(b"".join(page.streaming_content).decode("utf-8-sig"))))
    assert rows[1][1] == "'=cmd|calc"


@pytest.mark.parametrize("query", ["?q=北京蒲公英", "?q={uscc}", "?q={reference}", "?product=zhaojiedai&tier=T1"])
def test_queue_is_searched_and_filtered(case, query):
    page = signed_in("reviewer@bank.example").get(
        "/admin/queues/unclaimed/" + query.format(uscc=case.enterprise.uscc, reference=case.reference)
    )
    assert case.reference in page.text


@pytest.mark.parametrize("query", ["?q=没有这家", "?product=zhaojindai", "?tier=zz"])
def test_queue_without_a_match_says_so(case, query):
    page = signed_in("reviewer@bank.example").get("/admin/queues/unclaimed/" + query)
    assert page.status_code == 200
    assert "没有符合筛选条件" in page.text


def test_forged_cursor_is_not_found(case):
    assert signed_in("reviewer@bank.example").get("/admin/queues/unclaimed/?cursor=abc").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_queue_costs_the_same_for_one_and_three_rows(bankers, founder, run_jobs, count, django_assert_num_queries):
    for number in range(count):
        factories.submitted(founder if number == 0 else factories.legal_rep(name=f"第{number}家"))
    run_jobs()
    client = signed_in("reviewer@bank.example")
    client.get("/admin/queues/unclaimed/")
    with django_assert_num_queries(6):
        client.get("/admin/queues/unclaimed/")


def test_case_page_stays_within_its_queries(case, django_assert_max_num_queries):
    client = signed_in("reviewer@bank.example")
    client.get(f"/admin/cases/{case.reference}/")
    with django_assert_max_num_queries(11):
        client.get(f"/admin/cases/{case.reference}/")


def test_recommended_case_costs_at_most_two_queries_more(case, django_assert_max_num_queries):
    reviewer, approver = signed_in("reviewer@bank.example"), signed_in("approver@bank.example")
    base = f"/admin/cases/{case.reference}/"
    reviewer.post(f"{base}claim/")
    page = reviewer.get(base).text
    assert all(f'name="points_{d}"' in page for d in Dimension)
    points = {f"points_{d}": "20" for d in Dimension} | {f"reason_{d}": "看过材料" for d in Dimension}
    reviewer.post(f"{base}score/", points)
    proposal = {"proposal": "decline", "reason_code": "out_of_scope", "comment": "范围外"}
    reviewer.post(f"{base}recommend/", proposal)
    assert "范围外" in approver.get(base).text
    with django_assert_max_num_queries(12):
        approver.get(base)


def test_contact_is_masked_until_revealed_and_the_look_is_written_down(founder, bankers):
    person = factories.user("agent-long@demo.example")
    waiting = factories.member(founder.enterprise, role="agent", verified=False, person=person)
    client = signed_in("rm@bank.example")
    assert person.email not in client.get("/admin/members/").text
    assert person.email in client.post(f"/admin/members/{waiting.pk}/reveal/", follow=True).text
    assert AccessRecord.objects.filter(subject=f"membership:{waiting.pk}").count() == 1
    client.post(f"/admin/members/{waiting.pk}/verify/")
    waiting.refresh_from_db()
    assert waiting.is_verified


def test_superuser_data_pages_open(defaults):
    from django.contrib import admin

    factories.user("root@bank.example", is_staff=True, is_superuser=True)
    client = signed_in("root@bank.example")
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(path).status_code == 200, path


def test_account_opening_is_completed_by_the_relationship_manager(founder, bankers, run_jobs):
    application = factories.submitted(founder, "account-opening")
    run_jobs()
    client = signed_in("rm@bank.example")
    base = f"/admin/cases/{application.reference}/"
    client.post(f"{base}claim/")
    client.post(f"{base}complete/", {"comment": "账户已开立"})
    application.refresh_from_db()
    assert application.status == "completed"


def test_manager_cannot_vouch_for_themself(founder, bankers):
    from accounts.domain import memberships
    from accounts.models import User as Person
    from portal.kernel.errors import NotPermitted

    manager = Person.objects.get(pk=bankers.rm.user_id)
    own = factories.member(founder.enterprise, role="agent", verified=False, person=manager)
    with pytest.raises(NotPermitted, match="own_membership"):
        memberships.verify_by_banker(membership_id=own.pk, actor=bankers.rm)


def test_banker_stays_away_from_their_own_firm(case, founder, bankers):
    factories.member(
        founder.enterprise, role="agent", verified=False, person=User.objects.get(pk=bankers.reviewer.user_id)
    )
    page = signed_in("reviewer@bank.example").post(f"/admin/cases/{case.reference}/claim/", follow=True)
    assert "须回避" in page.text
    case.refresh_from_db()
    assert case.assignee_id is None


def test_person_who_scored_cannot_sign_from_another_post(case, bankers):
    from accounts.models import Banker

    reviewer = signed_in("reviewer@bank.example")
    base = f"/admin/cases/{case.reference}/"
    reviewer.post(f"{base}claim/")
    dimensions = ("technology_barrier", "team_background", "industry_position")
    reviewer.post(f"{base}score/", {f"points_{d}": 20 for d in dimensions} | {f"reason_{d}": "x" for d in dimensions})
    terms = {
        "proposal": "approve",
        "amount": "80",
        "rate": "3.45",
        "term_months": "12",
        "repayment_method": "interest_first",
        "comment": "x",
    }
    reviewer.post(f"{base}recommend/", terms)
    person = User.objects.get(email="reviewer@bank.example")
    Banker.objects.filter(user=person).update(user=factories.user("other@bank.example", is_staff=True))
    Banker.objects.create(user=person, branch=Banker.objects.first().branch, role="approver", approval_limit=10**9)
    reviewer.post(f"{base}approve/", {"recommendation_id": case.recommendations.get().pk})
    case.refresh_from_db()
    assert case.status == "recommended"


def test_signature_is_void_when_the_case_changed(case, bankers):
    from applications.domain import deciding
    from portal.kernel.errors import StaleObject
    from tests.applications.test_spine import recommended

    made = recommended(case, bankers.reviewer)
    Application.objects.filter(pk=case.pk).update(version=99)
    with pytest.raises(StaleObject):
        deciding.approve(application_id=case.pk, recommendation_id=made.pk, comment="", actor=bankers.approver)
