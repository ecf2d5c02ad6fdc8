"""From what is known of an enterprise to the facts that rules see. All arithmetic of policy happens here, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from products.policy.sizing import Sized, size_of
from products.policy.values import Because, Fact, Ratio, Scalar, unknown


@dataclass(frozen=True, slots=True)
class Known:
    """The merged profile of an enterprise.

    `values` maps flat keys (`employees`, `annual.2025.revenue`, `team.core_members`) to parsed values (int, bool, str,
    date, Decimal 元); `sources` says where each came from; `conflicts` holds the other sources' differing values;
    `down` are keys whose source did not answer.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    down: frozenset[str] = frozenset()


Figure = Callable[[Known, date], Fact]


@dataclass(frozen=True, slots=True)
class TitleState:
    """Whether a title counts at the date. `held` None: unknown because of `because`."""

    held: bool | None
    source: str = "register"
    because: Because | None = None
    region: str = ""


def last_full_year(as_of: date) -> int:
    return as_of.year - 1


def _fen(value: Decimal) -> int:
    return int((value * 100).to_integral_value())


def plain(known: Known, key: str, *, amount: bool = False, period: str = "") -> Fact:
    """The fact of one profile key: its value, or why it is not known."""
    if key in known.conflicts:
        values = (known.values[key], *known.conflicts[key])
        return unknown(
            Because.CONFLICT,
            source=known.sources.get(key, ""),
            period=period,
            others=tuple(_scalar(v, amount) for v in values),
        )
    if known.values.get(key) is None:
        return unknown(Because.SOURCE_DOWN if key in known.down else Because.MISSING, period=period)
    return Fact(_scalar(known.values[key], amount), known.sources.get(key, "declared"), period=period)


def _scalar(value: object, amount: bool) -> Scalar:
    return _fen(value) if amount else value  # type: ignore[arg-type, return-value]


def ratio(numerator: Fact, denominator: Fact, period: str = "") -> Fact:
    """numerator ÷ denominator; unknown when either is, or when there is nothing to divide by."""
    for part in (numerator, denominator):
        if part.value is None:
            return unknown(part.because or Because.MISSING, source=part.source, period=period)
    if denominator.value <= 0:  # type: ignore[operator]
        return unknown(Because.MISSING, source=denominator.source, period=period)
    return Fact(Ratio(numerator.value, denominator.value), numerator.source, period=period)  # type: ignore[arg-type]


def age_in_months(established_on: date, as_of: date) -> int:
    months = (as_of.year - established_on.year) * 12 + as_of.month - established_on.month
    return months - (as_of.day < established_on.day)


def build(known: Known, as_of: date) -> dict[str, Fact]:
    """Facts of the enterprise alone, without titles, tier, score and request.

    "Last year" is the last full year before `as_of`; a figure of another year never stands in for it.
    """
    return {code: figure(known, as_of) for code, figure in FIGURES.items()}


def _annual(name: str, years_back: int = 0) -> Figure:
    def figure(known: Known, as_of: date) -> Fact:
        year = last_full_year(as_of) - years_back
        return plain(known, f"annual.{year}.{name}", amount=True, period=str(year))

    return figure


def _same(key: str, *, amount: bool = False) -> Figure:
    return lambda known, as_of: plain(known, key, amount=amount)


def _age(known: Known, as_of: date) -> Fact:
    established = plain(known, "established_on")
    if established.value is None:
        return established
    return Fact(age_in_months(established.value, as_of), established.source)  # type: ignore[arg-type]


def _rd_ratio(known: Known, as_of: date) -> Fact:
    return ratio(_rd(known, as_of), _revenue(known, as_of), str(last_full_year(as_of)))


def _rd_staff_ratio(known: Known, as_of: date) -> Fact:
    return ratio(plain(known, "rd_employees"), plain(known, "employees"))


_MUNICIPALITIES = ("11", "12", "31", "50")


def _city(district: Fact) -> Fact:
    """The city of a division code (GB/T 2260): `110108` → `110000`, `320583` → `320500`."""
    if district.value is None:
        return district
    code = str(district.value)
    return replace(district, value=code[:2] + "0000" if code[:2] in _MUNICIPALITIES else code[:4] + "00")


def _share(known: Known) -> Fact:
    fact = plain(known, "market.share_pct")
    if not isinstance(fact.value, Decimal):
        return (
            fact
            if fact.value is None and not fact.others
            else unknown(fact.because or Because.MISTYPED, source=fact.source)
        )
    return Fact(Ratio(int(fact.value * 10_000), 1_000_000), fact.source)


