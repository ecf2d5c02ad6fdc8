"""Start-up checks: production refuses demonstration settings, whatever else is configured."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from accounts.models import ApiClient, User

_SOURCES = ("business_registry", "identity", "sms", "tax", "credit_bureau")
_DEAF_MAIL = ("console", "locmem", "dummy", "filebased", "outbox")
MIN_KEY = 32


def production_is_safe(app_configs: object = None, **_: object) -> list[CheckMessage]:
    """Errors that keep a production process from starting: default secrets, demonstration adapters and logins."""
    if settings.DEMO:
        return _demonstration_is_private()
    errors = [*_secrets(), *_adapters(), *_surroundings()]
    try:
        if User.objects.filter(is_demo=True, is_active=True).exists():
            errors.append(
                Error("a demonstration login is active", hint="deactivate users with is_demo", id="portal.E005")
            )
        if ApiClient.objects.filter(client_id="demo-incubator").exists():
            errors.append(Error("the demonstration API client exists", hint="delete demo-incubator", id="portal.E005"))
    except DatabaseError:
        pass  # before the first migrate there are no users
    return errors


def _demonstration_is_private() -> list[CheckMessage]:
    """The demonstration prints every code on a page: it may be reached from this machine only."""
    local = {"localhost", "127.0.0.1", "[::1]", "testserver"}
    if set(settings.ALLOWED_HOSTS) <= local:
        return []
    return [
        Error(
            "PORTAL_MODE is demo but ALLOWED_HOSTS reaches beyond this machine",
            hint="set PORTAL_MODE=production",
            id="portal.E010",
        )
    ]


def _secrets() -> list[CheckMessage]:
    errors = [
        Error(f"{name} is the demonstration default or shorter than {MIN_KEY} characters", id="portal.E001")
        for name in ("SECRET_KEY", "BLIND_INDEX_KEY", "EVENT_SIGNING_KEY")
        if getattr(settings, name) == settings.DEFAULT_SECRET or len(getattr(settings, name)) < MIN_KEY
    ]
    if settings.DEFAULT_FIELD_KEY in settings.FIELD_KEYS:
        errors.append(Error("FIELD_KEYS holds the demonstration key", id="portal.E002"))
    return errors


def _adapters() -> list[CheckMessage]:
    errors = []
    for name in _SOURCES:
        source = settings.SOURCES[name]
        if source["adapter"] != "http":
            errors.append(
                Error(
                    f"source {name} does not use the http adapter",
                    hint=f"{name.upper()}_ADAPTER=http",
                    id="portal.E003",
                )
            )
        elif not source["url"].startswith("https://"):
            errors.append(
                Error(f"source {name} has no https address", hint=f"set {name.upper()}_URL", id="portal.E006")
            )
    core = settings.CORE_BANKING
    if core["adapter"] != "file" and not core["url"].startswith("https://"):
        errors.append(Error("core banking has no https address", hint="set CORE_BANKING_URL", id="portal.E006"))
    if settings.FILE_SCANNER != "clamd":
        errors.append(Error("FILE_SCANNER is not clamd", id="portal.E004"))
    if any(word in settings.EMAIL_BACKEND.lower() for word in _DEAF_MAIL):
        errors.append(Error("mail goes nowhere", hint="set EMAIL_URL to an SMTP server", id="portal.E007"))
    return errors


def _surroundings() -> list[CheckMessage]:
    errors = []
    if not settings.STAFF_NEEDS_SECOND_FACTOR:
        errors.append(Error("staff sign in without a second factor", id="portal.E008"))
    if not settings.IS_POSTGRES or not settings.REDIS_URL:
        errors.append(Error("production needs DATABASE_URL (PostgreSQL) and REDIS_URL", id="portal.E009"))
    return errors


def refuse_unsafe_start(**_: object) -> None:
    """End this process with the list of what is wrong. Called by web, worker and beat."""
    errors = production_is_safe()
    if errors:
        raise SystemExit("\n".join(f"{error.id}: {error.msg}" for error in errors))
