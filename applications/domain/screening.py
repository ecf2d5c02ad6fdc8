"""The machine's part: facts, evaluations, tier, and the move to a person. Every outcome ends in `screened`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from accounts.domain.profiles import merge
from accounts.models import EnterpriseProfile
from applications.domain.cases import locked
from applications.enums import EvidenceOutcome
from applications.models import Application, Evidence, Screening
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import BEIJING, now
from portal.kernel.errors import PolicyUnusable
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.domain import tiering
from products.domain.evaluating import compiled, evaluate_fresh, policies_in_force, required, snapshot
from products.domain.judging import indicative_amount, judge
from products.policy import facts as build
from products.policy.facts import Known

# profile keys that only this source can give: unknown with `source_down` while it is away
DOWN_KEYS = {"tax": "tax_grade", "credit_bureau": "bureau_overdue"}


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
        written = _copy_to_row(application, screening)
        outcome = screening.eligibility.outcome
        move(
            application, "screen", actor=SYSTEM, payload={"outcome": outcome, "round": application.round}, save=written
        )
    # Nothing is announced: the page the applicant waits on renews itself, and no message has words for it.
    return screening


def _judge(application: Application) -> Screening:
    """Facts → three evaluations of one snapshot → tier."""
    submission = application.submissions.get(round=application.round)
    as_of = submission.submitted_at.astimezone(BEIJING).date()
    policies = policies_in_force(as_of)
    product_policy = required(policies, application.product.policy_code)
    compiled(product_policy)
    known, declared, verified = known_from(submission.content, application.evidence.filter(round=application.round))
    judged = judge(
        uscc=application.enterprise.uscc,
        known=known,
        declared_titles=declared,
        verified_titles=verified,
        as_of=as_of,
        policies=policies,
    )
    facts = {**judged.facts, **build.with_request(application.wish)}
    taken = snapshot(subject=application.reference, as_of=as_of, facts=facts, is_sandbox=application.is_sandbox)
    eligibility, tier, score = evaluate_fresh(taken, [product_policy, judged.tier_policy, judged.score_policy])
    if not application.is_sandbox:
        tiering.assign(enterprise=application.enterprise, evaluation=tier)
    return Screening.objects.create(
        application=application,
        round=application.round,
        eligibility=eligibility,
        tier=tier,
        score=score,
        size_class=judged.size.size or "",
        stage=judged.stage or "",
        indicative_amount=indicative_amount(application.product, judged.facts, application.requested_amount),
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
    application.score_low, application.score_high = (
        screening.score.result["points"],
        screening.score.result["points_max"],
    )
    application.outcome = screening.eligibility.outcome
    application.passed, application.referred, application.failed = counts["pass"], counts["refer"], counts["fail"]
    return ("tier", "tier_outcome", "score_low", "score_high", "outcome", "passed", "referred", "failed")
