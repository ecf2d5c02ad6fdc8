"""Official titles by the rule of the day: each criterion at its bound, one below, and missing."""

import itertools
from datetime import date
from decimal import Decimal

import pytest

from products.policy.facts import Known, TitleState, build, with_titles
from products.policy.title_facts import title_facts
from products.policy.titling import KINDS, judge_title, rule_on, rules

NOW, OLD = date(2026, 11, 25), date(2026, 3, 31)
WAN = Decimal(10_000)
# A firm that meets every numeric criterion of every title exactly at its bound or above.
GOOD = {
    "established_on": date(2016, 5, 1),
    "employees": 100,
    "technical_employees": 40,
    "rd_employees": 60,
    "class_1_ip": 4,
    "class_2_ip": 5,
    "class_1_ip_self_developed": 4,
    "niche_years": 3,
    "institutional_equity_2y": Decimal(0),
    "institutional_equity_3y": 500 * WAN,
    "market.share_pct": Decimal("10"),
    "market.rank_national": 3,
    "annual.2025.revenue": 11025 * WAN,
    "annual.2024.revenue": 10500 * WAN,
    "annual.2023.revenue": 10000 * WAN,
    "annual.2025.main_business_revenue": Decimal("9922.5") * WAN,
    "annual.2024.main_business_revenue": 9450 * WAN,
    "annual.2023.main_business_revenue": 9000 * WAN,
    "annual.2025.rd_expense": 700 * WAN,
    "annual.2024.rd_expense": 700 * WAN,
    "annual.2023.rd_expense": 700 * WAN,
    "annual.2025.total_assets": 20000 * WAN,
    "annual.2025.total_liabilities": 11000 * WAN,
    "annual.2025.high_tech_income": 6615 * WAN,
    "annual.2025.cost_and_expense": 9000 * WAN,
}
HELD = {
    kind: TitleState(True, "register", region="110000") for kind in ("hnte", "tech_sme", "innovative_sme", "srdi_sme")
}


def judged(kind: str, values: dict | None = None, titles: dict | None = None, day: date = NOW):
    known = Known({k: v for k, v in {**GOOD, **(values or {})}.items() if v is not None})
    states = HELD if titles is None else titles
    facts = {**build(known, day), **with_titles(states), **title_facts(known, states, day)}
    return judge_title(rule_on(kind, day), facts)


def finding(kind: str, code: str, values: dict | None = None, titles: dict | None = None, day: date = NOW):
    return next(f for f in judged(kind, values, titles, day).findings if f.criterion.code == code)


