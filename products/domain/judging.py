"""One judgement of an enterprise at a date: facts, tier, score, size, stage, and each product's answer.

The pre-check calls `judge()` and stores nothing; screening keeps a snapshot of the facts and evaluations of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.kernel.money import WAN, floor_to
from products.domain import titles
from products.domain.evaluating import compiled, policies_in_force, required
from products.models import PolicyVersion, Product, TierOverride
from products.policy import facts as build
from products.policy.facts import Known, Request, TitleState
from products.policy.replaying import result_of
from products.policy.sizing import Sized
from products.policy.title_facts import title_facts
from products.policy.titling import KINDS, TitleJudgement, judge_title, rule_on
from products.policy.values import Because, Fact, unknown

INDICATIVE_STEP = 10 * WAN


@dataclass(frozen=True, slots=True)
class Judged:
    known: Known
    states: Mapping[str, TitleState]  # of every kind of title
    facts: dict[str, Fact]
    size: Sized
    stage: str | None
    tier: dict  # result of the ladder, with `outcome`; the tier of an override where one counts
    tier_policy: PolicyVersion
    score: dict
    score_policy: PolicyVersion


def facts_at(
    *,
    uscc: str,
    name: str,
    known: Known,
    declared_titles: list[dict] | None,
    verified_titles: list[dict],
    as_of: date,
) -> dict[str, Fact]:
    """Facts of the enterprise with titles and registers, before tier and score."""
    states, registers = titles.look_up(
        uscc=uscc, name=name, on=as_of, declared=declared_titles, verified=verified_titles
    )
    return _facts(known, states, registers, as_of)


def _facts(
    known: Known, states: Mapping[str, TitleState], registers: Mapping[str, Fact], as_of: date
) -> dict[str, Fact]:
    return {**build.build(known, as_of), **build.with_titles(states), **registers}


def judge(
    *,
    uscc: str,
    known: Known,
    declared_titles: list[dict] | None,
    name: str = "",
    verified_titles: list[dict] | None = None,
    as_of: date,
    policies: Mapping[str, PolicyVersion] | None = None,
    override: TierOverride | None = None,
) -> Judged:
    """Tier, score, size and stage; the facts come back with `tier` and `score` added for product rules.

    `policies` are those in force on `as_of` where the caller has them already. An `override` is the bank's own knowledge:
    only screenings and the firm's own page pass it.
    """
    found = titles.look_up(uscc=uscc, name=name, on=as_of, declared=declared_titles, verified=verified_titles or [])
    return _judged(known, *found, as_of, policies, override)


def judge_at_its_word(
    *, known: Known, declared_titles: list[dict] | None, as_of: date, policies: Mapping[str, PolicyVersion]
) -> Judged:
    """The same for a firm that gives no name: what it says of its titles stands in for certificates and registers."""
    return _judged(known, *titles.at_their_word(declared_titles, as_of), as_of, policies)


def _judged(
    known: Known,
    states: Mapping[str, TitleState],
    registers: Mapping[str, Fact],
    as_of: date,
    policies: Mapping[str, PolicyVersion] | None,
    override: TierOverride | None = None,
) -> Judged:
    facts = _facts(known, states, registers, as_of)
    policies = policies or policies_in_force(as_of)
    tier_policy, score_policy = required(policies, "tiers"), required(policies, "score")
    tier_outcome, tier = result_of(compiled(tier_policy), facts)
    _, score = result_of(compiled(score_policy), facts)
    facts["tier"] = tier_fact(tier["tier"], tier_outcome)
    if override is not None:
        tier, tier_outcome = {**tier, "tier": override.tier, "could_be": []}, "pass"
        facts["tier"] = Fact(override.tier, "override")
    facts["score"] = Fact(score["points"], "score")
    stage = build.stage_of(facts)
    facts["stage"] = Fact(stage, "stage") if stage else unknown(Because.MISSING, source="stage")
    return Judged(
        known,
        states,
        facts,
        build.sized(known, as_of),
        stage,
        {**tier, "outcome": tier_outcome},
        tier_policy,
        score,
        score_policy,
    )


def tier_fact(code: str, outcome: str) -> Fact:
    """A tier that missing data leaves open is unknown to product rules: they refer, they never fail."""
    return Fact(code, "tiers") if outcome == "pass" else unknown(Because.MISSING, source="tiers")


def indicative_amount(
    product: Product, facts: dict[str, Fact], requested: Decimal | None, limit: Decimal | None = None
) -> Decimal | None:
    """min(maximum, limit of the tier, requested, max(0.3 × revenue, 0.5 × R&D)), down to 10 万元 (sample rule).

    None when a figure is unknown.

    A product without a maximum of its own (its cap is a share of a deal's price) has none either: a person sets it.
    """
    revenue, rd = facts["revenue"].value, facts["rd_expense"].value
    if product.max_amount is None or revenue is None or rd is None:
        return None
    capacity = max(Decimal(revenue) * 3 / 1000, Decimal(rd) * 5 / 1000)  # type: ignore[arg-type]  分 → 元 and the factor in one step
    ceiling = product.max_amount if limit is None else min(product.max_amount, limit)
    return floor_to(min(ceiling, requested or ceiling, capacity), INDICATIVE_STEP)


def limit_of(judged: Judged, request: Request, policies: Mapping[str, PolicyVersion]) -> Decimal | None:
    """What the limit table in force sets for this firm and request, 元; None where it sets nothing or is open."""
    if "limits" not in policies:
        return None
    _, result = result_of(compiled(policies["limits"]), {**judged.facts, **build.with_request(request)})
    return yuan_of(result["values"].get("max_amount"))


def yuan_of(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / 100


def judge_titles(judged: Judged, as_of: date) -> list[TitleJudgement]:
    """Every official title by the rule of the day, on what is known. Titles that are held count as prior titles only."""
    facts = title_facts_of(judged, as_of)
    return [judge_title(rule_on(kind, as_of), facts) for kind in KINDS]


def title_facts_of(judged: Judged, as_of: date) -> dict[str, Fact]:
    """All facts that rules of titles see."""
    return {**judged.facts, **title_facts(judged.known, judged.states, as_of)}


def judge_product(
    policy: PolicyVersion, judged: Judged, request: Request, *, later: frozenset[str] = frozenset()
) -> tuple[str, dict]:
    """(outcome, result) of one product's policy. An amount, term or purpose not asked yet, and facts known only
    `later`, count as not applicable."""
    facts = {**judged.facts, **build.with_request(request)}
    _, result = result_of(compiled(policy), facts)
    asked = {"requested_amount": request.amount, "term_months": request.term_months, "purpose": request.purpose}
    open_now = {code for code, value in asked.items() if value is None} | later
    for finding in result["findings"]:
        if finding["fact"] in open_now and finding["observed"] is None:
            finding["outcome"] = "not_applicable"
            finding.pop("because", None)
    outcomes = {f["outcome"] for f in result["findings"]}
    return "fail" if "fail" in outcomes else "refer" if "refer" in outcomes else "pass", result
