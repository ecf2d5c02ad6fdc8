"""The machine's part: facts, evaluations, tier, and the move to a person. Every outcome ends in `screened`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from accounts.domain.profiles import merge
from accounts.models import EnterpriseProfile
from applications.domain.cases import locked
from applications.enums import EvidenceOutcome
from applications.models import Application, Evidence, Screening
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import BEIJING, due_after, now
from portal.kernel.errors import PolicyUnusable
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.domain import overriding, tiering
from products.domain.evaluating import compiled, evaluate_fresh, policies_in_force, required, snapshot
from products.domain.judging import indicative_amount, judge, yuan_of
from products.models import Evaluation
from products.policy import facts as build
from products.policy.facts import Known
from products.policy.lines import strictest

# profile keys that only this source can give: unknown with `source_down` while it is away
DOWN_KEYS = {"tax": "tax_grade", "credit_bureau": "bureau_overdue"}

TABLES = ("limits", "routing")  # policies that set terms of a case, where they are in force


@use_case
def screen(*, application_id: int) -> Screening | None:
    """Judge the present round once. Returns None when there is nothing (left) to do, or nothing to judge by.

    A policy that is missing or broken stops no case: it goes to a person without findings.
    """
    application = locked(application_id)
    if application.status != "submitted":
        return None
    try:
        screening = _judge(application)
    except PolicyUnusable as error:
        application.outcome = "refer"
        move(application, "screen", actor=SYSTEM, payload={"outcome": "refer", "policy": error.code}, save=("outcome",))
        screening = None
    else:
        written = (*_copy_to_row(application, screening), *_copy_terms(application, screening))
        outcome = screening.eligibility.outcome
        move(
            application, "screen", actor=SYSTEM, payload={"outcome": outcome, "round": application.round}, save=written
        )
    # Nothing is announced: the page the applicant waits on renews itself, and no message has words for it.
    return screening


def _judge(application: Application) -> Screening:
    """Facts → evaluations of one snapshot → tier."""
    submission = application.submissions.get(round=application.round)
    as_of = submission.submitted_at.astimezone(BEIJING).date()
    policies = policies_in_force(as_of)
    product_policy = required(policies, application.product.policy_code)
    compiled(product_policy)
    known, declared, verified = known_from(submission.content, application.evidence.filter(round=application.round))
    override = overriding.in_force(application.enterprise_id, as_of)
    judged = judge(
        uscc=application.enterprise.uscc,
        name=application.enterprise.name,
        known=known,
        declared_titles=declared,
        verified_titles=verified,
        as_of=as_of,
        policies=policies,
        override=override,
    )
    application.size_class = judged.size.size or ""
    application.district_code = str(known.values.get("district_code") or "")
    application.industry = str(known.values.get("industry_code") or "")[:1]
    facts = {**judged.facts, **build.with_request(application.wish)}
    taken = snapshot(subject=application.reference, as_of=as_of, facts=facts, is_sandbox=application.is_sandbox)
    tables = [policies[code] for code in TABLES if code in policies and application.is_credit]
    versions = [product_policy, judged.tier_policy, judged.score_policy, *tables]
    eligibility, tier, score, *more = evaluate_fresh(taken, versions)
    decided = {evaluation.policy.code: evaluation for evaluation in more}
    if not application.is_sandbox:
        tiering.assign(enterprise=application.enterprise, evaluation=tier)
    return Screening.objects.create(
        application=application,
        round=application.round,
        eligibility=eligibility,
        tier=tier,
        score=score,
        limits=decided.get("limits"),
        routing=decided.get("routing"),
        override=override,
        size_class=judged.size.size or "",
        stage=judged.stage or "",
        indicative_amount=indicative_amount(
            application.product, judged.facts, application.requested_amount, _limit(decided.get("limits"))
        ),
        completed_at=now(),
    )


def known_from(content: dict, evidence_rows: Iterable[Evidence]) -> tuple[Known, list[dict] | None, list[dict]]:
    """What is known for a submission: its frozen profile rows (in `content`) and the evidence of its round."""
    rows = [EnterpriseProfile(source=item["source"], data=item["data"]) for item in content["profiles"]]
    down = set()
    for evidence in evidence_rows:
        if evidence.outcome == EvidenceOutcome.OK:
            rows.append(
                EnterpriseProfile(source="tax" if evidence.source == "tax" else "registry", data=evidence.value)
            )
        elif evidence.outcome == EvidenceOutcome.DOWN:
            down.add(DOWN_KEYS[evidence.source])
    merged = merge(rows)
    sources = {**merged.sources, **({"bureau_overdue": "credit_bureau"} if "bureau_overdue" in merged.sources else {})}
    return Known(merged.values, sources, merged.conflicts, frozenset(down)), merged.titles, merged.verified_titles


def _copy_to_row(application: Application, screening: Screening) -> tuple[str, ...]:
    """Copy what a queue row shows; returns the fields to write."""
    counts = Counter(f["outcome"] for f in screening.eligibility.result["findings"])
    application.tier, application.tier_outcome = screening.tier.result["tier"], screening.tier.outcome
    if screening.override is not None:
        application.tier, application.tier_outcome = screening.override.tier, "pass"
    application.score_low, application.score_high = (
        screening.score.result["points"],
        screening.score.result["points_max"],
    )
    application.outcome = screening.eligibility.outcome
    application.passed, application.referred, application.failed = counts["pass"], counts["refer"], counts["fail"]
    found = ("tier", "tier_outcome", "score_low", "score_high", "outcome", "passed", "referred", "failed")
    return (*found, "size_class", "district_code", "industry")


def _copy_terms(application: Application, screening: Screening) -> tuple[str, ...]:
    """Copy what the limit table and the routing set; a shorter time limit counts from the submission.

    Where either is open, what is not known asks for the highest level of the routing: less is known of such a case, not more.
    """
    limits = screening.limits.result["values"] if screening.limits else {}
    routing = screening.routing.result["values"] if screening.routing else {}
    application.limit_amount = _limit(screening.limits)
    application.limit_min_rate_bp, application.limit_max_rate_bp = limits.get("min_rate_bp"), limits.get("max_rate_bp")
    signer = routing.get("signer_limit")
    if screening.routing and "refer" in (screening.routing.outcome, screening.limits and screening.limits.outcome):
        signer = strictest(compiled(screening.routing.policy).lines, "signer_limit")
    application.signer_limit = yuan_of(signer)
    if (days := routing.get("sla_days")) and application.due_at:
        due = due_after(application.submitted_at, days)
        if due.at < application.due_at:
            application.due_at, application.due_is_provisional = due.at, due.provisional
    limit_fields = ("limit_amount", "limit_min_rate_bp", "limit_max_rate_bp")
    return (*limit_fields, "signer_limit", "due_at", "due_is_provisional")


def _limit(limits: Evaluation | None) -> Decimal | None:
    return None if limits is None else yuan_of(limits.result["values"].get("max_amount"))
