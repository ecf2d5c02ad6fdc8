"""What a batch does to the tables, set by set: 600,000 rows are a handful of statements, the same on both databases.

PostgreSQL takes rows in by COPY. Tables and columns are constants of this module; every value is bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

from django.db import connection

from products.domain.registering.rows import Row
from products.enums import BatchMode
from products.models import RegisterBatch

_WRITTEN = 500  # rows a message to PostgreSQL
_COLUMNS = ("batch_id", *Row._fields)
_SAID = "uscc, name, plain_name, number, round, project, amount, valid_to, key, digest"  # of a row, wherever it stands


def keep(batch_id: int, rows: Iterable[Row]) -> int:
    """Add rows to a batch that is being read; PostgreSQL stores them while the next are read. Returns how many."""
    columns = ", ".join(_COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = _copy_lines(batch_id, rows)
            with cursor.copy(f"COPY products_stagedrow ({columns}) FROM STDIN") as copy:
                while part := "".join(islice(lines, _WRITTEN)):
                    copy.write(part)
        else:
            rows = list(rows)  # read before the file is locked for writing
            marks = ", ".join(["%s"] * len(_COLUMNS))
            cursor.executemany(
                f"INSERT INTO products_stagedrow ({columns}) VALUES ({marks})",  # noqa: S608  constants  # nosec B608
                [(batch_id, *row) for row in rows],
            )
        return max(cursor.rowcount, 0)


def _copy_lines(batch_id: int, rows: Iterable[Row]) -> Iterator[str]:
    first = f"{batch_id}\t"
    for row in rows:
        line = "\t".join(["\\N" if value is None else str(value) for value in row])
        if "\\" in line:
            line = "\t".join(["\\N" if value is None else str(value).replace("\\", "\\\\") for value in row])
        yield f"{first}{line}\n"


def forget(batch_id: int) -> None:
    _run("DELETE FROM products_stagedrow WHERE batch_id = %s", batch_id)


def compare(batch: RegisterBatch) -> dict[str, int]:
    """Mark every staged row by what it would do, drop the rows that change nothing, add the ones that the file leaves out.

    Returns {new, changed, removed, same, invalid, before}.
    """
    this, register = batch.pk, batch.register_id
    _analyze("products_stagedrow", "products_registerentry")
    _run(
        """UPDATE products_stagedrow AS s SET change = 'invalid', problem = '与第 ' || d.first || ' 行重复'
           FROM (SELECT key, MIN(line) AS first FROM products_stagedrow WHERE batch_id = %s AND change = 'new'
                 GROUP BY key HAVING COUNT(*) > 1) AS d
           WHERE s.batch_id = %s AND s.change = 'new' AND s.key = d.key AND s.line > d.first""",
        this,
        this,
    )
    removed = same = 0
    if batch.mode == BatchMode.REMOVALS:
        removed = _run(_MARK, "removed", this, register)
        _run(
            """UPDATE products_stagedrow SET change = 'invalid', problem = '名单上没有这一行'
               WHERE batch_id = %s AND change = 'new'""",
            this,
        )
    else:
        if batch.mode == BatchMode.FULL:
            removed = _run(
                f"""INSERT INTO products_stagedrow (batch_id, line, change, problem, entry_id, valid_from, {_SAID})
                    SELECT %s, 0, 'removed', '', e.id, e.valid_from, {_said("e")} FROM products_registerentry AS e
                    WHERE e.register_id = %s AND e.batch_out_id IS NULL AND NOT EXISTS
                        (SELECT 1 FROM products_stagedrow AS s WHERE s.batch_id = %s AND s.key = e.key)""",  # noqa: S608  # nosec B608
                this,
                register,
                this,
            )
        same = _run(
            """DELETE FROM products_stagedrow WHERE batch_id = %s AND change = 'new' AND EXISTS
                   (SELECT 1 FROM products_registerentry AS e WHERE e.register_id = %s AND e.batch_out_id IS NULL
                    AND e.key = products_stagedrow.key AND e.digest = products_stagedrow.digest)""",
            this,
            register,
        )
        _run(_MARK, "changed", this, register)
    counts = dict.fromkeys(("new", "changed", "removed", "invalid"), 0)
    counts |= dict(_rows("SELECT change, COUNT(*) FROM products_stagedrow WHERE batch_id = %s GROUP BY change", this))
    before = _rows(
        "SELECT COUNT(*) FROM products_registerentry WHERE register_id = %s AND batch_out_id IS NULL", register
    )
    return {**counts, "removed": removed, "same": same, "before": before[0][0]}


_MARK = """UPDATE products_stagedrow AS s SET change = %s, entry_id = e.id FROM products_registerentry AS e
           WHERE s.batch_id = %s AND s.change = 'new' AND e.register_id = %s AND e.batch_out_id IS NULL
           AND e.key = s.key"""


_NEVER = date.min  # the day from which an entry is gone that a batch brought which was taken back


def apply(batch: RegisterBatch) -> None:
    """Put a batch in force: what it replaces or takes out ends, what it brings begins.

    A row that replaces another counts from the day of the list, even where its certificate starts later: the firm is on
    the list, and nothing of the older row lingers behind it. So does one that was taken off before: it was not on the list
    in between, whatever its certificate says.
    """
    this, day = batch.pk, batch.as_of
    _run(
        """UPDATE products_registerentry AS e SET batch_out_id = %s, removed_from = %s FROM products_stagedrow AS s
           WHERE s.batch_id = %s AND s.change IN ('changed', 'removed') AND e.id = s.entry_id""",
        this,
        day,
        this,
    )
    _run(
        f"""INSERT INTO products_registerentry (register_id, batch_in_id, valid_from, listed_from, {_SAID})
            SELECT %s, %s,
                CASE WHEN s.valid_from IS NULL OR (s.change = 'changed' AND s.valid_from > %s) THEN %s ELSE s.valid_from END,
                CASE WHEN s.change = 'changed' OR was.key IS NOT NULL THEN %s END, {_said("s")}
            FROM products_stagedrow AS s
                LEFT JOIN (SELECT DISTINCT key FROM products_registerentry
                           WHERE register_id = %s AND removed_from > %s) AS was ON was.key = s.key
            WHERE s.batch_id = %s AND s.change IN ('new', 'changed') ORDER BY s.line""",  # noqa: S608  # nosec B608
        batch.register_id,
        this,
        day,
        day,
        day,
        batch.register_id,
        _NEVER,
        this,
    )
    forget(this)


def revert(batch: RegisterBatch) -> None:
    """Take a batch back: what it brought never counted, what it ended goes on."""
    this = batch.pk
    _run(
        "UPDATE products_registerentry SET batch_out_id = %s, removed_from = %s WHERE batch_in_id = %s",
        this,
        _NEVER,
        this,
    )
    _run(
        """UPDATE products_registerentry SET batch_out_id = NULL, removed_from = NULL
           WHERE batch_out_id = %s AND (batch_in_id IS NULL OR batch_in_id <> %s)""",
        this,
        this,
    )


def _said(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in _SAID.split(", "))


def _analyze(*tables: str) -> None:
    """Let the planner know of the rows that just came: planned for an empty table, the comparison takes minutes."""
    if connection.vendor == "postgresql":
        _run(f"ANALYZE {', '.join(tables)}")


def _run(sql: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_bound(value) for value in values])
        return max(cursor.rowcount, 0)


def _rows(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _bound(value: object) -> object:
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
