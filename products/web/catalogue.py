"""Catalogue, comparison and product page, readable without an account."""

from decimal import Decimal
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.money import WAN, group, percent
from portal.kernel.web import put_error
from products.domain.pricing import plan_for
from products.enums import RepaymentMethod
from products.models import Product

BAD_NUMBERS = {"required": "请填写数字", "invalid": "请填写数字", "min_value": "请填写大于 0 的数字"}
STAGES = [("育苗", "初创期"), ("壮苗", "成长期"), ("结果", "成熟期")]
STEPS = [
    ("T5", "领航层", "小巨人、单项冠军"),
    ("T4", "专精层", "北京专精特新"),
    ("T3", "高新层", "高新技术企业"),
    ("T2", "科创层", "科技型、创新型中小企业"),
    ("T1", "潜力层", "有专利、有研发、有团队"),
]


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    steps = [
        {
            "tier": tier,
            "label": label,
            "note": note,
            "x": 100 * (4 - i),
            "y": 62 * i,
            "width": 560 - 100 * (4 - i),
            "css": "top" if tier == "T5" else f"s{5 - i}",
        }
        for i, (tier, label, note) in enumerate(STEPS)
    ]
    chosen = request.GET.get("stage", "")
    products = [p for p in Product.objects.offered() if not chosen or p.stage == chosen]
    stages = [("", "全部"), *((s, f"{s}：{words}") for s, words in STAGES)]
    context = {"products": products, "nav": "products", "steps": steps, "stages": stages, "stage": chosen}
    return render(request, "products/product_list.html", context)


class CompareForm(forms.Form):
    """The loan that all compared products are priced for."""

    amount = forms.DecimalField(
        label="按借多少算（万元）", min_value=1, max_digits=8, decimal_places=2, error_messages=BAD_NUMBERS
    )
    term_months = forms.IntegerField(label="用多久（月）", min_value=1, max_value=600, error_messages=BAD_NUMBERS)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("amount", "term_months"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal"})


COMPARED_AT_MOST = 4


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four products side by side; rows in which they do not differ can be left out."""
    codes = list(dict.fromkeys(request.GET.getlist("p")))[:COMPARED_AT_MOST]
    found = {p.code: p for p in Product.objects.offered() if p.is_credit}
    products = [found[code] for code in codes if code in found]
    if len(products) < 2:
        messages.info(request, "请至少勾选两款产品，再看对比")
        return redirect(f"{reverse('products:list')}#catalogue")
    asked = "amount" in request.GET
    form = CompareForm(request.GET if asked else {"amount": 300, "term_months": 12})
    data = form.cleaned_data if form.is_valid() else {"amount": Decimal(300), "term_months": 12}
    only_differing = request.GET.get("differ") == "1"
    rows = [row for row in compare_rows(products, **data) if not (only_differing and row["same"])]
    context = {"products": products, "rows": rows, "form": form, "differ": only_differing, "nav": "products"}
    picked = urlencode(
        [*(("p", p.code) for p in products), ("amount", data["amount"]), ("term_months", data["term_months"])]
    )
    return render(request, "products/product_compare.html", {**context, "picked": picked, **data})


def compare_rows(products: list[Product], *, amount: Decimal, term_months: int) -> list[dict]:
    """Rows of the comparison: label, one cell a product, and whether all cells say the same."""
    rows = (
        ("额度", lambda p: [p.amount_words, p.limit_note]),
        ("年化利率（单利）", lambda p: [f"{percent(p.min_rate_bp)}–{percent(p.max_rate_bp)}%"]),
        ("综合融资成本（年化）", lambda p: cost_words(p, amount * WAN, term_months)),
        ("最长期限", lambda p: [f"{p.max_term_months} 个月"]),
        ("还款方式", lambda p: [p.method_labels]),
        ("主要条件", lambda p: ["；".join(p.conditions)]),
        ("必须上传的材料", lambda p: ["、".join(m["label"] for m in p.always_required) or "没有"]),
        ("最多要填几项", lambda p: [f"{p.typed_answers} 项"]),
        ("办理方式", lambda p: [p.get_online_display()]),
        ("多久有结论", lambda p: [f"{p.sla_days} 个工作日"]),
    )
    out = []
    for label, cell in rows:
        cells = [[line for line in cell(p) if line] for p in products]
        out.append({"label": label, "cells": cells, "same": all(c == cells[0] for c in cells)})
    return out


def cost_words(product: Product, amount: Decimal, term_months: int) -> list[str]:
    """The all-in annual cost of this loan, from the lowest to the highest rate; why there is none where it does not fit."""
    asked = {"amount": amount, "term_months": term_months, "method": product.methods[0], "on": today()}
    try:
        low = plan_for(product, **asked, annual_rate=Decimal(product.min_rate_bp or 0) / 100)
        high = plan_for(product, **asked)
    except PortalError as error:
        return [f"— {error.message}"]
    fees = f"含费用 {group(high.total_fees, 2)} 元" if high.fees else "没有利息以外的费用"
    return [
        f"{low.annualised_cost:.2f}–{high.annualised_cost:.2f}%",
        f"{RepaymentMethod(product.methods[0]).label}，{fees}",
    ]


class CalculatorForm(forms.Form):
    """What would it cost? A GET form: its answer has an address of its own and works without a script."""

    amount = forms.DecimalField(
        label="借多少（万元）", min_value=0, max_digits=10, decimal_places=2, error_messages={"invalid": "请填写数字"}
    )
    term_months = forms.IntegerField(
        label="用多久（月）", min_value=1, max_value=600, error_messages={"invalid": "请填写整数"}
    )
    repayment_method = forms.ChoiceField(label="怎么还")

    def __init__(self, *args: object, product: Product, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repayment_method"].choices = [(m, RepaymentMethod(m).label) for m in product.methods]
        for name in ("amount", "term_months"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal"})


def calculate(product: Product, form: CalculatorForm) -> dict | None:
    """The cheapest and the dearest plan the product allows, or None with the error on the form."""
    data = form.cleaned_data
    asked = {
        "amount": data["amount"] * WAN,
        "term_months": data["term_months"],
        "method": data["repayment_method"],
        "on": today(),
    }
    try:
        low = plan_for(product, **asked, annual_rate=Decimal(product.min_rate_bp or 0) / 100)
        high = plan_for(product, **asked)
    except PortalError as error:
        put_error(form, error)
        return None
    return {"low": low, "high": high}


def first_amount(product: Product) -> Decimal:
    """What the calculator shows first, in 万元: 100, or the nearest the product gives."""
    low = (product.min_amount or Decimal(0)) / WAN
    return max(low, min(Decimal(100), product.max_amount / WAN if product.max_amount else low)).quantize(Decimal(1))


@require_safe
def product_detail(request: HttpRequest, code: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.offered(), code=code)
    form, plans = None, None
    if product.is_credit:
        asked = "amount" in request.GET
        first = {
            "amount": first_amount(product),
            "term_months": min(12, product.max_term_months or 1),
            "repayment_method": product.methods[0],
        }
        form = CalculatorForm(request.GET if asked else first, product=product)
        plans = calculate(product, form) if form.is_valid() else None
    context = {"product": product, "form": form, "plans": plans, "nav": "products"}
    return render(request, "products/product_detail.html", context)
