"""Claim and release, atomically: one wins, the other is told who."""

from __future__ import annotations

from accounts.models import Banker, Membership
from applications import rules
from applications.domain.cases import locked, mark_changed
from applications.models import Application
from portal.kernel.actors import Actor
from portal.kernel.clock import BEIJING, now
from portal.kernel.errors import NotPermitted, RuleRefused
from portal.kernel.events import record
from portal.kernel.transactions import use_case


def banker_of(actor: Actor) -> Banker:
    """The active banker behind an actor. Raises NotPermitted."""
    found = Banker.objects.select_related("user", "branch").filter(user_id=actor.user_id, is_active=True).first()
    if found is None:
        raise NotPermitted("not_a_banker", "这个账号没有银行岗位")
    return found


def refuse_own_firm(banker: Banker, application: Application) -> None:
    """A banker never works on a firm they act for."""
    if Membership.objects.filter(user_id=banker.user_id, enterprise_id=application.enterprise_id).exists():
        raise NotPermitted("conflict_of_interest", "您登记过这家企业的成员身份，须回避，请其他同事办理")


@use_case
def claim(*, application_id: int, actor: Actor) -> Application:
    """Take an unclaimed case. Raises RuleRefused `already_claimed` naming who was faster."""
    banker = banker_of(actor)
    application = locked(application_id)
    refuse_own_firm(banker, application)
    if not rules.has_role(banker, "claim", application):
        raise NotPermitted("role_cannot_claim", "{role}不领取这类申请", role=banker.get_role_display())
    if application.assignee_id == banker.pk:
        return application
    if application.assignee_id is not None:
        raise RuleRefused(
            "already_claimed",
            "{who}已在 {at} 领取这件申请",
            who=str(application.assignee.user),
            at=f"{application.claimed_at.astimezone(BEIJING):%H:%M}",
        )
    if application.status != "screened":
        raise RuleRefused("not_claimable", "这件申请现在不在待领取队列")
    application.assignee, application.claimed_at = banker, now()
    mark_changed(application, "assignee", "claimed_at")
    record(
        stream=application.reference,
        type="application.claimed",
        actor=actor,
        public=True,
        payload={"branch": banker.branch_id},
    )
    return application


@use_case
def release(*, application_id: int, actor: Actor) -> Application:
    """Put a claimed case back into the queue."""
    banker = banker_of(actor)
    application = locked(application_id)
    if application.assignee_id != banker.pk:
        raise RuleRefused("not_yours", "只能放回自己领取的申请")
    if application.status != "screened":
        raise RuleRefused("not_releasable", "现在不能放回，案件在{status}", status=application.status_info.label)
    application.assignee = application.claimed_at = None
    mark_changed(application, "assignee", "claimed_at")
    record(stream=application.reference, type="application.released", actor=actor)
    return application
