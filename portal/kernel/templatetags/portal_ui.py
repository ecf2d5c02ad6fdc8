"""Figures, dates and marks as the site writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.kernel.clock import BEIJING
from portal.kernel.money import group, percent, wan

register = template.Library()
_WEEKDAYS = "一二三四五六日"
ICONS = frozenset(["pass", "fail", "refer", "na", "bank", "turn", "todo", "half", "pause", "file", "right"])
TIERS = ("T1", "T2", "T3", "T4", "T5")


@register.filter(name="wan")
def wan_filter(amount: Decimal | None, decimals: int | None = None) -> str:
    return wan(amount, decimals)


@register.filter
def yuan(amount: Decimal | None) -> str:
    return "—" if amount is None else group(Decimal(amount), 2)


@register.filter(name="percent")
def percent_filter(basis_points: int | None) -> str:
    return percent(basis_points)


@register.filter
def cn_day(value: date | datetime | None) -> str:
    """`11月27日（周五）`, with the year when it is not this one."""
    if value is None:
        return "—"
    day = value.astimezone(BEIJING).date() if isinstance(value, datetime) else value
    year = "" if day.year == datetime.now(BEIJING).year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


@register.filter
def cn_time(value: datetime | None) -> str:
    """`11月27日（周五）17:30`."""
    return "—" if value is None else f"{cn_day(value)}{value.astimezone(BEIJING):%H:%M}"


@register.filter
def short_time(value: datetime | None) -> str:
    """`11-27 17:30`, for bankers."""
    if value is None:
        return "—"
    local = value.astimezone(BEIJING)
    return f"{local:%m-%d %H:%M}" if local.year == datetime.now(BEIJING).year else f"{local:%Y-%m-%d}"


@register.filter
def last_day(value: datetime | None) -> date | None:
    """The last day of a deadline that ends at 24:00."""
    return None if value is None else (value.astimezone(BEIJING) - (datetime.resolution * 1)).date()


@register.filter
def file_size(size: int) -> str:
    return f"{size / 1048576:.1f} MB" if size >= 1048576 else f"{max(size // 1024, 1)} KB"


@register.filter
def get(mapping: dict, key: str) -> object:
    return mapping.get(key, "")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; a word always stands beside it."""
    if name not in ICONS:
        name = "todo"
    return format_html('<svg class="kc-icon" aria-hidden="true"><use href="#i-{}"></use></svg>', name)


_STEPS = ((0, 17, 24), (4, 13, 20), (8, 9, 16), (12, 5, 12), (16, 1, 8))


def _stairs(lit: int, css: str) -> SafeString:
    """Five stone steps; the widest lies at the bottom."""
    rects = format_html_join(
        "",
        '<rect class="s{} {}" x="{}" y="{}" width="{}" height="3"/>',
        ((n, "on" if n <= lit else "", x, y, 24 - x) for n, (x, y, _) in enumerate(_STEPS, 1)),
    )
    return format_html('<svg class="kc-mark {}" viewBox="0 0 24 21" aria-hidden="true">{}</svg>', css, rects)


@register.simple_tag
def brand_mark() -> SafeString:
    return _stairs(0, "is-brand")


@register.simple_tag
def tier_mark(tier: str) -> SafeString:
    """The tier's steps. The label is written beside it."""
    return _stairs(TIERS.index(tier) + 1 if tier in TIERS else 0, "")
