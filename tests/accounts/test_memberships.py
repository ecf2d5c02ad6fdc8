"""Who may act for an enterprise, and the attacks on it."""

from datetime import timedelta

import pytest
import time_machine

from accounts.domain import consents, memberships, onboarding, partners, profiles
from accounts.enums import ConsentKind, ProfileSource, Role
from accounts.models import Consent, EnterpriseProfile, Membership, OutboxMessage, RegistryRecord
from applications.domain import drafting, submission
from applications.models import Application
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused, StaleObject, TransientError
from tests import factories


def outsider() -> Actor:
    return Actor(ActorKind.APPLICANT, user_id=factories.user().pk)


def token_of(message: OutboxMessage) -> str:
    return message.body.rstrip("/").rpartition("/")[2]


def test_claim_prefills_from_the_registry(defaults):
    firm = factories.enterprise()
    membership = onboarding.claim(uscc=firm.uscc, name="", role=Role.LEGAL_REP, actor=outsider())
    assert not membership.is_verified
    own = profiles.own_profile(membership)
    assert (own.source, own.data["established_on"]) == (ProfileSource.CLAIMED, "2019-06-11")


def test_claim_goes_on_while_the_registry_is_down_and_is_checked_later(defaults, monkeypatch):
    code = factories.demo_uscc()

    def down(self, uscc):
        raise TransientError("source_down", "x")

    monkeypatch.setattr("accounts.integrations.business_registry.LocalRegistry.lookup", down)
    with pytest.raises(InvalidInput) as refused:
        onboarding.claim(uscc=code, name="", role=Role.LEGAL_REP, actor=outsider())
    assert "不是您的问题" in refused.value.message
    membership = onboarding.claim(uscc=code, name="手填名称", role=Role.LEGAL_REP, actor=outsider())
    assert membership.enterprise.registry_checked_at is None
    monkeypatch.undo()
    RegistryRecord.objects.create(uscc=code, name="登记名称", legal_rep_name="某", profile={"industry_code": "I65"})
    from applications.domain.evidence import recheck_registry

    recheck_registry(membership.enterprise)
    membership.enterprise.refresh_from_db()
    assert membership.enterprise.name == "登记名称"


