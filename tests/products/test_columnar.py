"""The columnar engine gives the answers of the row engine: over generated documents and facts, at and beside every bound."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from products.domain.authoring import default_documents
from products.domain.golden import answer_of
from products.policy import columnar
from products.policy.catalogue import ALL_TIERS, BANK_FACTS, FACTS
from products.policy.document import DocumentError, compile_document
from products.policy.replaying import facts_from_json, facts_to_json, result_of
from products.policy.values import Because, Fact, FactType, Ratio
from tests.products.test_policy_grammar import one_test

MOST = 9 * 10**14
DOCUMENTS = [document for document, _ in default_documents()]


def asked_in(raw):
    """Every test inside a document, whatever its kind."""
    if isinstance(raw, dict):
        if "op" in raw and "fact" in raw:
            yield raw
        fact = raw.get("fact") if "bands" in raw else None
        for key, part in raw.items():
            if key == "bands":
                yield from ({"fact": fact, **band} for band in part)
            else:
                yield from asked_in(part)
    elif isinstance(raw, list):
        for part in raw:
            yield from asked_in(part)


def near(spec, bounds) -> st.SearchStrategy:
    """Values of a fact at its bounds, one beside, far away, at the ends of what is allowed."""
    if spec.type is FactType.BOOLEAN:
        return st.booleans()
    if spec.type is FactType.CODE:
        return st.sampled_from([*spec.choices, *(m for b in bounds for m in b), "999999"])
    if spec.type is FactType.DATE:
        days = [date.fromisoformat(b) for b in bounds] or [date(2026, 1, 1)]
        steps = [timedelta(days=n) for n in (-1, 0, 1) if date.min.year < days[0].year < date.max.year]
        return st.sampled_from([day + step for day in days for step in steps or [timedelta()]])
    if spec.type is FactType.RATIO:
        scale = st.integers(1, 10**6) | st.just(MOST // 10_000)
        exact = [st.builds(lambda k, d, b=b: Ratio(b * k + d, 10_000 * k), scale, st.integers(-1, 1)) for b in bounds]
        return st.one_of(*exact, st.builds(Ratio, st.integers(0, MOST), st.integers(1, MOST)))
    wholes = [int(Decimal(b) * 100) if spec.type is FactType.AMOUNT else b for b in bounds]
    return st.one_of(
        *(st.integers(b - 1, b + 1) for b in wholes), st.integers(0, 1000), st.sampled_from([0, MOST, -MOST])
    )


@st.composite
def facts_for(draw, raw):
    """A set of facts for a document, half of them where it decides; some unknown, some absent."""
    bounds: dict[str, list] = {}
    for test in asked_in(raw):
        bounds.setdefault(test["fact"], []).extend([test["bound"]] if "bound" in test else [])
    facts = {}
    for code, at in bounds.items():
        kind = draw(st.sampled_from(["known"] * 5 + ["unknown", "absent"]))
        if kind == "known":
            facts[code] = Fact(draw(near(FACTS[code], at)))
        elif kind == "unknown":
            facts[code] = Fact(None, because=draw(st.sampled_from(list(Because))))
    return facts


conditions = st.recursive(
    one_test().filter(lambda raw: raw["fact"] in BANK_FACTS),
    lambda inner: st.builds(
        lambda joiner, parts: {joiner: parts},
        st.sampled_from(["any_of", "all_of"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)


@st.composite
def documents(draw):
    """A document of any kind that compiles."""
    kind = draw(st.sampled_from(["eligibility", "ladder", "scorecard", "limits", "routing"]))
    parts = draw(st.lists(conditions, min_size=1, max_size=4))
    named = [{"code": f"c{i}", "label": "L", "when": part} for i, part in enumerate(parts)]
    raw = {"code": "x", "kind": kind, "title": "X"}
    if kind == "eligibility":
        raw["rules"] = [{**part, "on_fail": draw(st.sampled_from(["fail", "refer"]))} for part in named]
    elif kind == "ladder":
        raw["rungs"] = [{**part, "code": code} for part, code in zip(named, sorted(ALL_TIERS, reverse=True))]
    elif kind == "scorecard":
        raw["dimensions"] = [{"code": "d", "label": "D", "items": [draw(item(i)) for i in range(len(parts))]}]
    else:
        raw["lines"] = named
    try:
        compile_document(raw)
    except DocumentError:
        return draw(st.sampled_from(DOCUMENTS))
    return raw


@st.composite
def item(draw, number):
    numeric = [s for s in BANK_FACTS.values() if s.type in (FactType.COUNT, FactType.RATIO, FactType.MONTHS)]
    spec = draw(st.sampled_from(numeric))
    bounds = sorted(draw(st.lists(st.integers(1, 20_000), min_size=1, max_size=3, unique=True)), reverse=True)
    bands = [{"op": ">=", "bound": bound, "points": 10 - i} for i, bound in enumerate(bounds)]
    return {"code": f"i{number}", "label": "I", "fact": spec.code, "bands": bands}


def row_answers(document, facts) -> list[str]:
    stored = [facts_from_json(facts_to_json(one)) for one in facts]
    return [answer_of(document, *result_of(document, one)) for one in stored]


def column_answers(document, facts) -> list[str]:
    return columnar.frame(facts).with_columns(columnar.answer(document).alias("answer"))["answer"].to_list()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), documents())
def test_both_engines_agree(data, raw):
    document = compile_document(raw)
    facts = data.draw(st.lists(facts_for(raw), min_size=1, max_size=6))
    assert column_answers(document, facts) == row_answers(document, facts)


@pytest.mark.parametrize("raw", DOCUMENTS, ids=lambda raw: raw["code"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_engines_agree_on_the_seeded_policies(raw, data):
    document = compile_document(raw)
    facts = data.draw(st.lists(facts_for(raw), min_size=1, max_size=8))
    assert column_answers(document, facts) == row_answers(document, facts)


@pytest.mark.parametrize(
    ("share", "bound", "answer"),
    [
        (Ratio(499_999, 10_000_000), 500, "refer"),  # 4.99999 %
        (Ratio(500_000, 10_000_000), 500, "pass"),
        (Ratio(MOST, MOST), 10_000, "pass"),
        (Ratio(MOST - 1, MOST), 10_000, "refer"),
        (Ratio(MOST, MOST), 10_001, "refer"),
        (Ratio(MOST, 1), 10**15, "pass"),  # over 64 bits on one side
    ],
)
def test_shares_are_compared_exactly_up_to_the_largest_amounts(share, bound, answer):
    rule = {"code": "r", "label": "R", "when": {"fact": "rd_ratio", "op": ">=", "bound": bound}, "on_fail": "refer"}
    document = compile_document({"code": "x", "kind": "eligibility", "title": "X", "rules": [rule]})
    facts = [{"rd_ratio": Fact(share)}]
    assert column_answers(document, facts) == row_answers(document, facts) == [answer]


def test_a_value_of_the_wrong_type_is_unknown_to_both():
    document = compile_document(next(d for d in DOCUMENTS if d["code"] == "zhaojiedai"))
    raw = [{"age": {"v": "sixty", "s": "self"}, "rd_ratio": {"v": [1, 0], "s": "self"}, "city": {"v": 7, "s": "self"}}]
    frame = pl.DataFrame(columnar.columns(raw), schema=columnar.SCHEMA)
    assert frame.null_count().row(0) == (1,) * len(columnar.SCHEMA)
    expected = [answer_of(document, *result_of(document, facts_from_json(one))) for one in raw]
    assert frame.with_columns(columnar.answer(document).alias("answer"))["answer"].to_list() == expected


def test_unknown_facts_are_counted():
    document = compile_document(next(d for d in DOCUMENTS if d["code"] == "tiers"))
    frame = columnar.frame([{"rd_ratio": Fact(Ratio(1, 2))}, {"rd_ratio": Fact(None)}, {}])
    counts = frame.select(columnar.unknown_counts(document)).row(0, named=True)
    assert (counts["rd_ratio"], counts["title_hnte"]) == (2, 3)
    assert set(counts) == set(document.facts)
