"""Routes: the applicant's site, the bank's admin, the partner API."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts.api import PartnerTokenView
from portal import health
from portal.kernel import errors_web

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api")),
    path("oauth2/token/", PartnerTokenView.as_view()),
    # Of allauth only password sign-in and second factors: its sign-up, e-mail change and password reset stay shut.
    re_path(r"^accounts/(?!login/|logout/|inactive/|reauthenticate/|password/change/|2fa/)", errors_web.not_found),
    path("accounts/", include("allauth.urls")),
    path("applications/", include("applications.web.urls")),
    path("", include("accounts.web.urls")),
    path("", include("products.web.urls")),
]
handler400 = "portal.kernel.errors_web.bad_request"
handler403 = "portal.kernel.errors_web.forbidden"
handler404 = "portal.kernel.errors_web.not_found"
handler500 = "portal.kernel.errors_web.server_error"
