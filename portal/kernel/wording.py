"""How dates are written, for people outside and inside the bank."""

from __future__ import annotations

from datetime import date, datetime

from portal.kernel.clock import BEIJING, today

_WEEKDAYS = "一二三四五六日"


def cn_day(value: date | datetime | None) -> str:
    """`11月27日（周五）`, with the year when it is not this one."""
    if value is None:
        return "—"
    day = value.astimezone(BEIJING).date() if isinstance(value, datetime) else value
    year = "" if day.year == today().year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


def cn_time(value: datetime | None) -> str:
    """`11月27日（周五）17:30`."""
    return "—" if value is None else f"{cn_day(value)}{value.astimezone(BEIJING):%H:%M}"


def short_time(value: datetime | None) -> str:
    """`11-27 17:30`, for bankers."""
    if value is None:
        return "—"
    local = value.astimezone(BEIJING)
    return f"{local:%m-%d %H:%M}" if local.year == today().year else f"{local:%Y-%m-%d}"
