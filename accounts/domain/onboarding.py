"""An enterprise enters by its credit code. The code is public, so typing it proves nothing."""

from __future__ import annotations

from accounts.domain import profiles
from accounts.enums import ProfileSource, Role
from accounts.integrations.business_registry import Registration, registry
from accounts.models import Enterprise, EnterpriseProfile, Membership, User
from accounts.validators import normalise_uscc
from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, TransientError
from portal.kernel.events import record
from portal.kernel.transactions import use_case

MAX_CLAIMS = 20


def look_up(uscc: str) -> tuple[Registration | None, bool]:
    """(registration, registry is up). A dead registry stops nobody: the enterprise is checked later."""
    try:
        return registry().lookup(uscc), True
    except TransientError:
        return None, False


def claim(*, uscc: str, name: str, role: Role, actor: Actor) -> Membership:
    """Give the person an unverified membership: their own drafts, nothing that others stored.

    `name` is used when the registry does not know the code or is down. Raises InvalidInput at `uscc` or `name`.
    """
    code = normalise_uscc(uscc)
    registration, is_up = look_up(code)
    if registration is None and not name.strip():
        message = (
            "登记里没有查到这个代码，请填写营业执照上的企业名称"
            if is_up
            else "工商登记暂时查不到，不是您的问题。请先填写企业名称，恢复后我们核对"
        )
        raise InvalidInput("name_required", message, field="name")
    return _claim(uscc=code, registration=registration, name=name.strip()[:200], role=role, actor=actor)


@use_case
def _claim(*, uscc: str, registration: Registration | None, name: str, role: Role, actor: Actor) -> Membership:
    user = User.objects.select_for_update().get(pk=actor.user_id)
    existing = Membership.objects.of(actor).filter(enterprise__uscc=uscc).first()
    if existing:
        return existing
    Membership.objects.filter(user=user, enterprise__uscc=uscc, revoked_at=None).update(revoked_at=now())  # ran out
    if Membership.objects.filter(user=user).count() >= MAX_CLAIMS:
        raise InvalidInput("too_many_claims", "一个账号最多登记 20 家企业，需要更多请联系客户经理", field="uscc")
    shown = registration.name if registration else name
    enterprise = Enterprise.objects.known_as(uscc, shown)
    if registration:
        accept_registration(enterprise, registration)
    membership = Membership.objects.create(user=user, enterprise=enterprise, role=role)
    prefill = {**(registration.profile if registration else {}), "name": shown}
    EnterpriseProfile.objects.get_or_create(
        enterprise=enterprise, source=ProfileSource.CLAIMED, claimant=user, defaults={"data": prefill}
    )
    record(
        stream=enterprise.uscc,
        type="membership.claimed",
        actor=actor,
        payload={"role": role, "registry": bool(registration)},
    )
    return membership


def accept_registration(enterprise: Enterprise, registration: Registration) -> None:
    """Take over what the registry says. Runs inside the caller's transaction."""
    enterprise.name, enterprise.registry_checked_at = registration.name, now()
    enterprise.save(update_fields=["name", "registry_checked_at"])
    profiles.write_source(enterprise=enterprise, source=ProfileSource.REGISTRY, data=registration.profile)
