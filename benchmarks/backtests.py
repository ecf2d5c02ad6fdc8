"""A back-test of one policy over a million evaluations, by column.

The past is a few thousand real evaluations of seeded firms, copied in the database to a million with other subjects and
months. Building: `columnar_cache.extend` until all is copied; told, not bounded. Compute: `columnar.answer` over the
columns in memory, against the row engine with findings over prepared facts of the same snapshots; evaluations a second.
Whole: `measuring.measure` over the files, against reading the columns that the rules and the slices need from the same
files and the same rules and counts written by hand. Memory: the peak of a process that builds and measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import connection

from accounts.models import Enterprise
from benchmarks import world
from benchmarks.registers import peak_of_this_process
from benchmarks.table import Row
from benchmarks.timing import Side, ratio, take_turns, timed
from benchmarks.world import World
from portal.kernel.clock import today
from products.domain import columnar_cache, measuring, retiering
from products.domain.backtesting import SLICE
from products.domain.evaluating import evaluate_each, in_force, past, snapshots
from products.domain.judging import tier_fact
from products.policy import columnar, engine
from products.policy.document import compile_document
from products.policy.facts import Request, with_request
from products.policy.replaying import facts_from_json
from products.policy.values import Fact

CODE, COUNT, DISTINCT, SAMPLE, ANY = "zhaojiedai", 1_000_000, 4000, 5000, 10**15
COMPUTE_BOUND, WHOLE_BOUND, MEMORY_BOUND = 50, 3, 2048


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    _prepare()
    raw = _draft()
    with tempfile.TemporaryDirectory() as folder:
        settings.COLUMNAR_DIR = folder
        seconds = timed(_build)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 2**20
        count = past(CODE).count()
        yield Row("back-test: building the columns", seconds, unit="s", note=f"{count:,} evaluations, {size:.0f} MB")
        yield _compute(raw)
        yield _whole(raw)
        done = subprocess.run(
            [sys.executable, "-c", "import django; django.setup(); from benchmarks.backtests import alone; alone()"],
            env={**os.environ, "COLUMNAR_DIR": f"{folder}/again"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        yield Row(
            "back-test: peak memory", float(done.stdout.split()[-1]), MEMORY_BOUND, unit="MB", note="build and measure"
        )


def _build() -> None:
    while columnar_cache.extend(CODE, ANY, SLICE) == SLICE:
        pass


def alone() -> None:
    world.use(world.LARGE)
    _build()
    measuring.measure(_draft(), columnar_cache.scan(CODE, ANY))
    print(peak_of_this_process())


def _draft() -> dict:
    """The policy in force with a stricter age."""
    raw = in_force(CODE, today()).document
    next(rule for rule in raw["rules"] if rule["code"] == "min_age")["when"]["bound"] = 36
    return raw


def _compute(raw: dict) -> Row:
    document = compile_document(raw)
    needed = sorted({name for code in document.facts for name in columnar.columns_of(columnar.FACTS[code])})
    columns = columnar_cache.scan(CODE, ANY).select("evaluation", *needed).collect()
    stored = past(CODE).order_by("pk").values_list("snapshot__facts", flat=True)[:SAMPLE]
    facts = [facts_from_json(one) for one in stored]
    expression = columnar.answer(document).alias("after")
    by_column = Side(lambda: columns.select("evaluation", expression))
    by_row = Side(lambda: [engine.evaluate(document, one) for one in facts])
    take_turns(by_column, by_row, rounds=5, inner=3)
    speed_up = 1 / ratio(by_column, by_row) * columns.height / len(facts)
    rates = columns.height / by_column.ms, len(facts) / by_row.ms
    note = f"{rates[0] / 1000:,.1f} M against {rates[1]:,.0f} k evaluations a second"
    return Row("back-test: compute, columns / row engine", speed_up, COMPUTE_BOUND, at_least=True, note=note)


def _whole(raw: dict) -> Row:
    whole = Side(lambda: measuring.measure(raw, columnar_cache.scan(CODE, ANY)))
    bare = Side(_by_hand)
    take_turns(whole, bare, rounds=5, inner=2)
    note = f"{whole.ms:,.0f} ms against {bare.ms:,.0f} ms"
    return Row("back-test: whole / reading and rules by hand", ratio(whole, bare), WHOLE_BOUND, note=note)


def _by_hand() -> None:
    """The draft's rules as one would write them for this policy alone, with the same counts."""
    amount, term, age = pl.col("requested_amount"), pl.col("term_months"), pl.col("age")
    tests = (
        (pl.col("tier").is_in(["T1", "T2", "T3", "T4", "T5"]), True),
        (age >= 36, False),
        (~pl.col("on_dishonest_list"), True),
        (~pl.col("bureau_overdue"), False),
        (pl.col("purpose") != "acquisition", True),
        (amount.is_between(10_000_000, 200_000_000), True),
        (term.is_between(1, 12), True),
    )
    outcome = pl.max_horizontal(
        [pl.when(test).then(0).when(~test).then(2 if fails else 1).otherwise(1).cast(pl.Int8) for test, fails in tests]
    )
    files = sorted(columnar_cache.folder_of(CODE).glob("*/*.parquet"))
    parts = ["tier", "district", "size_class", "product", "purpose", "requested_amount"]
    table = pl.scan_parquet(files).select(
        "subject", "before", outcome.alias("after"), *[pl.col(p).alias(f"by.{p}") for p in parts]
    )
    found = table.collect()
    found.group_by("before", "after").len()
    for part in parts[:-1]:
        found.group_by(f"by.{part}").agg(pl.len(), (pl.col("after") == 0).sum())


def _prepare() -> None:
    """A million evaluations of the policy."""
    if past(CODE).count() >= COUNT:
        return
    version, ladder = in_force(CODE, today()), in_force("tiers", today())
    ladder_document = compile_document(ladder.document)
    firms = {firm.pk: (firm.uscc, firm.name) for firm in Enterprise.objects.order_by("pk")[:DISTINCT]}
    made = {}
    for number, (pk, facts) in enumerate(retiering.facts_of(firms, today()).items()):
        wish = Request(
            Decimal(50_000 + number % 90 * 40_000), 6 + number % 9, ("rd", "equipment", "acquisition")[number % 3]
        )
        place = engine.place(ladder_document, facts)
        tier = tier_fact(place[0], place[1])
        made[firms[pk][0]] = {**facts, **with_request(wish), "tier": tier, "score": Fact(number % 90, "score")}
    taken = snapshots(made, today())
    evaluate_each((one, [version]) for one in taken)
    first, copies = taken[0].pk, COUNT // len(taken)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO products_factsnapshot (subject, as_of, facts, sha256, taken_at, is_sandbox)
               SELECT s.id || '-' || n, s.as_of, s.facts, s.sha256, s.taken_at - n %% 12 * interval '30 days', false
               FROM products_factsnapshot s, generate_series(1, %s) n WHERE s.id >= %s""",
            [copies, first],
        )
        cursor.execute(
            """INSERT INTO products_evaluation
                   (snapshot_id, policy_id, engine_version, outcome, result, digest, evaluated_at)
               SELECT s.id, e.policy_id, e.engine_version, e.outcome, e.result, e.digest, s.taken_at
               FROM products_factsnapshot s JOIN products_evaluation e
                   ON e.snapshot_id = split_part(s.subject, '-', 1)::bigint AND e.policy_id = %s
               WHERE s.id >= %s AND s.subject LIKE '%%-%%' ORDER BY s.taken_at""",
            [version.pk, first],
        )
        cursor.execute("ANALYZE products_factsnapshot, products_evaluation")
