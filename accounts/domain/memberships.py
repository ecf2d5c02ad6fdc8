"""Verified membership: by the identity port, by a verified legal representative's invitation, or by a banker."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from stdnum.cn import ric

from accounts import rules
from accounts.addresses import address_index, normalise_address
from accounts.domain import profiles
from accounts.enums import BankerRole, Role, VerifiedBy
from accounts.integrations.identity import identity
from accounts.integrations.sms import gateway
from accounts.models import Banker, Invitation, Membership, User
from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.crypto import sha256
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused, TransientError
from portal.kernel.events import record
from portal.kernel.models import AccessRecord
from portal.kernel.transactions import use_case

INVITATION_LIFETIME = timedelta(days=7)
IDENTITY_TRIES_A_DAY = 5


def verify_identity(*, membership_id: int, name: str, id_number: str, actor: Actor) -> Membership:
    """Verify the member as legal representative through the identity port. The ID number is checked and forgotten.

    Raises InvalidInput at `id_number`, RuleRefused `identity_mismatch`, TransientError when the source is down.
    """
    number = unicodedata.normalize("NFKC", id_number).strip().upper()
    if not ric.is_valid(number):
        raise InvalidInput("id_number_invalid", "身份证号是 18 位，请核对最后一位校验码", field="id_number")
    _count_try(membership_id=membership_id, actor=actor)
    membership = Membership.objects.of(actor).select_related("enterprise").get(pk=membership_id)
    clean = unicodedata.normalize("NFKC", name).strip()
    if not identity().is_legal_rep(uscc=membership.enterprise.uscc, name=clean, id_number=number):
        raise RuleRefused(
            "identity_mismatch",
            "姓名和身份证号与登记的法定代表人不一致。可由法定代表人邀请您，或联系客户经理核实",
            field="name",
        )
    return _verify(membership_id=membership_id, role=Role.LEGAL_REP, by=VerifiedBy.IDENTITY, name=clean, actor=actor)


@use_case
def _count_try(*, membership_id: int, actor: Actor) -> None:
    User.objects.select_for_update().get(pk=actor.user_id)  # tries of one person are counted one after another
    subject = f"membership:{membership_id}"
    tries = AccessRecord.objects.filter(actor=actor.key, field="identity", at__gt=now() - timedelta(days=1)).count()
    if tries >= IDENTITY_TRIES_A_DAY:
        raise RuleRefused(
            "identity_tries_exhausted", "24 小时内已核验 5 次，请明天再试，或联系客户经理核实", field="id_number"
        )
    AccessRecord.objects.create(actor=actor.key, subject=subject, field="identity", reason="身份核验", at=now())


@use_case
def _verify(*, membership_id: int, role: Role, by: VerifiedBy, name: str, actor: Actor) -> Membership:
    membership = (
        Membership.objects.select_for_update()
        .select_related("enterprise", "user")
        .get(pk=membership_id, revoked_at=None)
    )
    if membership.is_verified:
        return membership
    if role == Role.LEGAL_REP:
        others = Membership.objects.verified().filter(
            enterprise=membership.enterprise, role=Role.LEGAL_REP, revoked_at=None
        )
        if others.exclude(pk=membership.pk).exists():
            raise RuleRefused("legal_rep_taken", "这家企业已有经核验的法定代表人。如已变更，请联系客户经理")
    if name and not membership.user.name:
        membership.user.name = name[:60]
        membership.user.save(update_fields=["name"])
    return _mark_verified(membership, role=role, by=by, actor=actor)


def _mark_verified(membership: Membership, *, role: Role, by: VerifiedBy, actor: Actor) -> Membership:
    membership.role, membership.verified_at, membership.verified_by = role, now(), by
    membership.save(update_fields=["role", "verified_at", "verified_by", "valid_until"])
    profiles.adopt_claim(membership)
    record(stream=membership.enterprise.uscc, type="membership.verified", actor=actor, payload={"role": role, "by": by})
    return membership


def verify_by_banker(*, membership_id: int, actor: Actor) -> Membership:
    """A relationship manager vouches for a member after seeing papers. Raises NotPermitted for other roles."""
    if not Banker.objects.filter(user_id=actor.user_id, role=BankerRole.RM, is_active=True).exists():
        raise NotPermitted("not_a_manager", "只有客户经理可以核实成员身份")
    membership = Membership.objects.get(pk=membership_id)
    if membership.user_id == actor.user_id:
        raise NotPermitted("own_membership", "不能核实自己的身份，请另一位客户经理办理")
    role = Role(membership.role)
    return _verify(membership_id=membership_id, role=role, by=VerifiedBy.BANKER, name="", actor=actor)


def invite(*, membership_id: int, address: str, role: Role, actor: Actor) -> Invitation:
    """Send a colleague a one-time link. Raises NotPermitted unless the actor is the verified legal representative."""
    to = normalise_address(address)
    token = secrets.token_urlsafe(32)
    invitation = _invite(membership_id=membership_id, address=to, role=role, token=token, actor=actor)
    link = f"{settings.SITE_URL}/invitations/{token}/"
    text = f"{invitation.enterprise.name} 邀请您作为{invitation.get_role_display()}办理融资申请，7 天内有效：{link}"
    try:
        if "@" in to:
            send_mail("邀请您一起办理融资申请", text, None, [to])
        else:
            gateway().send(to, text)
    except (OSError, TransientError) as error:
        raise TransientError("invitation_unsent", "邀请已登记，但暂时发不出去，请稍后重新邀请") from error
    return invitation


@use_case
def _invite(*, membership_id: int, address: str, role: Role, token: str, actor: Actor) -> Invitation:
    membership = Membership.objects.of(actor).select_related("enterprise").get(pk=membership_id)
    if not rules.may_invite(membership):
        raise NotPermitted("only_legal_rep_invites", "只有经核验的法定代表人可以邀请同事")
    if role == Role.LEGAL_REP:
        raise InvalidInput("role_invalid", "可以邀请经办人或仅查看的同事", field="role")
    invitation = Invitation.objects.create(
        enterprise=membership.enterprise,
        role=role,
        address=address,
        address_index=address_index(address),
        token_hash=sha256(token),
        invited_by_id=actor.user_id,
        expires_at=now() + INVITATION_LIFETIME,
    )
    record(stream=membership.enterprise.uscc, type="invitation.sent", actor=actor, payload={"role": role})
    return invitation


def find_invitation(token: str) -> Invitation | None:
    return Invitation.objects.select_related("enterprise", "invited_by").filter(token_hash=sha256(token)).first()


@use_case
def accept_invitation(*, token: str, actor: Actor) -> Membership:
    """Turn an invitation into a verified membership. Works once, for the invited address only."""
    invitation = (
        Invitation.objects.select_for_update().select_related("enterprise").filter(token_hash=sha256(token)).first()
    )
    user = User.objects.get(pk=actor.user_id)
    own = {user.phone_index, address_index(user.email) if user.email else None}
    if invitation is None or invitation.address_index not in own:
        raise RuleRefused("invitation_not_yours", "这个邀请不是发给当前账号的。请用收到邀请的手机号或邮箱登录")
    if invitation.accepted_at is not None:
        raise RuleRefused("invitation_used", "这个邀请已经用过")
    if invitation.expires_at <= now():
        raise RuleRefused("invitation_expired", "邀请已过期，请对方重新邀请")
    invitation.accepted_at, invitation.accepted_by = now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    membership, _ = Membership.objects.get_or_create(
        user=user, enterprise=invitation.enterprise, revoked_at=None, defaults={"role": invitation.role}
    )
    if membership.is_verified and membership.role == Role.LEGAL_REP:
        raise RuleRefused("already_legal_rep", "您已是这家企业的法定代表人，不需要接受邀请")
    membership.valid_until = None  # an authority that ran out begins anew
    return _mark_verified(membership, role=Role(invitation.role), by=VerifiedBy.INVITATION, actor=actor)
