"""Size classes: 中小企业划型标准规定 (工信部联企业〔2011〕300号), mapped from GB/T 4754-2017 as 国统字〔2017〕213号 does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOC_NO = "工信部联企业〔2011〕300号"
SIZES = ("large", "medium", "small")


@dataclass(frozen=True, slots=True)
class Sized:
    """`size` large, medium, small, micro, or None with the reason: `outside`, `industry_unclear` or the missing figures."""

    size: str | None
    row: str | None
    reason: str = ""
    missing: tuple[str, ...] = ()
    revenue_from: str = ""  # `main_business_revenue` or `revenue`, whichever was used
    conflicting: bool = False  # a needed figure differs between sources


@cache
def thresholds() -> dict[str, dict]:
    """The 16 rows: indicators and lower bounds (staff in persons, revenue and assets in 万元)."""
    return json.loads((Path(__file__).parent / "defaults" / "size_thresholds.json").read_text(encoding="utf-8"))


def row_of(industry_code: str) -> str | None:
    """The row of a GB/T 4754 code (`I65`, `K7010`); `outside` where the scheme does not reach, None when too few digits tell."""
    section, digits = industry_code[:1], industry_code[1:]
    simple = {
        "A": "agriculture",
        "B": "industry",
        "C": "industry",
        "D": "industry",
        "E": "construction",
        "J": "outside",
        "L": "leasing_business",
        "M": "other",
        "N": "other",
        "O": "other",
        "P": "outside",
        "R": "other",
        "S": "outside",
        "T": "outside",
    }
    if section in simple:
        return simple[section]
    by_division = {
        "F": {"51": "wholesale", "52": "retail"},
        "G": {"53": "outside", **dict.fromkeys(("54", "55", "56", "57", "58"), "transport"), "60": "postal"},
        "H": {"61": "accommodation", "62": "catering"},
        "I": {"63": "info_transmission", "64": "info_transmission", "65": "software_it"},
        "Q": {"84": "outside", "85": "other"},
    }
    if section == "G" and digits[:2] == "59":
        return None if len(digits) < 3 else "transport" if digits[:3] == "591" else "warehousing"
    if section == "K":
        return _real_estate(digits)
    return by_division.get(section, {}).get(digits[:2])


def _real_estate(digits: str) -> str | None:
    groups = {"701": "real_estate_dev", "702": "property_mgmt", "703": "other", "704": "outside", "709": "other"}
    return groups.get(digits[:3])


def size_of(*, industry_code: str | None, staff: int | None, revenue_fen: int | None, assets_fen: int | None) -> Sized:
    """The highest class whose lower bounds are all met, else micro.

    A missing indicator leaves the size open unless the ones at hand already settle it.
    """
    row = row_of(industry_code) if industry_code else None
    if row is None:
        return Sized(None, None, "industry_unclear", ("industry_code",))
    if row == "outside":
        return Sized(None, row, "outside")
    spec = thresholds()[row]
    given = {"staff": staff, "revenue": revenue_fen, "assets": assets_fen}
    scale = {"staff": 1, "revenue": 1_000_000, "assets": 1_000_000}  # 万元 → 分
    missing = tuple(i for i in spec["ind"] if given[i] is None)
    for size in SIZES:
        met = [
            given[i] >= bound * scale[i]
            for i, bound in zip(spec["ind"], spec[size], strict=True)
            if given[i] is not None
        ]  # type: ignore[operator]
        if all(met):
            return Sized(None, row, "missing", missing) if missing else Sized(size, row)
    return Sized("micro", row)
