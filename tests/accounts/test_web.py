"""Onboarding forms: bad input in every field, told at its place, nothing stored."""

import re

import pytest
from django.test import Client

from accounts.domain import consents, partners
from accounts.enums import ConsentKind
from accounts.models import Consent, Enterprise, Invitation, Membership, OutboxMessage, Referral
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
BAD_TEXT = ["", "   ", "x" * 400, "a\x00b", "<script>alert(1)</script>", "１２３"]


@pytest.fixture
def client(founder):
    client = Client()
    client.force_login(founder.user, backend=BACKEND)
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
    client.force_login(stranger, backend=BACKEND)
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


def link_in_last_message(kind: str) -> str:
    return re.search(rf"/{kind}/[\w-]+/", OutboxMessage.objects.latest("pk").body)[0]


def test_colleague_comes_in_by_the_link_they_were_sent(client, founder):
    base = f"/enterprises/{founder.enterprise.uscc}/"
    page = client.post(f"{base}invite/", {"address": "agent@demo.example", "role": "agent"}, follow=True)
    assert "邀请已发出" in page.text
    link = link_in_last_message("invitations")
    thief, colleague = signed_in(factories.user()), signed_in(factories.user("agent@demo.example"))
    assert "不是发给当前账号" in thief.post(link, follow=True).text
    assert founder.enterprise.name in colleague.get(link).text
    assert "已加入" in colleague.post(link, follow=True).text
    assert "已经用过" in colleague.get(link).text
    assert Membership.objects.get(user__email="agent@demo.example").is_verified


def test_identity_is_verified_on_the_enterprise_page(founder):
    Membership.objects.all().delete()
    person = factories.user()
    client = signed_in(person)
    client.post("/enterprises/claim/", {"uscc": founder.enterprise.uscc, "role": "legal_rep"})
    base = f"/enterprises/{founder.enterprise.uscc}/"
    wrong = client.post(f"{base}verify/", {"name": "别人", "id_number": factories.LEGAL_REP_ID})
    assert wrong.status_code == 422
    assert "不一致" in wrong.context["identity_form"].errors["name"][0]
    right = client.post(f"{base}verify/", {"name": "林一帆", "id_number": factories.LEGAL_REP_ID}, follow=True)
    assert "核验通过" in right.text
    assert Membership.objects.get(user=person).is_verified


def test_consent_is_withdrawn_by_who_may_sign_it(client, founder):
    factories.consent_to(founder.enterprise, ["terms", "personal_credit"], founder.actor)
    own = Consent.objects.get(kind="personal_credit")
    path = f"/enterprises/{founder.enterprise.uscc}/consents/{own.pk}/revoke/"
    agent = signed_in(factories.member(founder.enterprise, role="agent").user)
    assert "撤回授权要由" in agent.post(path, follow=True).text
    assert "授权已撤回" in client.post(path, follow=True).text
    assert list(Consent.objects.live().values_list("kind", flat=True)) == ["terms"]


def test_consent_of_another_firm_is_not_found(client):
    other = factories.legal_rep(name="北京别家科技有限公司")
    factories.consent_to(other.enterprise, ["terms"], other.actor)
    own = Membership.objects.exclude(pk=other.membership.pk).get().enterprise
    assert client.post(f"/enterprises/{own.uscc}/consents/{Consent.objects.get().pk}/revoke/").status_code == 404


def test_referral_is_confirmed_on_its_page(client, founder, run_jobs):
    actor, row = factories.partner_client()
    partners.refer(
        uscc=founder.enterprise.uscc,
        name=founder.enterprise.name,
        contact_name="林一帆",
        contact_phone="13800138000",
        product_code="",
        actor=actor,
    )
    run_jobs()
    link = link_in_last_message("referrals")
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    assert text.body[:20] in client.get(link).text
    assert "先登记企业" in signed_in(factories.user()).get(link).text
    assert "文本已更新" in client.post(link, {"text": "stale"}, follow=True).text
    assert Referral.objects.get().status == "sent"
    assert "已确认" in client.post(link, {"text": text.sha256}, follow=True).text
    assert consents.partner_may_act(founder.enterprise, row.partner_id)
    assert "已处理" in client.get(link).text


def test_staff_are_not_offered_a_reset_that_there_is_not():
    stranger = Client()
    page = stranger.get("/accounts/login/").text
    assert "忘记密码请联系系统管理员" in page
    assert "password/reset" not in page
    assert stranger.get("/accounts/password/reset/").status_code == 404


def test_outbox_is_the_demonstrations_alone(client, settings):
    assert client.get("/outbox/").status_code == 200
    settings.DEMO = False
    assert client.get("/outbox/").status_code == 404
