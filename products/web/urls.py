from django.urls import path

from products.web import catalogue, incentives, outlook, prechecks

app_name = "products"
urlpatterns = [
    path("", catalogue.product_list, name="list"),
    path("products/compare/", catalogue.compare, name="compare"),
    path("products/<slug:code>/", catalogue.product_detail, name="detail"),
    path("outlook/<str:uscc>/", outlook.outlook_page, name="outlook"),
    path("outlook/<str:uscc>/figures/", outlook.figures, name="figures"),
    path("incentives/<str:uscc>/", incentives.incentive_page, name="incentives"),
    path("incentives/<str:uscc>/calendar.ics", incentives.calendar, name="incentive_calendar"),
    path("incentives/<str:uscc>/<slug:code>/remind/", incentives.remind, name="incentive_remind"),
    path("precheck/", prechecks.begin, name="precheck"),
    path("precheck/result/", prechecks.result, name="precheck_result"),
    path("precheck/clear/", prechecks.clear, name="precheck_clear"),
    path("precheck/<slug:step>/", prechecks.question, name="precheck_question"),
]
