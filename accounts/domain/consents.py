"""Versioned consents: shown in full, given by a person, withdrawn as easily."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.db.models import QuerySet

from accounts import rules
from accounts.enums import OWN_PERSON, ConsentKind, Role
from accounts.models import Consent, ConsentText, Enterprise, Membership, Partner
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now, today
from portal.kernel.crypto import sha256
from portal.kernel.errors import NotPermitted, RuleRefused, StaleObject
from portal.kernel.events import record
from portal.kernel.transactions import use_case


@lru_cache(maxsize=2)
def _effective(on: date) -> QuerySet[ConsentText]:
    """Put together once a day, never read itself."""
    return ConsentText.objects.filter(effective_from__lte=on).order_by("version")


def current_texts(kinds: list[str]) -> list[ConsentText]:
    """The newest effective text of each kind, in the order asked."""
    newest: dict[str, ConsentText] = {}
    for text in _effective(today()).filter(kind__in=kinds):
        newest[text.kind] = text
    return [newest[kind] for kind in kinds if kind in newest]


def missing_kinds(enterprise: Enterprise, kinds: list[str], person_id: int | None) -> list[str]:
    """Kinds without a live consent to their current text; of a kind that is a person's own, without `person_id`'s own."""
    given = Consent.objects.live().filter(enterprise=enterprise, kind__in=kinds)
    live = set(given.shared_with(person_id).values_list("text_id", flat=True))
    return [text.kind for text in current_texts(kinds) if text.pk not in live]


def may_sign(membership: Membership, kind: str) -> bool:
    """Personal credit is the legal representative's own to give (征信业管理条例 第十八条)."""
    if not rules.may_act(membership):
        return False
    return kind != ConsentKind.PERSONAL_CREDIT or membership.role == Role.LEGAL_REP


@use_case
def give(
    *, membership_id: int, text_id: int, text_sha256: str, actor: Actor, partner: Partner | None = None
) -> Consent:
    """Record consent to exactly the text that was shown. Raises StaleObject when the wording changed meanwhile."""
    membership = (
        Membership.objects.of(actor).select_related("enterprise").select_for_update(of=("self",)).get(pk=membership_id)
    )
    return give_locked(membership=membership, text_id=text_id, text_sha256=text_sha256, actor=actor, partner=partner)


def give_locked(
    *, membership: Membership, text_id: int, text_sha256: str, actor: Actor, partner: Partner | None = None
) -> Consent:
    """The work of `give` for a use case that already holds the membership."""
    text = ConsentText.objects.get(pk=text_id)
    if (text.kind == ConsentKind.PARTNER) != (partner is not None):
        raise RuleRefused("partner_consent_elsewhere", "委托合作机构的授权请从推荐链接里签署")
    if not may_sign(membership, text.kind):
        who = "法定代表人本人" if text.kind == ConsentKind.PERSONAL_CREDIT else "经核验的法定代表人或经办人"
        raise NotPermitted("may_not_consent", "这份授权要由{who}签署", who=who)
    if text.sha256 != text_sha256 or text.pk not in {t.pk for t in current_texts([text.kind])}:
        raise StaleObject("consent_text_changed", "授权书文本已更新，请重新阅读后签署")
    given = Consent.objects.live().filter(enterprise=membership.enterprise, text=text, partner=partner)
    existing = (given.filter(given_by_id=actor.user_id) if text.kind in OWN_PERSON else given).first()
    if existing:
        return existing
    consent = Consent.objects.create(
        enterprise=membership.enterprise,
        text=text,
        kind=text.kind,
        partner=partner,
        given_by_id=actor.user_id,
        given_at=now(),
        given_from=actor.address,
    )
    record(
        stream=membership.enterprise.uscc,
        type="consent.granted",
        actor=actor,
        public=text.kind not in OWN_PERSON,
        payload={
            "kind": text.kind,
            "version": text.version,
            "sha256": text.sha256,
            "partner": partner.pk if partner else None,
        },
    )
    return consent


@use_case
def revoke(*, consent_id: int, actor: Actor) -> Consent:
    """Withdraw a consent. What was done under it stays lawful; nothing new is done."""
    consent = Consent.objects.select_for_update().select_related("enterprise").get(pk=consent_id)
    membership = Membership.objects.of(actor).filter(enterprise=consent.enterprise).first()
    is_anothers = consent.kind in OWN_PERSON and consent.given_by_id != actor.user_id
    if membership is None or is_anothers or not may_sign(membership, consent.kind):
        raise NotPermitted("may_not_revoke", "撤回授权要由签署人或法定代表人办理")
    if consent.revoked_at is None:
        # Every live version of the same consent ends, or an older wording would go on allowing it.
        same = Consent.objects.live().filter(enterprise=consent.enterprise, kind=consent.kind, partner=consent.partner)
        if consent.kind in OWN_PERSON:
            same = same.filter(given_by_id=consent.given_by_id)
        consent.revoked_at = now()
        same.update(revoked_at=consent.revoked_at)
        record(
            stream=consent.enterprise.uscc,
            type="consent.revoked",
            actor=actor,
            public=consent.kind not in OWN_PERSON,
            payload={"kind": consent.kind, "partner": consent.partner_id},
        )
    return consent


def partner_may_act(enterprise: Enterprise, partner_id: int) -> bool:
    return (
        Consent.objects.live().filter(enterprise=enterprise, kind=ConsentKind.PARTNER, partner_id=partner_id).exists()
    )


def require_partner_consent(enterprise: Enterprise, actor: Actor) -> None:
    """Raise RuleRefused `consent_missing` for a partner whom the enterprise has not let act; others pass."""
    if actor.kind is ActorKind.PARTNER and not partner_may_act(enterprise, actor.partner_id or 0):
        raise RuleRefused("consent_missing", "企业的授权人还没有同意由贵机构办理")


def publish_text(*, kind: ConsentKind, title: str, body: str) -> ConsentText:
    """Add a version when the wording is new; the same wording returns the newest row."""
    newest = ConsentText.objects.filter(kind=kind).order_by("-version").first()
    fingerprint = sha256(f"{title}\n{body}")
    if newest and newest.sha256 == fingerprint:
        return newest
    return ConsentText.objects.create(
        kind=kind,
        version=newest.version + 1 if newest else 1,
        title=title,
        body=body,
        sha256=fingerprint,
        effective_from=today(),
    )
