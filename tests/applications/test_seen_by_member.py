"""What a member sees of a firm, said in SQL by hand, is what the adjectives of the models say."""

from datetime import timedelta
from itertools import product as every

import pytest
from django.db.models import Exists, OuterRef, Q

from accounts.models import Consent, ConsentText, Membership
from applications.models import Application
from applications.querysets import SeenByMember
from portal.kernel.clock import now, today
from products.models import Product
from tests import factories


def _by_the_models(person, verified, on) -> Q:
    writers = Membership.objects.current(on).verified()
    by_the_firm = writers.filter(enterprise_id=OuterRef("enterprise_id"), user_id=OuterRef("created_by_id"))
    consents = Consent.objects.live().filter(kind="partner", partner_id=OuterRef("partner_id"))
    by_a_partner = Q(created_by=None) & Exists(consents.filter(enterprise_id=OuterRef("enterprise_id")))
    shared = ~Q(status="draft") | by_a_partner | Exists(by_the_firm)
    own = Q(created_by=person)
    return (own & Q(status="draft")) | (Q(enterprise__in=verified) & (Q(is_personal=False) | own) & shared)


SEATS = {
    "none": None,
    "verified": {"verified": True},
    "stranger": {"verified": False},
    "revoked": {"verified": True, "revoked": True},
    "ends today": {"verified": True, "days": 0},
    "ended": {"verified": True, "days": -1},
}
CONSENTS = ("none", "live", "revoked", "other firm", "other kind")


@pytest.fixture
def world(defaults):
    """An application for every way its writer and its partner can stand to the firm: drafts, submitted, personal ones."""
    _, client = factories.partner_client()
    text = ConsentText.objects.filter(kind="partner").first()
    terms = ConsentText.objects.filter(kind="terms").first()
    product, elsewhere, giver = Product.objects.get(code="zhaojiedai"), factories.enterprise(), factories.user()
    kinds = (("draft", False), ("submitted", False), ("submitted", True))
    for number, ((status, personal), seat, consent, by_person) in enumerate(
        every(kinds, SEATS, CONSENTS, (True, False))
    ):
        firm, writer = factories.enterprise(), factories.user()
        if said := SEATS[seat]:
            made = factories.member(firm, person=writer, verified=said["verified"])
            ends = today() + timedelta(days=said["days"]) if "days" in said else None
            revoked = now() if "revoked" in said else None
            Membership.objects.filter(pk=made.pk).update(valid_until=ends, revoked_at=revoked)
        if consent != "none":
            is_other = consent == "other kind"
            Consent.objects.create(
                enterprise=elsewhere if consent == "other firm" else firm,
                text=terms if is_other else text,
                kind="terms" if is_other else "partner",
                partner=None if is_other else client.partner,
                given_by=giver,
                given_at=now(),
                revoked_at=now() if consent == "revoked" else None,
            )
        Application.objects.create(
            reference=f"SQ20260101-{number:06d}",
            enterprise=firm,
            product=product,
            lifecycle_name="credit",
            status=status,
            is_personal=personal,
            submitted_at=now() if status == "submitted" else None,
            created_by=writer if by_person else None,
            partner=client.partner,
        )
    return list(Application.objects.order_by("pk"))


def _seen(person, verified, on) -> SeenByMember:
    return SeenByMember(person_id=person.pk, verified=verified, on=on)


def _keys(rows) -> set[int]:
    return set(rows.values_list("pk", flat=True))


def test_said_by_hand_is_what_the_models_say(world):
    firms = [a.enterprise_id for a in world]
    writers = [a.created_by for a in world if a.created_by]
    viewers = [
        (factories.user(), firms),  # a colleague everywhere
        (factories.user(), firms[::2]),
        (factories.user(), []),
        *((writer, firms) for writer in writers[::7]),
        *((writer, []) for writer in writers[::7]),
    ]
    for on in (today(), today() + timedelta(days=1)):
        for person, verified in viewers:
            by_hand = _keys(Application.objects.filter(_seen(person, verified, on)))
            assert by_hand == _keys(Application.objects.filter(_by_the_models(person, verified, on)))
    assert _keys(Application.objects.filter(_seen(viewers[2][0], [], today()))) == set()


def test_a_colleague_sees_neither_strangers_drafts_nor_personal_matters(world):
    seen = Application.objects.filter(_seen(factories.user(), [a.enterprise_id for a in world], today()))
    drafts = seen.filter(status="draft")
    assert drafts.exists() and drafts.count() < len([a for a in world if a.status == "draft"])
    assert seen.filter(status="submitted", is_personal=False).count() == len(
        [a for a in world if a.status == "submitted" and not a.is_personal]
    )
    assert not seen.filter(is_personal=True).exists()


def test_it_speaks_of_its_own_query_inside_another(world):
    """As part of a subquery the table has another name; the outer one must not be asked in its place."""
    inner = Application.objects.filter(_seen(factories.user(), [a.enterprise_id for a in world], today()))
    nested = Application.objects.filter(pk__in=inner)
    same = Application.objects.filter(Exists(inner.filter(pk=OuterRef("pk"))))
    assert _keys(inner) == _keys(nested) == _keys(same)
    assert 0 < inner.count() < len(world)
    assert Application.objects.filter(Exists(inner)).count() == len(world)


def test_two_people_do_not_share_one_condition(world):
    one, other = factories.user(), factories.user()
    firm = world[0].enterprise_id
    assert _seen(one, [firm], today()) == _seen(one, [firm], today())
    assert len({_seen(one, [firm], today()), _seen(other, [firm], today()), _seen(one, [], today())}) == 3
