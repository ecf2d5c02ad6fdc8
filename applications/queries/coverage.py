"""What the coverage page shows: rates from the tallies of a day, and the firms behind a figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.profile_rules import DISTRICT_NAMES
from applications.enums import CoverageBy, Reach
from applications.models import Application, Contact, CoverageRun, CoverageTally, Holding, OutreachPlan
from applications.queries.monitor import INDUSTRIES
from portal.kernel.clock import BEIJING
from products.enums import ABNORMAL, DISHONEST, RELENDING
from products.models import Register, RegisterEntry

ANY = "any"  # a firm on any of the lists counts once
OUTSIDE_POINTS = 60  # sample setting: machine points from which a firm on no list is worth a look
TONES = ((Reach.BOOKED, "pass"), (Reach.APPLIED, "bank"), (Reach.CONTACTED, "refer"), (Reach.NEVER, "none"))


@dataclass(frozen=True, slots=True)
class Part:
    reach: str
    label: str
    tone: str
    count: int
    percent: str
    x: Decimal  # of a bar 100 long
    width: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One list, or one group of a list. `rate` is customers (or those with credit) per firm listed, in percent."""

    code: str  # of the register; empty for a group
    label: str
    listed: int
    rate: str
    credit: int
    nameless: int
    parts: tuple[Part, ...]
    target: Decimal | None = None  # percent
    source: str = ""


def lists(run: CoverageRun, *, of_credit: bool) -> list[Row]:
    """Every list that has firms on the day, all lists together first."""
    tallies = run.tallies.filter(by=CoverageBy.ALL).select_related("register").order_by("register_id")
    plans = {plan.register_id: plan for plan in OutreachPlan.objects.all()}
    rows = []
    for tally in sorted(tallies, key=lambda tally: tally.register_id or 0):
        register, plan = tally.register, plans.get(tally.register_id)
        line = plan and plan.cover_target_bp
        rows.append(
            _row(
                tally,
                register.code if register else ANY,
                register.name if register else "任一名单（一家只算一次）",
                of_credit=of_credit,
                target=None if line is None else Decimal(line) / 100,
                source=plan.target_source if plan else "",
            )
        )
    return rows


def groups(run: CoverageRun, code: str, by: str, *, of_credit: bool) -> list[Row]:
    """One list by a dimension, the largest group first."""
    tallies = run.tallies.filter(by=by)
    tallies = tallies.filter(register=None) if code == ANY else tallies.filter(register__code=code)
    rows = [_row(tally, "", group_label(by, tally.value), of_credit=of_credit) for tally in tallies]
    return sorted(rows, key=lambda row: (-row.listed, row.label))


def group_label(by: str, value: str) -> str:
    if not value:
        return "没有经办支行" if by == CoverageBy.BRANCH else "未知"
    if by == CoverageBy.DISTRICT:
        return DISTRICT_NAMES.get(value, "示例区划" if value == "110199" else f"外地或市本级 {value}")
    return INDUSTRIES.get(value, value) if by == CoverageBy.INDUSTRY else value


def _row(
    tally: CoverageTally, code: str, label: str, *, of_credit: bool, target: Decimal | None = None, source: str = ""
) -> Row:
    covered = tally.credit if of_credit else tally.booked
    parts, x = [], Decimal(0)
    for reach, tone in TONES:
        if count := getattr(tally, reach.value):
            width = (Decimal(count) * 100 / tally.listed).quantize(Decimal("0.01"))
            parts.append(Part(reach.value, reach.label, tone, count, share(count, tally.listed), x, width))
            x += width
    rate = share(covered, tally.listed)
    return Row(code, label, tally.listed, rate, tally.credit, tally.nameless, tuple(parts), target, source)


def share(part: int, whole: int) -> str:
    """Percent with one place, as it is published; a dash where there is no whole."""
    return f"{(Decimal(part) * 100 / whole).quantize(Decimal('0.1'))}%" if whole else "—"


def firms(register: Register, on: date, reach: str) -> QuerySet[RegisterEntry]:
    """Entries of a list on a day whose firm is at one `reach` (or at any, for an empty one). Page them by `id`."""
    entries = RegisterEntry.objects.valid_on(on).filter(register=register)
    end = datetime.combine(on + timedelta(days=1), time.min, BEIJING)
    code = OuterRef("uscc")
    booked = Exists(Holding.objects.in_force(on).filter(uscc=code))
    applied = Exists(Application.objects.filter(enterprise__uscc=code, submitted_at__lt=end, is_sandbox=False))
    reached = Contact.objects.filter(on__lte=on, outreach__uscc=code, outreach__uscc__gt="").exclude(
        result="unreachable"
    )
    if reach == Reach.BOOKED:
        return entries.filter(booked)
    if reach == Reach.APPLIED:
        return entries.filter(~booked, applied)
    if reach == Reach.CONTACTED:
        return entries.filter(~booked, ~applied, Exists(reached))
    return entries.filter(~booked, ~applied, ~Exists(reached)) if reach else entries


def outside(on: date) -> QuerySet[Application]:
    """Newest scored request of each firm with strong technology that stands on no title list of a day."""
    listed = RegisterEntry.objects.valid_on(on).exclude(register__code__in=(DISHONEST, ABNORMAL, RELENDING))
    newer = Application.objects.filter(
        enterprise=OuterRef("enterprise"), pk__gt=OuterRef("pk"), score_low__isnull=False, is_sandbox=False
    )
    return (
        Application.objects.filter(score_low__gte=OUTSIDE_POINTS, is_sandbox=False)
        .exclude(Exists(newer))
        .exclude(Exists(listed.filter(uscc=OuterRef("enterprise__uscc"))))
        .select_related("enterprise", "product")
    )


class Flag(NamedTuple):
    """A list with a plan that a firm stands on, with the newest round that names it."""

    code: str
    name: str
    round: str


@lru_cache(maxsize=2)
def _planned(on: date) -> QuerySet:
    """What counts on a day on lists with a plan. Put together once a day: every look at a case asks."""
    entries = RegisterEntry.objects.filter(register__plan__isnull=False).valid_on(on)
    return entries.values_list("register_id", "pk", "register__code", "register__name", "round")


def flags(uscc: str, on: date) -> list[Flag]:
    """For the case page, in the order the lists were founded."""
    newest_last = sorted(_planned(on).filter(uscc=uscc))
    return list({code: Flag(code, name, round) for _, _, code, name, round in newest_last}.values())


def progress(on: date) -> list[OutreachPlan]:
    """Every plan with its listed tasks: how many, handed out, reached, with a follow-up due."""
    listed = Q(tasks__is_listed=True)
    return list(
        OutreachPlan.objects.select_related("register", "product", "owner__user")
        .annotate(
            total=Count("tasks", filter=listed),
            handed=Count("tasks", filter=listed & Q(tasks__assignee__isnull=False)),
            reached=Count("tasks", filter=listed & Q(tasks__reached_on__isnull=False)),
            due=Count("tasks", filter=listed & Q(tasks__next_on__lte=on)),
        )
        .order_by("pk")
    )