def test_attack_claiming_a_customers_code_shows_nothing_of_it(founder):
    application = factories.draft(founder)
    thief = outsider()
    membership = onboarding.claim(uscc=founder.enterprise.uscc, name="", role=Role.LEGAL_REP, actor=thief)
    assert "class_1_ip" not in profiles.own_profile(membership).data
    assert not Application.objects.visible_to(thief).exists()
    mine = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=thief)
    drafting.save_section(
        application_id=mine.pk, section="enterprise", profile={"employees": 9999}, request={}, actor=thief
    )
    assert list(Application.objects.visible_to(thief)) == [mine]
    assert profiles.merged(founder.enterprise).values["employees"] == 120
    for act in (
        lambda: submission.submit(application_id=mine.pk, actor=thief),
        lambda: factories.consent_to(founder.enterprise, ["terms"], thief),
        lambda: submission.submit(
            application_id=application.pk, actor=Actor(ActorKind.APPLICANT, user_id=factories.user().pk)
        ),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert not founder.enterprise.tiers.exists()


def test_attack_claiming_what_a_partner_typed_shows_nothing_of_it(defaults):
    actor, _ = factories.partner_client()
    code = factories.demo_uscc()
    partners.put_profile(
        uscc=code,
        data={
            "uscc": code,
            "name": "秘密科技",
            "established_on": "2020-01-01",
            "industry_code": "I65",
            "employees": 33,
        },
        actor=actor,
    )
    membership = onboarding.claim(uscc=code, name="我填的", role=Role.LEGAL_REP, actor=outsider())
    own = profiles.own_profile(membership).data
    assert own == {"name": "我填的"}


def test_partner_profile_counts_only_with_consent(founder):
    actor, client = factories.partner_client()
    code = founder.enterprise.uscc
    partners.put_profile(
        uscc=code,
        data={"uscc": code, "name": "x", "established_on": "2019-06-11", "industry_code": "I65", "employees": 5},
        actor=actor,
    )
    assert "employees" not in profiles.merged(founder.enterprise).conflicts
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    consents.give(
        membership_id=founder.membership.pk,
        text_id=text.pk,
        text_sha256=text.sha256,
        actor=founder.actor,
        partner=client.partner,
    )
    assert profiles.merged(founder.enterprise).conflicts["employees"] == (5,)


def test_legal_rep_is_verified_by_identity_and_takes_the_claim_over(defaults):
    code = factories.demo_uscc()
    from portal.kernel.crypto import blind_index

    RegistryRecord.objects.create(
        uscc=code, name="北京折桂", legal_rep_name="方桂", legal_rep_id_index=blind_index(factories.LEGAL_REP_ID, "id")
    )
    actor = outsider()
    membership = onboarding.claim(uscc=code, name="", role=Role.LEGAL_REP, actor=actor)
    with pytest.raises(RuleRefused, match="identity_mismatch"):
        memberships.verify_identity(
            membership_id=membership.pk, name="王五", id_number=factories.LEGAL_REP_ID, actor=actor
        )
    verified = memberships.verify_identity(
        membership_id=membership.pk, name="方桂", id_number="１１０１０１１９９００３０７１０９ｘ", actor=actor
    )
    assert verified.is_verified
    assert EnterpriseProfile.objects.get(enterprise=verified.enterprise, source="self").data["name"] == "北京折桂"


def test_identity_tries_are_limited(founder):
    actor = outsider()
    membership = onboarding.claim(uscc=founder.enterprise.uscc, name="", role=Role.LEGAL_REP, actor=actor)
    for _ in range(5):
        with pytest.raises(RuleRefused, match="identity_mismatch"):
            memberships.verify_identity(
                membership_id=membership.pk, name="王五", id_number=factories.LEGAL_REP_ID, actor=actor
            )
    with pytest.raises(RuleRefused, match="identity_tries_exhausted"):
        memberships.verify_identity(
            membership_id=membership.pk, name="林一帆", id_number=factories.LEGAL_REP_ID, actor=actor
        )


def test_bad_id_number_is_refused_at_its_field(founder):
    with pytest.raises(InvalidInput) as refused:
        memberships.verify_identity(
            membership_id=founder.membership.pk, name="x", id_number="110101199003071098", actor=founder.actor
        )
    assert refused.value.field == "id_number"


def test_invitation_works_once_for_its_address_only(founder):
    invited = factories.user("agent@demo.example")
    memberships.invite(
        membership_id=founder.membership.pk, address="agent@demo.example", role=Role.AGENT, actor=founder.actor
    )
    token = token_of(OutboxMessage.objects.latest("pk"))
    thief = outsider()
    with pytest.raises(RuleRefused, match="invitation_not_yours"):
        memberships.accept_invitation(token=token, actor=thief)
    actor = Actor(ActorKind.APPLICANT, user_id=invited.pk)
    assert memberships.accept_invitation(token=token, actor=actor).role == Role.AGENT
    with pytest.raises(RuleRefused, match="invitation_used"):
        memberships.accept_invitation(token=token, actor=actor)


def test_invitation_expires(founder):
    invited = factories.user("agent@demo.example")
    memberships.invite(
        membership_id=founder.membership.pk, address="agent@demo.example", role=Role.AGENT, actor=founder.actor
    )
    token = token_of(OutboxMessage.objects.latest("pk"))
    with time_machine.travel(now() + timedelta(days=8)), pytest.raises(RuleRefused, match="invitation_expired"):
        memberships.accept_invitation(token=token, actor=Actor(ActorKind.APPLICANT, user_id=invited.pk))


def test_only_the_legal_rep_invites(founder):
    agent = factories.applicant(factories.member(founder.enterprise, role=Role.AGENT))
    with pytest.raises(NotPermitted, match="only_legal_rep_invites"):
        memberships.invite(
            membership_id=agent.membership.pk, address="x@demo.example", role=Role.AGENT, actor=agent.actor
        )


def test_second_legal_rep_is_refused(founder, bankers):
    actor = outsider()
    membership = onboarding.claim(uscc=founder.enterprise.uscc, name="", role=Role.LEGAL_REP, actor=actor)
    with pytest.raises(RuleRefused, match="legal_rep_taken"):
        memberships.verify_by_banker(membership_id=membership.pk, actor=bankers.rm)


def test_only_a_relationship_manager_vouches(founder, bankers):
    membership = factories.member(founder.enterprise, role=Role.AGENT, verified=False)
    with pytest.raises(NotPermitted, match="not_a_manager"):
        memberships.verify_by_banker(membership_id=membership.pk, actor=bankers.reviewer)
    assert memberships.verify_by_banker(membership_id=membership.pk, actor=bankers.rm).is_verified


def test_agent_may_not_sign_for_the_legal_reps_own_credit(founder):
    agent = factories.applicant(factories.member(founder.enterprise, role=Role.AGENT))
    factories.consent_to(founder.enterprise, ["firm_credit"], agent.actor)
    with pytest.raises(NotPermitted, match="may_not_consent"):
        factories.consent_to(founder.enterprise, ["personal_credit"], agent.actor)


def test_consent_keeps_text_person_time_and_place(founder):
    factories.consent_to(founder.enterprise, ["terms"], founder.actor)
    consent = Consent.objects.select_related("text").get()
    assert (consent.given_by, consent.given_from, len(consent.text.sha256)) == (founder.user, "127.0.0.1", 64)


def test_consent_to_an_older_wording_is_stale(founder):
    old = consents.current_texts(["terms"])[0]
    consents.publish_text(kind=ConsentKind.TERMS, title=old.title, body=old.body + "新增一条")
    with pytest.raises(StaleObject):
        consents.give(membership_id=founder.membership.pk, text_id=old.pk, text_sha256=old.sha256, actor=founder.actor)


def test_revoked_consent_is_missing_again(founder):
    factories.consent_to(founder.enterprise, ["terms"], founder.actor)
    consents.revoke(consent_id=Consent.objects.get().pk, actor=founder.actor)
    assert consents.missing_kinds(founder.enterprise, ["terms"], founder.user.pk) == ["terms"]


def test_referral_needs_the_enterprises_own_verified_person(founder, run_jobs):
    actor, client = factories.partner_client()
    partners.refer(
        uscc=founder.enterprise.uscc,
        name="x",
        contact_name="林一帆",
        contact_phone="13800138000",
        product_code="",
        actor=actor,
    )
    run_jobs()
    token = token_of(OutboxMessage.objects.latest("pk"))
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    with pytest.raises(RuleRefused, match="membership_needed"):
        partners.accept_referral(token=token, text_sha256=text.sha256, actor=outsider())
    partners.accept_referral(token=token, text_sha256=text.sha256, actor=founder.actor)
    assert consents.partner_may_act(founder.enterprise, client.partner_id)
    from portal.kernel.errors import IllegalTransition

    with pytest.raises(IllegalTransition):
        partners.accept_referral(token=token, text_sha256=text.sha256, actor=founder.actor)


def test_ended_agent_sees_nothing(founder):
    agent = factories.applicant(factories.member(founder.enterprise, role=Role.AGENT))
    factories.draft(founder)
    assert Application.objects.visible_to(agent.actor).exists()
    Membership.objects.filter(pk=agent.membership.pk).update(valid_until=now().date() - timedelta(days=1))
    assert not Application.objects.visible_to(agent.actor).exists()


def test_attack_strangers_draft_is_never_the_firms(founder):
    thief = outsider()
    onboarding.claim(uscc=founder.enterprise.uscc, name="", role=Role.LEGAL_REP, actor=thief)
    trap = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=thief)
    assert not Application.objects.visible_to(founder.actor).exists()
    mine = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaochuangdai", actor=founder.actor)
    assert not Application.objects.visible_to(thief).filter(pk=mine.pk).exists()
    with pytest.raises(NotPermitted):
        drafting.save_section(
            application_id=mine.pk, section="need", profile={}, request={"purpose_detail": "x"}, actor=thief
        )
    assert Application.objects.visible_to(thief).get() == trap


