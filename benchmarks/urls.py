"""The portal's routes and, beside them, the bare views they are compared with."""

from django.urls import include, path

from benchmarks import bare
from portal.urls import handler400, handler403, handler404, handler500  # noqa: F401  read by name

urlpatterns = [
    path("bare/pages/<slug:name>/", bare.page),
    path("bare/submit/<slug:name>/", bare.submit),
    path("bare/api/", include("benchmarks.bare_api")),
    path("", include("portal.urls")),
]
