"""The engine: three-valued logic, exact comparison, ladder, score."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from products.domain.authoring import default_documents
from products.policy import engine, facts
from products.policy.document import DocumentError, compile_document
from products.policy.facts import Known, TitleState
from products.policy.values import Because, Fact, Ratio, unknown

ELIGIBILITY = {"code": "t", "kind": "eligibility", "title": "t"}


def rule(when, on_fail="refer"):
    return {"code": "r", "label": "r", "when": when, "on_fail": on_fail}


def outcome(when, given, on_fail="refer"):
    return engine.evaluate(compile_document({**ELIGIBILITY, "rules": [rule(when, on_fail)]}), given).outcome


@pytest.mark.parametrize(("value", "expected"), [(12, "pass"), (13, "pass"), (11, "refer"), (None, "refer")])
def test_threshold_is_inclusive(value, expected):
    fact = Fact(value) if value is not None else unknown()
    assert outcome({"fact": "age", "op": ">=", "bound": 12}, {"age": fact}) == expected


def test_failed_rule_fails_only_when_the_document_says_so():
    when = {"fact": "purpose", "op": "not_in", "bound": ["acquisition"]}
    assert outcome(when, {"purpose": Fact("acquisition")}, "fail") == "fail"
    assert outcome(when, {"purpose": Fact("acquisition")}, "refer") == "refer"


def test_missing_fact_never_fails():
    when = {"fact": "on_dishonest_list", "op": "is_false"}
    assert outcome(when, {}, "fail") == "refer"


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (499_999_6, 100_000_000, "refer"),
        (5_000_000, 100_000_000, "pass"),
        (5, 100, "pass"),
        (49_999, 1_000_000, "refer"),
    ],
)
def test_ratio_is_compared_without_rounding(numerator, denominator, expected):
    when = {"fact": "rd_ratio", "op": ">=", "bound": 500}
    assert outcome(when, {"rd_ratio": Fact(Ratio(numerator, denominator))}) == expected


def test_any_of_passes_with_one_and_refers_when_open():
    when = {"any_of": [{"fact": "class_1_ip", "op": ">=", "bound": 1}, {"fact": "class_2_ip", "op": ">=", "bound": 2}]}
    assert outcome(when, {"class_1_ip": Fact(0), "class_2_ip": Fact(2)}) == "pass"
    assert outcome(when, {"class_1_ip": Fact(0)}, "fail") == "refer"
    assert outcome(when, {"class_1_ip": Fact(0), "class_2_ip": Fact(1)}, "fail") == "fail"


def test_all_of_fails_before_it_refers():
    when = {"all_of": [{"fact": "class_1_ip", "op": ">=", "bound": 1}, {"fact": "class_2_ip", "op": ">=", "bound": 2}]}
    assert outcome(when, {"class_2_ip": Fact(1)}, "fail") == "fail"
    assert outcome(when, {"class_2_ip": Fact(2)}, "fail") == "refer"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"rules": [rule({"fact": "nope", "op": ">=", "bound": 1})]}, "/rules/0/when/fact"),
        ({"rules": [rule({"fact": "age", "op": "~", "bound": 1})]}, "/rules/0/when/op"),
        ({"rules": [rule({"fact": "age", "op": "is_true"})]}, "/rules/0/when/op"),
        ({"rules": [rule({"fact": "age", "op": ">=", "bound": "12"})]}, "/rules/0/when/bound"),
        ({"rules": [rule({"fact": "revenue", "op": ">=", "bound": 500})]}, "/rules/0/when/bound"),
        ({"rules": [rule({"fact": "revenue", "op": ">=", "bound": "0.001"})]}, "/rules/0/when/bound"),
        ({"rules": [rule({"fact": "revenue", "op": ">=", "bound": "500.00"}, "fail")]}, "/rules/0/on_fail"),
        ({"rules": [rule({"any_of": []})]}, "/rules/0/when/any_of"),
        ({"rules": [rule({"fact": "age", "op": ">=", "bound": 1})] * 2}, "/rules"),
        ({"rules": [{"code": "r"}]}, "/rules/0/label"),
        ({}, "/rules"),
        ({"kind": "other"}, "/kind"),
    ],
)
def test_broken_document_is_refused_at_its_place(change, place):
    with pytest.raises(DocumentError) as error:
        compile_document({**ELIGIBILITY, **change})
    assert error.value.place == place


@pytest.mark.parametrize("document", [d for d, _ in default_documents()], ids=lambda d: d["title"])
def test_seeded_document_compiles_and_never_fails_on_size_or_profit(document):
    compiled = compile_document(document)
    for r in compiled.rules:
        if r.on_fail == "fail":
            assert not {"revenue", "employees", "size_class"} & set(r.condition.facts), r.code


def ladder():
    return compile_document(next(d for d, _ in default_documents() if d["code"] == "tiers"))


def no_titles():
    return facts.with_titles(
        {
            k: TitleState(False)
            for k in ("little_giant", "single_champion", "srdi_sme", "hnte", "tech_sme", "innovative_sme")
        }
    )


@pytest.mark.parametrize(
    ("kind", "region", "tier"),
    [
        ("little_giant", "", "T5"),
        ("single_champion", "", "T5"),
        ("srdi_sme", "110000", "T4"),
        ("srdi_sme", "310000", "T2"),
        ("hnte", "", "T3"),
        ("tech_sme", "", "T2"),
        ("innovative_sme", "", "T2"),
    ],
)
def test_title_gives_its_tier(kind, region, tier):
    states = {
        k: TitleState(False)
        for k in ("little_giant", "single_champion", "srdi_sme", "hnte", "tech_sme", "innovative_sme")
    }
    states[kind] = TitleState(True, region=region)
    climbed = engine.climb(ladder(), facts.with_titles(states))
    assert (climbed.code, climbed.outcome) == (tier, "pass")


def test_unverified_title_is_remembered_and_the_climb_goes_on():
    states = {
        k: TitleState(False) for k in ("little_giant", "single_champion", "srdi_sme", "tech_sme", "innovative_sme")
    }
    states["hnte"] = TitleState(None, "declared", Because.UNVERIFIED)
    climbed = engine.climb(ladder(), {**facts.with_titles(states), "class_1_ip": Fact(1)})
    assert (climbed.code, climbed.outcome, climbed.could_be) == ("T1", "refer", ("T3",))


def test_nothing_at_all_is_outside_the_ladder_not_refused():
    given = {
        "class_1_ip": Fact(0),
        "class_2_ip": Fact(0),
        "rd_ratio": Fact(Ratio(0, 1)),
        "rd_staff_ratio": Fact(Ratio(0, 1)),
        "institutional_equity_3y": Fact(0),
        "founder_doctorate": Fact(False),
    }
    climbed = engine.climb(ladder(), {**no_titles(), **given})
    assert (climbed.code, climbed.outcome) == ("none", "pass")


def test_score_is_a_range_when_items_are_missing():
    card = compile_document(next(d for d, _ in default_documents() if d["code"] == "score"))
    empty = engine.score(card, {})
    assert (empty.points, empty.points_max) == (0, 100)
    some = engine.score(card, {"rd_ratio": Fact(Ratio(15, 100)), "class_1_ip": Fact(0)})
    assert (some.points, some.points_max) == (12, 88)


@pytest.mark.parametrize(("share", "points"), [("9.9999", 4), ("10", 8), ("4.9999", 0), ("5", 4)])
def test_market_share_bands(share, points):
    known = Known({"market.share_pct": Decimal(share)})
    card = compile_document(next(d for d, _ in default_documents() if d["code"] == "score"))
    scored = engine.score(card, {"market_share": facts.build(known, date(2026, 1, 1))["market_share"]})
    assert next(i.points for d in scored.dimensions for i in d.items if i.code == "share") == points


def test_last_year_is_the_last_full_year():
    known = Known({"annual.2024.revenue": Decimal("100.00"), "annual.2025.revenue": Decimal("200.00")})
    assert facts.build(known, date(2026, 1, 1))["revenue"].value == 20000
    assert facts.build(known, date(2025, 12, 31))["revenue"].value == 10000
    assert facts.build(known, date(2028, 1, 1))["revenue"].because == Because.MISSING


def test_zero_revenue_leaves_the_ratio_undefined():
    known = Known({"annual.2025.revenue": Decimal(0), "annual.2025.rd_expense": Decimal(5)})
    assert facts.build(known, date(2026, 6, 1))["rd_ratio"].value is None


def test_conflict_refers_with_both_values():
    known = Known({"employees": 100}, {"employees": "self"}, {"employees": (90,)})
    fact = facts.build(known, date(2026, 6, 1))["employees"]
    assert (fact.because, fact.others) == (Because.CONFLICT, (100, 90))


def test_replay_needs_only_json():
    given = {"age": Fact(12), "rd_ratio": Fact(Ratio(1, 3)), "tier": unknown(Because.UNVERIFIED)}
    from products.policy.replaying import facts_from_json, facts_to_json

    again = facts_from_json(json.loads(json.dumps(facts_to_json(given))))
    assert again == given


def test_policy_folder_imports_no_framework():
    folder = Path(engine.__file__).parent
    assert not [p for p in folder.glob("*.py") if "django" in p.read_text(encoding="utf-8")]
