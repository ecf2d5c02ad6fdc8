"""`@use_case`: one domain function, one transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import transaction

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
            return function(*args, **kwargs)

    return wrapper
