"""The queues' queries at any depth: plan and PostgreSQL's own execution time at N against N/10.

EXPLAIN ANALYZE of the first page, a page in the middle and the capped count of every queue, and of one firm's list;
the best of five. Times are fractions of a millisecond, so their ratio is told without a bound; the bound is on plans:
none may read the applications or the enterprises by Seq Scan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models import F, QuerySet

from accounts.models import Banker
from applications.models import Application
from applications.queries.queues import ORDER, QUEUES
from benchmarks import world
from benchmarks.table import Row
from benchmarks.world import World
from portal.kernel.pages import Tuple, TupleGreaterThan

WATCHED = ("applications_application", "accounts_enterprise")
DEEP = 100  # a queue with fewer rows has no middle page


def rows(built: World) -> Iterator[Row]:
    world.use(world.SMALL)
    small = {name: explain(query)[1] for name, query in queries()}
    world.use(world.LARGE)
    bad = []
    for name, query in queries():
        plan, ms = explain(query)
        if name in small:
            note = f"{small[name]:.2f} → {ms:.2f} ms  {plan}"
            yield Row(f"plan of {name}: time at N / at N÷10", ms / small[name], note=note)
        bad += [name] if "Seq Scan" in plan else []
    yield Row("plans of the queues with a Seq Scan", len(bad), 0, unit="", note=", ".join(bad))


def queries() -> Iterator[tuple[str, QuerySet]]:
    """The first page, a deep page and the count of every queue, and the list of a firm."""
    banker = Banker.objects.filter(role="reviewer").first()
    for queue in QUEUES.values():
        found = queue.rows(Application.objects.all(), banker.pk)
        yield f"{queue.code}, page 1", found.with_row().order_by(*ORDER)[:51]
        count = found.count()
        if count > DEEP:
            key = found.order_by(*ORDER).values_list(*ORDER)[count // 2]
            deep = found.with_row().filter(TupleGreaterThan(Tuple(*[F(n) for n in ORDER]), key))
            yield f"{queue.code}, middle page", deep.order_by(*ORDER)[:51]
        yield f"{queue.code}, count", found.order_by(*ORDER).values("pk")[:1000]
    firm = Application.objects.order_by("pk").first().enterprise_id
    yield "one firm's list", Application.objects.filter(enterprise_id=firm).order_by("-created_at", "-id")[:21]


def explain(query: QuerySet) -> tuple[str, float]:
    """(how applications and enterprises are read, best of five execution times in ms)."""
    best, text = float("inf"), ""
    for _ in range(5):
        text = query.explain(analyze=True)
        best = min(best, float(re.search(r"Execution Time: ([\d.]+)", text)[1]))
    nodes = re.findall(rf"(\w[\w ]* Scan(?: using \w+)?) on ({'|'.join(WATCHED)})\b", text)
    return "; ".join(dict.fromkeys(f"{scan} on {table}" if "Seq" in scan else scan for scan, table in nodes)), best
