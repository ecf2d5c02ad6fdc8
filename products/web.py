"""Catalogue and product page, readable without an account."""

from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.money import WAN
from portal.kernel.web import put_error
from products.domain.pricing import plan_for
from products.enums import RepaymentMethod
from products.models import Product

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
    return render(
        request,
        "products/product_list.html",
        {"products": Product.objects.offered(), "nav": "products", "steps": steps},
    )


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


app_name = "products"
urlpatterns = [
    path("", product_list, name="list"),
    path("products/<slug:code>/", product_detail, name="detail"),
]
