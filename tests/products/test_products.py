"""Every product of the catalogue: its frame, its policy on the bounds, its questions and materials."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.domain import profiles
from accounts.profile_rules import flatten
from applications.domain.submission import what_is_left
from applications.models import Application
from applications.web.forms import FORMS, NeedForm
from products import questions
from products.domain.evaluating import compiled, in_force
from products.domain.judging import Request, judge, judge_product
from products.models import Product, Register, RegisterEntry
from products.policy.facts import Known
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
# code: (least and most in 万元, months, lowest and highest rate in basis points, methods)
FRAMES = {
    "zhaojiedai": (10, 200, 12, 300, 460, {"interest_first", "revolving"}),
    "zhaoqidai": (10, 500, 12, 300, 460, {"equal_installment", "interest_first", "revolving"}),
    "zhaochuangdai": (50, 1000, 36, 280, 420, {"interest_first", "equal_principal"}),
    "zhaobaodai": (50, 1000, 36, 280, 400, {"equal_installment", "equal_principal"}),
    "zhaojindai": (100, 3000, 36, 260, 420, {"interest_first", "equal_principal"}),
    "little-giant-programme": (100, 5000, 36, 260, 400, {"equal_installment", "equal_principal", "interest_first"}),
    "srdi-programme": (100, 3000, 36, 260, 400, {"equal_installment", "equal_principal", "interest_first"}),
    "tech-ma-loan": (500, None, 120, 260, 420, {"equal_principal"}),
}


def test_catalogue_is_the_agreed_one(defaults):
    found = {
        p.code: (
            int(p.min_amount / 10_000),
            p.max_amount and int(p.max_amount / 10_000),
            p.max_term_months,
            p.min_rate_bp,
            p.max_rate_bp,
            set(p.methods),
        )
        for p in Product.objects.exclude(kind="service")
    }
    assert found == FRAMES


def test_every_product_is_complete_and_valid(defaults):
    for product in Product.objects.all():
        product.full_clean()
        assert product.is_sample
        assert in_force(product.policy_code, TODAY)


def outcome_of(product: str, rule: str, *, values: dict | None = None, wish: Request | None = None, uscc="", on=TODAY):
    """Outcome of one rule of one product for the sample firm with `values` changed (None: not known)."""
    profile = {**factories.PROFILE, **(values or {})}
    judged = judge(uscc=uscc, known=Known(flatten(profile), {}), declared_titles=profile["titles"], as_of=on)
    _, result = judge_product(in_force(product, on), judged, wish or Request())
    return next(f["outcome"] for f in result["findings"] if f["code"] == rule)


@pytest.mark.parametrize(
    ("established", "outcome"),
    [("2024-11-25", "pass"), ("2024-11-26", "refer"), (None, "refer")],
)
def test_zhaoqidai_asks_two_full_years(defaults, established, outcome):
    assert outcome_of("zhaoqidai", "min_age", values={"established_on": established}) == outcome


@pytest.mark.parametrize(
    ("grade", "outcome"), [("A", "pass"), ("B", "pass"), ("M", "pass"), ("C", "refer"), (None, "refer")]
)
def test_zhaoqidai_tax_grade(defaults, grade, outcome):
    assert outcome_of("zhaoqidai", "tax_grade", values={"tax_grade": grade}) == outcome


@pytest.mark.parametrize(("staff", "outcome"), [(99, "pass"), (100, "refer"), (None, "refer")])
def test_zhaoqidai_is_for_small_and_micro_firms(defaults, staff, outcome):
    year = TODAY.year - 1
    values = {
        "employees": staff,
        "rd_employees": None,
        "technical_employees": None,
        "annual": [{"year": year, "revenue": "52000000.00"}],
    }
    assert outcome_of("zhaoqidai", "size", values=values) == outcome


@pytest.mark.parametrize(
    ("product", "amount", "outcome"),
    [
        ("zhaoqidai", "100000.00", "pass"),
        ("zhaoqidai", "99999.99", "fail"),
        ("zhaoqidai", "5000000.00", "pass"),
        ("zhaoqidai", "5000000.01", "fail"),
        ("zhaobaodai", "10000000.00", "pass"),
        ("zhaobaodai", "10000000.01", "fail"),
        ("srdi-programme", "30000000.01", "fail"),
        ("little-giant-programme", "50000000.00", "pass"),
        ("little-giant-programme", "50000000.01", "fail"),
        ("tech-ma-loan", "5000000.00", "pass"),
        ("tech-ma-loan", "4999999.99", "fail"),
    ],
)
def test_amount_on_the_bound(defaults, product, amount, outcome):
    assert outcome_of(product, "amount", wish=Request(amount=Decimal(amount))) == outcome


def test_zhaobaodai_without_collateral_goes_to_a_person(defaults):
    assert outcome_of("zhaobaodai", "collateral") == "refer"
    assert outcome_of("zhaobaodai", "collateral", wish=Request(answers={"collateral_kind": "ip"})) == "pass"


@pytest.mark.parametrize(
    ("product", "register"), [("little-giant-programme", "little_giant"), ("srdi-programme", "srdi_sme")]
)
def test_programme_is_entered_by_register(defaults, product, register):
    uscc = factories.demo_uscc()
    assert outcome_of(product, "register", uscc=uscc) == "fail"
    RegisterEntry.objects.create(
        register=Register.objects.get(code=register), uscc=uscc, name="x", valid_from="2024-01-01", valid_to=TODAY
    )
    assert outcome_of(product, "register", uscc=uscc) == "pass"
    assert outcome_of(product, "register", uscc=uscc, on=date(2026, 11, 26)) == "fail"  # ran out yesterday


@pytest.mark.parametrize("product", ["little-giant-programme", "srdi-programme"])
def test_programme_with_an_unloaded_register_refers(defaults, product):
    Register.objects.update(loaded_from=None)
    assert outcome_of(product, "register", uscc=factories.demo_uscc()) == "refer"


def test_a_little_giant_may_have_the_srdi_programme(defaults):
    uscc = factories.demo_uscc()
    RegisterEntry.objects.create(
        register=Register.objects.get(code="little_giant"), uscc=uscc, name="x", valid_from="2024-01-01"
    )
    assert outcome_of("srdi-programme", "register", uscc=uscc) == "pass"


def hnte_firm() -> str:
    uscc = factories.demo_uscc()
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"), uscc=uscc, name="x", valid_from="2019-01-01"
    )
    Register.objects.update(loaded_from="2019-01-01")
    return uscc


# (day, district, deal, share of the price in basis points, outcome)
DEALS = [
    (date(2024, 6, 1), "110108", "control", 6000, "pass"),
    (date(2024, 6, 1), "110108", "control", 6001, "fail"),
    (date(2025, 3, 1), "110108", "control", 8000, "pass"),
    (date(2025, 3, 1), "110108", "control", 8001, "fail"),
    (date(2025, 3, 1), "130100", "control", 6001, "fail"),
    (date(2025, 12, 31), "110108", "control", 8000, "pass"),
    (date(2025, 12, 31), "130100", "control", 7000, "pass"),
    (date(2025, 12, 31), "130100", "control", 7001, "fail"),
    (date(2025, 12, 31), "110108", "minority", 6000, "pass"),
    (date(2025, 12, 31), "110108", "minority", 6001, "fail"),
    (date(2026, 12, 31), "320583", "control", 8000, "pass"),  # Suzhou, the last day of the pilot's sample end
    (date(2027, 1, 1), "320583", "control", 7001, "fail"),
    (date(2026, 11, 25), None, "control", 7001, "refer"),
    (date(2026, 11, 25), None, "control", 7000, "pass"),
    (date(2026, 11, 25), "110108", None, 6000, "pass"),
    (date(2026, 11, 25), "110108", None, 6001, "refer"),
]


@pytest.mark.parametrize(("day", "district", "deal", "share", "outcome"), DEALS)
def test_acquisition_loan_by_date_city_and_deal(defaults, day, district, deal, share, outcome):
    wish = Request(
        amount=Decimal(share) * 1000,
        term_months=84,
        purpose="acquisition",
        answers={"deal_kind": deal, "deal_price": "10000000.00"},
    )
    found = outcome_of(
        "tech-ma-loan", "price_share", values={"district_code": district}, wish=wish, uscc=hnte_firm(), on=day
    )
    assert found == outcome


@pytest.mark.parametrize(
    ("deal", "months", "outcome"),
    [("minority", 84, "pass"), ("minority", 85, "fail"), ("control", 120, "pass"), ("control", 121, "fail")],
)
def test_acquisition_loan_term(defaults, deal, months, outcome):
    wish = Request(term_months=months, answers={"deal_kind": deal})
    assert outcome_of("tech-ma-loan", "term", wish=wish, uscc=hnte_firm()) == outcome


def test_acquisition_loan_without_a_price_goes_to_a_person(defaults):
    wish = Request(amount=Decimal("6000000.00"), purpose="acquisition", answers={"deal_kind": "control"})
    assert outcome_of("tech-ma-loan", "price_share", wish=wish, uscc=hnte_firm()) == "refer"


def test_rule_of_the_day_is_chosen_by_its_date(defaults):
    titles = [
        compiled(in_force("tech-ma-loan", day)).title
        for day in (date(2025, 2, 28), date(2025, 3, 1), date(2025, 12, 31))
    ]
    assert titles == [f"科技并购贷准入条件 {word}（示例口径）" for word in ("2020 口径", "2025 试点口径", "2026 口径")]


# what an applicant types


@pytest.mark.parametrize("code", list(FRAMES))
def test_typed_answers_on_the_product_page_are_what_the_forms_ask(founder, code):
    """Every field of every form that the registry does not fill, unconditional ones only, counted on the real forms."""
    application = Application(
        product=Product.objects.get(code=code), enterprise=founder.enterprise, lifecycle_name="credit"
    )
    fields = [
        name
        for cls in (NeedForm, FORMS["enterprise"], FORMS["operations"], FORMS["team"])
        for name, field in cls(application=application).fields.items()
        if not getattr(field, "when", None) and name not in questions.REGISTRY_KEYS
    ]
    assert application.product.typed_answers == len(fields)


def test_zhaojiedai_asks_fifteen_answers_at_most_and_no_file(founder):
    """For a firm that the registry knows: counted on the draft itself, submitted with nothing uploaded."""
    product = Product.objects.get(code="zhaojiedai")
    assert product.typed_answers <= 15
    application = factories.draft(founder, "zhaojiedai", purpose="equipment")
    assert [m for m in application.materials if m["required"]] == []
    assert not application.documents.exists()
    assert factories.submitted(factories.legal_rep(), "zhaojiedai").status == "submitted"


@pytest.mark.parametrize(
    ("code", "given", "required"),
    [
        ("zhaobaodai", {}, set()),
        ("zhaobaodai", {"collateral_kind": "ip"}, {"ip_certificate"}),
        ("zhaobaodai", {"collateral_kind": "real_estate"}, {"property_certificate"}),
        ("tech-ma-loan", {"deal_kind": "control"}, {"deal_agreement", "financial_statements"}),
        ("tech-ma-loan", {"deal_kind": "minority", "holding_before": 0}, {"deal_agreement", "financial_statements"}),
        (
            "tech-ma-loan",
            {"deal_kind": "minority", "holding_before": 20},
            {"deal_agreement", "financial_statements", "holding_proof"},
        ),
        ("zhaojindai", {}, {"financial_statements"}),
        ("account-opening", {"account_kind": "basic"}, {"licence"}),
    ],
)
def test_materials_follow_the_answers(defaults, code, given, required):
    product = Product.objects.get(code=code)
    assert {m["kind"] for m in questions.materials_for(product.materials, given) if m["required"]} == required


def test_question_is_asked_only_behind_its_condition(defaults):
    own = Product.objects.get(code="zhaojindai").own_questions
    at = {"requested_amount": Decimal("10000000.00"), "single_payment_over": True}
    over = {**at, "requested_amount": Decimal("10000000.01")}
    assert questions.asked(own, at) == []
    assert questions.kept(own, at) == {}
    assert questions.kept(own, over) == {"single_payment_over": True}


def test_answer_behind_a_dropped_answer_is_dropped_too():
    own = questions.parse(
        [
            {"code": "a", "label": "甲", "type": "choice", "choices": [["x", "是"]], "when": {"purpose": ["rd"]}},
            {"code": "b", "label": "乙", "type": "text", "when": {"a": ["x"]}},
        ]
    )
    assert questions.kept(own, {"purpose": "rd", "a": "x", "b": "写了"}) == {"a": "x", "b": "写了"}
    assert questions.kept(own, {"purpose": "other", "a": "x", "b": "写了"}) == {}


CHOICE = {"code": "a", "label": "甲", "type": "choice", "choices": [["x", "是"]]}


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({}, "/"),
        ([1], "/0"),
        ([{**CHOICE, "type": "number"}], "/0/type"),
        ([{**CHOICE, "choices": []}], "/0/choices"),
        ([{**CHOICE, "choices": [["x"]]}], "/0/choices"),
        ([{**CHOICE, "code": "purpose"}], "/0/code"),
        ([CHOICE, CHOICE], "/1/code"),
        ([{**CHOICE, "when": {"b": ["x"]}}], "/0/when/b"),
        ([{**CHOICE, "when": {"purpose": "rd"}}], "/0/when/purpose"),
        ([{**CHOICE, "when": {"requested_amount": {"over": "many"}}}], "/0/when/requested_amount"),
        ([{**CHOICE, "colour": "red"}], "/0"),
    ],
)
def test_bad_question_is_refused_at_its_place(defaults, raw, place):
    product = Product.objects.get(code="zhaojiedai")
    product.questions = raw
    with pytest.raises(ValidationError) as refused:
        product.full_clean()
    assert refused.value.message_dict["questions"][0].startswith(f"{place}：")


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("materials", [{"kind": "x"}]),
        ("materials", [{"kind": "x", "label": "y", "when": {"no_such": ["a"]}}]),
        ("asks", ["revenue"]),
        ("asks", "everything"),
    ],
)
def test_bad_materials_and_keys_are_refused_at_their_field(defaults, field, raw):
    product = Product.objects.get(code="zhaojiedai")
    setattr(product, field, raw)
    with pytest.raises(ValidationError) as refused:
        product.full_clean()
    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        ("text", "文字", ["x" * 501, 1, "a\x00b"]),
        ("amount", "10000.00", ["0", "-1", 1, "1e3x", "0.001", "9000000000000.01", "NaN"]),
        ("count", 0, [-1, True, "1", 1.5, 10_000_001]),
        ("yes_no", False, ["yes", 0, 1]),
        ("date", "2026-12-31", ["2026-13-01", 20261231, "31.12.2026"]),
        ("choice", "x", ["y", 1, ["x"]]),
    ],
)
def test_answer_of_the_wrong_kind_is_told(type, good, bad):
    question = questions.parse([{**CHOICE, "type": type, "choices": CHOICE["choices"] if type == "choice" else []}])[0]
    assert questions.problem(question, good) == ""
    assert questions.problem(question, None) == ""
    assert all(questions.problem(question, value) for value in bad)


def test_a_minority_deal_must_say_what_is_held_already(founder):
    """Left open, it would let the proof of the holding be left out."""
    application = factories.draft(
        founder,
        "tech-ma-loan",
        requested_amount=Decimal(30_000_000),
        repayment_method="equal_principal",
        purpose="acquisition",
        answers={"deal_kind": "minority", "target_name": "甲公司", "deal_price": "60000000.00"},
    )
    assert what_is_left(application, profiles.merged(application.enterprise))["need"] == ("现在已持有的股权比例",)


@pytest.mark.parametrize("code", ["a'b", "A", "1a", "a-b", "a b"])
def test_a_question_code_is_a_plain_name(code):
    with pytest.raises(questions.QuestionError) as caught:
        questions.parse([{"code": code, "label": "x", "type": "text"}])
    assert caught.value.place == "/0/code"


def test_markup_in_a_question_is_shown_as_text(founder):
    product = Product.objects.get(code="zhaobaodai")
    product.questions = [{"code": "x", "label": "X", "type": "text", "help": "<b hx-post='/logout/'>y</b>"}]
    product.save()
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    tasks = client.post("/applications/start/zhaobaodai/", {"uscc": founder.enterprise.uscc}).headers["Location"]
    page = client.get(tasks.replace("tasks/", "sections/need/")).text
    assert "<b hx-post" not in page
    assert "&lt;b hx-post" in page
