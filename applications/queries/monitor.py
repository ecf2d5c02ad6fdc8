"""What the monitor of outcomes shows, from its weekly counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.profile_rules import DISTRICT_NAMES
from applications.enums import MonitorBy, ShiftOf
from applications.models import OutcomeTally, Shift
from products.enums import SIZE_LABELS, Tier
from products.models import Product

# Sections of GB/T 4754-2017.
INDUSTRIES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRST",
        (
            "农、林、牧、渔业",
            "采矿业",
            "制造业",
            "电力、热力、燃气及水",
            "建筑业",
            "批发和零售业",
            "交通运输、仓储和邮政业",
            "住宿和餐饮业",
            "信息传输、软件和信息技术",
            "金融业",
            "房地产业",
            "租赁和商务服务业",
            "科学研究和技术服务业",
            "水利、环境和公共设施",
            "居民服务、修理和其他",
            "教育",
            "卫生和社会工作",
            "文化、体育和娱乐业",
            "公共管理、社会组织",
            "国际组织",
        ),
        strict=True,
    )
)
OUTCOMES = (("passed", "pass", "通过"), ("referred", "refer", "转人工"), ("failed", "fail", "未通过"))


@dataclass(frozen=True, slots=True)
class Bar:
    tone: str
    label: str
    count: int
    percent: str
    y: Decimal  # of a column 100 high, from the top
    height: Decimal


@dataclass(frozen=True, slots=True)
class Week:
    day: date
    total: int
    x: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    total: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A shift in words."""

    tone: str
    level: str
    what: str
    detail: str
    index: str


def weeks(*, since: date) -> list[Week]:
    """Outcomes of everybody by week, the oldest first; `x` is the place of a column 8 wide in a chart."""
    rows = OutcomeTally.objects.filter(by=MonitorBy.ALL, week__gt=since).order_by("week")
    return [Week(row.week, row.total, place * 10, _bars(_counts(row), row.total)) for place, row in enumerate(rows)]


def groups(by: str, *, since: date) -> list[Group]:
    """Outcomes of each group of a dimension over the weeks since a day, the largest first."""
    sums: dict[str, Counter] = {}
    for row in OutcomeTally.objects.filter(by=by, week__gt=since):
        sums.setdefault(row.value, Counter()).update({**_counts(row), "total": row.total})
    names = _names(by)
    found = [
        Group(names.get(value, value) or "未知", counts["total"], _bars(counts, counts["total"]))
        for value, counts in sums.items()
    ]
    return sorted(found, key=lambda group: -group.total)


def shifts(week: date) -> list[Told]:
    """Findings of the comparison that ends before `week`, alerts first."""
    return [_told(row) for row in Shift.objects.filter(week=week).order_by("level", "-index")]


def _told(row: Shift) -> Told:
    name = _names(row.by).get(row.value, row.value)
    who = f"{MonitorBy(row.by).label}「{name}」" if row.value else MonitorBy(row.by).label
    of = ShiftOf(row.of)
    if of is ShiftOf.GAP:
        detail = f"通过率 {_share(row.after, 'passed')}，全部为 {_share(row.before, 'passed')}"
        return Told("refer", row.get_level_display(), f"{who}的通过率", detail, f"全部的 {row.index * 100:.0f}%")
    labels = _labels(of, row.by)
    before, after = ({k: n for k, n in side.items() if k != "total"} for side in (row.before, row.after))
    moved = sorted(before.keys() | after.keys(), key=lambda k: -abs(_rate(after, k) - _rate(before, k)))[:3]
    detail = "；".join(f"{labels.get(key, key)} {_rate(before, key):.1f}% → {_rate(after, key):.1f}%" for key in moved)
    tone = "fail" if row.level == "alert" else "refer"
    return Told(tone, row.get_level_display(), f"{who}的{of.label}", detail, f"稳定性指数 {row.index:.2f}")


def _labels(of: ShiftOf, by: str) -> dict[str, str]:
    if of is ShiftOf.OUTCOME:
        return {name: label for name, _, label in OUTCOMES}
    if of is ShiftOf.TIER:
        return dict(Tier.choices)
    return {**_names(by), "unknown": "未知"}


def _names(by: str) -> dict[str, str]:
    if by == MonitorBy.DISTRICT:
        return DISTRICT_NAMES
    if by == MonitorBy.SIZE:
        return SIZE_LABELS
    if by == MonitorBy.INDUSTRY:
        return INDUSTRIES
    return dict(Product.objects.values_list("code", "name")) if by == MonitorBy.PRODUCT else {}


def _counts(row: OutcomeTally) -> dict[str, int]:
    return {name: getattr(row, name) for name, _, _ in OUTCOMES}


def _bars(counts: dict[str, int], total: int) -> tuple[Bar, ...]:
    """Parts of a whole, stacked; nothing for a part that is empty."""
    top, bars = Decimal(0), []
    for name, tone, label in OUTCOMES:
        if count := counts.get(name, 0):
            height = (Decimal(count) * 100 / total).quantize(Decimal("0.1"))
            bars.append(Bar(tone, label, count, f"{height}%", top, height))
            top += height
    return tuple(bars)


def _rate(counts: dict[str, int], key: str) -> float:
    return counts.get(key, 0) * 100 / max(sum(counts.values()), 1)


def _share(counts: dict[str, int], key: str) -> str:
    return f"{counts.get(key, 0) * 100 / max(counts.get('total', 0), 1):.1f}%"
