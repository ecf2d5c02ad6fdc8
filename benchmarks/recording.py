"""Statements of real work, recorded once and run again without the code that made them.

`recorded()` keeps every statement that goes through Django's connection, with its parameters and the key that a
RETURNING clause gave. `replay()` runs them again through a plain cursor and fetches every row. What must differ from the
recorded run (keys, references) is given as a mapping old → new; keys returned on the way are added to it, so that rows
written later refer to the new rows. For this to be exact no two tables may share a number: see `world.spread_keys`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    params: tuple
    returned: tuple = ()

    @property
    def is_select(self) -> bool:
        return self.sql.startswith("SELECT")


class _Recorder:
    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def __call__(self, execute: Any, sql: str, params: Sequence | None, many: bool, context: dict) -> object:
        if many:
            raise NotImplementedError("executemany is not recorded")
        result = execute(sql, params, many, context)
        self.statements.append(Statement(sql, tuple(params or ()), _returned(sql, context["cursor"])))
        return result


def _returned(sql: str, cursor: Any) -> tuple:
    """The keys that the statement gave back, one a row; the cursor stands again before its first row."""
    if " RETURNING " not in sql:
        return ()
    rows = cursor.fetchall()
    cursor.cursor.scroll(0, mode="absolute")
    return tuple(row[0] for row in rows)


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    recorder = _Recorder()
    with connection.execute_wrapper(recorder):
        yield recorder.statements


def replay(statements: Sequence[Statement], renamed: Mapping[object, object] | None = None) -> None:
    """Run the statements again, under other keys where `renamed` says so."""
    keys = dict(renamed or {})
    with connection.cursor() as cursor:
        for statement in statements:
            params = tuple(_rename(value, keys) for value in statement.params) if keys else statement.params
            cursor.execute(statement.sql, params)
            rows = cursor.fetchall() if cursor.description else ()
            if keys:
                keys |= dict(zip(statement.returned, (row[0] for row in rows if statement.returned), strict=True))


def _rename(value: object, keys: Mapping[object, object]) -> object:
    """A parameter under its new key; arrays are the columns of an insert of several rows."""
    if isinstance(value, list):
        return [_rename(each, keys) for each in value]
    return keys.get(value, value) if isinstance(value, int | str) and not isinstance(value, bool) else value
