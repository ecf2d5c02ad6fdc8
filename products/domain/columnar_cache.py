"""The past of a policy as typed columns: one Parquet file a part, in folders by month, on the worker's own disk.

A copy and nothing else: it holds what `Evaluation` and `FactSnapshot` hold, can be thrown away at any time, and is built again
part by part when a back-test asks. A new fact or another type of one begins a new copy. Only workers import this module.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import polars as pl
from django.conf import settings

from portal.kernel.clock import BEIJING
from products.domain.evaluating import past
from products.domain.golden import stored_answer
from products.policy import columnar

OWN: dict[str, pl.DataType] = {
    "evaluation": pl.Int64(),
    "subject": pl.String(),
    "version": pl.Int32(),
    "before": pl.String(),
}
_ANSWERS = 2  # raised when the words of `before` change
_COLUMNS = sorted((name, str(type)) for name, type in columnar.SCHEMA.items())
_VERSION = hashlib.sha256(repr((_ANSWERS, _COLUMNS)).encode()).hexdigest()


def folder_of(code: str) -> Path:
    return Path(settings.COLUMNAR_DIR) / _VERSION[:12] / code


def last_kept(code: str) -> int:
    """The newest evaluation that the copy holds; 0 when there is none."""
    return max((last for _, last in _spans(code)), default=0)


def _spans(code: str) -> Iterator[tuple[int, int]]:
    for path in folder_of(code).glob("*/*.parquet"):
        first, _, last = path.stem.partition("-")
        yield int(first), int(last)


def extend(code: str, until: int, limit: int) -> int:
    """Copy the next evaluations, at most `limit`, none after `until`. Returns how many. The caller holds the policy's name."""
    rows = (
        past(code)
        .filter(pk__gt=last_kept(code), pk__lte=until)
        .order_by("pk")
        .values_list(
            "pk", "snapshot__subject", "policy__number", "policy__document__kind", "outcome", "result",
            "snapshot__facts", "evaluated_at",
        )[:limit]
    )  # fmt: skip
    count = 0
    for month, found in groupby(rows.iterator(chunk_size=2000), key=lambda row: f"{row[-1].astimezone(BEIJING):%Y-%m}"):
        count += _write(code, month, list(found))
    return count


def _write(code: str, month: str, rows: list[tuple]) -> int:
    """One part: written aside and put in place whole, so that a killed worker leaves none that is torn."""
    own = {
        "evaluation": [row[0] for row in rows],
        "subject": [row[1] for row in rows],
        "version": [row[2] for row in rows],
        "before": [stored_answer(row[3], row[4], row[5]) for row in rows],
    }
    table = pl.DataFrame({**own, **columnar.columns([row[6] for row in rows])}, schema={**OWN, **columnar.SCHEMA})
    place = folder_of(code) / month / f"{rows[0][0]:012d}-{rows[-1][0]:012d}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_suffix(f".{os.getpid()}.tmp")
    table.write_parquet(aside, compression="zstd", compression_level=1)
    aside.replace(place)
    return len(rows)


def scan(code: str, until: int) -> pl.LazyFrame:
    """The copy of a policy's past up to an evaluation, the oldest first; columns are read when they are asked for."""
    files = sorted(folder_of(code).glob("*/*.parquet"), key=lambda path: path.stem)
    if not files:
        return pl.LazyFrame(schema={**OWN, **columnar.SCHEMA})
    return pl.scan_parquet(files).filter(pl.col("evaluation") <= until)


def forget(code: str) -> None:
    """Throw a copy away; the next back-test builds it again."""
    shutil.rmtree(folder_of(code), ignore_errors=True)
