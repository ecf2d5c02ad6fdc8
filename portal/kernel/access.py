"""Masks for personal data, and the record of every time a mask is lifted."""

from __future__ import annotations

from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.models import AccessRecord


def mask_phone(phone: str) -> str:
    """`+8613800138000` → `138****8000`."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "****"


def mask_name(name: str) -> str:
    """`林一帆` → `林**`."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_email(email: str) -> str:
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}" if domain else "****"


def mask_address(address: str) -> str:
    return mask_email(address) if "@" in address else mask_phone(address)


def note_access(*, actor: Actor, subject: str, field: str, reason: str = "") -> None:
    """Write down that `actor` saw `field` of `subject` in clear."""
    AccessRecord.objects.create(actor=actor.key, subject=subject, field=field, reason=reason, at=now())
