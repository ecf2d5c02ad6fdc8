"""Outside data about an enterprise: tax data and the credit bureau, each behind one port with a local and an HTTP adapter."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings

from accounts.models import RegistryRecord
from accounts.profile_rules import is_readable
from portal.kernel.errors import TransientError
from portal.kernel.http import call_json


class Source(Protocol):
    def fetch(self, uscc: str) -> dict | None:
        """A part of the profile (schema of the partner API), or None when nothing is known. Raises TransientError when down."""


class LocalSource:
    """Reads the demonstration registry; `column` is `tax` or `credit`."""

    def __init__(self, column: str) -> None:
        self.column = column

    def fetch(self, uscc: str) -> dict | None:
        value = RegistryRecord.objects.filter(uscc=uscc).values_list(self.column, flat=True).first()
        if value and value.get("down"):
            raise TransientError("source_down", "数据源暂时查不到")
        return value or None


class HttpSource:
    """GET <url>/<uscc> → a JSON object with the allowed keys; 404 means nothing is known."""

    def __init__(self, url: str, token: str, keys: tuple[str, ...]) -> None:
        self.url, self.token, self.keys = url.rstrip("/"), token, keys

    def fetch(self, uscc: str) -> dict | None:
        try:
            body = call_json("GET", f"{self.url}/{uscc}", token=self.token)
        except TransientError as error:
            if error.code == "not_found":
                return None
            raise
        kept = {key: body[key] for key in self.keys if key in body}
        if not is_readable(kept):
            raise TransientError("source_down", "数据源的返回内容无法识别")
        return kept


KEYS = {"tax": ("tax_grade", "annual"), "credit_bureau": ("bureau_overdue",)}


def source(name: str) -> Source:
    configured = settings.SOURCES[name]
    if configured["adapter"] == "http":
        return HttpSource(configured["url"], configured["token"], KEYS[name])
    return LocalSource("tax" if name == "tax" else "credit")
