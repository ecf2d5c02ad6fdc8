"""Pages at N applications: against N/10, against a bare view, and by their statements.

Each page is asked for by `django.test.Client` through the whole middleware stack: every queue and two cases by the
demonstration's reviewer (one claimed, one recommended), the list of applications by a person with one firm and by one
with 21. Per page, in one run with turns (benchmarks/timing.py):

- time: at N against the same page at N/10 in the smaller database;
- bare: against a plain view that runs exactly the statements recorded from the page (middleware's included), fetches
  their rows, and answers with a constant body of the same size behind the same middleware;
- queries: all statements of one request, sessions and sign-in included; size: the body, uncompressed;
- plans: EXPLAIN of every recorded SELECT at N; counted is each Seq Scan over a table of more than 10,000 rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.test import Client

from accounts.models import User
from applications.models import Application
from applications.queries.queues import QUEUES
from benchmarks import bare, world
from benchmarks.recording import Statement, recorded
from benchmarks.table import Row
from benchmarks.timing import Side, ratio, take_turns
from benchmarks.world import World

GROWTH, BARE, QUERIES, KILOBYTES = 1.3, 3, 12, 80
LARGE_TABLE = 10_000
ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Page:
    slug: str
    label: str
    address: str
    client: Client


def pages(built: World) -> list[Page]:
    banker = world.signed_in(built.reviewer)
    founder = world.signed_in(User.objects.get(email="founder@demo.example"))
    many = world.signed_in(built.applicant)
    desk = [Page(f"queue-{code}", f"queue {code}", f"/admin/queues/{code}/", banker) for code in QUEUES]
    cases = [
        Page(f"case-{status}", f"case page, {status}", f"/admin/cases/{_demo_case(status)}/", banker)
        for status in ("screened", "recommended")
    ]
    lists = [
        Page("list-own", "applicant's list, one firm", "/applications/", founder),
        Page("list-many", "applicant's list, full page", "/applications/", many),
    ]
    return [*desk, *cases, *lists]


def _demo_case(status: str) -> str:
    """A demonstration case with everything on it, claimed by the reviewer."""
    played = Application.objects.filter(status=status, lifecycle_name="credit", assignee__isnull=False)
    return played.exclude(submissions=None).earliest("pk").reference


def rows(built: World) -> Iterator[Row]:
    """Sign in once in the small database and once in the large one: the same people, other sessions."""
    world.use(world.SMALL)
    small = pages(built)
    world.use(world.LARGE)
    large = pages(built)
    for before, after in zip(small, large, strict=True):
        yield from _measure(before, after)


def _measure(small: Page, large: Page) -> Iterator[Row]:
    body = _get(large)  # the first request of a process loads templates
    with recorded() as statements:
        body = _get(large)
    bare.scripts[large.slug] = bare.Script(list(statements), b"x" * len(body))
    stripped = Page(large.slug, large.label, f"/bare/pages/{large.slug}/", large.client)
    _check_same(stripped, statements)
    at_small = Side(lambda: _get(small), before=lambda: world.use(world.SMALL))
    at_large = Side(lambda: _get(large), before=lambda: world.use(world.LARGE))
    without = Side(lambda: _get(stripped), before=lambda: world.use(world.LARGE))
    take_turns(at_small, at_large, without, rounds=ROUNDS, warm=2)
    figures = f"{at_small.ms:.1f} → {at_large.ms:.1f} ms"
    yield Row(f"{large.label}: time at N / at N÷10", ratio(at_large, at_small), GROWTH, note=figures)
    yield Row(f"{large.label}: / bare view", ratio(at_large, without), BARE, note=f"bare {without.ms:.1f} ms")
    yield Row(f"{large.label}: queries", len(statements), QUERIES, unit="")
    yield Row(f"{large.label}: size", len(body) / 1024, KILOBYTES, unit="KB")
    yield seq_scans(large.label, statements)


def _get(page: Page) -> bytes:
    answer = page.client.get(page.address)
    if answer.status_code != 200:
        raise RuntimeError(f"{page.address} answered {answer.status_code}")
    return answer.content


def _check_same(stripped: Page, statements: list[Statement]) -> None:
    with recorded() as again:
        _get(stripped)
    if [s.sql for s in again] != [s.sql for s in statements]:
        raise RuntimeError(f"{stripped.address} runs other statements than the page")


def seq_scans(label: str, statements: list[Statement]) -> Row:
    """How many Seq Scans over large tables the plans of the SELECTs hold, with the tables named."""
    found = [table for s in statements if s.is_select for table in _scanned(s) if _size(table) > LARGE_TABLE]
    return Row(f"{label}: Seq Scans over {LARGE_TABLE:,} rows", len(found), 0, unit="", note=", ".join(found))


def _scanned(statement: Statement) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.params)
        plan = cursor.fetchone()[0]
    todo = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while todo:
        node = todo.pop()
        todo += node.get("Plans", [])
        if node["Node Type"].endswith("Seq Scan"):
            yield node["Relation Name"]


def _size(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])
