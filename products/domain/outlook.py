"""Where an enterprise stands and what would bring it further: tier, official titles, products. Pure reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from accounts.domain import profiles
from accounts.models import Enterprise
from products.domain import overriding
from products.domain.evaluating import compiled, policies_in_force
from products.domain.judging import Judged, judge, judge_product, judge_titles, title_facts_of
from products.domain.prechecking import KNOWN_LATER
from products.domain.titles import Expiry, expiring
from products.enums import TitleKind
from products.models import PolicyVersion, Product
from products.policy import facts as build
from products.policy.engine import read
from products.policy.facts import Known, Request
from products.policy.titling import TitleJudgement
from products.policy.values import Because
from products.policy.whatif import to_higher_rungs, to_pass

# What an application asks, or asks about, beside the firm itself.
ASKED_LATER = KNOWN_LATER | {"collateral_kind", "deal_kind", "price_share"}
# The order of the official layers, from the first to the last.
LAYERS = ("tech_sme", "innovative_sme", "hnte", "srdi_sme", "little_giant")


@dataclass(frozen=True, slots=True)
class Gap:
    """One criterion that is not met: why, and the single changes that would meet it (smallest first, maybe none)."""

    label: str
    outcome: str
    reason: str
    advice: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TitleOutlook:
    """`standing`: `held` when proven, `unverified` when only declared, else empty; `outcome` by the rule of today."""

    kind: str
    label: str
    rule: str
    left: str
    standing: str
    outcome: str
    findings: tuple[dict, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class ProductOutlook:
    product: Product
    outcome: str
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    judged: Judged
    higher: tuple[tuple[str, str, tuple[str, ...]], ...]  # (rung, label, single changes), the nearest first
    titles: tuple[TitleOutlook, ...]
    products: tuple[ProductOutlook, ...]
    expiring: tuple[Expiry, ...]


def outlook(enterprise: Enterprise, as_of: date) -> Outlook:
    """The whole outlook of an enterprise by the profile that counts for the bank."""
    merged = profiles.merged(enterprise)
    policies = policies_in_force(as_of)
    judged = _judged(enterprise, merged, as_of, policies)
    ladder = compiled(judged.tier_policy)
    labels = {rung.code: rung.label for rung in ladder.rungs}
    higher = tuple(
        (code, labels[code], tuple(step.words for step in steps))
        for code, steps in to_higher_rungs(ladder, judged.facts)
    )
    found = {title.rule.kind: title for title in judge_titles(judged, as_of)}
    return Outlook(
        judged,
        higher,
        tuple(_title(judged, found[kind], as_of) for kind in LAYERS),
        tuple(_products(judged, policies)),
        tuple(expiring(enterprise.uscc, [*(merged.titles or []), *merged.verified_titles], as_of)),
    )


def judged_now(enterprise: Enterprise, as_of: date, policies: Mapping[str, PolicyVersion]) -> Judged:
    """An enterprise judged by the profile that counts for the bank, without any request."""
    return _judged(enterprise, profiles.merged(enterprise), as_of, policies)


def _judged(
    enterprise: Enterprise, merged: profiles.Merged, as_of: date, policies: Mapping[str, PolicyVersion]
) -> Judged:
    return judge(
        uscc=enterprise.uscc,
        name=enterprise.name,
        known=Known(merged.values, merged.sources, merged.conflicts),
        declared_titles=merged.titles,
        verified_titles=merged.verified_titles,
        as_of=as_of,
        policies=policies,
        override=overriding.in_force(enterprise.pk, as_of),
    )


def _title(judged: Judged, title: TitleJudgement, as_of: date) -> TitleOutlook:
    facts = title_facts_of(judged, as_of)
    gaps = []
    for finding in title.gaps:
        criterion = finding.criterion
        steps = to_pass(criterion.condition, criterion.raw, facts) if criterion.condition else []
        words = tuple(step.words for step in steps)
        gaps.append(Gap(criterion.label, finding.outcome, finding.reason, criterion.advice, words))
    state = judged.states[title.rule.kind]
    return TitleOutlook(
        title.rule.kind,
        TitleKind(title.rule.kind).label,
        title.rule.rule,
        title.rule.left,
        "held" if state.held else "unverified" if state.because is Because.UNVERIFIED else "",
        title.outcome,
        tuple(finding.words(wan=True) for finding in title.findings),
        tuple(gaps),
    )


def _products(judged: Judged, policies: dict) -> list[ProductOutlook]:
    out = []
    for product in Product.objects.offered().in_brief():
        if not product.is_credit or product.policy_code not in policies:
            continue
        policy = policies[product.policy_code]
        outcome, result = judge_product(policy, judged, Request(product=product.code), later=ASKED_LATER)
        document = compiled(policy)
        rules = {
            rule.code: (rule, raw["when"]) for rule, raw in zip(document.rules, document.raw["rules"], strict=True)
        }
        facts = {**judged.facts, **build.with_request(Request(product=product.code))}
        gaps = []
        for raw in result["findings"]:
            if raw["outcome"] not in ("fail", "refer"):
                continue
            rule, when = rules[raw["code"]]
            words, steps = read(raw, rule, wan=True), to_pass(rule.condition, when, facts)
            gaps.append(
                Gap(rule.label, raw["outcome"], words["reason"], words["advice"], tuple(step.words for step in steps))
            )
        out.append(ProductOutlook(product, outcome, tuple(gaps)))
    return out
