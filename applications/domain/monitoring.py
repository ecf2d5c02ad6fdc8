"""Watching what the machine answers (公平与漂移): rates by week, district, size, industry and product, and what moved.

Two measures, both usual in credit scoring, their bounds labelled samples:
- a shift: the population stability index between the last four full weeks and the twelve before;
- a gap: a group whose pass rate stays under four fifths of everybody's over all sixteen weeks.
A finding blames nobody and changes nothing: it is told to the policy desk, who look into it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from applications.enums import MonitorBy, ShiftLevel, ShiftOf
from applications.models import Application, OutcomeTally, Shift
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import BEIJING, now, today
from portal.kernel.events import record
from portal.kernel.transactions import use_case
from products.enums import Tier

WEEK = timedelta(days=7)
RECENT, BASE = 4, 12  # full weeks
LEAST = 50  # cases on each side: fewer say nothing
RARE = 5  # cases: classes expected less often are compared as one
WATCH, ALERT = Decimal("0.10"), Decimal("0.25")  # of the index
FOUR_FIFTHS = Decimal("0.80")
_COLUMNS = {
    MonitorBy.ALL: None,
    MonitorBy.DISTRICT: "district_code",
    MonitorBy.SIZE: "size_class",
    MonitorBy.INDUSTRY: "industry",
    MonitorBy.PRODUCT: "product__code",
}
_OUTCOMES = ("passed", "referred", "failed")


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def refresh() -> int:
    """Count all weeks that are compared again, since an old case may have a newer outcome, and look for what moved.

    Returns how many findings are new or more serious than before.
    """
    this = monday(today())
    for back in range(RECENT + BASE + 1):
        tally_week(week=this - back * WEEK)
    return find_shifts(week=this)


@use_case
def tally_week(*, week: date) -> None:
    """Count one week anew, from its applications."""
    start = datetime.combine(week, time.min, BEIJING)
    cases = Application.objects.filter(
        submitted_at__gte=start, submitted_at__lt=start + WEEK, is_sandbox=False, lifecycle_name="credit"
    ).exclude(outcome="")
    counts = {name: Count("pk", filter=Q(outcome=code)) for name, code in zip(_OUTCOMES, ("pass", "refer", "fail"))}
    tiers = {f"tier_{tier}": Count("pk", filter=Q(tier=tier)) for tier in Tier.values}
    rows = []
    for by, column in _COLUMNS.items():
        groups = cases.values(column) if column else cases.values("lifecycle_name")
        for group in groups.order_by().annotate(total=Count("pk"), **counts, **tiers):
            value = group[column] if column else ""
            held = {tier: group[f"tier_{tier}"] for tier in Tier.values if group[f"tier_{tier}"]}
            outcomes = {name: group[name] for name in _OUTCOMES}
            rows.append(OutcomeTally(week=week, by=by, value=value, total=group["total"], tiers=held, **outcomes))
    OutcomeTally.objects.filter(week=week).delete()
    OutcomeTally.objects.bulk_create(rows)


@use_case
def find_shifts(*, week: date) -> int:
    """Compare the full weeks before `week`, keep what stands out, announce what is new or more serious; how many are."""
    rows = list(OutcomeTally.objects.filter(week__gte=week - (RECENT + BASE) * WEEK, week__lt=week))
    found = [*_moved(rows, week), *_gaps(rows, week)]
    known = {(shift.of, shift.by, shift.value): shift for shift in Shift.objects.filter(week=week)}
    fresh = []
    for shift in found:
        older = known.pop((shift.of, shift.by, shift.value), None)
        if older is None or (older.level, shift.level) == (ShiftLevel.WATCH, ShiftLevel.ALERT):
            fresh.append(shift)
        else:
            shift.found_at = older.found_at
    Shift.objects.filter(week=week).delete()
    Shift.objects.bulk_create(found)
    if fresh:
        levels = Counter(shift.level for shift in fresh)
        record(
            stream="monitor:outcomes",
            type="monitor.shifted",
            actor=SYSTEM,
            payload={"week": week.isoformat(), **levels},
        )
    return len(fresh)


def _moved(rows: Iterable[OutcomeTally], week: date) -> Iterable[Shift]:
    """Outcomes within each group, and tiers and make-up over all."""
    cut = week - RECENT * WEEK
    before: dict[tuple, Counter] = {}
    after: dict[tuple, Counter] = {}
    for row in rows:
        side = after if row.week >= cut else before
        side.setdefault((ShiftOf.OUTCOME, row.by, row.value), Counter()).update(
            {name: getattr(row, name) for name in _OUTCOMES}
        )
        if row.by == MonitorBy.ALL:
            side.setdefault((ShiftOf.TIER, row.by, ""), Counter()).update(row.tiers)
        else:
            side.setdefault((ShiftOf.MAKE_UP, row.by, ""), Counter()).update({row.value or "unknown": row.total})
    for key in before.keys() & after.keys():
        index = stability_index(before[key], after[key])
        if index is not None and index >= WATCH:
            level = ShiftLevel.ALERT if index >= ALERT else ShiftLevel.WATCH
            yield _shift(week, *key, level, index, before[key], after[key])


def stability_index(before: Mapping[str, int], after: Mapping[str, int]) -> Decimal | None:
    """Population stability index of two counts, four places; None where either side has fewer than LEAST cases.

    Classes of which fewer than RARE cases are expected are taken together: a handful of cases among many small groups is
    chance. What one side lacks counts as half a case there, so that it weighs and does not divide by zero.
    """
    totals = sum(before.values()), sum(after.values())
    if min(totals) < LEAST:
        return None
    sides: tuple[Counter, Counter] = (Counter(), Counter())
    for name in {*before, *after}:
        is_rare = before.get(name, 0) * totals[1] < RARE * totals[0]
        for side, counts in zip(sides, (before, after), strict=True):
            side["" if is_rare else name] += counts.get(name, 0)
    index = 0.0
    for name in sides[0]:
        was, now_ = (max(side[name], 0.5) / total for side, total in zip(sides, totals, strict=True))
        index += (now_ - was) * math.log(now_ / was)
    return Decimal(index).quantize(Decimal("0.0001"))


def can_compare(week: date) -> bool:
    """Whether there were cases enough before `week` to say that nothing moved."""
    weeks = OutcomeTally.objects.filter(by=MonitorBy.ALL, week__lt=week, week__gte=week - (RECENT + BASE) * WEEK)
    is_recent = Q(week__gte=week - RECENT * WEEK)
    sides = weeks.aggregate(after=Sum("total", filter=is_recent), before=Sum("total", filter=~is_recent))
    return min(sides["after"] or 0, sides["before"] or 0) >= LEAST


def _gaps(rows: Iterable[OutcomeTally], week: date) -> Iterable[Shift]:
    """Groups whose pass rate is under four fifths of everybody's; what is unknown is no group."""
    sums: dict[tuple[str, str], Counter] = {}
    for row in rows:
        sums.setdefault((row.by, row.value), Counter()).update(passed=row.passed, total=row.total)
    everybody = sums.get((MonitorBy.ALL, ""), Counter())
    if not everybody["passed"]:
        return
    for (by, value), group in sums.items():
        if by in (MonitorBy.ALL, MonitorBy.PRODUCT) or not value or group["total"] < LEAST:
            continue  # products differ by design
        ratio = Decimal(group["passed"] * everybody["total"]) / (group["total"] * everybody["passed"])
        if ratio < FOUR_FIFTHS:
            index = ratio.quantize(Decimal("0.0001"))
            yield _shift(week, ShiftOf.GAP, by, value, ShiftLevel.WATCH, index, everybody, group)


def _shift(
    week: date,
    of: str,
    by: str,
    value: str,
    level: str,
    index: Decimal,
    before: Mapping[str, int],
    after: Mapping[str, int],
) -> Shift:
    return Shift(
        week=week, of=of, by=by, value=value, level=level, index=index, before=dict(before), after=dict(after), found_at=now()
    )  # fmt: skip