_revenue, _rd = _annual("revenue"), _annual("rd_expense")
FIGURES: dict[str, Figure] = {
    "revenue": _revenue,
    "rd_expense": _rd,
    "rd_expense_before": _annual("rd_expense", 1),
    "rd_ratio": _rd_ratio,
    "employees": _same("employees"),
    "rd_staff_ratio": _rd_staff_ratio,
    "market_share": lambda known, as_of: _share(known),
    "institutional_equity_3y": _same("institutional_equity_3y", amount=True),
    "age": _age,
    "class_1_ip": _same("class_1_ip"),
    "class_2_ip": _same("class_2_ip"),
    "class_1_ip_self_developed": _same("class_1_ip_self_developed"),
    "founder_doctorate": _same("team.founder_doctorate"),
    "doctorates": _same("team.doctorates_or_senior_titles"),
    "core_members": _same("team.core_members"),
    "key_talent_programme": _same("team.key_talent_programme"),
    "market_rank": _same("market.rank_national"),
    "chain_leader_customers": _same("market.chain_leader_customers"),
    "standards_led": _same("market.standards_led"),
    "tax_grade": _same("tax_grade"),
    "bureau_overdue": _same("bureau_overdue"),
    "size_class": lambda known, as_of: _size_fact(sized(known, as_of)),
    "city": lambda known, as_of: _city(plain(known, "district_code")),
    "district": _same("district_code"),
    "as_of": lambda known, as_of: Fact(as_of, "calendar"),
}


def sized(known: Known, as_of: date) -> Sized:
    """Size class by 工信部联企业〔2011〕300号; main-business revenue if given, else revenue."""
    year = last_full_year(as_of)
    main = plain(known, f"annual.{year}.main_business_revenue", amount=True, period=str(year))
    uses_main = main.value is not None
    revenue = main if uses_main else plain(known, f"annual.{year}.revenue", amount=True, period=str(year))
    assets = plain(known, f"annual.{year}.total_assets", amount=True, period=str(year))
    staff = plain(known, "employees")
    result = size_of(
        industry_code=known.values.get("industry_code"),  # type: ignore[arg-type]
        staff=staff.value,  # type: ignore[arg-type]
        revenue_fen=revenue.value,  # type: ignore[arg-type]
        assets_fen=assets.value,  # type: ignore[arg-type]
    )
    given = {"staff": staff, "revenue": revenue, "assets": assets}
    return replace(
        result,
        revenue_from="main_business_revenue" if uses_main else "revenue",
        conflicting=any(given[name].because is Because.CONFLICT for name in result.missing if name in given),
    )


def _size_fact(result: Sized) -> Fact:
    if result.size:
        return Fact(result.size, "300号")
    return unknown(Because.CONFLICT if result.conflicting else Because.MISSING, source="300号")


def stage_of(facts: Mapping[str, Fact]) -> str | None:
    """Development stage by a labelled default: startup below 3 years or 500 万元 revenue, mature from 8 years and 1 亿元.

    None when a missing figure leaves it open.
    """
    age, revenue = facts["age"].value, facts["revenue"].value
    if (age is not None and age < 36) or (revenue is not None and revenue < 500_000_000):  # type: ignore[operator]
        return "startup"
    if age is None or revenue is None:
        return None
    return "mature" if age >= 96 and revenue >= 10_000_000_000 else "growth"  # type: ignore[operator]


_TITLES = {f"title_{kind}": kind for kind in ("little_giant", "single_champion", "hnte", "tech_sme", "innovative_sme")}
TITLE_CODES = (*_TITLES, "title_srdi_beijing", "title_srdi_elsewhere")


def with_titles(states: Mapping[str, TitleState]) -> dict[str, Fact]:
    """The facts of `TITLE_CODES`."""
    return {code: title_fact(code, states.get) for code in TITLE_CODES}


def title_fact(code: str, state_of: Callable[[str], TitleState | None]) -> Fact:
    """One of `TITLE_CODES`; a Beijing 专精特新 is told from another region's by the title's region code."""
    if code in _TITLES:
        return title(state_of(_TITLES[code]))
    srdi = state_of("srdi_sme")
    if srdi is None or srdi.held is False or not srdi.region:
        return title(srdi)
    is_wanted = srdi.region.startswith("11") == (code == "title_srdi_beijing")
    return title(srdi) if is_wanted else Fact(False, srdi.source)


def title(state: TitleState | None) -> Fact:
    if state is None or state.held is None:
        return unknown(
            (state.because if state else None) or Because.MISSING, source=state.source if state else "register"
        )
    return Fact(state.held, state.source)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; everything may be open. `answers` are the product's own questions (`deal_price` a decimal string in 元)."""

    amount: Decimal | None = None
    term_months: int | None = None
    purpose: str | None = None
    answers: Mapping[str, object] = field(default_factory=dict)
    product: str | None = None  # its code


def with_request(request: Request) -> dict[str, Fact]:
    """Facts of one request."""
    asked = {
        "product": request.product,
        "requested_amount": None if request.amount is None else _fen(request.amount),
        "term_months": request.term_months,
        "purpose": request.purpose or None,
        "collateral_kind": request.answers.get("collateral_kind") or None,
        "deal_kind": request.answers.get("deal_kind") or None,
    }
    facts = {
        code: Fact(v, "application") if v is not None else unknown(source="application") for code, v in asked.items()
    }
    price = request.answers.get("deal_price")
    priced = Fact(_fen(Decimal(str(price))), "application") if price else unknown(source="application")
    facts["price_share"] = ratio(facts["requested_amount"], priced)
    return facts