def test_member_past_their_end_may_claim_anew(founder):
    agent = factories.applicant(factories.member(founder.enterprise, role=Role.AGENT))
    Membership.objects.filter(pk=agent.membership.pk).update(valid_until=now().date() - timedelta(days=1))
    again = onboarding.claim(uscc=founder.enterprise.uscc, name="", role=Role.AGENT, actor=agent.actor)
    assert not again.is_verified


def test_viewer_invited_as_agent_becomes_one(founder):
    person = factories.user("v@demo.example")
    factories.member(founder.enterprise, role=Role.VIEWER, person=person)
    memberships.invite(
        membership_id=founder.membership.pk, address="v@demo.example", role=Role.AGENT, actor=founder.actor
    )
    actor = Actor(ActorKind.APPLICANT, user_id=person.pk)
    assert (
        memberships.accept_invitation(token=token_of(OutboxMessage.objects.latest("pk")), actor=actor).role
        == Role.AGENT
    )


def test_partner_text_cannot_be_signed_in_the_wizard(founder):
    with pytest.raises(RuleRefused, match="partner_consent_elsewhere"):
        factories.consent_to(founder.enterprise, [ConsentKind.PARTNER], founder.actor)


def test_revoking_ends_older_wordings_too(founder):
    factories.consent_to(founder.enterprise, ["terms"], founder.actor)
    old = Consent.objects.get()
    consents.publish_text(kind=ConsentKind.TERMS, title="新", body="新")
    factories.consent_to(founder.enterprise, ["terms"], founder.actor)
    consents.revoke(consent_id=Consent.objects.exclude(pk=old.pk).get().pk, actor=founder.actor)
    assert not Consent.objects.live().exists()


@pytest.mark.parametrize("path", ["signup/", "email/", "password/reset/", "password/set/", "confirm-email/"])
def test_unused_account_pages_stay_shut(founder, path):
    from django.test import Client

    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/accounts/{path}").status_code == 404
    assert client.post(f"/accounts/{path}", {"email": "victim@demo.example", "action_add": ""}).status_code == 404
