"""Documents: the published schema, refusals with their place, dead parts, and that nothing accepted ever fails."""

import copy
import json
from datetime import date

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from products.domain.authoring import default_documents
from products.policy.catalogue import FACTS
from products.policy.document import DocumentError, compile_document
from products.policy.reach import dead_part, implies
from products.policy.replaying import result_of
from products.policy.schema import fact_table, json_schema, schema_text
from products.policy.values import Because, Fact, FactType, Ratio

DOCUMENTS = [document for document, _ in default_documents()]
VALIDATOR = Draft202012Validator(json_schema())
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False),
    st.sampled_from(["", " ", "x" * 501, "1E+999999", "-5.00", "NaN", "2026-02-30", "in", ">=", "tier", "none", "T1", "\x00"]),
    st.lists(st.sampled_from(["T1", "T9", 1, None]), max_size=3),
    st.dictionaries(st.sampled_from(["fact", "op", "bound", "any_of", "code", "x"]), st.sampled_from(["tier", "in", 5, []]), max_size=3),
)  # fmt: skip


def places(value, path=()):
    """Every place of a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


@st.composite
def broken(draw) -> object:
    """A seeded document with one to three places changed, added or taken away."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(sorted(places(document), key=str)))
        if not where:
            continue
        part = document
        for key in where[:-1]:
            part = part[key]
        what = draw(st.sampled_from(["change", "drop", "add", "twice"]))
        if what == "change":
            part[where[-1]] = draw(JUNK)
        elif what == "drop":
            del part[where[-1]]
        elif what == "add" and isinstance(part, dict):
            part[draw(st.sampled_from(["extra", "bound", "any_of", "reason"]))] = draw(JUNK)
        elif isinstance(part, list):
            part.append(copy.deepcopy(part[where[-1]]))
    return document


def values(type: FactType):
    return {
        FactType.RATIO: st.builds(Ratio, st.integers(0, 100), st.integers(1, 100)),
        FactType.BOOLEAN: st.booleans(),
        FactType.CODE: st.sampled_from(["T1", "T5", "none", "A", "large", "rd", "acquisition", "110000"]),
        FactType.DATE: st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    }.get(type, st.integers(-10, 10**12))


FACT_SETS = st.fixed_dictionaries(
    {},
    optional={
        code: st.one_of(st.builds(Fact, values(spec.type)), st.sampled_from([Fact(None, because=b) for b in Because]))
        for code, spec in FACTS.items()
    },
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d["code"])
def test_seeded_document_fits_the_published_schema(document):
    assert list(VALIDATOR.iter_errors(document)) == []


def test_published_pages_are_current():
    folder = settings.BASE_DIR / "docs"
    assert (folder / "policy.schema.json").read_text() == schema_text(), "run: python -m products.policy.schema docs"
    assert fact_table() in (folder / "policy.md").read_text(), "run: python -m products.policy.schema docs"


@given(broken(), FACT_SETS)
@hypothesis_settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_saved_is_refused_with_its_place_or_can_be_evaluated(document, facts):
    try:
        compiled = compile_document(document)
    except DocumentError as error:
        assert error.place == "" or error.place.startswith("/")
        assert error.message
        return
    assert list(VALIDATOR.iter_errors(document)) == [], "the compiler lets through what the schema refuses"
    outcome, result = result_of(compiled, facts)
    assert outcome in ("pass", "refer", "fail", "not_applicable")
    json.dumps(result, allow_nan=False)


RULE = {"code": "r", "label": "R", "when": {"fact": "age", "op": ">=", "bound": 12}, "on_fail": "refer"}


def eligibility(**changes) -> dict:
    return {"code": "x", "kind": "eligibility", "title": "X", "rules": [{**RULE, **changes}]}


def ladder(*conditions) -> dict:
    rungs = [{"code": f"T{5 - i}", "label": "L", "when": c} for i, c in enumerate(conditions)]
    return {"code": "x", "kind": "ladder", "title": "X", "rungs": rungs}


def card(fact, *bands) -> dict:
    rows = [{"op": op, "bound": bound, "points": 10 - i} for i, (op, bound) in enumerate(bands)]
    item = {"code": "i", "label": "I", "fact": fact, "bands": rows}
    dimension = {"code": "d", "label": "D", "items": [item]}
    return {"code": "x", "kind": "scorecard", "title": "X", "dimensions": [dimension]}


