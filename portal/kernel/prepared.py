"""Row sets of a fixed shape whose statement is compiled once a process.

Django compiles a queryset anew for every request. For the statements of a page that is looked at all day this takes longer
than the database does (docs/adr/0009-prepared-row-sets.md).
"""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connections, models
from django.db.models import Expression
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")


class Given(Expression):
    """The place of a value that is given with each asking."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list]:
        return "%s", [self]


class _Compiled(NamedTuple):
    compiler: SQLCompiler
    sql: str
    params: tuple


class Prepared(Generic[R]):
    """`Prepared(rows.filter(application=Given("case")))(case=7)` is `list(rows.filter(application=7))`.

    Values are bound as they are: give what the driver takes for the column (numbers, text). Whatever a row set hangs on
    beside its values must not change while the process lives: no day, no moment, no person.
    """

    def __init__(self, rows: models.QuerySet[R]) -> None:
        self._rows = rows
        self._compiled: dict[str, _Compiled] = {}  # by database vendor

    def __call__(self, **given: object) -> list[R]:
        """The rows for these values, read now. Raises KeyError when one is missing."""
        rows = self._rows.all()
        rows.query.get_compiler = partial(self._compiler, given)
        return list(rows)

    def first(self, **given: object) -> R | None:
        """The first of the rows; limit them where there may be many."""
        return next(iter(self(**given)), None)

    def _compiler(
        self, given: dict[str, object], using: str | None = None, connection: Any = None, elide_empty: bool = True
    ) -> SQLCompiler:
        """A copy of the kept compiler, on this thread's connection, that says its statement with these values."""
        connection = connection or connections[using]
        kept = self._compiled.get(connection.vendor) or self._compile(connection)
        params = tuple(given[value.name] if isinstance(value, Given) else value for value in kept.params)
        compiler = copy(kept.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *_, **__: (kept.sql, params)
        return compiler

    def _compile(self, connection: Any) -> _Compiled:
        compiler = self._rows.all().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        compiler.connection = None  # of the thread that came first
        return self._compiled.setdefault(connection.vendor, _Compiled(compiler, sql, tuple(params)))
