from django.urls import path

from products.web import catalogue, prechecks

app_name = "products"
urlpatterns = [
    path("", catalogue.product_list, name="list"),
    path("products/compare/", catalogue.compare, name="compare"),
    path("products/<slug:code>/", catalogue.product_detail, name="detail"),
    path("precheck/", prechecks.begin, name="precheck"),
    path("precheck/result/", prechecks.result, name="precheck_result"),
    path("precheck/clear/", prechecks.clear, name="precheck_clear"),
    path("precheck/<slug:step>/", prechecks.question, name="precheck_question"),
]
