"""Manual tiers (人工调级): proposed with a reason and an end by one banker, put in force by another, ended in time.

An override changes what rules and terms see as the tier of later screenings. The ladder's own answer is kept beside
it, so that nothing is hidden when it ends.
"""

from __future__ import annotations

from datetime import date, timedelta

from accounts.enums import BankerRole
from accounts.models import Banker, Enterprise, Membership
from portal.kernel.actors import SYSTEM, Actor
from portal.kernel.clock import now, today
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused, StaleObject
from portal.kernel.events import record
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.enums import Tier
from products.models import TierAssignment, TierOverride

MAX_DAYS = 366  # sample setting: an override is looked at again within a year
PROPOSERS = frozenset({BankerRole.REVIEWER, BankerRole.APPROVER})


def in_force(enterprise_id: int, on: date) -> TierOverride | None:
    """The override that counts for an enterprise on a date."""
    return TierOverride.objects.in_force(on).filter(enterprise_id=enterprise_id).first()


@use_case
def propose(*, enterprise_id: int, tier: str, reason: str, last_day: date, actor: Actor) -> TierOverride:
    """Ask for another tier. Raises InvalidInput at `tier`, `reason` or `last_day`; RuleRefused while one is waiting."""
    enterprise = Enterprise.objects.select_for_update().get(pk=enterprise_id)
    _check_banker(actor, enterprise, PROPOSERS)
    if TierOverride.objects.filter(enterprise=enterprise, status="proposed").exists():
        raise RuleRefused("override_waiting", "这家企业已有一个调级申请等待审批")
    if tier not in Tier.values:
        raise InvalidInput("tier_unknown", "请选择层级", field="tier")
    if tier == _tier_now(enterprise):
        raise InvalidInput("tier_same", "企业现在就在这一层", field="tier")
    if not today() <= last_day <= today() + timedelta(days=MAX_DAYS):
        raise InvalidInput("last_day_outside", "到期日要在今天以后、一年以内", field="last_day")
    if not 5 <= len(reason.strip()) <= 300:
        raise InvalidInput("reason_required", "请用 5–300 个字写明理由和依据", field="reason")
    override = TierOverride.objects.create(
        enterprise=enterprise,
        tier=tier,
        reason=reason.strip(),
        last_day=last_day,
        proposed_by_id=actor.user_id,
        proposed_at=now(),
    )
    payload = {"uscc": enterprise.uscc, "tier": tier, "last_day": last_day.isoformat()}
    record(stream=override.reference, type="tier_override.proposed", actor=actor, payload=payload)
    return override


def why_not_decide(override: TierOverride, banker: Banker) -> str:
    """Why this banker may not decide on a proposal; empty when nothing stands in the way."""
    if banker.role != BankerRole.APPROVER or not banker.is_active:
        return "需由审批岗审批"
    if banker.user_id == override.proposed_by_id:
        return "不能审批自己提出的调级，需由另一位审批岗办理"
    return "到期日已过" if override.is_due(today()) else ""


@use_case
def approve(*, override_id: int, seen: int, actor: Actor) -> TierOverride:
    """Put a proposal in force from today; an older override of the enterprise ends."""
    override = _locked(override_id, seen)
    _decide(override, actor)
    before = _tier_now(override.enterprise)
    older = TierOverride.objects.select_for_update().filter(enterprise=override.enterprise, status="active").first()
    if older is not None:
        older.ended_on = today()
        move(older, "end", actor=actor, reason="superseded", save=("ended_on",))
    override.decided_by_id, override.active_from = actor.user_id, today()
    move(override, "approve", actor=actor, save=("decided_by", "active_from"))
    _announce(override, before, override.tier, actor)
    return override


@use_case
def refuse(*, override_id: int, seen: int, reason: str, actor: Actor) -> TierOverride:
    """Turn a proposal down, with a word why."""
    override = _locked(override_id, seen)
    if override.status == "proposed" and not override.is_due(today()):
        _decide(override, actor)
    else:
        _check_banker(actor, override.enterprise, frozenset({BankerRole.APPROVER}))
    override.decided_by_id, override.note = actor.user_id, _said(reason)
    move(override, "refuse", actor=actor, reason="stated", save=("decided_by", "note"))
    return override


@use_case
def end(*, override_id: int, seen: int, reason: str, actor: Actor) -> TierOverride:
    """End an override, or take a proposal back, before its day."""
    override = _locked(override_id, seen)
    _check_banker(actor, override.enterprise, PROPOSERS)
    was_active = override.status == "active"
    override.note, override.ended_on = _said(reason), today() if was_active else None
    move(override, "end", actor=actor, reason="stated", save=("note", "ended_on"))
    if was_active:
        _announce(override, override.tier, _tier_now(override.enterprise), actor)
    return override


def end_due() -> int:
    """End every override whose last day is over, each in a transaction of its own. Returns how many."""
    due = TierOverride.objects.filter(status__in=["active", "proposed"], last_day__lt=today())
    due = due.values_list("pk", flat=True)
    return sum(_end_due(override_id=pk) for pk in list(due))


@use_case
def _end_due(*, override_id: int) -> bool:
    override = TierOverride.objects.select_for_update().get(pk=override_id)
    if override.status not in ("active", "proposed") or not override.is_due(today()):
        return False
    was_active = override.status == "active"
    move(override, "end", actor=SYSTEM, reason="due")
    if was_active:
        _announce(override, override.tier, _tier_now(override.enterprise), SYSTEM)
    return True


def _tier_now(enterprise: Enterprise) -> str:
    """The tier that counts today: the override in force, else the ladder's last answer."""
    override = in_force(enterprise.pk, today())
    if override is not None:
        return override.tier
    assigned = TierAssignment.objects.filter(enterprise=enterprise, valid_to=None).values_list("tier", flat=True)
    return assigned.first() or Tier.NONE


def _announce(override: TierOverride, before: str, after: str, actor: Actor) -> None:
    if before != after:
        payload = {"from": before, "to": after, "outcome": "pass", "could_be": [], "override": override.reference}
        uscc = override.enterprise.uscc
        record(stream=uscc, type="enterprise.tier_changed", actor=actor, public=True, payload=payload)


def _decide(override: TierOverride, actor: Actor) -> None:
    banker = _check_banker(actor, override.enterprise, frozenset({BankerRole.APPROVER}))
    if obstacle := why_not_decide(override, banker):
        raise NotPermitted("may_not_decide", obstacle)


def _check_banker(actor: Actor, enterprise: Enterprise, roles: frozenset[str]) -> Banker:
    banker = Banker.objects.filter(user_id=actor.user_id, is_active=True, role__in=roles).first()
    if banker is None:
        raise NotPermitted("role_cannot_act", "您的岗位不办理调级")
    if Membership.objects.filter(user_id=actor.user_id, enterprise=enterprise).exists():
        raise NotPermitted("conflict_of_interest", "您登记过这家企业的成员身份，须回避，请其他同事办理")
    return banker


def _locked(override_id: int, seen: int) -> TierOverride:
    found = TierOverride.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=override_id)
    if found.version != seen:
        raise StaleObject("override_changed", "这个调级在您打开以后有变化，请刷新后再办理")
    return found


def _said(text: str) -> str:
    if not 2 <= len(text.strip()) <= 200:
        raise InvalidInput("reason_required", "请用 2–200 个字说明原因", field="reason")
    return text.strip()
