"""Routes of the partner API, its schema and its docs."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from accounts.api import urlpatterns as account_routes
from applications.api.views import urlpatterns as application_routes
from products.api.views import urlpatterns as product_routes

_open = {"authentication_classes": [], "permission_classes": [AllowAny], "throttle_classes": []}

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(**_open), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html", **_open),
        name="docs",
    ),
    path("", include(product_routes)),
    path("", include(account_routes)),
    path("", include(application_routes)),
]
