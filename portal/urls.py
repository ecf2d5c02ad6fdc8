"""Routes: the applicant's site, the bank's admin, the partner API."""

from django.contrib import admin
from django.urls import include, path

from accounts.api import PartnerTokenView
from portal import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api")),
    path("oauth2/token/", PartnerTokenView.as_view()),
    path("accounts/", include("allauth.urls")),
    path("applications/", include("applications.web.urls")),
    path("", include("accounts.web.urls")),
    path("", include("products.web")),
]
handler400 = "portal.kernel.errors_web.bad_request"
handler403 = "portal.kernel.errors_web.forbidden"
handler404 = "portal.kernel.errors_web.not_found"
handler500 = "portal.kernel.errors_web.server_error"
