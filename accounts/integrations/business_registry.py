"""The business-registry port: public data of an enterprise by its credit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings

from accounts.models import RegistryRecord
from accounts.profile_rules import is_readable
from portal.kernel.errors import TransientError
from portal.kernel.http import call_json


@dataclass(frozen=True, slots=True)
class Registration:
    """What the registry says: name and the registry's part of the profile (`established_on`, `district_code`, `industry_code`)."""

    uscc: str
    name: str
    profile: dict = field(default_factory=dict)


class BusinessRegistry(Protocol):
    def lookup(self, uscc: str) -> Registration | None:
        """The registration, or None when the registry knows no such code. Raises TransientError when it is down."""


class LocalRegistry:
    def lookup(self, uscc: str) -> Registration | None:
        row = RegistryRecord.objects.filter(uscc=uscc).first()
        return Registration(uscc, row.name, row.profile) if row else None


class HttpRegistry:
    """GET <url>/<uscc> → {"name": …, "profile": {…}}; 404 means unknown."""

    FIELDS = ("established_on", "district_code", "industry_code")

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token

    def lookup(self, uscc: str) -> Registration | None:
        try:
            body = call_json("GET", f"{self.url}/{uscc}", token=self.token)
        except TransientError as error:
            if error.code == "not_found":
                return None
            raise
        profile = body.get("profile")
        if not isinstance(body.get("name"), str) or not isinstance(profile, dict):
            raise TransientError("source_down", "工商登记的返回内容无法识别")
        kept = {k: profile[k] for k in self.FIELDS if isinstance(profile.get(k), str)}
        if not is_readable(kept):
            raise TransientError("source_down", "工商登记的返回内容无法识别")
        return Registration(uscc, body["name"][:200], kept)


def registry() -> BusinessRegistry:
    source = settings.SOURCES["business_registry"]
    return HttpRegistry(source["url"], source["token"]) if source["adapter"] == "http" else LocalRegistry()
