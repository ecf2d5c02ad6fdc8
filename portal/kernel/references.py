"""Public references. The primary key never leaves the bank."""

from __future__ import annotations

import secrets
from datetime import date

from portal.kernel.clock import today

# Without 0/O, 1/I/L and U: read over the phone without mistakes and without words.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(prefix: str, on: date | None = None) -> str:
    """Return a reference such as `SQ20261122-7F3K2M` (Beijing date, 30 bits of chance)."""
    day = (on or today()).strftime("%Y%m%d")
    return f"{prefix}{day}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"
