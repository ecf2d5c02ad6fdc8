"""Keyset pages: page N costs what page 1 costs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from portal.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    next: str | None
    previous: str | None


def _encode(direction: str, values: list[object]) -> str:
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps([direction, plain], separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str, fields: list[models.Field]) -> tuple[str, list[object]]:
    try:
        direction, values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if direction not in ("n", "p") or len(values) != len(fields):
            raise ValueError
        plain = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        if any(value is None or (isinstance(value, int) and abs(value) >= 2**63) for value in plain):
            raise ValueError
        return direction, plain
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError) as error:
        raise InvalidInput("bad_cursor", "页码参数无效，请从第一页开始", field="cursor") from error


def keyset(
    queryset: models.QuerySet, *, order: tuple[str, ...], cursor: str = "", limit: int = 50, descending: bool = False
) -> Page:
    """One page of `queryset` by the columns `order` (all in one direction, the last one unique).

    `cursor` comes from an earlier Page; a forged one raises InvalidInput.
    """
    fields = [queryset.model._meta.get_field(name) for name in order]
    backward = False
    if cursor:
        direction, values = _decode(cursor, fields)
        backward = direction == "p"
        lookup = TupleGreaterThan if descending == backward else TupleLessThan
        queryset = queryset.filter(lookup(Tuple(*[F(name) for name in order]), values))
    flip = descending != backward
    rows = list(queryset.order_by(*[f"-{name}" if flip else name for name in order])[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    if backward:
        rows.reverse()
    key = lambda row, direction: _encode(direction, [getattr(row, f.attname) for f in fields])  # noqa: E731
    has_next = bool(rows) and (more if not backward else True)
    has_previous = bool(rows) and (bool(cursor) if not backward else more)
    return Page(rows, key(rows[-1], "n") if has_next else None, key(rows[0], "p") if has_previous else None)


class Capped(NamedTuple):
    """A statement that reads the rows to be counted, and never more than the cap and one."""

    sql: str
    params: tuple

    @classmethod
    def of(cls, queryset: models.QuerySet, cap: int = 999) -> Capped:
        """Order the rows by their index: then the database walks that index instead of scanning the table."""
        return cls(*queryset.values("pk")[: cap + 1].query.sql_with_params())


def capped_counts(querysets: Mapping[str, models.QuerySet | Capped], cap: int = 999) -> dict[str, str]:
    """Counts by one statement that never reads more than `cap` rows of each: `"17"` or `"999+"`.

    A row set that is the same every time can be given as a kept `Capped` of the same cap: putting it together takes
    longer than counting it.
    """
    parts = [rows if isinstance(rows, Capped) else Capped.of(rows, cap) for rows in querysets.values()]
    columns = ", ".join(f"(SELECT COUNT(*) FROM ({part.sql}) AS capped)" for part in parts)  # noqa: S608  the ORM's text  # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [value for part in parts for value in part.params])
        counts = cursor.fetchone()
    return {name: str(n) if n <= cap else f"{cap}+" for name, n in zip(querysets, counts, strict=True)}
