"""Onboarding forms: bad input in every field, told at its place, nothing stored."""

import pytest
from django.test import Client

from accounts.models import Enterprise, Invitation, Membership
from tests import factories

pytestmark = pytest.mark.django_db
BAD_TEXT = ["", "   ", "x" * 400, "a\x00b", "<script>alert(1)</script>", "１２３"]


@pytest.fixture
def client(founder):
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("value", [*BAD_TEXT, "91110108551385082X", "91110108 551385082Q"])
def test_bad_credit_code_is_told(client, value):
    page = client.post("/enterprises/claim/", {"uscc": value, "role": "legal_rep"})
    assert page.status_code == 422
    assert "uscc" in page.context["form"].errors
    assert Enterprise.objects.count() == 1


@pytest.mark.parametrize(("field", "value"), [("role", "king"), ("role", ""), ("name", "x" * 201), ("name", "a\x00b")])
def test_other_fields_of_a_claim_are_checked(client, field, value):
    data = {"uscc": factories.demo_uscc(), "name": "北京新企业", "role": "legal_rep", field: value}
    page = client.post("/enterprises/claim/", data)
    assert page.status_code == 422
    assert field in page.context["form"].errors


@pytest.mark.parametrize("value", [*BAD_TEXT, "110101199003071098", "11010119900307109"])
def test_bad_id_number_is_told_and_verifies_nobody(founder, value):
    stranger = factories.user()
    Membership.objects.create(user=stranger, enterprise=founder.enterprise, role="legal_rep")
    client = Client()
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(f"/enterprises/{founder.enterprise.uscc}/verify/", {"name": "林一帆", "id_number": value})
    assert page.status_code == 422
    assert "id_number" in page.context["identity_form"].errors
    assert not Membership.objects.get(user=stranger).is_verified


@pytest.mark.parametrize("value", BAD_TEXT)
def test_bad_invitation_address_is_told(client, founder, value):
    page = client.post(f"/enterprises/{founder.enterprise.uscc}/invite/", {"address": value, "role": "agent"})
    assert page.status_code == 422
    assert "address" in page.context["invite_form"].errors
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", ["legal_rep", "", "x"])
def test_role_that_cannot_be_invited_is_told(client, founder, role):
    page = client.post(f"/enterprises/{founder.enterprise.uscc}/invite/", {"address": "a@b.example", "role": role})
    assert page.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("token", ["x", "a" * 300, "%3Cscript%3E"])
def test_made_up_links_are_not_found(client, token):
    assert client.get(f"/invitations/{token}/").status_code == 404
    assert client.get(f"/referrals/{token}/").status_code == 404


def test_text_size_is_kept_and_leads_back(client):
    page = client.post("/text-size/", {"next": "/enterprises/"})
    assert page.headers["Location"] == "/enterprises/"
    assert 'data-text="large"' in client.get("/enterprises/").text
    assert client.post("/text-size/", {"next": "https://evil.example/"}).headers["Location"] == "/"