def at(fact, op, bound=None) -> dict:
    return {"fact": fact, "op": op} | ({} if bound is None else {"bound": bound})


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], ""),
        ({"kind": "eligibility"}, "/code"),
        ({"code": "x", "kind": "magic", "title": "X"}, "/kind"),
        ({**eligibility(), "colour": 1}, "/colour"),
        (eligibility(code=""), "/rules/0/code"),
        (eligibility(label=["x"]), "/rules/0/label"),
        (eligibility(on_fail="maybe"), "/rules/0/on_fail"),
        (eligibility(on_fial="fail"), "/rules/0/on_fial"),
        (eligibility(reason="x" * 501), "/rules/0/reason"),
        (eligibility(source_url="http://x"), "/rules/0/source_url"),
        (eligibility(when=at("magic", ">=", 1)), "/rules/0/when/fact"),
        (eligibility(when=at("age", "~", 1)), "/rules/0/when/op"),
        (eligibility(when=at("age", ">=", "12")), "/rules/0/when/bound"),
        (eligibility(when=at("age", ">=", True)), "/rules/0/when/bound"),
        (eligibility(when=at("age", ">=", 10**16)), "/rules/0/when/bound"),
        (eligibility(when=at("revenue", ">=", 100)), "/rules/0/when/bound"),
        (eligibility(when=at("revenue", ">=", "1E+999999")), "/rules/0/when/bound"),
        (eligibility(when=at("revenue", ">=", "1.005")), "/rules/0/when/bound"),
        (eligibility(when=at("as_of", ">=", "2026-02-30")), "/rules/0/when/bound"),
        (eligibility(when=at("tier", "in", ["T6"])), "/rules/0/when/bound"),
        (eligibility(when=at("tier", "in", ["T1", "T1"])), "/rules/0/when/bound"),
        (eligibility(when=at("tier", "in", [])), "/rules/0/when/bound"),
        (eligibility(when={**at("title_hnte", "is_true"), "bound": 1}), "/rules/0/when/bound"),
        (eligibility(when={"any_of": []}), "/rules/0/when/any_of"),
        (eligibility(when={"any_of": [at("age", "known")], "fact": "age"}), "/rules/0/when/fact"),
        (eligibility(when=at("revenue", ">=", "1.00"), on_fail="fail"), "/rules/0/on_fail"),
        (ladder(), "/rungs"),
        (card("class_1_ip", (">=", 5), (">=", 5)), "/dimensions/0/items/0/bands/1"),
        (card("class_1_ip", (">=", 5), (">=", 9)), "/dimensions/0/items/0/bands/1"),
        (card("market_rank", ("<=", 10), ("<=", 3)), "/dimensions/0/items/0/bands/1"),
        (ladder(at("class_1_ip", ">=", 1), at("class_1_ip", ">=", 5)), "/rungs/1"),
        (ladder({"any_of": [at("title_hnte", "is_true"), at("class_1_ip", ">=", 1)]}, at("title_hnte", "is_true")), "/rungs/1"),
        (ladder(at("title_hnte", "is_true"), {"all_of": [at("title_hnte", "is_true"), at("age", ">=", 12)]}), "/rungs/1"),
        (ladder(at("as_of", ">=", "2026-01-01"), at("as_of", ">", "2026-05-01")), "/rungs/1"),
        (ladder(at("tier", "in", ["T1", "T2"]), at("tier", "in", ["T2"])), "/rungs/1"),
        (eligibility(when={"all_of": [at("age", ">=", 24), at("age", "<=", 12)]}), "/rules/0/when/all_of"),
        (eligibility(when={"all_of": [at("age", ">", 12), at("age", "<=", 12)]}), "/rules/0/when/all_of"),
        (eligibility(when={"all_of": [at("revenue", ">=", "20.00"), at("revenue", "<=", "3.00")]}), "/rules/0/when/all_of"),
        (eligibility(when={"all_of": [at("tier", "in", ["T1"]), at("tier", "in", ["T2"])]}), "/rules/0/when/all_of"),
    ],
)  # fmt: skip
def test_refused_at_its_place(document, place):
    with pytest.raises(DocumentError) as caught:
        compile_document(document)
    assert caught.value.place == place


@pytest.mark.parametrize(
    "document",
    [
        eligibility(when={"all_of": [at("age", ">=", 12), at("age", "<=", 12)]}),
        eligibility(label_en="Age", source_url="https://example.org/doc", required="满一年"),
        ladder(at("class_1_ip", ">=", 5), at("class_1_ip", ">=", 1)),
        ladder(at("title_hnte", "is_true"), at("title_hnte", "is_false")),
        card("class_1_ip", (">=", 9), (">=", 5), (">", 0)),
        card("revenue", (">=", "20.00"), (">=", "3.00")),
    ],
)
def test_taken(document):
    compile_document(document)
    assert list(VALIDATOR.iter_errors(document)) == []
    assert dead_part(document) is None


def test_conditions_nested_too_deep_are_refused():
    when = at("age", "known")
    for _ in range(2000):
        when = {"any_of": [when]}
    with pytest.raises(DocumentError, match="最多嵌套"):
        compile_document(eligibility(when=when))


ATOMS = st.one_of(
    st.builds(at, st.sampled_from(["age", "class_1_ip"]), st.sampled_from([">=", "<=", ">", "<"]), st.integers(0, 4)),
    st.builds(at, st.just("title_hnte"), st.sampled_from(["is_true", "is_false", "known"])),
    st.builds(at, st.just("tier"), st.sampled_from(["in", "not_in"]), st.lists(st.sampled_from(["T1", "T2", "T3"]), min_size=1, max_size=3, unique=True)),
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"any_of": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"all_of": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)
WORLDS = [
    {"age": Fact(a), "class_1_ip": Fact(p), "title_hnte": Fact(h), "tier": Fact(t)}
    for a in range(6)
    for p in range(6)
    for h in (True, False)
    for t in ("T1", "T2", "T3", "none")
]


@given(CONDITIONS, CONDITIONS)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_called_implied_is_implied_in_every_world(one, other):
    if not implies(one, other):
        return
    try:
        tests = [compile_document(eligibility(when=c)).rules[0].condition.test for c in (one, other)]
    except DocumentError:
        return  # a range that nothing fits in implies anything and is refused on its own
    assert all(tests[1](w).outcome == "pass" for w in WORLDS if tests[0](w).outcome == "pass")
