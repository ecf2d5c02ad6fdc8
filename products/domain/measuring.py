"""One draft against the whole past of its policy: who would have got another answer. Only workers import this module."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from products.domain.backtesting import SLICES_BY
from products.policy import columnar
from products.policy.document import Document, compile_document

LISTED = 200  # changed cases that are named one by one
_AMOUNTS = ((10_000_000, "10 万元及以下"), (100_000_000, "10–100 万元"), (500_000_000, "100–500 万元"))  # 分


class Measured(NamedTuple):
    """`result`: `matrix` of moves (`before>after`; points only `lower`, `same`, `higher`), `slices` with all and changed
    by value, `missing` facts with how many cases lack them, the first `changed` cases."""

    count: int
    result: dict


def measure(raw: dict, past: pl.LazyFrame) -> Measured:
    """Apply a document that compiles to the columns of `columnar_cache`."""
    document = compile_document(raw)
    answers = past.select(
        "evaluation",
        "subject",
        "version",
        "before",
        columnar.answer(document).alias("after"),
        *[_slice(name).alias(f"by.{name}") for name in SLICES_BY],
    )
    lacking = past.select(pl.len().alias("all"), *columnar.unknown_counts(document))
    table, missing = pl.collect_all([answers, lacking])
    table = table.with_columns((pl.col("before") != pl.col("after")).alias("moved"))
    missing_of = missing.row(0, named=True)
    count = missing_of.pop("all")
    return Measured(
        count,
        {
            "matrix": _matrix(document, table),
            "slices": {name: _parts(table, name) for name in SLICES_BY},
            "missing": {code: lacks for code, lacks in missing_of.items() if lacks},
            "changed": _changed(table),
        },
    )


def _slice(name: str) -> pl.Expr:
    if name != "amount":
        return pl.col(name).fill_null("")
    asked, bands = pl.col("requested_amount"), pl.lit("500 万元以上")
    for most, label in reversed(_AMOUNTS):
        bands = pl.when(asked <= most).then(pl.lit(label)).otherwise(bands)
    return pl.when(asked.is_null()).then(pl.lit("")).otherwise(bands)


def _matrix(document: Document, table: pl.DataFrame) -> dict[str, int]:
    moves = pl.concat_str("before", "after", separator=">")
    if document.kind == "scorecard":
        before, after = pl.col("before").cast(pl.Int64), pl.col("after").cast(pl.Int64)
        lower_or_higher = pl.when(after < before).then(pl.lit("lower")).otherwise(pl.lit("higher"))
        moves = pl.when(before == after).then(pl.lit("same")).otherwise(lower_or_higher)
    counts = table.group_by(moves.alias("move")).len()
    return dict(sorted(zip(counts["move"].to_list(), counts["len"].to_list(), strict=True)))


def _parts(table: pl.DataFrame, name: str) -> dict[str, dict[str, int]]:
    found = table.group_by(pl.col(f"by.{name}").alias("value")).agg(pl.len().alias("all"), pl.col("moved").sum())
    return {value: {"all": count, "changed": moved} for value, count, moved in found.sort("value").iter_rows()}


def _changed(table: pl.DataFrame) -> list[dict]:
    rows = table.filter(pl.col("moved")).sort("evaluation").head(LISTED)
    return rows.select("subject", "version", "before", "after").to_dicts()
