"""Values a rule can see, and how they become text.

Amounts are whole 分, ages whole months, shares a pair (numerator, denominator) compared by cross-multiplication with a
bound in basis points: no rounding can lift 4.99996 % over 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import NamedTuple


class FactType(StrEnum):
    AMOUNT = "amount"  # int, 分
    COUNT = "count"  # int
    MONTHS = "months"  # int
    POINTS = "points"  # int
    RATIO = "ratio"  # Ratio
    BOOLEAN = "boolean"  # bool
    CODE = "code"  # str
    DATE = "date"  # datetime.date


class Because(StrEnum):
    """Why a rule refers to a person."""

    MISSING = "missing"
    MISTYPED = "mistyped"
    STALE = "stale"
    CONFLICT = "conflict"
    EXPERT_JUDGED = "expert_judged"
    SOURCE_DOWN = "source_down"
    UNVERIFIED = "unverified"


class Outcome(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    REFER = "refer"
    NOT_APPLICABLE = "not_applicable"


class Ratio(NamedTuple):
    """numerator ÷ denominator, both in one unit. A zero or negative denominator is undefined and never built."""

    numerator: int
    denominator: int


Scalar = int | bool | str | date | Ratio


@dataclass(frozen=True, slots=True)
class Fact:
    """One known or unknown value. `value` None means unknown for the reason `because`; `others` are conflicting values."""

    value: Scalar | None
    source: str = "declared"
    because: Because | None = None
    period: str = ""
    others: tuple[Scalar, ...] = ()

    def to_json(self) -> dict:
        out: dict = {"v": encode(self.value), "s": self.source}
        if self.because:
            out["b"] = self.because.value
        if self.period:
            out["p"] = self.period
        if self.others:
            out["o"] = [encode(other) for other in self.others]
        return out


def unknown(
    because: Because = Because.MISSING, *, source: str = "declared", period: str = "", others: tuple[Scalar, ...] = ()
) -> Fact:
    return Fact(None, source, because, period, others)


PLAIN = frozenset({int, bool, str, type(None)})  # are their own JSON


def encode(value: Scalar | None) -> object:
    if value.__class__ in PLAIN:
        return value
    if isinstance(value, Ratio):
        return [value.numerator, value.denominator]
    return value.isoformat() if isinstance(value, date) else value


def decode(raw: object, type: FactType) -> Scalar | None:
    """Inverse of `encode`; raises ValueError for a value that does not fit `type`."""
    if raw is None:
        return None
    if (
        type is FactType.RATIO
        and isinstance(raw, list | tuple)
        and len(raw) == 2
        and all(_is_int(x) for x in raw)
        and raw[1] > 0
    ):
        return Ratio(*raw)
    if type is FactType.DATE and isinstance(raw, str):
        return date.fromisoformat(raw)
    if type is FactType.BOOLEAN and isinstance(raw, bool):
        return raw
    if type is FactType.CODE and isinstance(raw, str):
        return raw
    if type in (FactType.AMOUNT, FactType.COUNT, FactType.MONTHS, FactType.POINTS) and _is_int(raw):
        return raw  # type: ignore[return-value]
    raise ValueError(f"{raw!r} is not a {type.value}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def show(value: object, type: FactType, *, wan: bool = False) -> str:
    """Text of a value for reading: amounts in 元 (or 万元), ratios in percent, months as years. Rounded down, never up."""
    if value is None:
        return ""
    if type is FactType.AMOUNT:
        yuan = Decimal(value) / 100  # type: ignore[arg-type]
        if not wan:
            return f"{yuan:.2f}"
        number = (yuan / 10_000).quantize(Decimal("0.01"), ROUND_DOWN)
        return f"{number:,.2f}".rstrip("0").rstrip(".").replace("-", "−") + " 万元"
    if type is FactType.RATIO:
        numerator, denominator = value  # type: ignore[misc]
        return f"{(Decimal(numerator) * 100 / Decimal(denominator)).quantize(Decimal('0.01'), ROUND_DOWN):f}"
    if type is FactType.MONTHS:
        return f"{(Decimal(value) / 12).quantize(Decimal('0.1'), ROUND_DOWN):f}"  # type: ignore[arg-type]
    if type is FactType.BOOLEAN:
        return "是" if value else "否"
    return str(value)
