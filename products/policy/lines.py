"""Decision tables: what a line of a limit table or of the routing may set, beside the condition that picks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from products.policy.conditions import Condition
from products.policy.values import FactType


@dataclass(frozen=True, slots=True)
class Setting:
    """One value a line may set. Amounts are 分, rates basis points a year, days working days; `least` and `most` count."""

    code: str
    label: str
    type: FactType
    least: int
    most: int

    @property
    def range_words(self) -> str:
        """The bounds in the unit a table is written in: 元, bp, 个工作日."""
        scale, unit = (
            (100, "元") if self.type is FactType.AMOUNT else (1, "bp" if self.code.endswith("_bp") else "个工作日")
        )
        return f"要在 {self.least // scale:,} 到 {self.most // scale:,} {unit}之间"


SETTINGS: dict[str, tuple[Setting, ...]] = {
    "limits": (
        Setting("max_amount", "授信上限", FactType.AMOUNT, 1_000_000, 9 * 10**14),
        Setting("min_rate_bp", "年利率下限", FactType.RATIO, 1, 3600),
        Setting("max_rate_bp", "年利率上限", FactType.RATIO, 1, 3600),
    ),
    "routing": (
        Setting("signer_limit", "签字人单笔限额不低于", FactType.AMOUNT, 1_000_000, 9 * 10**14),
        Setting("sla_days", "最长办理时限（工作日）", FactType.COUNT, 1, 250),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """The first line whose condition holds gives its values; what a line leaves out it does not set."""

    code: str
    label: str
    condition: Condition
    values: Mapping[str, int]
    source: str = ""


def strictest(lines: Iterable[Line], code: str) -> int | None:
    """The highest value any line gives to a setting, for cases of which it is not known which line holds."""
    return max((line.values[code] for line in lines if code in line.values), default=None)


FREE = "free"  # a line that sets nothing


def answer_of(values: Mapping[str, int]) -> str:
    """What a line sets as one word without blanks, for comparing answers: `max_amount=5000000000;max_rate_bp=345`."""
    return ";".join(f"{code}={values[code]}" for code in sorted(values)) or FREE


def values_of(kind: str, answer: str) -> dict[str, int] | None:
    """Inverse of `answer_of`; None for a text that is no answer of this kind of table."""
    if answer == FREE:
        return {}
    codes, values = {setting.code for setting in SETTINGS[kind]}, {}
    for part in answer.split(";"):
        code, _, number = part.partition("=")
        if code not in codes or code in values or not (number.isascii() and number.isdigit() and len(number) <= 16):
            return None
        values[code] = int(number)
    return values
