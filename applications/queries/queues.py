"""Bankers' queues: named row sets in a fixed order, with capped counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from accounts.models import Banker
from applications.models import Application
from applications.querysets import ApplicationQuerySet
from portal.kernel.clock import BEIJING, last_day, load_overrides, now, workdays_between
from portal.kernel.pages import Capped, Page, capped_counts, keyset

ORDER = ("due_at", "id")


@dataclass(frozen=True, slots=True)
class Queue:
    """A named row set of a banker; `follows_clock` when the same banker's rows change with the hour alone."""

    code: str
    label: str
    empty: str
    rows: Callable[[ApplicationQuerySet, int], ApplicationQuerySet]
    follows_clock: bool = False


QUEUES: dict[str, Queue] = {
    q.code: q
    for q in (
        Queue(
            "unclaimed",
            "待领取",
            "没有待领取的申请。新申请初筛完成后会出现在这里",
            lambda rows, banker_id: rows.unclaimed(),
        ),
        Queue(
            "mine",
            "我领取的",
            "您还没有领取申请。到「待领取」领取一件",
            lambda rows, banker_id: rows.claimed_by(banker_id),
        ),
        Queue("returned", "等企业补件", "没有等企业补件的申请", lambda rows, banker_id: rows.waiting_for_firm()),
        Queue("signature", "待审批", "没有等审批签字的申请", lambda rows, banker_id: rows.awaiting_signature()),
        Queue("screening", "初筛中", "没有停在初筛的申请", lambda rows, banker_id: rows.being_screened()),
        Queue(
            "overdue", "已超时", "没有超过办理时限的申请", lambda rows, banker_id: rows.overdue(), follows_clock=True
        ),
    )
}
_ROWS = Application.objects.with_row()  # put together once


def rows_of(
    queue: Queue, banker: Banker, *, product: str = "", tier: str = "", search: str = ""
) -> ApplicationQuerySet:
    """The queue's rows as `with_row()`, under the closed list of filters."""
    rows = queue.rows(_ROWS, banker.pk)
    if product:
        rows = rows.filter(product__code=product)
    if tier:
        rows = rows.filter(tier=tier)
    if search:
        upper = search.upper()
        if upper.startswith("SQ"):
            rows = rows.filter(reference__startswith=upper)
        elif len(upper) == 18 and upper.isalnum() and upper.isascii():
            rows = rows.filter(enterprise__uscc=upper)
        else:
            rows = rows.filter(enterprise__name__contains=search)
    return rows


def page_of(rows: ApplicationQuerySet, *, cursor: str = "", limit: int = 50) -> Page:
    """One page of `rows_of()`."""
    return keyset(rows, order=ORDER, cursor=cursor, limit=limit)


def counts(banker: Banker) -> dict[str, str]:
    """Capped count of every queue."""
    return capped_counts(
        {
            code: _capped(code, banker.pk) if queue.follows_clock else _kept(code, banker.pk)
            for code, queue in QUEUES.items()
        }
    )


def _capped(code: str, banker_id: int) -> Capped:
    return Capped.of(QUEUES[code].rows(Application.objects.order_by(*ORDER), banker_id))


_kept = lru_cache(maxsize=2048)(_capped)


class Clock(NamedTuple):
    """How a banker reads a deadline: `剩 2 天`, `今日到期`, `超 2 天`, `暂停`; `used` is 0–100 of the bar."""

    text: str
    tone: str
    used: int
    is_provisional: bool  # the year's calendar is not announced yet


def clock_of(
    application: Application, overrides: dict[date, bool], *, sla_days: int, offer_ends: datetime | None
) -> Clock:
    """The clock of a row; `overrides` is the page's, so that rows cost no query."""
    reading = _reading(application, overrides, sla_days, offer_ends)
    return Clock(*reading, application.due_is_provisional)


def _reading(
    application: Application, overrides: dict[date, bool], sla_days: int, offer_ends: datetime | None
) -> tuple[str, str, int]:
    """Text, tone and share used."""
    moment, turn = now(), application.status_info.turn
    if application.paused_days is not None:
        return "暂停", "na", 0
    if turn == "applicant":
        by = offer_ends if application.status == "offered" else application.answer_by
        return f"企业 {last_day(by):%m-%d} 前" if by else "等企业", "na", 0
    if application.due_at is None or turn not in ("bank", "system"):
        return "—", "na", 0
    if moment >= application.due_at:
        return f"超 {max(-workdays_between(moment, application.due_at, overrides), 1)} 天", "fail", 100
    left = workdays_between(moment, application.due_at, overrides)
    if left <= 0:
        return "今日到期", "turn", 90
    return f"剩 {left} 天", "bank", max(100 - round(left * 100 / max(sla_days, 1)), 5)


def with_clocks(rows: list[Application]) -> list[tuple[Application, Clock]]:
    """Rows of `with_row()` with their clocks, at the cost of one query."""
    overrides = _overrides_for(rows)
    return [(row, clock_of(row, overrides, sla_days=row.sla_days, offer_ends=row.offer_ends)) for row in rows]


def case_clock(application: Application) -> Clock:
    """The clock of one case of `with_screen()`."""
    overrides = _overrides_for([application])
    return clock_of(application, overrides, sla_days=application.product.sla_days, offer_ends=application.offer_ends)


def _overrides_for(rows: list[Application]) -> dict[date, bool]:
    moments = [now(), *(row.due_at for row in rows if row.due_at)]
    return load_overrides(min(moments).astimezone(BEIJING).date(), max(moments).astimezone(BEIJING).date())
