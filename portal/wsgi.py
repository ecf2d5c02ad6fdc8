"""WSGI entry point. In production it refuses to start with demonstration settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from portal.checks import production_is_safe  # noqa: E402  needs the app registry

_errors = production_is_safe()
if _errors:
    raise SystemExit("\n".join(f"{error.id}: {error.msg}" for error in _errors))
