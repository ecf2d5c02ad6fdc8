"""Run the topics on a private PostgreSQL and Redis and print one table; exit code 1 when a bound is missed.

    python -m benchmarks [N] [topic …]

N applications (100,000 unless said otherwise) against N/10. Without a topic all run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from applications.management.synthetic import MOST
from benchmarks.table import Row, render
from tests import services

TOPICS = (
    "engine",
    "starts",
    "queue_plans",
    "pages",
    "api",
    "submits",
    "screenings",
    "retierings",
    "coverages",
    "registers",
    "backtests",
)


def main(arguments: list[str]) -> int:
    numbers = [int(a) for a in arguments if a.isdigit()]
    topics = [a for a in arguments if not a.isdigit()] or TOPICS
    if unknown := set(topics) - set(TOPICS):
        raise SystemExit(f"no such topic: {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    count = numbers[0] if numbers else 100_000
    if not 10 <= count <= MOST:
        raise SystemExit(f"N is 10 to {MOST:,}")
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    folder.chmod(0o755)
    try:
        _surroundings(folder)
        rows = _run(count, topics)
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(render(rows))
    return 1 if any(row.is_missed for row in rows) else 0


def _surroundings(folder: Path) -> None:
    """Services and settings, before Django is loaded; worker and web processes inherit them."""
    (folder / "static").mkdir()
    os.environ |= {
        "BENCH_FOLDER": str(folder),
        "BENCH_SOCKETS": str(folder / "pgsock"),
        "DATABASE_URL": services.start_postgres(folder).replace("@/postgres?", "@/large?"),
        "REDIS_URL": services.start_redis(folder),
        "PORTAL_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    }


def _run(count: int, topics: list[str] | tuple[str, ...]) -> list[Row]:
    import django

    django.setup()
    from benchmarks import world

    built = _told("seeding", lambda: world.build(count))
    rows: list[Row] = []
    for topic in topics:
        rows += _told(topic, lambda topic=topic: list(map(_shown, import_module(f"benchmarks.{topic}").rows(built))))
    return rows


def _shown(row: Row) -> Row:
    """Say a row as soon as it is there: a later topic may fail."""
    print("  ".join(row.cells), file=sys.stderr, flush=True)
    return row


def _told(name: str, work):
    """Run `work` and tell how long it took: the run is long."""
    start = time.monotonic()
    result = work()
    print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
