"""Start-up checks: production refuses demonstration settings, whatever else is configured."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from accounts.models import User

_LOCAL = ("business_registry", "identity", "sms", "tax", "credit_bureau")


def production_is_safe(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Errors that keep a production process from starting: default secrets, demo adapters, demo logins."""
    if settings.DEMO:
        return []
    errors: list[CheckMessage] = []
    for name in ("SECRET_KEY", "BLIND_INDEX_KEY", "EVENT_SIGNING_KEY"):
        if getattr(settings, name) == settings.DEFAULT_SECRET:
            errors.append(
                Error(f"{name} is the demonstration default", hint=f"set {name} in the environment", id="portal.E001")
            )
    if settings.DEFAULT_FIELD_KEY in settings.FIELD_KEYS:
        errors.append(Error("FIELD_KEYS holds the demonstration key", id="portal.E002"))
    errors += [
        Error(
            f"source {name} uses the local demonstration adapter",
            hint=f"set {name.upper()}_ADAPTER=http and {name.upper()}_URL",
            id="portal.E003",
        )
        for name in _LOCAL
        if settings.SOURCES[name]["adapter"] == "local"
    ]
    errors += [
        Error(f"source {name} has no https address", hint=f"set {name.upper()}_URL", id="portal.E006")
        for name in _LOCAL
        if settings.SOURCES[name]["adapter"] == "http" and not settings.SOURCES[name]["url"].startswith("https://")
    ]
    if settings.FILE_SCANNER == "builtin":
        errors.append(
            Error("FILE_SCANNER is the demonstration scanner", hint="set FILE_SCANNER=clamd", id="portal.E004")
        )
    try:
        if User.objects.filter(is_demo=True, is_active=True).exists():
            errors.append(
                Error("a demonstration login is active", hint="deactivate users with is_demo", id="portal.E005")
            )
    except DatabaseError:
        pass  # before the first migrate there are no users
    return errors
