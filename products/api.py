"""Partner API: catalogue and pre-check."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api import EXAMPLE_PROFILE, ProfileIn, to_json
from accounts.profile_rules import flatten
from portal.kernel.api import DecimalString, PartnerView, StrictInteger
from portal.kernel.clock import today
from portal.kernel.money import percent
from products.domain.evaluating import compiled, in_force
from products.domain.judging import Judged, Request, indicative_amount, judge, judge_product
from products.enums import Purpose
from products.models import PolicyVersion, Product
from products.policy.engine import read
from products.policy.facts import Known
from products.policy.sizing import thresholds

FINDING_OUTCOMES = ["pass", "fail", "refer", "not_applicable"]
PRODUCT_ANSWERS = ["eligible", "ineligible", "refer"]
TIER_OUTCOMES = ["pass", "refer"]
ANSWER = {"pass": "eligible", "fail": "ineligible", "refer": "refer"}


_PRODUCT_ANSWER = {
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
    "sla_working_days": 3,
    "policy_version": "zhaochuangdai@1",
}
_FINDING = {
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
_DIMENSION = {"points": 30, "points_max": 34, "max": 40, "items": []}
_PRECHECK_ANSWER = {
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
    "score": {"points": 62, "points_max": 80, "dimensions": {"technology_barrier": _DIMENSION}},
    "products": [
        {
            "code": "zhaojiedai",
            "outcome": "eligible",
            "indicative_amount": "2000000.00",
            "policy_version": "zhaojiedai@1",
            "findings": [_FINDING],
        }
    ],
    "titles": [],
    "policy_versions": {"tiers": "tiers@1", "score": "score@1"},
    "as_of": "2026-11-23",
}


def _shown(value: object) -> OpenApiExample:
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
        "materials": product.materials,
        "sla_working_days": product.sla_days,
        "policy_version": str(policy),
    }


class ProductPage(serializers.Serializer):
    results = ProductOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ProductListView(PartnerView):
    scopes = {"GET": "products:read"}

    @extend_schema(
        operation_id="products_list",
        examples=[_shown({"results": [_PRODUCT_ANSWER], "next": None, "previous": None})],
        responses={200: ProductPage},
        tags=["products"],
        summary="产品目录",
    )
    def get(self, request) -> Response:
        policies: dict[str, PolicyVersion] = {}
        for version in PolicyVersion.objects.in_force(today()).defer("document"):
            policies.setdefault(version.code, version)
        rows = [product_out(p, policies[p.policy_code]) for p in Product.objects.offered() if p.policy_code in policies]
        return self.tagged({"results": rows, "next": None, "previous": None})


class ProductView(PartnerView):
    scopes = {"GET": "products:read"}

    @extend_schema(
        operation_id="products_get",
        examples=[_shown(_PRODUCT_ANSWER)],
        responses={200: ProductOut},
        tags=["products"],
        summary="一款产品",
    )
    def get(self, request, code: str) -> Response:
        product = get_object_or_404(Product.objects.offered(), code=code)
        return self.tagged(product_out(product, in_force(product.policy_code, today())))


class PrecheckIn(ProfileIn):
    """A profile, and what one would ask for. Nothing is stored."""

    as_of = serializers.DateField(required=False, help_text="按这一天的规则判断，默认今天")
    requested_amount = DecimalString(
        max_digits=15, decimal_places=2, min_value=Decimal("0.01"), required=False, allow_null=True
    )
    term_months = StrictInteger(min_value=1, max_value=600, required=False, allow_null=True)
    purpose = serializers.ChoiceField(choices=Purpose.values, required=False, allow_null=True)

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


class PrecheckOut(serializers.Serializer):
    size_class = serializers.ChoiceField(choices=["large", "medium", "small", "micro"], allow_null=True)
    size_findings = FindingOut(many=True)
    stage = serializers.ChoiceField(choices=["startup", "growth", "mature"], allow_null=True)
    tier = TierOut()
    score = ScoreOut()
    products = PrecheckProductOut(many=True)
    titles = serializers.ListField(child=serializers.DictField(), help_text="梯度培育自测，尚未开放时为空")
    policy_versions = serializers.DictField(child=serializers.CharField())
    as_of = serializers.DateField()


def known_from(profile: dict) -> Known:
    values = flatten(profile)
    return Known(values, dict.fromkeys(values, "declared"))


def precheck(profile: dict, wish: Request, as_of: date) -> dict:
    """The whole answer to a profile. Pure reading: nothing is stored."""
    judged = judge(uscc=profile["uscc"], known=known_from(profile), declared_titles=profile.get("titles"), as_of=as_of)
    products = [_product_answer(p, judged, wish, as_of) for p in Product.objects.offered() if p.is_credit]
    return {
        "size_class": judged.size.size,
        "size_findings": _size_findings(judged),
        "stage": judged.stage,
        "tier": _tier_answer(judged),
        "score": _score_answer(judged),
        "products": products,
        "titles": [],
        "policy_versions": {
            "tiers": str(judged.tier_policy),
            "score": str(judged.score_policy),
            **{p["code"]: p["policy_version"] for p in products},
        },
        "as_of": as_of.isoformat(),
    }


def _tier_answer(judged: Judged) -> dict:
    rungs = {rung.code: rung for rung in compiled(judged.tier_policy).rungs}
    code = judged.tier["tier"]
    return {
        "code": code,
        "label": rungs[code].label if code in rungs else "未入层",
        "outcome": judged.tier["outcome"],
        "could_be": judged.tier["could_be"],
        "policy_version": str(judged.tier_policy),
        "findings": [read(raw, rungs.get(raw["code"])) for raw in judged.tier["findings"]],
    }


def _score_answer(judged: Judged) -> dict:
    dimensions = {
        d["code"]: {k: d[k] for k in ("points", "points_max", "max", "items")} for d in judged.score["dimensions"]
    }
    return {"points": judged.score["points"], "points_max": judged.score["points_max"], "dimensions": dimensions}


def _product_answer(product: Product, judged: Judged, wish: Request, as_of: date) -> dict:
    policy, outcome, result = judge_product(product, judged, wish, as_of)
    rules = {rule.code: rule for rule in compiled(policy).rules}
    amount = indicative_amount(product, judged.facts, wish.amount)
    return {
        "code": product.code,
        "outcome": ANSWER[outcome],
        "indicative_amount": None if amount is None else f"{amount:.2f}",
        "policy_version": str(policy),
        "findings": [read(raw, rules.get(raw["code"])) for raw in result["findings"]],
    }


_SIZE_REASONS = {
    "outside": ("not_applicable", "这个行业不在划型范围内"),
    "industry_unclear": ("refer", "行业代码位数不够，看不出属于哪一行，由客户经理核实"),
    "missing": ("refer", "缺划型需要的数据，由客户经理核实"),
}
_SIZE_NAMES = {"staff": "员工人数", "revenue": "营业收入", "assets": "资产总额", "industry_code": "行业代码"}


def _size_findings(judged: Judged) -> list[dict]:
    """How the size class was found, or why there is none with the missing figures named."""
    size = judged.size
    base = {
        "code": "size_class",
        "required": "工信部联企业〔2011〕300号",
        "unit": "",
        "period": "",
        "source": "declared",
        "advice": "",
    }
    if size.size is not None:
        uses_revenue = "revenue" in thresholds()[size.row]["ind"]
        basis = (
            f"收入按{'主营业务收入' if size.revenue_from == 'main_business_revenue' else '营业收入'}"
            if uses_revenue
            else ""
        )
        return [{**base, "label": "企业规模", "outcome": "pass", "observed": size.size, "reason": basis}]
    outcome, reason = _SIZE_REASONS[size.reason]
    because = {"because": "conflict" if size.conflicting else "missing"} if outcome == "refer" else {}
    labels = [_SIZE_NAMES[name] for name in size.missing] or ["企业规模"]
    return [
        {**base, "label": label, "outcome": outcome, "observed": "", "reason": reason, **because} for label in labels
    ]


class PrecheckView(PartnerView):
    scopes = {"POST": "prechecks:write"}

    @extend_schema(
        operation_id="prechecks_create",
        request=PrecheckIn,
        responses={200: PrecheckOut},
        tags=["prechecks"],
        summary="预检：画像进，三种答案出，不存任何内容",
        examples=[
            _shown(_PRECHECK_ANSWER),
            OpenApiExample(
                "precheck", EXAMPLE_PROFILE | {"requested_amount": "3000000.00", "term_months": 12}, request_only=True
            ),
        ],
    )
    def post(self, request) -> Response:
        data = self.parsed(PrecheckIn)
        as_of = data.pop("as_of", None) or today()
        wish = Request(data.pop("requested_amount", None), data.pop("term_months", None), data.pop("purpose", None))
        return Response(precheck(to_json(data), wish, as_of))


urlpatterns = [
    path("products/", ProductListView.as_view()),
    path("products/<slug:code>/", ProductView.as_view()),
    path("prechecks/", PrecheckView.as_view()),
]
