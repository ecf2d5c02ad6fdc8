"""Who acts. Built once at each door; below a door nothing sees a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    APPLICANT = "applicant"
    BANKER = "banker"
    PARTNER = "partner"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting party.

    `user_id` is set for applicants and bankers, `partner_id` and `client_id` for partners.
    `address` is the network address the act came from; it is stored with consents and reveals only.
    """

    kind: ActorKind
    user_id: int | None = None
    partner_id: int | None = None
    client_id: int | None = None
    address: str | None = None
    is_sandbox: bool = False

    @property
    def key(self) -> str:
        """A stable name for events and idempotency, free of personal data: `applicant:12`."""
        ident = self.partner_id if self.kind is ActorKind.PARTNER else self.user_id
        return self.kind.value if ident is None else f"{self.kind.value}:{ident}"


SYSTEM = Actor(ActorKind.SYSTEM)
