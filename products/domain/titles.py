"""Which titles count for an enterprise at a date.

By register at the date, or a certificate that a banker verified. A declared title refers; `titles: []` says none are
held; absent titles are unknown unless the register is loaded for the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from products.enums import DISHONEST, TitleKind
from products.models import Register, RegisterEntry
from products.policy.facts import TitleState
from products.policy.values import Because, Fact, unknown

# title kind → register codes that prove it
REGISTERS = {kind.value: kind.value for kind in TitleKind}


# facts that ask one register alone, whatever was declared or certified
_REGISTER_FACTS = {"register_little_giant": TitleKind.LITTLE_GIANT, "register_srdi_beijing": TitleKind.SRDI_SME}


def look_up(
    *, uscc: str, on: date, declared: list[dict] | None, verified: list[dict] | None = None
) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    """(state of every title kind, facts of single registers) in two queries.

    `declared` None means the enterprise was not asked; items follow the profile schema.
    """
    return look_up_many({uscc: (declared, verified or [])}, on)[uscc]


def look_up_many(
    asked: Mapping[str, tuple[list[dict] | None, list[dict]]], on: date
) -> dict[str, tuple[dict[str, TitleState], dict[str, Fact]]]:
    """`look_up` for many enterprises, by credit code with their (declared, verified) titles, in the same two queries."""
    codes = {*REGISTERS.values(), DISHONEST}
    registers = {r.code: r for r in Register.objects.filter(code__in=codes)}
    by_id = {r.pk: r for r in registers.values()}
    entries: dict[str, dict[str, RegisterEntry]] = {uscc: {} for uscc in asked}
    for entry in RegisterEntry.objects.valid_on(on).filter(uscc__in=list(asked), register__in=by_id):
        entry.register = by_id[entry.register_id]
        entries[entry.uscc][entry.register.code] = entry
    return {
        uscc: _found(on, registers, entries[uscc], declared, verified) for uscc, (declared, verified) in asked.items()
    }


def _found(
    on: date,
    registers: Mapping[str, Register],
    entries: Mapping[str, RegisterEntry],
    declared: list[dict] | None,
    verified: list[dict],
) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    states = {
        kind: _state(kind, on, registers.get(code), entries.get(code), declared, verified)
        for kind, code in REGISTERS.items()
    }
    facts = {
        fact: _on_register(registers.get(code), code in entries, on)
        for fact, code in {**_REGISTER_FACTS, "on_dishonest_list": DISHONEST}.items()
    }
    return states, facts


def at_their_word(declared: list[dict] | None, on: date) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    """(states, register facts) as a firm without a name tells them: held and in validity counts, not asked is unknown."""

    def state(kind: str) -> TitleState:
        if declared is None:
            return TitleState(None, "declared", Because.MISSING)
        held = _valid(kind, on, declared)
        return TitleState(bool(held), "declared", region=held[0].get("region", "") if held else "")

    states = {kind: state(kind) for kind in REGISTERS}
    facts = {}
    for fact, kind in _REGISTER_FACTS.items():
        held = states[kind].held
        facts[fact] = unknown(Because.MISSING, source="declared") if held is None else Fact(held, "declared")
    return states, facts


def _on_register(register: Register | None, has_entry: bool, on: date) -> Fact:
    if has_entry:
        return Fact(True, "register")
    return Fact(False, "register") if is_loaded(register, on) else unknown(Because.MISSING, source="register")


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


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate that ends soon or has just ended; `days` until its last day, 0 on it, negative after."""

    kind: str
    last_day: date
    days: int

    @property
    def flag(self) -> str:
        """`ended`, `30` or `90`: the three moments a firm is reminded at."""
        return "ended" if self.days <= 0 else "30" if self.days <= 30 else "90"


REMIND_FROM, REMIND_UNTIL = 90, -90


def expiring(uscc: str, certificates: Iterable[dict], on: date) -> list[Expiry]:
    """Certificates and register entries whose last day is near, the nearest first; of one kind the latest counts."""
    last: dict[str, date] = {}
    for title in certificates:
        if title.get("valid_to"):
            last[title["kind"]] = max(last.get(title["kind"], date.min), date.fromisoformat(title["valid_to"]))
    entries = RegisterEntry.objects.filter(uscc=uscc, register__code__in=REGISTERS.values(), valid_from__lte=on)
    for code, ends in entries.values_list("register__code", "valid_to"):
        last[code] = max(last.get(code, date.min), ends or date.max)
    found = [Expiry(kind, day, (day - on).days) for kind, day in last.items() if day != date.max]
    return sorted((e for e in found if REMIND_UNTIL <= e.days <= REMIND_FROM), key=lambda e: e.days)


def is_loaded(register: Register | None, on: date) -> bool:
    return (
        register is not None
        and register.loaded_from is not None
        and register.loaded_from <= on
        and (register.loaded_to is None or on <= register.loaded_to)
    )
