"""Facts that only the rules of official titles ask for: shares, growth and sums over the last full years."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from products.policy.facts import Known, TitleState, last_full_year, plain, ratio, title
from products.policy.values import Because, Fact, Ratio, unknown


def title_facts(known: Known, states: Mapping[str, TitleState], as_of: date) -> dict[str, Fact]:
    """Facts beside those of `facts.build`; the last full years before `as_of`, another year never stands in for one."""
    year = last_full_year(as_of)

    def of(key: str, back: int = 0) -> Fact:
        return plain(known, f"annual.{year - back}.{key}", amount=True, period=str(year - back))

    rd, revenue, main = of("rd_expense"), of("revenue"), of("main_business_revenue")
    established = plain(known, "established_on")
    return {
        "registered_days": Fact((as_of - established.value).days, established.source)  # type: ignore[operator]
        if established.value is not None
        else established,
        "total_assets": of("total_assets"),
        "tech_staff_ratio": ratio(plain(known, "technical_employees"), plain(known, "employees")),
        "rd_ratio_before": ratio(of("rd_expense", 1), of("revenue", 1), str(year - 1)),
        "rd_total_2y": _sum(rd, of("rd_expense", 1)),
        "rd_ratio_3y": _rd_over_years(known, as_of),
        "rd_cost_ratio": ratio(rd, of("cost_and_expense"), str(year)),
        "high_tech_income_ratio": ratio(of("high_tech_income"), revenue, str(year)),
        "main_business_share": ratio(main, revenue, str(year)),
        "debt_ratio": ratio(of("total_liabilities"), of("total_assets"), str(year)),
        "main_growth": _growth(main, of("main_business_revenue", 1)),
        "main_growth_2y": _mean_growth(main, of("main_business_revenue", 1), of("main_business_revenue", 2)),
        "revenue_multiple_2y": ratio(revenue, of("revenue", 2), str(year)),
        "niche_years": plain(known, "niche_years"),
        "institutional_equity_2y": plain(known, "institutional_equity_2y", amount=True),
        "title_tech_innovation_demo": title(states.get("tech_innovation_demo")),
        "title_ip_advantage": title(states.get("ip_advantage")),
        "expert_judgement": unknown(Because.EXPERT_JUDGED, source="authority"),
    }


def _first_unknown(*facts: Fact) -> Fact | None:
    return next((fact for fact in facts if fact.value is None), None)


def _sum(*facts: Fact) -> Fact:
    if missing := _first_unknown(*facts):
        return unknown(missing.because or Because.MISSING, source=missing.source, period=missing.period)
    return Fact(sum(fact.value for fact in facts), facts[0].source, period=facts[0].period)  # type: ignore[misc]


def _rd_over_years(known: Known, as_of: date) -> Fact:
    """R&D ÷ revenue over the last three full years, or as many as the firm has (32号 第十一条)."""
    year = last_full_year(as_of)
    established = plain(known, "established_on")
    if established.because is Because.CONFLICT:
        return unknown(Because.CONFLICT, source=established.source)
    first = max(year - 2, established.value.year) if isinstance(established.value, date) else year - 2
    years = range(min(first, year), year + 1)
    spent = _sum(*[plain(known, f"annual.{y}.rd_expense", amount=True, period=str(y)) for y in years])
    earned = _sum(*[plain(known, f"annual.{y}.revenue", amount=True, period=str(y)) for y in years])
    return ratio(spent, earned, f"{years[0]}–{year}" if len(years) > 1 else str(year))


def _growth(now: Fact, before: Fact) -> Fact:
    """(now − before) ÷ before, exactly; may be negative."""
    if missing := _first_unknown(now, before):
        return unknown(missing.because or Because.MISSING, source=missing.source, period=now.period)
    if before.value <= 0:  # type: ignore[operator]
        return unknown(Because.MISSING, source=before.source, period=now.period)
    return Fact(Ratio(now.value - before.value, before.value), now.source, period=now.period)  # type: ignore[operator, arg-type]


def _mean_growth(last: Fact, middle: Fact, first: Fact) -> Fact:
    """The mean of the growths of two years, exactly: (a/b + b/c − 2) ÷ 2 = (a·c + b² − 2·b·c) ÷ (2·b·c)."""
    if missing := _first_unknown(last, middle, first):
        return unknown(missing.because or Because.MISSING, source=missing.source, period=last.period)
    a, b, c = last.value, middle.value, first.value
    if b <= 0 or c <= 0:  # type: ignore[operator]
        return unknown(Because.MISSING, source=last.source, period=last.period)
    return Fact(Ratio(a * c + b * b - 2 * b * c, 2 * b * c), last.source, period=last.period)  # type: ignore[operator]
