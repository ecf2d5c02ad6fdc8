"""Which titles count for an enterprise at a date.

By register at the date, or a certificate that a banker verified. An entry without a credit code that bears the name of
the enterprise is weaker: it refers, and so does a declared title. `titles: []` says none are held; absent titles are
unknown unless the register is loaded for the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from products.domain.registering.rows import plain_name
from products.enums import ABNORMAL, DISHONEST, RELENDING, TitleKind
from products.models import Register, RegisterEntry
from products.policy.facts import TitleState
from products.policy.values import Because, Fact, unknown

# title kind → register codes that prove it
REGISTERS = {kind.value: kind.value for kind in TitleKind}


# facts that ask one register alone, whatever was declared or certified
_TITLE_REGISTERS = {"register_little_giant": TitleKind.LITTLE_GIANT, "register_srdi_beijing": TitleKind.SRDI_SME}
_OTHER_REGISTERS = {"on_dishonest_list": DISHONEST, "on_abnormal_list": ABNORMAL, "on_relending_list": RELENDING}
_ONE_REGISTER = {**_TITLE_REGISTERS, **_OTHER_REGISTERS}
BY_NAME = "register_name"  # source of what rests on a name alone


class Asked(NamedTuple):
    """Whose titles are wanted. `declared` None: the enterprise was not asked; items follow the profile schema."""

    name: str
    declared: list[dict] | None = None
    verified: list[dict] = []


@dataclass(slots=True)
class _Found:
    """Entries of one enterprise by register code: under its credit code, and without one under its name."""

    entries: dict[str, RegisterEntry] = field(default_factory=dict)
    by_name: dict[str, RegisterEntry] = field(default_factory=dict)


def look_up(
    *, uscc: str, name: str, on: date, declared: list[dict] | None, verified: list[dict] | None = None
) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    """(state of every title kind, facts of single registers) in two queries."""
    return look_up_many({uscc: Asked(name, declared, verified or [])}, on)[uscc]


def look_up_many(asked: Mapping[str, Asked], on: date) -> dict[str, tuple[dict[str, TitleState], dict[str, Fact]]]:
    """`look_up` for many enterprises, by credit code, in the same two queries."""
    codes = {*REGISTERS.values(), *_ONE_REGISTER.values()}
    registers = {r.code: r for r in Register.objects.filter(code__in=codes)}
    by_id = {r.pk: r for r in registers.values()}
    found = {uscc: _Found() for uscc in asked}
    by_name: dict[str, list[str]] = {}
    for uscc, one in asked.items():
        if plain := plain_name(one.name):
            by_name.setdefault(plain, []).append(uscc)
    matching = Q(uscc__in=list(asked)) | Q(uscc="", plain_name__in=list(by_name))
    for entry in RegisterEntry.objects.valid_on(on).filter(matching, register__in=by_id):
        entry.register = by_id[entry.register_id]
        if entry.uscc:
            found[entry.uscc].entries[entry.register.code] = entry
        else:
            for uscc in by_name[entry.plain_name]:
                found[uscc].by_name[entry.register.code] = entry
    return {uscc: _states_and_facts(on, registers, found[uscc], one) for uscc, one in asked.items()}


def _states_and_facts(
    on: date, registers: Mapping[str, Register], found: _Found, asked: Asked
) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    states = {kind: _state(kind, on, registers.get(code), code, found, asked) for kind, code in REGISTERS.items()}
    facts = {fact: _on_register(registers.get(code), code, found, on) for fact, code in _ONE_REGISTER.items()}
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
    for fact, kind in _TITLE_REGISTERS.items():
        held = states[kind].held
        facts[fact] = unknown(Because.MISSING, source="declared") if held is None else Fact(held, "declared")
    return states, facts


def _on_register(register: Register | None, code: str, found: _Found, on: date) -> Fact:
    if code in found.entries:
        return Fact(True, "register")
    if code in found.by_name:
        return unknown(Because.UNVERIFIED, source=BY_NAME)
    loaded = register is not None and register.is_loaded(on)
    return Fact(False, "register") if loaded else unknown(Because.MISSING, source="register")


def _state(kind: str, on: date, register: Register | None, code: str, found: _Found, asked: Asked) -> TitleState:
    if code in found.entries:
        return TitleState(True, "register", region=found.entries[code].register.region)
    for title in _valid(kind, on, asked.verified):
        return TitleState(True, "certificate", region=title.get("region", ""))
    if code in found.by_name:
        return TitleState(None, BY_NAME, Because.UNVERIFIED, found.by_name[code].register.region)
    for title in _valid(kind, on, asked.declared or []):
        return TitleState(None, "declared", Because.UNVERIFIED, title.get("region", ""))
    if asked.declared is not None:
        return TitleState(False, "declared")
    if register is not None and register.is_loaded(on):
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
    entries = RegisterEntry.objects.current().filter(uscc=uscc, register__code__in=REGISTERS.values())
    for code, ends in entries.filter(valid_from__lte=on).values_list("register__code", "valid_to"):
        last[code] = max(last.get(code, date.min), ends or date.max)
    found = [Expiry(kind, day, (day - on).days) for kind, day in last.items() if day != date.max]
    return sorted((e for e in found if REMIND_UNTIL <= e.days <= REMIND_FROM), key=lambda e: e.days)
