"""What a firm's members share, said in SQL by hand, is what the adjectives of the models say; addresses are `reverse()`'s."""

from datetime import timedelta
from itertools import product as every

import pytest
from django.db.models import Exists, OuterRef, Q
from django.urls import NoReverseMatch, reverse

from accounts.models import Consent, ConsentText, Membership
from applications.models import Application
from applications.querysets import SharedWithinFirm
from portal.kernel.addresses import address
from portal.kernel.clock import now, today
from products.models import Product
from tests import factories


def _by_the_models(on) -> Q:
    writers = Membership.objects.current(on).verified()
    by_the_firm = writers.filter(enterprise_id=OuterRef("enterprise_id"), user_id=OuterRef("created_by_id"))
    consents = Consent.objects.live().filter(kind="partner", partner_id=OuterRef("partner_id"))
    by_a_partner = Q(created_by=None) & Exists(consents.filter(enterprise_id=OuterRef("enterprise_id")))
    return ~Q(status="draft") | by_a_partner | Exists(by_the_firm)


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
    """An application for every way its writer and its partner can stand to the firm, as a draft and submitted."""
    _, client = factories.partner_client()
    text = ConsentText.objects.filter(kind="partner").first()
    terms = ConsentText.objects.filter(kind="terms").first()
    product, elsewhere, giver = Product.objects.get(code="zhaojiedai"), factories.enterprise(), factories.user()
    drafts = set()
    for number, (status, seat, consent, by_person) in enumerate(
        every(("draft", "submitted"), SEATS, CONSENTS, (True, False))
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
        one = Application.objects.create(
            reference=f"SQ20260101-{number:06d}",
            enterprise=firm,
            product=product,
            lifecycle_name="credit",
            status=status,
            submitted_at=now() if status == "submitted" else None,
            created_by=writer if by_person else None,
            partner=client.partner,
        )
        if status == "draft":
            drafts.add(one.pk)
    return drafts


def test_said_by_hand_is_what_the_models_say(world):
    for on in (today(), today() + timedelta(days=1)):
        by_hand = set(Application.objects.filter(SharedWithinFirm(on)).values_list("pk", flat=True))
        assert by_hand == set(Application.objects.filter(_by_the_models(on)).values_list("pk", flat=True))
        assert by_hand & world and world - by_hand
        assert set(Application.objects.filter(~SharedWithinFirm(on)).values_list("pk", flat=True)) == world - by_hand


def test_it_speaks_of_its_own_query_inside_another(world):
    """As part of a subquery the table has another name; the outer one must not be asked in its place."""
    inner = Application.objects.filter(SharedWithinFirm(today()))
    nested = Application.objects.filter(pk__in=inner)
    same = Application.objects.filter(Exists(inner.filter(pk=OuterRef("pk"))))
    expected = set(inner.values_list("pk", flat=True))
    assert set(nested.values_list("pk", flat=True)) == expected
    assert set(same.values_list("pk", flat=True)) == expected
    assert Application.objects.filter(Exists(inner)).count() == Application.objects.count()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("applications:list", ()),
        ("applications:status", ("SQ20260101-0000A1",)),
        ("admin:case_act", ("SQ20260101-0000A1", "note")),
        ("applications:status", ("带中文 {} %",)),
    ],
)
def test_an_address_is_the_reversed_one(name, words):
    assert address(name, *words) == reverse(name, args=words)


def test_an_unknown_name_is_no_address():
    with pytest.raises(NoReverseMatch):
        address("applications:nowhere")
