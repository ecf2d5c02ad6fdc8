"""What partners write: profiles of the enterprises they serve, and referrals."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from django.conf import settings

from accounts.addresses import normalise_phone, phone_index
from accounts.domain import consents
from accounts.enums import ConsentKind, Job, ProfileSource
from accounts.integrations.sms import gateway
from accounts.models import Consent, Enterprise, EnterpriseProfile, Membership, Partner, Referral
from accounts.profile_rules import check
from accounts.validators import normalise_uscc
from portal.kernel.actors import SYSTEM, Actor
from portal.kernel.clock import now, today
from portal.kernel.crypto import decrypt, encrypt, sha256
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.events import record
from portal.kernel.jobs import enqueue
from portal.kernel.lifecycle import move
from portal.kernel.references import new_reference
from portal.kernel.transactions import lock_name, use_case

REFERRAL_LIFETIME = timedelta(days=30)
MAX_REFERRALS_A_PHONE = 3  # a day: each is a message to a person who did not ask
_NOT_A_NAME = re.compile(r"[【】\[\]<>]|://|www\.", re.I)


@use_case
def put_profile(*, uscc: str, data: dict, actor: Actor) -> tuple[EnterpriseProfile, bool]:
    """Create or replace what this partner says of an enterprise; (row, created). Others' words stay untouched and unseen."""
    code = normalise_uscc(uscc)
    for pointer, error_code, message in check(data, today()):
        raise InvalidInput(error_code, message, field=pointer)
    enterprise = Enterprise.objects.known_as(code, data["name"])
    row, created = EnterpriseProfile.objects.select_for_update().get_or_create(
        enterprise=enterprise,
        source=ProfileSource.PARTNER,
        partner_id=actor.partner_id,
        is_sandbox=actor.is_sandbox,
        defaults={"data": data},
    )
    if not created:
        row.data, row.version = data, row.version + 1
        row.save(update_fields=["data", "version", "updated_at"])
    record(stream=code, type="profile.partner_written", actor=actor, payload={"version": row.version})
    return row, created


def refer(*, uscc: str, name: str, contact_name: str, contact_phone: str, product_code: str, actor: Actor) -> Referral:
    """Introduce an enterprise and send its contact a one-time link. Raises InvalidInput at the field.

    May run inside an idempotency guard, so the message is handed over by a job after commit.
    """
    code = normalise_uscc(uscc)
    phone = normalise_phone(contact_phone, field="contact_phone")
    if _NOT_A_NAME.search(name):
        raise InvalidInput("name_invalid", "企业名称里不能有网址和【】，它会写进给企业的短信", field="name")
    token = secrets.token_urlsafe(32)
    return _refer(
        uscc=code,
        name=name,
        contact_name=contact_name,
        phone=phone,
        product_code=product_code,
        token=token,
        actor=actor,
    )


@use_case
def _refer(
    *, uscc: str, name: str, contact_name: str, phone: str, product_code: str, token: str, actor: Actor
) -> Referral:
    index = phone_index(phone)
    lock_name(f"referral:{index}")
    recent = Referral.objects.filter(contact_phone_index=index, created_at__gt=now() - timedelta(days=1))
    if recent.count() >= MAX_REFERRALS_A_PHONE:
        raise RuleRefused("referrals_exhausted", "24 小时内已向这个手机号发出 3 次推荐，请明天再发")
    referral = Referral.objects.create(
        reference=new_reference("TJ"),
        partner_id=actor.partner_id,
        uscc=uscc,
        name=name,
        contact_name=contact_name,
        contact_phone=phone,
        contact_phone_index=index,
        product_code=product_code,
        token_hash=sha256(token),
        expires_at=now() + REFERRAL_LIFETIME,
        is_sandbox=actor.is_sandbox,
    )
    record(stream=referral.reference, type="referral.sent", actor=actor, payload={"product": product_code})
    enqueue(Job.DELIVER_REFERRAL, key=referral.reference, reference=referral.reference, sealed_token=encrypt(token))
    return referral


def deliver_referral(*, reference: str, sealed_token: str) -> None:
    """Send the contact their link. Called by a job; raises TransientError to be tried again. A sandbox sends nothing."""
    referral = Referral.objects.select_related("partner").get(reference=reference)
    if referral.is_sandbox:
        return
    link = f"{settings.SITE_URL}/referrals/{decrypt(sealed_token)}/"
    gateway().send(
        referral.contact_phone, f"{referral.partner.name} 推荐 {referral.name} 办理融资申请，请您本人查看并决定：{link}"
    )


def find_referral(token: str) -> Referral | None:
    return Referral.objects.select_related("partner").filter(token_hash=sha256(token), is_sandbox=False).first()


@use_case
def accept_referral(*, token: str, text_sha256: str, actor: Actor) -> Consent:
    """The enterprise's own verified person lets the partner act. Raises RuleRefused with what is still needed."""
    referral = Referral.objects.select_for_update().get(token_hash=sha256(token), is_sandbox=False)
    if referral.expires_at <= now():
        raise RuleRefused("referral_expired", "推荐链接已过期，请联系推荐机构重新发起")
    membership = Membership.objects.of(actor).verified().filter(enterprise__uscc=referral.uscc).first()
    if membership is None:
        raise RuleRefused("membership_needed", "请先登记并核验企业身份，再确认推荐")
    move(referral, "accept", actor=actor)
    return grant_to_partner(membership=membership, partner=referral.partner, text_sha256=text_sha256, actor=actor)


def grant_to_partner(*, membership: Membership, partner: Partner, text_sha256: str, actor: Actor) -> Consent:
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    return consents.give_locked(
        membership=membership, text_id=text.pk, text_sha256=text_sha256, actor=actor, partner=partner
    )


def expire_referrals(limit: int = 500) -> int:
    """Close referrals whose link ran out. Returns how many."""
    due = list(Referral.objects.filter(status="sent", expires_at__lte=now()).values_list("pk", flat=True)[:limit])
    for pk in due:
        _expire(referral_id=pk)
    return len(due)


@use_case
def _expire(*, referral_id: int) -> None:
    referral = Referral.objects.select_for_update().get(pk=referral_id)
    if referral.status == "sent":
        move(referral, "expire", actor=SYSTEM)
