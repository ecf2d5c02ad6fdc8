"""Settings of the measured processes: the portal's own, as in production where that costs or saves time.

DEBUG is off and templates are cached by default; PostgreSQL (with its connection pool) and Redis come from the
environment. From production: hashed static names, the second factor of staff, structured log lines for every request
(written to nothing). Outside sources stay the local adapters. The API's limit is lifted with its window, so that the
history it keeps in Redis stays as short as in service.
"""

import os
from pathlib import Path

from portal.settings import *  # noqa: F403  a settings module is the other one with changes
from portal.settings import LOGGING, REST_FRAMEWORK, STORAGES

FOLDER = Path(os.environ["BENCH_FOLDER"])
ALLOWED_HOSTS = ["localhost", "testserver"]
ROOT_URLCONF = os.environ.get("PORTAL_URLS", "benchmarks.urls")
STAFF_NEEDS_SECOND_FACTOR = True
MEDIA_ROOT = str(FOLDER / "files")
STATIC_ROOT = FOLDER / "static"
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "portal.kernel.statics.ManifestStorage"},
}
WHITENOISE_USE_FINDERS = False
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"client": "100000/s", "token": "100000/s"}}
LOGGING = {
    **LOGGING,
    "formatters": {"structured": {"()": "portal.kernel.logs.formatter", "pretty": False}},
    "handlers": {"console": {"class": "logging.FileHandler", "filename": os.devnull, "formatter": "structured"}},
    "loggers": {**LOGGING["loggers"], "django_structlog": {"level": "INFO"}},
}
