"""The identity port: is this person, by name and ID number, the legal representative of that enterprise?"""

from __future__ import annotations

from typing import Protocol

from django.conf import settings

from accounts.models import RegistryRecord
from portal.kernel.crypto import blind_index
from portal.kernel.http import call_json


class IdentityCheck(Protocol):
    def is_legal_rep(self, *, uscc: str, name: str, id_number: str) -> bool:
        """Raises TransientError when the source is down. The ID number is never stored."""


class LocalIdentity:
    def is_legal_rep(self, *, uscc: str, name: str, id_number: str) -> bool:
        row = RegistryRecord.objects.filter(uscc=uscc, legal_rep_name=name).first()
        return (
            row is not None and bool(row.legal_rep_id_index) and row.legal_rep_id_index == blind_index(id_number, "id")
        )


class HttpIdentity:
    """POST {uscc, name, id_number} → {"match": true|false}."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def is_legal_rep(self, *, uscc: str, name: str, id_number: str) -> bool:
        body = call_json(
            "POST", self.url, token=self.token, payload={"uscc": uscc, "name": name, "id_number": id_number}
        )
        return body.get("match") is True


def identity() -> IdentityCheck:
    source = settings.SOURCES["identity"]
    return HttpIdentity(source["url"], source["token"]) if source["adapter"] == "http" else LocalIdentity()
