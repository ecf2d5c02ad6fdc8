"""What the partner API takes and gives of products and pre-checks, with examples."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from accounts.api import ProfileIn
from portal.kernel.api import DecimalString, StrictInteger, StrictSerializer
from portal.kernel.clock import today
from portal.kernel.money import MAX_AMOUNT, percent
from products.domain.pricing import rate_text
from products.enums import Purpose, RepaymentMethod
from products.models import PolicyVersion, Product
from products.policy.repayment import Plan
from products.policy.titling import KINDS
from products.questions import TYPES

FINDING_OUTCOMES = ["pass", "fail", "refer", "not_applicable"]


PRODUCT_ANSWERS = ["eligible", "ineligible", "refer"]


TIER_OUTCOMES = ["pass", "refer"]


PRODUCT_ANSWER = {
    "code": "zhaochuangdai",
    "kind": "credit",
    "name": "招创贷",
    "tagline": "看技术、团队、行业地位",
    "stage": "壮苗",
    "is_sample": True,
    "online": "partly",
    "min_amount": "500000.00",
    "max_amount": "10000000.00",
    "min_rate": "2.80",
    "max_rate": "4.20",
    "max_term_months": 36,
    "repayment_methods": ["interest_first", "equal_principal"],
    "purposes": ["working_capital", "rd"],
    "materials": [],
    "questions": [],
    "sla_working_days": 3,
    "policy_version": "zhaochuangdai@1",
}


FINDING = {
    "code": "min_age",
    "label": "成立年限",
    "outcome": "pass",
    "observed": "6.4",
    "required": "1 年以上",
    "unit": "year",
    "period": "",
    "source": "declared",
    "reason": "",
    "advice": "",
}


DIMENSION = {"points": 30, "points_max": 34, "max": 40, "items": []}


TITLE = {"kind": "srdi_sme", "rule": "工信部企业〔2026〕2号", "outcome": "refer", "findings": [FINDING]}


PRECHECK_ANSWER = {
    "size_class": "small",
    "size_findings": [],
    "stage": "growth",
    "tier": {
        "code": "T3",
        "label": "高新层",
        "outcome": "pass",
        "could_be": [],
        "policy_version": "tiers@1",
        "findings": [],
    },
    "score": {"points": 62, "points_max": 80, "dimensions": {"technology_barrier": DIMENSION}},
    "products": [
        {
            "code": "zhaojiedai",
            "outcome": "eligible",
            "indicative_amount": "2000000.00",
            "policy_version": "zhaojiedai@1",
            "findings": [FINDING],
        }
    ],
    "titles": [TITLE],
    "policy_versions": {"tiers": "tiers@1", "score": "score@1"},
    "as_of": "2026-11-23",
}


def shown(value: object) -> OpenApiExample:
    return OpenApiExample("answer", value, response_only=True)


class FindingOut(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()
    outcome = serializers.ChoiceField(choices=FINDING_OUTCOMES)
    observed = serializers.CharField(allow_blank=True)
    required = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    period = serializers.CharField(allow_blank=True)
    source = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    advice = serializers.CharField(allow_blank=True)
    because = serializers.CharField(required=False)


class MaterialOut(serializers.Serializer):
    kind = serializers.CharField()
    label = serializers.CharField()
    required = serializers.BooleanField()
    why = serializers.CharField()
    when = serializers.DictField(required=False, help_text="只在这样回答时需要，与 questions 的 when 写法相同")


class QuestionOut(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()
    type = serializers.ChoiceField(choices=TYPES)
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    required = serializers.BooleanField()
    help = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    when = serializers.DictField()


class ProductOut(serializers.Serializer):
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=["credit", "programme", "service"])
    name = serializers.CharField()
    tagline = serializers.CharField()
    stage = serializers.CharField(allow_blank=True)
    is_sample = serializers.BooleanField(help_text="示例口径，非银行官方标准")
    online = serializers.CharField()
    min_amount = serializers.CharField(allow_null=True)
    max_amount = serializers.CharField(allow_null=True)
    min_rate = serializers.CharField(allow_null=True, help_text="年化利率（单利），百分数")
    max_rate = serializers.CharField(allow_null=True)
    max_term_months = serializers.IntegerField(allow_null=True)
    repayment_methods = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    materials = MaterialOut(many=True)
    questions = QuestionOut(many=True, help_text="产品自有的问题，回答放在 applications 的 answers")
    sla_working_days = serializers.IntegerField()
    policy_version = serializers.CharField()


def product_out(product: Product, policy: PolicyVersion) -> dict:
    money = lambda v: None if v is None else f"{v:.2f}"  # noqa: E731
    rate = lambda bp: None if bp is None else percent(bp)  # noqa: E731
    return {
        "code": product.code,
        "kind": product.kind,
        "name": product.name,
        "tagline": product.tagline,
        "stage": product.stage,
        "is_sample": product.is_sample,
        "online": product.online,
        "min_amount": money(product.min_amount),
        "max_amount": money(product.max_amount),
        "min_rate": rate(product.min_rate_bp),
        "max_rate": rate(product.max_rate_bp),
        "max_term_months": product.max_term_months,
        "repayment_methods": product.methods,
        "purposes": product.purposes,
        "materials": [{"required": False, "why": "", **m} for m in product.materials],
        "questions": [asdict(q) for q in product.own_questions],
        "sla_working_days": product.sla_days,
        "policy_version": str(policy),
    }


class ProductPage(serializers.Serializer):
    results = ProductOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class RepaymentPlanIn(StrictSerializer):
    amount = DecimalString(max_digits=15, decimal_places=2, min_value=Decimal("0.01"), max_value=MAX_AMOUNT)
    term_months = StrictInteger(min_value=1, max_value=600)
    repayment_method = serializers.ChoiceField(choices=RepaymentMethod.choices)
    first_date = serializers.DateField(help_text="第一个还款日；之后每月同日，按月末收口，节假日不顺延")
    annual_rate = DecimalString(
        max_digits=6,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        help_text="年化利率，百分数；不填按产品最高",
    )

    def validate_first_date(self, value: date) -> date:
        if not 2000 <= value.year <= 2100:
            raise serializers.ValidationError("年份在 2000 到 2100 之间", code="first_date_outside")
        return value


class FeeOut(serializers.Serializer):
    label = serializers.CharField()
    payee = serializers.CharField()
    amount = serializers.CharField()


class InstalmentOut(serializers.Serializer):
    number = serializers.IntegerField()
    due_on = serializers.DateField()
    payment = serializers.CharField()
    principal = serializers.CharField()
    interest = serializers.CharField()
    balance = serializers.CharField()


class RepaymentPlanOut(serializers.Serializer):
    annual_rate = serializers.CharField()
    annualised_cost = serializers.CharField()
    convention = serializers.CharField()
    fees = FeeOut(many=True)
    instalments = InstalmentOut(many=True)


def plan_out(made: Plan) -> dict:
    money = ("payment", "principal", "interest", "balance")
    return {
        "annual_rate": rate_text(made.annual_rate),
        "annualised_cost": rate_text(made.annualised_cost),
        "convention": "单利：12 × 月内部收益率，含全部利息和费用",
        "fees": [{"label": f.label, "payee": f.payee, "amount": f"{f.amount:.2f}"} for f in made.fees],
        "instalments": [
            {"number": i.number, "due_on": i.due_on.isoformat(), **{name: f"{getattr(i, name):.2f}" for name in money}}
            for i in made.instalments
        ],
    }


PLAN_ASKED = {
    "amount": "1200000.00",
    "term_months": 1,
    "repayment_method": "interest_first",
    "first_date": "2026-12-25",
    "annual_rate": "3.40",
}


PLAN_ANSWER = {
    "annual_rate": "3.40",
    "annualised_cost": "3.40",
    "convention": "单利：12 × 月内部收益率，含全部利息和费用",
    "fees": [],
    "instalments": [
        {
            "number": 1,
            "due_on": "2026-12-25",
            "payment": "1203400.00",
            "principal": "1200000.00",
            "interest": "3400.00",
            "balance": "0.00",
        }
    ],
}


class PrecheckIn(ProfileIn):
    """A profile, and what one would ask for. Nothing is stored."""

    as_of = serializers.DateField(required=False, help_text="按这一天的规则判断，默认今天")
    requested_amount = DecimalString(
        max_digits=15, decimal_places=2, min_value=Decimal("0.01"), required=False, allow_null=True
    )
    term_months = StrictInteger(min_value=1, max_value=600, required=False, allow_null=True)
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False, allow_null=True)

    def validate_as_of(self, value: date) -> date:
        if not date(2020, 1, 1) <= value <= today():
            raise serializers.ValidationError("只能是 2020-01-01 到今天之间的日期", code="as_of_outside")
        return value


class TierOut(serializers.Serializer):
    code = serializers.ChoiceField(choices=["T1", "T2", "T3", "T4", "T5", "none"])
    label = serializers.CharField()
    outcome = serializers.ChoiceField(choices=TIER_OUTCOMES)
    could_be = serializers.ListField(child=serializers.CharField())
    policy_version = serializers.CharField()
    findings = FindingOut(many=True)


class ScoreOut(serializers.Serializer):
    points = serializers.IntegerField()
    points_max = serializers.IntegerField()
    dimensions = serializers.DictField()


class PrecheckProductOut(serializers.Serializer):
    code = serializers.CharField()
    outcome = serializers.ChoiceField(choices=PRODUCT_ANSWERS)
    indicative_amount = serializers.CharField(allow_null=True)
    policy_version = serializers.CharField()
    findings = FindingOut(many=True)


class TitleOut(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    rule = serializers.CharField(help_text="当日规定的文号")
    outcome = serializers.ChoiceField(choices=["pass", "fail", "refer"])
    findings = FindingOut(many=True)


class PrecheckOut(serializers.Serializer):
    size_class = serializers.ChoiceField(choices=["large", "medium", "small", "micro"], allow_null=True)
    size_findings = FindingOut(many=True)
    stage = serializers.ChoiceField(choices=["startup", "growth", "mature"], allow_null=True)
    tier = TierOut()
    score = ScoreOut()
    products = PrecheckProductOut(many=True)
    titles = TitleOut(many=True, help_text="梯度培育自测：五种资质按当日规定各给一个结论")
    policy_versions = serializers.DictField(child=serializers.CharField())
    as_of = serializers.DateField()
