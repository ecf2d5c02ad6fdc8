"""`@use_case`: one domain function, one transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from portal.kernel.crypto import sha256

P = ParamSpec("P")
R = TypeVar("R")

# True while `kernel.idempotency.guard` holds the outer transaction: the only wrapper a use case may have.
inside_guard: ContextVar[bool] = ContextVar("inside_guard", default=False)


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in a transaction of its own.

    A use case refuses to be nested (RuntimeError), so effect, event and job always commit together.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(durable=not inside_guard.get()):
            token = inside_guard.set(False)  # the guard wraps one use case, not a chain of them
            try:
                return function(*args, **kwargs)
            finally:
                inside_guard.reset(token)

    return wrapper


def lock_name(name: str, *, wait: bool = True) -> bool:
    """Hold a name until the end of the transaction, where there is no row to lock yet; False when it is taken and `wait` is off.

    On SQLite the transaction itself is exclusive (IMMEDIATE).
    """
    if connection.vendor != "postgresql":
        return True
    number = int(sha256(name)[:15], 16)
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return cursor.fetchone()[0]
