"""Catalogue and product page, readable without an account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.http import require_safe

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


@require_safe
def product_detail(request: HttpRequest, code: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.offered(), code=code)
    return render(request, "products/product_detail.html", {"product": product, "nav": "products"})


app_name = "products"
urlpatterns = [
    path("", product_list, name="list"),
    path("products/<slug:code>/", product_detail, name="detail"),
]
