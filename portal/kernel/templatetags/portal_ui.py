"""Figures, dates and marks as the site writes them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.kernel import addresses
from portal.kernel.money import group, percent, wan
from portal.kernel.wording import cn_day, cn_time, short_time

register = template.Library()
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


for _function in (cn_day, cn_time, short_time):
    register.filter(_function.__name__, _function)


@register.filter
def file_size(size: int) -> str:
    return f"{size / 1048576:.1f} MB" if size >= 1048576 else f"{max(size // 1024, 1)} KB"


@register.filter
def get(mapping: dict, key: str) -> object:
    return mapping.get(key, "")


@register.simple_tag
def address(name: str, *words: str) -> str:
    """`{% url %}` for the links of frames and lists."""
    return addresses.address(name, *words)


@register.simple_tag
@lru_cache(maxsize=64)
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; a word always stands beside it."""
    if name not in ICONS:
        name = "todo"
    return format_html('<svg class="kc-icon" aria-hidden="true"><use href="#i-{}"></use></svg>', name)


_TAG_ICONS = frozenset({"turn", "bank", "pass", "fail", "refer"})


@register.simple_tag
@lru_cache(maxsize=128)
def status_tag(tone: str, label: str) -> SafeString:
    """A status as a word with its icon: colour is never alone."""
    mark = icon(tone if tone in _TAG_ICONS else "todo")
    return format_html('<span class="kc-tag is-{}">{}{}</span>', tone, mark, label)


@register.filter
def as_tag(status) -> SafeString:
    """The tag of anything with a `tone` and a `label`."""
    return status_tag(status.tone, status.label)


_STEPS = ((0, 17), (4, 13), (8, 9), (12, 5), (16, 1))  # left and top of each, from the bottom up


@lru_cache(maxsize=16)
def _stairs(lit: int, css: str) -> SafeString:
    """Five stone steps; the widest lies at the bottom."""
    steps = format_html_join(
        "",
        '<path class="{}" d="M{} {}h{}v3H{}z"/>',
        ((f"s{n} on" if n <= lit else f"s{n}", x, y, 24 - x, x) for n, (x, y) in enumerate(_STEPS, 1)),
    )
    return format_html('<svg class="kc-mark{}" viewBox="0 0 24 21" aria-hidden="true">{}</svg>', css, steps)


@register.simple_tag
def brand_mark() -> SafeString:
    return _stairs(0, " is-brand")


@register.simple_tag
def tier_mark(tier: str) -> SafeString:
    """The tier's steps. The label is written beside it."""
    return _stairs(TIERS.index(tier) + 1 if tier in TIERS else 0, "")


# The cells of a list row are filters: each asks the template for one name or two, and what it draws is a pure function of
# few values that is kept. Fifty rows cost little more than fifty look-ups a column.
EMPTY_CELL = "—"


@register.filter
@lru_cache(maxsize=32)
def tier_cell(tier: str, outcome: str = "pass") -> SafeString | str:
    if not tier:
        return EMPTY_CELL
    open_mark = format_html('<span class="is-refer" title="{}">?</span>', "资质待核实") if outcome == "refer" else ""
    name = "未入层" if tier == "none" else tier
    return format_html('<span class="kc-tier">{}{}{}</span>', tier_mark(tier), name, open_mark)


@register.filter
def result_cell(row) -> SafeString | str:
    """How many checks passed, went to a person, failed; a count of nothing is left out except the first."""
    return _result(row.passed, row.referred, row.failed) if row.outcome else EMPTY_CELL


@lru_cache(maxsize=1024)
def _result(passed: int, referred: int, failed: int) -> SafeString:
    counts = (("pass", "通过", passed), ("refer", "转人工", referred), ("fail", "未通过", failed))
    return format_html_join(
        " ",
        '<span class="kc-state is-{}">{}<span class="visually-hidden">{}</span>{}</span>',
        ((tone, icon(tone), word, count) for tone, word, count in counts if count or tone == "pass"),
    )


@register.filter
@lru_cache(maxsize=1024)
def clock_cell(clock) -> SafeString:
    """What is left of the time limit in words, with a bar of what is used. `clock` can be hashed."""
    return format_html(
        '<span class="kc-clock is-{}"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="10"/><rect class="used" width="{}" height="10"/></svg>{}{}</span>',
        clock.tone,
        clock.used,
        clock.text,
        format_html("<small>{}</small>", "暂定") if clock.is_provisional else "",
    )


@register.filter
def score_cell(row) -> str:
    """The machine's score, as a range where something was not known; services have none."""
    low, high = row.score_low, row.score_high
    if low is None or not row.is_credit:
        return EMPTY_CELL
    return str(low) if high == low else f"{low}–{high}"
