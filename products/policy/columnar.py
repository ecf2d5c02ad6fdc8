"""A policy document over columns: the answers of `engine` for a million firms at once, as polars expressions.

A frame holds one row a snapshot. A fact is one column of its code, or two for a ratio (`code.n`, `code.d`); null is
unknown, for whatever reason. Shares are compared by cross-multiplication as in `conditions`, in 128 bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import NamedTuple

import polars as pl

from products.policy.catalogue import FACTS, FactSpec
from products.policy.document import Document
from products.policy.lines import answer_of
from products.policy.values import Fact, FactType, decode

_COMPARE: dict[str, Callable] = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_WIDE = 2**63  # no real figure; both engines could not agree on it
_TYPES: dict[FactType, pl.DataType] = {
    FactType.AMOUNT: pl.Int64(),
    FactType.COUNT: pl.Int64(),
    FactType.MONTHS: pl.Int64(),
    FactType.POINTS: pl.Int64(),
    FactType.BOOLEAN: pl.Boolean(),
    FactType.CODE: pl.String(),
    FactType.DATE: pl.Date(),
}


def columns_of(spec: FactSpec) -> dict[str, pl.DataType]:
    """The columns of one fact with their types."""
    if spec.type is FactType.RATIO:
        return {f"{spec.code}.n": pl.Int64(), f"{spec.code}.d": pl.Int64()}
    return {spec.code: _TYPES[spec.type]}


SCHEMA: dict[str, pl.DataType] = {name: type for spec in FACTS.values() for name, type in columns_of(spec).items()}


def columns(snapshots: Sequence[Mapping[str, dict]]) -> dict[str, list]:
    """Stored facts (`{code: {"v": …}}`) as columns of SCHEMA; a value that does not fit its type is unknown."""
    found: dict[str, list] = {}
    for spec in FACTS.values():
        values = [_value(raw.get(spec.code), spec.type) for raw in snapshots]
        if spec.type is FactType.RATIO:
            found[f"{spec.code}.n"] = [None if value is None else value[0] for value in values]
            found[f"{spec.code}.d"] = [None if value is None else value[1] for value in values]
        else:
            found[spec.code] = values
    return found


def _value(item: dict | None, type: FactType) -> object:
    if item is None:
        return None
    try:
        value = decode(item["v"], type)
    except ValueError:
        return None
    parts = value if isinstance(value, tuple) else (value,)
    return None if any(isinstance(part, int) and abs(part) >= _WIDE for part in parts) else value


def frame(facts: Iterable[Mapping[str, Fact]]) -> pl.DataFrame:
    """Facts as the engine reads them, as a frame."""
    rows = [{code: fact.to_json() for code, fact in one.items()} for one in facts]
    return pl.DataFrame(columns(rows), schema=SCHEMA)


class Verdicts(NamedTuple):
    """Two columns of true and false, never null: whether a condition is met, whether it is missed; neither: it refers."""

    met: pl.Expr
    missed: pl.Expr


def condition(raw: Mapping) -> Verdicts:
    """A condition of a document that compiles."""
    for joiner, met, missed in (("any_of", operator.or_, operator.and_), ("all_of", operator.and_, operator.or_)):
        if joiner in raw:
            parts = [condition(part) for part in raw[joiner]]
            return Verdicts(reduce(met, (p.met for p in parts)), reduce(missed, (p.missed for p in parts)))
    spec = FACTS[raw["fact"]]
    if raw["op"] == "known":
        return Verdicts(_known(spec), _known(spec) & pl.lit(value=False))
    holds = _holds(spec, raw["op"], raw.get("bound"))
    return Verdicts(holds.fill_null(value=False), (~holds).fill_null(value=False))


def _known(spec: FactSpec) -> pl.Expr:
    return pl.col(next(iter(columns_of(spec)))).is_not_null()


def _holds(spec: FactSpec, op: str, bound: object) -> pl.Expr:
    if spec.type is FactType.RATIO:
        wide = pl.Int128()
        numerator, denominator = pl.col(f"{spec.code}.n").cast(wide), pl.col(f"{spec.code}.d").cast(wide)
        return _COMPARE[op](numerator * 10_000, denominator * pl.lit(bound, dtype=wide))
    column = pl.col(spec.code)
    if op in ("is_true", "is_false"):
        return column == pl.lit(op == "is_true")
    if op in ("in", "not_in"):
        member = column.is_in(list(bound))  # type: ignore[call-overload]
        return member if op == "in" else ~member
    if spec.type is FactType.DATE:
        return _COMPARE[op](column, pl.lit(date.fromisoformat(str(bound))))
    return _COMPARE[op](column, pl.lit(_whole(spec, bound), dtype=pl.Int64()))


def _whole(spec: FactSpec, bound: object) -> int:
    if spec.type is not FactType.AMOUNT:
        return bound  # type: ignore[return-value]
    yuan, _, cents = str(bound).partition(".")
    sign = -1 if yuan.startswith("-") else 1
    return int(yuan) * 100 + sign * int((cents + "00")[:2])


def answer(document: Document) -> pl.Expr:
    """The answer of a document in one word, as back-tests compare it: outcome, tier, points or what a table sets, as text."""
    raw = document.raw
    match document.kind:
        case "eligibility":
            return _eligibility(raw["rules"])
        case "ladder":
            return _first([(condition(rung["when"]), rung["code"]) for rung in raw["rungs"]])
        case "scorecard":
            return points(raw).cast(pl.String)
        case _:
            parts = zip(raw["lines"], document.lines, strict=True)
            return _first(
                [(condition(part["when"]), answer_of(line.values)) for part, line in parts], stops_at_refer=True
            )


def _eligibility(rules: Sequence[Mapping]) -> pl.Expr:
    verdicts = [(condition(rule["when"]), rule["on_fail"]) for rule in rules]
    failing = [verdict.missed for verdict, on_fail in verdicts if on_fail == "fail"]
    chain = (
        pl.when(reduce(operator.and_, (verdict.met for verdict, _ in verdicts))).then(pl.lit("pass")) if rules else None
    )
    if chain is None:
        return pl.lit("pass")
    return (chain.when(reduce(operator.or_, failing)).then(pl.lit("fail")) if failing else chain).otherwise(
        pl.lit("refer")
    )


def _first(parts: Sequence[tuple[Verdicts, str]], *, stops_at_refer: bool = False) -> pl.Expr:
    """The word of the first part that is met; `none` when none is, `refer` where an open one stops the search."""

    def before(rest: pl.Expr, part: tuple[Verdicts, str]) -> pl.Expr:
        verdict, code = part
        chain = pl.when(verdict.met).then(pl.lit(code))
        return (chain.when(~verdict.missed).then(pl.lit("refer")) if stops_at_refer else chain).otherwise(rest)

    return reduce(before, reversed(parts), pl.lit("none"))


def points(raw: Mapping) -> pl.Expr:
    """The lower end of a score: the best band met of every item, nothing for what is unknown."""
    items = [item for dimension in raw["dimensions"] for item in dimension["items"]]
    return pl.sum_horizontal([_item(item) for item in items])


def _item(item: Mapping) -> pl.Expr:
    """Bands ask one fact, so where it is unknown none is met."""

    def before(rest: pl.Expr, band: Mapping) -> pl.Expr:
        test = {"fact": item["fact"], **{key: value for key, value in band.items() if key != "points"}}
        return pl.when(condition(test).met).then(pl.lit(band["points"], dtype=pl.Int64())).otherwise(rest)

    return reduce(before, reversed(item["bands"]), pl.lit(0, dtype=pl.Int64()))


def unknown_counts(document: Document) -> list[pl.Expr]:
    """For every fact a document names, how many rows do not know it."""
    return [(~_known(FACTS[code])).sum().alias(code) for code in sorted(document.facts)]