CONTRACT = {
    "tech_sme": "staff_cap revenue_cap asset_cap score tech_staff_points direct_path",
    "hnte": "registered_days tech_staff_ratio rd_ratio_3y high_tech_income_ratio",
    "innovative_sme": "direct_path score score_innovation score_growth score_specialisation",
    "srdi_sme": "prior_title niche_years revenue_or_equity main_business_share debt_ratio rd_each_year ip",
    "little_giant": "prior_title niche_years revenue main_business_share growth debt_ratio market rd ip",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_firm_passes_every_title_and_each_says_its_criteria(kind):
    found = judged(kind)
    assert [f.criterion.code for f in found.findings] == CONTRACT[kind].split()
    assert found.outcome == "pass"


@pytest.mark.parametrize(
    ("kind", "day", "rule"),
    [
        ("srdi_sme", date(2026, 3, 31), "工信部企业〔2022〕63号"),
        ("srdi_sme", date(2026, 4, 1), "工信部企业〔2026〕2号"),
        ("little_giant", date(2026, 3, 31), "工信部企业〔2022〕63号"),
        ("little_giant", date(2026, 4, 1), "工信部企业〔2026〕2号"),
        ("innovative_sme", date(2026, 11, 25), "工信部企业〔2022〕63号"),
        ("innovative_sme", date(2020, 1, 1), "工信部企业〔2022〕63号"),
        ("hnte", date(2026, 11, 25), "国科发火〔2016〕32号"),
        ("tech_sme", date(2026, 11, 25), "国科发政〔2017〕115号"),
    ],
)
def test_the_rule_is_the_one_of_the_day(kind, day, rule):
    assert rule_on(kind, day).rule == rule


Y, B = "annual.2025", "annual.2024"


@pytest.mark.parametrize(
    ("kind", "code", "at", "below"),
    [
        ("tech_sme", "staff_cap", {"employees": 500}, {"employees": 501}),
        ("tech_sme", "revenue_cap", {f"{Y}.revenue": 20000 * WAN}, {f"{Y}.revenue": 20000 * WAN + 1}),
        ("tech_sme", "asset_cap", {f"{Y}.total_assets": 20000 * WAN}, {f"{Y}.total_assets": 20000 * WAN + 1}),
        ("tech_sme", "tech_staff_points", {"technical_employees": 10}, {"technical_employees": 9}),
        ("hnte", "registered_days", {"established_on": date(2025, 11, 25)}, {"established_on": date(2025, 11, 26)}),
        ("hnte", "tech_staff_ratio", {"technical_employees": 10}, {"technical_employees": 9}),
        ("hnte", "high_tech_income_ratio", {f"{Y}.high_tech_income": 6615 * WAN}, {f"{Y}.high_tech_income": 6615 * WAN - 1}),
        ("srdi_sme", "niche_years", {"niche_years": 3}, {"niche_years": 2}),
        ("srdi_sme", "revenue_or_equity", {f"{Y}.revenue": 1500 * WAN}, {f"{Y}.revenue": 1500 * WAN - 1}),
        ("srdi_sme", "main_business_share", {f"{Y}.main_business_revenue": 8820 * WAN}, {f"{Y}.main_business_revenue": 8820 * WAN - 1}),
        ("srdi_sme", "debt_ratio", {f"{Y}.total_liabilities": 16000 * WAN}, {f"{Y}.total_liabilities": 16000 * WAN + 1}),
        ("little_giant", "revenue", {f"{Y}.revenue": 5000 * WAN}, {f"{Y}.revenue": 5000 * WAN - 1}),
        ("little_giant", "growth", {}, {f"{Y}.revenue": 11025 * WAN - 1}),
        ("little_giant", "main_business_share", {}, {f"{Y}.main_business_revenue": Decimal("9922.5") * WAN - 1}),
        ("little_giant", "debt_ratio", {f"{Y}.total_liabilities": 15000 * WAN}, {f"{Y}.total_liabilities": 15000 * WAN + 1}),
        ("little_giant", "market", {"market.rank_national": None}, {"market.rank_national": 4, "market.share_pct": Decimal("9.99")}),
        ("little_giant", "rd", {f"{Y}.rd_expense": 500 * WAN}, {f"{Y}.rd_expense": 500 * WAN - 1}),
    ],
)  # fmt: skip
def test_bounds_are_inclusive(kind, code, at, below):
    assert finding(kind, code, at).outcome == "pass"
    assert finding(kind, code, below).outcome == "fail"


@pytest.mark.parametrize(
    ("sales", "spent", "outcome"),
    [
        ("5000", "750", "pass"),
        ("5000", "749.99", "fail"),
        ("5000.01", "600.01", "pass"),
        ("5000.01", "600", "fail"),
        ("20000", "2400", "pass"),
        ("20000.01", "1800.01", "pass"),
        ("20000.01", "1800", "fail"),
    ],
)
def test_research_of_three_years_is_asked_by_the_sales_of_the_last(sales, spent, outcome):
    values = {f"annual.{y}.revenue": Decimal(sales) * WAN for y in (2023, 2024, 2025)}
    values |= {f"annual.{y}.rd_expense": Decimal(spent) * WAN / 3 for y in (2023, 2024, 2025)}
    assert finding("hnte", "rd_ratio_3y", values).outcome == outcome


def test_a_young_firm_is_asked_for_the_years_there_are():
    young = {"established_on": date(2025, 2, 1), "annual.2024.revenue": None, "annual.2024.rd_expense": None}
    young |= {"annual.2023.revenue": None, "annual.2023.rd_expense": None}
    found = finding(
        "hnte", "rd_ratio_3y", {**young, "annual.2025.revenue": 100 * WAN, "annual.2025.rd_expense": 5 * WAN}
    )
    assert (found.outcome, found.period) == ("pass", "2025")


@pytest.mark.parametrize("kind", KINDS)
def test_missing_figures_refer_and_never_fail(kind):
    found = judge_title(rule_on(kind, NOW), {**title_facts(Known(), {}, NOW), **build(Known(), NOW)})
    assert found.outcome == "refer"
    assert {f.outcome for f in found.findings} == {"refer"}
    assert all(f.because for f in found.findings)


def test_a_start_up_without_revenue_divides_by_nothing():
    for kind in KINDS:
        nothing = {f"annual.{y}.revenue": Decimal(0) for y in (2023, 2024, 2025)} | {"institutional_equity_3y": None}
        found = judged(kind, nothing, titles={})
        assert found.outcome in ("refer", "fail")


@pytest.mark.parametrize(
    ("state", "outcome", "because"),
    [
        (TitleState(True, "certificate", region="110000"), "pass", ""),
        (TitleState(False, "declared"), "fail", ""),
    ],
)
def test_a_prior_title_counts_when_it_is_proven(state, outcome, because):
    found = finding("little_giant", "prior_title", titles={"srdi_sme": state})
    assert (found.outcome, found.because) == (outcome, because)


def test_a_declared_prior_title_waits_for_its_proof():
    from products.policy.values import Because

    state = TitleState(None, "declared", Because.UNVERIFIED, "110000")
    found = finding("little_giant", "prior_title", titles={"srdi_sme": state})
    assert (found.outcome, found.because) == ("refer", "unverified")


def test_a_failed_score_leaves_the_paths_that_the_profile_cannot_state():
    weak = {"technical_employees": 5, "class_1_ip": 0, "class_2_ip": 0, f"{Y}.rd_expense": Decimal(0)}
    found = judged("tech_sme", weak, titles={"hnte": TitleState(False, "declared")})
    by_code = {f.criterion.code: f.outcome for f in found.findings}
    assert (by_code["score"], by_code["tech_staff_points"], by_code["direct_path"]) == ("fail", "fail", "refer")
    assert found.outcome == "refer"
    assert judged("tech_sme", {**weak, "employees": 501}).outcome == "fail"


def test_points_are_a_range_that_only_decides_when_it_is_settled():
    without = {"hnte": TitleState(False, "declared")}
    values = {f"{Y}.cost_and_expense": None, f"{Y}.rd_expense": Decimal("220.5") * WAN}
    settled = finding("tech_sme", "score", {**values, "technical_employees": 30}, without)
    assert (settled.outcome, settled.observed) == ("pass", [60, 100])
    still_open = finding("tech_sme", "score", {**values, "technical_employees": 29}, without)
    assert (still_open.outcome, still_open.observed, still_open.because) == ("refer", [56, 96], "missing")


def test_the_old_rule_asks_the_mean_growth_exactly():
    values = {
        f"annual.{y}.main_business_revenue": Decimal(v) * WAN for y, v in ((2022, 10000), (2023, 10500), (2024, 11025))
    }
    assert (
        finding(
            "little_giant",
            "growth",
            {
                **values,
                "annual.2025.main_business_revenue": Decimal(11025) * WAN,
                "annual.2024.main_business_revenue": Decimal(10500) * WAN,
                "annual.2023.main_business_revenue": Decimal(10000) * WAN,
            },
            day=OLD,
        ).outcome
        == "pass"
    )
    assert (
        finding(
            "little_giant",
            "growth",
            {
                "annual.2025.main_business_revenue": Decimal(11025) * WAN - 1,
                "annual.2024.main_business_revenue": Decimal(10500) * WAN,
                "annual.2023.main_business_revenue": Decimal(10000) * WAN,
            },
            day=OLD,
        ).outcome
        == "fail"
    )


def test_every_rule_reads_and_names_its_document():
    assert len(rules()) == 7
    assert all("号" in rule.rule and rule.criteria for rule in rules())
    for kind in KINDS:
        spans = sorted((r.starts, r.ends) for r in rules() if r.kind == kind)
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


def test_gaps_are_those_of_the_nearest_way():
    found = judged("innovative_sme", {f"{Y}.main_business_revenue": None})
    assert (found.outcome, found.gaps) == ("pass", ())
    without = {"hnte": TitleState(False, "declared")}
    found = judged("tech_sme", {f"{Y}.total_assets": None}, without)
    assert [gap.criterion.code for gap in found.gaps] == ["asset_cap"]
    assert found.gaps[0].reason == "缺上年末资产总额的数据"
