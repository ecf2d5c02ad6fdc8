"""Beijing time and working days.

The working-day calendar is asked in this order: the bank's own override table, `chinesecalendar` (State Council
notices, swap days included), and for years it does not know yet the statutory days of `holidays`. An answer that
rests on the last source is *provisional*: swap days are not announced, so the date is marked 暂定.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
from django.core.cache import cache
from django.utils import timezone

from portal.kernel.models import OVERRIDES_KEY, WorkdayOverride

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return timezone.now()


def today() -> date:
    """The date in Beijing."""
    return timezone.now().astimezone(BEIJING).date()


def last_day(end: datetime) -> date:
    """The last day of a deadline. It ends at 24:00, so a midnight belongs to the day before."""
    return (end.astimezone(BEIJING) - datetime.resolution).date()


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: `at` is the end (24:00 Beijing) of the last working day, `provisional` tells that the calendar is not final."""

    at: datetime
    provisional: bool

    @property
    def last_day(self) -> date:
        return last_day(self.at)


@lru_cache(maxsize=4096)
def _calendar_workday(day: date) -> tuple[bool, bool]:
    """(is a working day, is provisional) by the published calendars."""
    try:
        return chinese_calendar.is_workday(day), False
    except NotImplementedError:  # how the library says: this year's notice is not out yet
        statutory = holidays.country_holidays("CN", years=day.year)
        return day.weekday() < 5 and day not in statutory, True


def is_workday(day: date, overrides: dict[date, bool] | None = None) -> tuple[bool, bool]:
    """(is a working day, is provisional). `overrides` saves the query when many days are asked."""
    known = overrides if overrides is not None else load_overrides(day, day)
    if day in known:
        return known[day], False
    return _calendar_workday(day)


def load_overrides(first: date, last: date) -> dict[date, bool]:
    """Days of the span that an administrator set; read once a minute at most, and anew after each change."""
    kept = cache.get(OVERRIDES_KEY)
    if kept is None:
        kept = dict(WorkdayOverride.objects.values_list("day", "is_workday"))
        cache.set(OVERRIDES_KEY, kept, 60)
    return {day: works for day, works in kept.items() if first <= day <= last}


def due_after(start: datetime, working_days: int) -> Due:
    """Deadline `working_days` after `start`: day 1 is the first working day after the Beijing date of `start`."""
    day = start.astimezone(BEIJING).date()
    overrides = load_overrides(day, day + timedelta(days=working_days * 3 + 30))
    left, provisional = working_days, False
    while left > 0:
        day += timedelta(days=1)
        works, unsure = is_workday(day, overrides)
        provisional = provisional or unsure
        left -= works
    return Due(datetime.combine(day + timedelta(days=1), time.min, BEIJING), provisional)


def workdays_between(start: datetime, end: datetime, overrides: dict[date, bool] | None = None) -> int:
    """Working days after the Beijing date of `start` up to the last day of `end`; negative when that day is past.

    `overrides` (from `load_overrides`) saves the query when many spans are asked.
    """
    first, last = start.astimezone(BEIJING).date(), last_day(end)
    sign = 1
    if last < first:
        first, last, sign = last, first, -1
    if overrides is None:
        overrides = load_overrides(first, last)
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sign * sum(is_workday(day, overrides)[0] for day in days)
