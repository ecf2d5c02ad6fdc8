"""One line of the result, and how the table is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Without a bound it is only told; `note` names the figures behind it."""

    what: str
    measured: float
    bound: float | None = None
    at_least: bool = False
    unit: str = "×"
    note: str = ""

    @property
    def is_missed(self) -> bool:
        if self.bound is None:
            return False
        return self.measured < self.bound if self.at_least else self.measured > self.bound

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        bound = "" if self.bound is None else f"{'≥' if self.at_least else '≤'} {_figure(self.bound)} {self.unit}"
        verdict = "" if self.bound is None else "MISSED" if self.is_missed else "ok"
        return self.what, f"{_figure(self.measured)} {self.unit}", bound, verdict, self.note


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def render(rows: Iterable[Row]) -> str:
    """The table as aligned text."""
    lines = [("what", "measured", "bound", "verdict", "figures"), *(row.cells for row in rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
