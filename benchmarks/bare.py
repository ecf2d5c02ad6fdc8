"""Bare views: the same statements as a real page, or the same door as a real operation, and nothing in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from benchmarks.recording import Statement, replay


@dataclass(slots=True)
class Script:
    """What a bare view runs and answers; `renamed` are the keys of the next run where each needs its own."""

    statements: Sequence[Statement]
    body: bytes = b""
    renamed: Mapping[object, object] = field(default_factory=dict)


scripts: dict[str, Script] = {}


def page(request: HttpRequest, name: str) -> HttpResponse:
    """Run the recorded statements and answer with a constant body of the same size."""
    script = scripts[name]
    replay(script.statements)
    return HttpResponse(script.body)


def submit(request: HttpRequest, name: str) -> HttpResponse:
    """Run the recorded statements for another draft in one transaction and redirect."""
    script = scripts[name]
    with transaction.atomic():
        replay(script.statements, script.renamed)
    return HttpResponseRedirect("/applications/")
