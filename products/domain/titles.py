"""Which titles count for an enterprise at a date.

By register at the date, or a certificate that a banker verified. A declared title refers; `titles: []` says none are
held; absent titles are unknown unless the register is loaded for the date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from products.enums import DISHONEST, TitleKind
from products.models import Register, RegisterEntry
from products.policy.facts import TitleState
from products.policy.values import Because, Fact, unknown

# title kind → register codes that prove it
REGISTERS = {kind.value: kind.value for kind in TitleKind}


def states(
    *, uscc: str, on: date, declared: list[dict] | None, verified: list[dict] | None = None
) -> dict[str, TitleState]:
    """State of every title kind. `declared` None means the enterprise was not asked; items follow the profile schema."""
    registers = {r.code: r for r in Register.objects.filter(code__in=REGISTERS.values())}
    entries = {
        e.register.code: e
        for e in RegisterEntry.objects.valid_on(on)
        .filter(uscc=uscc, register__code__in=registers)
        .select_related("register")
    }
    return {
        kind: _state(kind, on, registers.get(code), entries.get(code), declared, verified or [])
        for kind, code in REGISTERS.items()
    }


def _state(
    kind: str,
    on: date,
    register: Register | None,
    entry: RegisterEntry | None,
    declared: list[dict] | None,
    verified: list[dict],
) -> TitleState:
    if entry is not None:
        return TitleState(True, "register", region=entry.register.region)
    for title in _valid(kind, on, verified):
        return TitleState(True, "certificate", region=title.get("region", ""))
    for title in _valid(kind, on, declared or []):
        return TitleState(None, "declared", Because.UNVERIFIED, title.get("region", ""))
    if declared is not None:
        return TitleState(False, "declared")
    if is_loaded(register, on):
        return TitleState(False, "register")
    return TitleState(None, "register", Because.MISSING)


def _valid(kind: str, on: date, titles: Iterable[dict]) -> list[dict]:
    day = on.isoformat()
    return [
        t for t in titles if t["kind"] == kind and (t.get("valid_from") or day) <= day <= (t.get("valid_to") or day)
    ]


def is_loaded(register: Register | None, on: date) -> bool:
    return (
        register is not None
        and register.loaded_from is not None
        and register.loaded_from <= on
        and (register.loaded_to is None or on <= register.loaded_to)
    )


def dishonest_fact(uscc: str, on: date) -> Fact:
    """Whether the enterprise is on the list of 失信被执行人 on that day."""
    register = Register.objects.filter(code=DISHONEST).first()
    if RegisterEntry.objects.valid_on(on).filter(uscc=uscc, register__code=DISHONEST).exists():
        return Fact(True, "register")
    return Fact(False, "register") if is_loaded(register, on) else unknown(Because.MISSING, source="register")
