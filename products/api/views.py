"""Partner API: catalogue, repayment plans and pre-checks."""

from __future__ import annotations

from datetime import date

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from accounts.api import EXAMPLE_PROFILE, to_json
from accounts.profile_rules import flatten
from portal.kernel.api import PartnerView
from portal.kernel.clock import today
from products.api.schemas import (
    PLAN_ANSWER,
    PLAN_ASKED,
    PRECHECK_ANSWER,
    PRODUCT_ANSWER,
    PrecheckIn,
    PrecheckOut,
    ProductOut,
    ProductPage,
    RepaymentPlanIn,
    RepaymentPlanOut,
    plan_out,
    product_out,
    shown,
)
from products.domain.evaluating import compiled, in_force, policies_in_force
from products.domain.judging import Judged, judge_titles
from products.domain.prechecking import ProductAnswer, precheck
from products.domain.pricing import plan_for
from products.models import Product
from products.policy.engine import read
from products.policy.facts import Known, Request
from products.policy.sizing import thresholds
from products.policy.titling import TitleJudgement

ANSWER = {"pass": "eligible", "fail": "ineligible", "refer": "refer"}


class ProductListView(PartnerView):
    scopes = {"GET": "products:read"}

    @extend_schema(
        operation_id="products_list",
        examples=[shown({"results": [PRODUCT_ANSWER], "next": None, "previous": None})],
        responses={200: ProductPage},
        tags=["products"],
        summary="产品目录",
    )
    def get(self, request) -> Response:
        policies = policies_in_force(today())
        rows = [product_out(p, policies[p.policy_code]) for p in Product.objects.offered() if p.policy_code in policies]
        return self.tagged({"results": rows, "next": None, "previous": None})


class ProductView(PartnerView):
    scopes = {"GET": "products:read"}

    @extend_schema(
        operation_id="products_get",
        examples=[shown(PRODUCT_ANSWER)],
        responses={200: ProductOut},
        tags=["products"],
        summary="一款产品",
    )
    def get(self, request, code: str) -> Response:
        product = get_object_or_404(Product.objects.offered(), code=code)
        return self.tagged(product_out(product, in_force(product.policy_code, today())))


class RepaymentPlanView(PartnerView):
    scopes = {"POST": "products:read"}

    @extend_schema(
        operation_id="repayment_plan_create",
        request=RepaymentPlanIn,
        responses={200: RepaymentPlanOut},
        tags=["products"],
        summary="还款计划和综合融资成本；只计算，不存",
        examples=[OpenApiExample("plan", PLAN_ASKED, request_only=True), shown(PLAN_ANSWER)],
    )
    def post(self, request, code: str) -> Response:
        product = get_object_or_404(Product.objects.offered(), code=code)
        asked = self.parsed(RepaymentPlanIn)
        asked["method"] = asked.pop("repayment_method")
        return Response(plan_out(plan_for(product, **asked, on=today())))


def known_from(profile: dict) -> Known:
    values = flatten(profile)
    return Known(values, dict.fromkeys(values, "declared"))


def precheck_answer(profile: dict, wish: Request, as_of: date) -> dict:
    """The whole answer to a profile. Pure reading: nothing is stored."""
    judged, answers = precheck(
        uscc=profile["uscc"],
        known=known_from(profile),
        declared_titles=profile.get("titles"),
        wish=wish,
        as_of=as_of,
    )
    products = [_product_answer(answer) for answer in answers]
    return {
        "size_class": judged.size.size,
        "size_findings": _size_findings(judged),
        "stage": judged.stage,
        "tier": _tier_answer(judged),
        "score": _score_answer(judged),
        "products": products,
        "titles": [_title_answer(title) for title in judge_titles(judged, as_of)],
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


def _title_answer(title: TitleJudgement) -> dict:
    return {
        "kind": title.rule.kind,
        "rule": title.rule.rule,
        "outcome": title.outcome,
        "findings": [finding.words() for finding in title.findings],
    }


def _product_answer(answer: ProductAnswer) -> dict:
    rules = answer.rules
    return {
        "code": answer.product.code,
        "outcome": ANSWER[answer.outcome],
        "indicative_amount": None if answer.amount is None else f"{answer.amount:.2f}",
        "policy_version": str(answer.policy),
        "findings": [read(raw, rules.get(raw["code"])) for raw in answer.result["findings"]],
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
            shown(PRECHECK_ANSWER),
            OpenApiExample(
                "precheck", EXAMPLE_PROFILE | {"requested_amount": "3000000.00", "term_months": 12}, request_only=True
            ),
        ],
    )
    def post(self, request) -> Response:
        data = self.parsed(PrecheckIn)
        as_of = data.pop("as_of", None) or today()
        wish = Request(data.pop("requested_amount", None), data.pop("term_months", None), data.pop("purpose", None))
        return Response(precheck_answer(to_json(data), wish, as_of))


urlpatterns = [
    path("products/", ProductListView.as_view()),
    path("products/<slug:code>/", ProductView.as_view()),
    path("products/<slug:code>/repayment-plan/", RepaymentPlanView.as_view()),
    path("prechecks/", PrecheckView.as_view()),
]
