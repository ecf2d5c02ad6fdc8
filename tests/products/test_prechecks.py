"""Catalogue, comparison and the pre-check without an account: what a visitor is told, and what is not kept."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kernel.clock import now
from portal.kernel.tasks import clear_sessions
from products.models import Product
from products.prechecks import SESSION_KEY, STEPS, profile_of
from products.web.precheck_forms import FORMS
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(defaults):
    return Client()


def outcomes(client: Client) -> dict[str, str]:
    context = client.get("/precheck/result/").context
    return {card["product"].code: card["tone"] for card in [*context["likely"], *context["unlikely"]]}


def test_a_visitor_without_an_account_gets_an_answer_for_every_credit_product(client):
    assert client.get("/precheck/").headers["Location"] == "/precheck/founded/"
    factories.answer_precheck(client)
    found = outcomes(client)
    assert set(found) == {p.code for p in Product.objects.offered() if p.is_credit}
    assert found["zhaojiedai"] == "fail"  # 3 million is over its 2 million
    assert found["zhaojindai"] == "pass"
    assert found["little-giant-programme"] == "fail"
    page = client.get("/precheck/result/")
    assert "专精层" in page.text
    assert page.context["tier"]["tier"] == "T4"


def test_at_most_ten_questions_one_a_page(client):
    assert len(STEPS) <= 10
    assert set(FORMS) == {step.code for step in STEPS}
    page = client.get("/precheck/founded/")
    assert page.context["number"] == 1
    assert f"共 {len(STEPS)} 题" in page.text


def test_all_three_answers_come_up_and_each_says_why(client):
    factories.answer_precheck(client, sales={"revenue": "5200"})
    page = client.get("/precheck/result/")
    assert set(outcomes(client).values()) == {"pass", "refer", "fail"}
    for card in [*page.context["likely"], *page.context["unlikely"]]:
        if card["tone"] != "pass":
            assert card["deciding"], card["product"].code
            assert all(f["reason"] or f["advice"] or f["observed"] for f in card["deciding"])


@pytest.mark.parametrize("step", [s.code for s in STEPS])
def test_a_skipped_question_never_makes_a_no(client, step):
    factories.answer_precheck(client)
    before = outcomes(client)
    client.post(f"/precheck/{step}/", {"skip": "1"})
    after = outcomes(client)
    worse = {p for p in after if after[p] == "fail" and before[p] != "fail"}
    assert not worse


def test_nothing_answered_leads_back_and_one_answer_is_enough(client):
    assert client.get("/precheck/result/").headers["Location"] == "/precheck/founded/"
    client.post("/precheck/founded/", factories.PRECHECK["founded"])
    page = client.get("/precheck/result/")
    assert page.status_code == 200
    assert "refer" in outcomes(client).values()
    assert client.get("/precheck/").headers["Location"] == "/precheck/industry/"


BAD = [
    ("founded", "established_on", ["2999-01-01", "1700-01-01", "abc", "2019-13-01"]),
    ("industry", "industry_code", ["Z99", "<b>"]),
    ("people", "employees", ["-1", "x", "1e9", "99999999999"]),
    ("people", "rd_employees", ["121"]),
    ("sales", "revenue", ["-1", "x", "NaN", "Infinity", "9" * 20]),
    ("sales", "tax_grade", ["Z"]),
    ("research", "rd_expense", ["-3", "千"]),
    ("property", "class_1_ip_self_developed", ["13"]),
    ("titles", "titles", [["hnte", "none"], ["made-up"]]),
    ("team", "core_members", ["1.5"]),
    ("market", "share_pct", ["101", "-1", "NaN"]),
    ("market", "rank_national", ["0"]),
    ("wish", "term_months", ["0", "601"]),
    ("wish", "requested_amount", ["很多", "1\x002"]),
    ("wish", "purpose", ["gambling"]),
]


@pytest.mark.parametrize(("step", "field", "value"), [(s, f, v) for s, f, values in BAD for v in values])
def test_bad_input_is_told_at_its_field_and_what_was_typed_stays(client, step, field, value):
    page = client.post(f"/precheck/{step}/", {**factories.PRECHECK[step], field: value})
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert SESSION_KEY not in client.session


def test_full_width_digits_and_separators_are_understood(client):
    client.post("/precheck/people/", {"employees": "１，２００", "rd_employees": ""})
    assert client.session[SESSION_KEY]["people"] == {"employees": 1200}


def test_answers_can_be_changed_from_the_result_and_cleared(client):
    factories.answer_precheck(client)
    page = client.post("/precheck/wish/?back=result", {**factories.PRECHECK["wish"], "requested_amount": "100"})
    assert page.headers["Location"] == "/precheck/result/"
    assert outcomes(client)["zhaojiedai"] == "pass"
    assert 'value="100"' in client.get("/precheck/wish/").text
    client.post("/precheck/clear/")
    assert SESSION_KEY not in client.session
    assert client.get("/precheck/clear/").status_code == 405


@pytest.mark.parametrize("kept", ["text", [1], 7, None])
def test_a_session_of_another_shape_starts_anew(client, kept):
    session = client.session
    session[SESSION_KEY] = kept
    session.save()
    assert client.get("/precheck/").headers["Location"] == "/precheck/founded/"


def test_nothing_personal_and_no_row_is_stored(client):
    tables = [t for t in connection.introspection.table_names() if t != "django_session"]

    def counts() -> dict:
        with connection.cursor() as cursor:
            found = {}
            for table in tables:
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                found[table] = cursor.fetchone()[0]
        return found

    before = counts()
    factories.answer_precheck(client)
    client.get("/precheck/result/")
    assert counts() == before
    kept = Session.objects.get().get_decoded()
    assert set(kept) == {SESSION_KEY}
    allowed = {name for form in FORMS.values() for name in form.base_fields}
    names = {key for given in kept[SESSION_KEY].values() for key in given}
    assert names <= allowed
    assert not {"name", "phone", "email", "uscc", "address", "id_number"} & allowed
    assert not any(
        form.base_fields[f].__class__.__name__ == "CharField" for form in FORMS.values() for f in form.base_fields
    )


def test_the_result_takes_few_queries_and_a_small_page(client):
    factories.answer_precheck(client)
    client.get("/precheck/result/")  # a process reads each policy's document once
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get("/precheck/result/")
    assert len(queries) <= 4, "\n".join(q["sql"][:300] for q in queries)
    assert len(page.content) <= 80_000


def test_profile_has_the_form_of_the_partner_api():
    plain = {code: dict(FORMS[code](data).fields) and _cleaned(code, data) for code, data in factories.PRECHECK.items()}
    profile = profile_of(json.loads(json.dumps(plain)), 2025)
    assert profile["annual"] == [
        {"year": 2024, "rd_expense": "7600000.00"},
        {"year": 2025, "revenue": "52000000.00", "rd_expense": "9000000.00"},
    ]
    assert [t["kind"] for t in profile["titles"]] == ["hnte", "srdi_sme"]


def _cleaned(code: str, data: dict) -> dict:
    form = FORMS[code](data)
    form.data = _listed(data)
    assert form.is_valid(), form.errors
    return form.cleaned()


def _listed(data: dict):
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    for key, value in data.items():
        query.setlist(key, value if isinstance(value, list) else [value])
    return query


@pytest.mark.parametrize(("stage", "codes"), [("育苗", {"account-opening"}), ("nowhere", set())])
def test_catalogue_is_filtered_by_stage(client, stage, codes):
    found = {p.code for p in client.get("/", {"stage": stage}).context["products"]}
    assert codes <= found
    assert found == {p.code for p in Product.objects.offered() if p.stage == stage}
    if not found:
        assert "这个阶段目前没有开放申请的产品" in client.get("/", {"stage": stage}).text


def test_comparison_lays_products_side_by_side(client):
    page = client.get("/products/compare/?p=zhaojiedai&p=zhaojindai&p=zhaoqidai")
    assert [p.code for p in page.context["products"]] == ["zhaojiedai", "zhaojindai", "zhaoqidai"]
    assert "综合融资成本（年化）" in page.text
    cost = next(r for r in page.context["rows"] if r["label"].startswith("综合融资成本"))
    assert "— " in cost["cells"][0][0], "3 million is over what this product gives"
    assert "%" in cost["cells"][1][0]


def test_comparison_can_leave_out_rows_that_do_not_differ(client):
    path = "/products/compare/?p=zhaojindai&p=srdi-programme"
    rows = client.get(path).context["rows"]
    differing = client.get(f"{path}&differ=1").context["rows"]
    assert [r["label"] for r in differing] == [r["label"] for r in rows if not r["same"]]
    assert 0 < len(differing) < len(rows)


@pytest.mark.parametrize(
    "query", ["", "p=zhaojindai", "p=zhaojindai&p=zhaojindai", "p=zz&p=zhaojindai", "p=account-opening&p=zhaojindai"]
)
def test_fewer_than_two_products_are_no_comparison(client, query):
    page = client.get(f"/products/compare/?{query}", follow=True)
    assert page.redirect_chain[-1][0] == "/#catalogue"
    assert "请至少勾选两款产品" in page.text


def test_comparison_takes_four_at_most(client):
    codes = [p.code for p in Product.objects.offered() if p.is_credit]
    page = client.get("/products/compare/?" + "&".join(f"p={c}" for c in codes))
    assert len(page.context["products"]) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("amount=x&term_months=12", "amount"),
        ("amount=300&term_months=0", "term_months"),
        ("amount=&term_months=", "amount"),
    ],
)
def test_comparison_tells_a_bad_amount_at_its_field(client, query, field):
    page = client.get(f"/products/compare/?p=zhaojindai&p=zhaoqidai&{query}")
    assert page.status_code == 200
    assert field in page.context["form"].errors
    assert page.context["rows"]


def test_answers_go_when_the_session_ends(client):
    factories.answer_precheck(client)
    with time_machine.travel(now() + timedelta(hours=11)):
        clear_sessions()
        assert Session.objects.count() == 1
    with time_machine.travel(now() + timedelta(hours=13)):
        clear_sessions()
        assert not Session.objects.exists()


@pytest.mark.django_db
def test_a_visitor_who_skips_every_question_is_asked_again(defaults):
    client = Client()
    for step in STEPS:
        client.post(f"/precheck/{step.code}/", {"skip": "1"})
    for path in ("/precheck/", "/precheck/result/"):
        page = client.get(path, follow=True)
        assert page.status_code == 200
        assert page.redirect_chain[-1][0] == f"/precheck/{STEPS[0].code}/"
    assert "您还没有回答任何一题" in client.get("/precheck/result/", follow=True).text
