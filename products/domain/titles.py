"""Which titles count for an enterprise at a date.

By register at the date, or a certificate that a banker verified. An entry without a credit code that bears the name of
the enterprise is weaker: it refers, and so does a declared title. `titles: []` says none are held; absent titles are
unknown unless the register is loaded for the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Q, QuerySet

from products.domain.registering.rows import plain_name
from products.enums import ABNORMAL, DISHONEST, RELENDING, TitleKind
from products.models import Register, RegisterEntry
from products.policy.facts import TitleState
from products.policy.values import Because, Fact, unknown

# title kind → register codes that prove it; the same words
REGISTERS = {kind.value: kind.value for kind in TitleKind}


# facts that ask one register alone, whatever was declared or certified
_TITLE_REGISTERS = {"register_little_giant": TitleKind.LITTLE_GIANT, "register_srdi_beijing": TitleKind.SRDI_SME}
_OTHER_REGISTERS = {"on_dishonest_list": DISHONEST, "on_abnormal_list": ABNORMAL, "on_relending_list": RELENDING}
REGISTER_FACTS = {**_TITLE_REGISTERS, **_OTHER_REGISTERS}
BY_NAME = "register_name"  # source of what rests on a name alone


class Asked(NamedTuple):
    """Whose titles are wanted. `declared` None: the enterprise was not asked; items follow the profile schema."""

    name: str
    declared: list[dict] | None = None
    verified: list[dict] = []


class LookedUp:
    """What registers and certificates say of one enterprise on a date; each title is judged when it is asked for."""

    __slots__ = ("_asked", "_by_name", "_listed", "_on", "_registers")

    def __init__(self, asked: Asked, registers: Mapping[str, Register], on: date) -> None:
        self._asked, self._registers, self._on = asked, registers, on
        self._listed: dict[str, Register] = {}  # by register code: under its credit code
        self._by_name: dict[str, Register] = {}  # without a code, under its name

    def add(self, register: Register, *, by_name: bool) -> None:
        (self._by_name if by_name else self._listed)[register.code] = register

    def state(self, kind: str) -> TitleState:
        if kind in self._listed:
            return TitleState(True, "register", region=self._listed[kind].region)
        for found in _valid(kind, self._on, self._asked.verified):
            return TitleState(True, "certificate", region=found.get("region", ""))
        if kind in self._by_name:
            return TitleState(None, BY_NAME, Because.UNVERIFIED, self._by_name[kind].region)
        for found in _valid(kind, self._on, self._asked.declared or ()):
            return TitleState(None, "declared", Because.UNVERIFIED, found.get("region", ""))
        if self._asked.declared is not None:
            return _NOT_DECLARED
        return _NOT_LISTED if self._is_loaded(kind) else _NOT_KNOWN

    def states(self) -> dict[str, TitleState]:
        return {kind: self.state(kind) for kind in REGISTERS}

    def register_fact(self, fact: str) -> Fact:
        """One of the facts that ask a single register."""
        code = REGISTER_FACTS[fact]
        if code in self._listed:
            return Fact(True, "register")
        if code in self._by_name:
            return unknown(Because.UNVERIFIED, source=BY_NAME)
        return Fact(False, "register") if self._is_loaded(code) else unknown(Because.MISSING, source="register")

    def register_facts(self) -> dict[str, Fact]:
        return {fact: self.register_fact(fact) for fact in REGISTER_FACTS}

    def _is_loaded(self, code: str) -> bool:
        register = self._registers.get(code)
        return register is not None and register.is_loaded(self._on)


_NOT_DECLARED = TitleState(False, "declared")
_NOT_LISTED = TitleState(False, "register")
_NOT_KNOWN = TitleState(None, "register", Because.MISSING)


def look_up(
    *, uscc: str, name: str, on: date, declared: list[dict] | None, verified: list[dict] | None = None
) -> tuple[dict[str, TitleState], dict[str, Fact]]:
    """(state of every title kind, facts of single registers) in two queries."""
    found = _look_up({uscc: Asked(name, declared, verified or [])}, on, with_names=True)[uscc]
    return found.states(), found.register_facts()


def look_up_many(asked: Mapping[str, Asked], on: date) -> dict[str, LookedUp]:
    """The same for many enterprises, by credit code, in three queries; names are compared only where a list has any."""
    return _look_up(asked, on, with_names=RegisterEntry.objects.filter(uscc="").exists())


# Put together once, and once a day; never read themselves.
_REGISTERS = Register.objects.filter(code__in={*REGISTERS.values(), *REGISTER_FACTS.values()})


@lru_cache(maxsize=8)
def _counting(on: date) -> QuerySet:
    return RegisterEntry.objects.valid_on(on).values_list("uscc", "plain_name", "register_id")


def _look_up(asked: Mapping[str, Asked], on: date, *, with_names: bool) -> dict[str, LookedUp]:
    by_id = {register.pk: register for register in _REGISTERS.all()}
    registers = {register.code: register for register in by_id.values()}
    found = {uscc: LookedUp(one, registers, on) for uscc, one in asked.items()}
    by_name: dict[str, list[str]] = {}
    matching = Q(uscc__in=list(asked))
    if with_names:
        for uscc, one in asked.items():
            if plain := plain_name(one.name):
                by_name.setdefault(plain, []).append(uscc)
        matching |= Q(uscc="", plain_name__in=list(by_name))
    for uscc, plain, register_id in _counting(on).filter(matching, register__in=by_id):
        for one in (uscc,) if uscc else by_name[plain]:
            found[one].add(by_id[register_id], by_name=not uscc)
    return found


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


def _valid(kind: str, on: date, titles: Iterable[dict]) -> list[dict]:
    if not titles:
        return []
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
