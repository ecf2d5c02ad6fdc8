"""What the applicant does after submitting: withdraw, undo, answer an offer. And what time does: expire."""

from __future__ import annotations

from datetime import timedelta

from accounts import rules as account_rules
from accounts.domain import consents
from applications.domain.cases import announce, locked, membership_for
from applications.models import Application
from portal.kernel.actors import SYSTEM, Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.errors import NotPermitted, RuleRefused
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case

UNDO_WITHIN = timedelta(minutes=10)
DRAFT_LIFETIME = timedelta(days=90)


def _may_act(application: Application, actor: Actor) -> None:
    if actor.kind is ActorKind.PARTNER:
        consents.require_partner_consent(application.enterprise, actor)
    elif not account_rules.may_act(membership_for(application, actor)):
        raise NotPermitted("may_not_act", "需由经核验的法定代表人或经办人办理")


@use_case
def withdraw(*, application_id: int, actor: Actor) -> Application:
    """Take an open application back. It can be applied for anew with the same material."""
    application = locked(application_id)
    _may_act(application, actor)
    move(application, "withdraw", actor=actor)
    announce(application)
    return application


def undo_obstacle(application: Application) -> RuleRefused | None:
    """What stands against undoing a submission, beside its status. The page asks before it shows the button."""
    if application.submitted_at is None or now() - application.submitted_at > UNDO_WITHIN:
        return RuleRefused("undo_too_late", "提交已超过 10 分钟，不能直接修改。可以撤回后重新申请")
    if application.round > 1:
        return RuleRefused("undo_resubmission", "补充材料提交后不能撤回修改，需要更正请联系客户经理")
    if application.assignee_id is not None:
        return RuleRefused("undo_claimed", "客户经理已开始审查，不能直接修改。可以撤回后重新申请")
    return None


@use_case
def undo(*, application_id: int, actor: Actor) -> Application:
    """Within ten minutes and before anyone claimed it, a submission becomes a draft again."""
    application = locked(application_id)
    _may_act(application, actor)
    if obstacle := undo_obstacle(application):
        raise obstacle
    application.due_at = application.paused_days = None
    move(application, "undo", actor=actor, save=("due_at", "paused_days"))
    return application


@use_case
def answer_offer(*, application_id: int, accepted: bool, actor: Actor) -> Application:
    """Accept or refuse an offer before it runs out."""
    application = locked(application_id)
    _may_act(application, actor)
    offer = application.offer
    if offer.expires_at <= now():
        raise RuleRefused("offer_expired", "方案已过期。可用原材料重新申请")
    move(application, "accept" if accepted else "refuse", actor=actor)
    if accepted:
        offer.accepted_at = now()
        offer.save(update_fields=["accepted_at"])
    announce(application)
    return application


def expire_due(limit: int = 200) -> int:
    """Expire old drafts, unanswered supplements and offers, one transaction each. Returns how many."""
    moment = now()
    found = [
        *Application.objects.filter(status="draft", updated_at__lt=moment - DRAFT_LIFETIME).values_list(
            "pk", flat=True
        )[:limit],
        *Application.objects.filter(status="returned", answer_by__lt=moment).values_list("pk", flat=True)[:limit],
        *Application.objects.filter(status="offered", offer__expires_at__lt=moment).values_list("pk", flat=True)[
            :limit
        ],
    ]
    for pk in found:
        _expire(application_id=pk)
    return len(found)


@use_case
def _expire(*, application_id: int) -> None:
    application = locked(application_id)
    if application.status in application.lifecycle.get("expire").sources:
        move(application, "expire", actor=SYSTEM)
        announce(application)
