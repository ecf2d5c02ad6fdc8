"""The second pair of eyes: approve, decline or send back what another banker recommended."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Banker
from applications import rules
from applications.domain.cases import announce
from applications.domain.reviewing import case_for, claimed_case_for, write_note
from applications.enums import DeclineReason, Proposal
from applications.models import Application, Decision, Offer, Recommendation
from portal.kernel.actors import SYSTEM, Actor
from portal.kernel.clock import now
from portal.kernel.errors import NotPermitted, RuleRefused, StaleObject
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case

OFFER_LIFETIME = timedelta(days=30)


@use_case
def approve(*, application_id: int, recommendation_id: int, comment: str, actor: Actor) -> Decision:
    """Sign an approval and put the offer before the applicant.

    Raises NotPermitted when the approver reviewed, scored, or is over their limit; StaleObject when the
    recommendation on the screen is no longer the newest.
    """
    application, banker, recommendation = _to_sign(application_id, recommendation_id, actor)
    if recommendation.proposal != Proposal.APPROVE:
        raise RuleRefused("proposal_differs", "审查建议是婉拒；不同意时请退回审查岗")
    _refuse_own_hand(application, banker, recommendation, with_limit=True)
    move(application, "approve", actor=actor)
    decision = _sign(application, banker, recommendation, "approve", "", comment)
    _offer(application, decision, recommendation)
    announce(application)
    return decision


@use_case
def decline(
    *, application_id: int, recommendation_id: int, reason: DeclineReason, comment: str, actor: Actor
) -> Decision:
    """Sign a decline with a coded reason; the applicant reads its public words."""
    application, banker, recommendation = _to_sign(application_id, recommendation_id, actor)
    if recommendation.proposal != Proposal.DECLINE:
        raise RuleRefused("proposal_differs", "审查建议是同意；不同意时请退回审查岗")
    _refuse_own_hand(application, banker, recommendation, with_limit=False)
    move(application, "decline", actor=actor, reason=DeclineReason(reason).value)
    decision = _sign(application, banker, recommendation, "decline", reason, comment)
    announce(application)
    return decision


@use_case
def send_back(*, application_id: int, comment: str, actor: Actor) -> Application:
    """Return a recommendation to its reviewer with a word why."""
    application, banker = case_for(application_id, "send_back", actor)
    if not comment.strip():
        raise RuleRefused("reason_required", "请写明退回原因", field="comment")
    note = write_note(application, banker, comment)
    move(application, "send_back", actor=actor, reason=f"note:{note.pk}")
    return application


@use_case
def close_service(
    *, application_id: int, outcome: str, reason: DeclineReason | None, comment: str, actor: Actor
) -> Application:
    """Complete or decline a service (account opening): one banker who claimed it."""
    name = "complete" if outcome == "complete" else "decline"
    application, banker = claimed_case_for(application_id, name, actor)
    move(application, name, actor=actor, reason=(reason or "") if name == "decline" else "")
    if comment.strip():
        write_note(application, banker, comment)
    announce(application)
    return application


@use_case
def book(*, application_id: int, actor: Actor) -> Application:
    """Record that the loan was paid out."""
    application, _ = case_for(application_id, "book", actor)
    move(application, "book", actor=actor)
    announce(application)
    return application


def _to_sign(application_id: int, recommendation_id: int, actor: Actor) -> tuple[Application, Banker, Recommendation]:
    application, banker = case_for(application_id, "approve", actor)
    newest = application.recommendations.order_by("-pk").first()
    if newest is None or newest.pk != recommendation_id or newest.case_version != application.version:
        raise StaleObject("recommendation_changed", "审查建议已变化，请刷新后再签字")
    return application, banker, newest


def _refuse_own_hand(
    application: Application, banker: Banker, recommendation: Recommendation, *, with_limit: bool
) -> None:
    scorers = set(application.assessments.values_list("scored_by_id", flat=True))
    obstacle = rules.why_not_sign(
        banker,
        reviewer_id=recommendation.made_by_id,
        scorer_ids=scorers,
        amount=recommendation.amount if with_limit else None,
        signer_limit=application.signer_limit,
    )
    if obstacle:
        raise NotPermitted("may_not_sign", obstacle)


def _sign(
    application: Application, banker: Banker, recommendation: Recommendation, outcome: str, reason: str, comment: str
) -> Decision:
    return Decision.objects.create(
        application=application,
        recommendation=recommendation,
        banker=banker,
        outcome=outcome,
        reason_code=reason,
        comment=comment.strip(),
        decided_at=now(),
    )


def _offer(application: Application, decision: Decision, terms: Recommendation) -> Offer:
    moment: datetime = now()
    offer = Offer.objects.create(
        application=application,
        decision=decision,
        amount=terms.amount,
        rate_bp=terms.rate_bp,
        term_months=terms.term_months,
        repayment_method=terms.repayment_method,
        made_at=moment,
        expires_at=moment + OFFER_LIFETIME,
    )
    move(application, "offer", actor=SYSTEM)
    return offer
