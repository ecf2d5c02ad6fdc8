"""Canonical JSON: one text for one value, so that a hash proves equality."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

from portal.kernel.crypto import sha256


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical(value: object) -> str:
    """Sorted keys, no blanks, Chinese unescaped, NaN refused."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain, allow_nan=False)


def digest(value: object) -> str:
    return sha256(canonical(value))
