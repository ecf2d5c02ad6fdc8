"""Plans and times of the queues on a private PostgreSQL with N seeded applications.

    .venv/bin/python -m benchmarks.queue_plans 100000

Prints one row a query: plan nodes, buffers, milliseconds (best of five), and the ratio to the same query at 10 % of N.
Fails when a plan reads a table of applications or enterprises by Seq Scan.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests import services


def main(count: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    folder.chmod(0o755)
    try:
        os.environ["DATABASE_URL"] = services.start_postgres(folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        return measure(count)
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure(count: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from applications.management import bulk, demo

    call_command("migrate", verbosity=0)
    call_command("setup_defaults", verbosity=0)
    demo.build()
    results: dict[str, list[tuple[str, float]]] = {}
    for size in (count // 10, count):
        bulk.seed(size, progress=lambda _: None)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        for name, query in queries().items():
            results.setdefault(name, []).append(explain(query))
    print(f"{'query':<28} {'ms at ' + str(count // 10):>12} {'ms at ' + str(count):>12} {'ratio':>6}  plan")
    bad = 0
    for name, ((_, small), (plan, large)) in results.items():
        print(f"{name:<28} {small:12.2f} {large:12.2f} {large / small:6.2f}  {plan}")
        bad += "Seq Scan on applications_application" in plan or "Seq Scan on accounts_enterprise" in plan
    connection.close()
    return 1 if bad else 0


def queries() -> dict[str, object]:
    """The first page, a deep page and the count of every queue, and the lists of a firm and a partner."""
    from accounts.models import Banker
    from applications.models import Application
    from applications.queries.queues import ORDER, QUEUES
    from portal.kernel.pages import Tuple, TupleGreaterThan

    banker = Banker.objects.filter(role="reviewer").first()
    found = {}
    for queue in QUEUES.values():
        rows = queue.rows(Application.objects.all(), banker)
        ordered = rows.with_row().order_by(*ORDER)
        found[f"{queue.code}, page 1"] = ordered[:51]
        middle = rows.order_by(*ORDER).values_list(*ORDER)
        count = rows.count()
        if count > 100:
            from django.db.models import F

            key = middle[count // 2]
            deep = rows.with_row().filter(TupleGreaterThan(Tuple(*[F(n) for n in ORDER]), key)).order_by(*ORDER)
            found[f"{queue.code}, middle page"] = deep[:51]
        found[f"{queue.code}, count"] = rows.order_by(*ORDER).values("pk")[:1000]
    firm = Application.objects.order_by("pk").first().enterprise_id
    found["one firm's list"] = Application.objects.filter(enterprise_id=firm).order_by("-created_at", "-id")[:21]
    return found


def explain(query) -> tuple[str, float]:
    """(scan nodes of the plan, best of five execution times in ms)."""
    best, text = float("inf"), ""
    for _ in range(5):
        text = query.explain(analyze=True)
        best = min(best, float(re.search(r"Execution Time: ([\d.]+)", text)[1]))
    nodes = re.findall(r"((?:Index Only Scan|Index Scan|Bitmap Index Scan|Seq Scan)(?: using \w+)? on \w+)", text)
    keep = [n for n in dict.fromkeys(nodes) if "application" in n or "enterprise" in n or "queue" in n]
    return "; ".join(keep), best


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
