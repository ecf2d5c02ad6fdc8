"""Services of each stage on the same machinery as a loan, and what is a person's own."""

import pytest
from django.urls import reverse

from accounts.domain import consents
from accounts.models import Consent
from applications import outbound
from applications.domain import assigning, deciding, drafting, reusing, submission
from applications.models import Application, Notice
from portal.kernel.clock import due_after
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused
from portal.kernel.models import Event
from products.domain.sample_catalogue import PRODUCTS
from products.models import Product
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
ANSWERS = {
    "account-opening": {"account_kind": "basic"},
    "basic-credit": {"wanted_amount": "3000000.00", "used_for": "备料"},
    "policy-matching": {"policy_topic": "all"},
    "capital-matching": {"round": "a", "raise_amount": "30000000.00", "raise_for": "研发"},
    "cross-border": {"cross_border_kind": "exchange", "counter_country": "德国"},
    "wealth-management": {"idle_for": "months", "risk_wish": "none"},
    "private-banking": {"private_topic": "education", "call_at": "evening"},
}
LATER_STAGES = ("wealth-management", "private-banking")  # than that of the firm here, which is growing
STAGES = {
    "育苗": {"account-opening", "basic-credit", "policy-matching"},
    "壮苗": {"capital-matching"},
    "结果": {"cross-border", "wealth-management", "private-banking"},
}


def drafted(who, code: str) -> Application:
    application = drafting.start(enterprise_id=who.enterprise.pk, product_code=code, actor=who.actor)
    for section, request in (("need", {"answers": ANSWERS[code]}), ("enterprise", {})):
        drafting.save_section(
            application_id=application.pk, section=section, profile={}, request=request, actor=who.actor
        )
    factories.consent_to(who.enterprise, application.product.consents, who.actor)
    for material in (m for m in application.materials if m.get("required")):
        drafting.upload(application_id=application.pk, kind=material["kind"], upload=factories.pdf(), actor=who.actor)
    return application


def test_every_stage_has_its_services():
    found = {stage: {p["code"] for p in PRODUCTS if p["kind"] == "service" and p["stage"] == stage} for stage in STAGES}
    assert found == STAGES


@pytest.mark.parametrize("code", ANSWERS)
def test_a_service_is_asked_for_checked_claimed_and_completed(founder, bankers, run_jobs, code):
    application = submission.submit(application_id=drafted(founder, code).pk, actor=founder.actor)
    run_jobs()
    application.refresh_from_db()
    assert (application.status, application.outcome) == ("screened", "refer" if code in LATER_STAGES else "pass")
    assert application.due_at == due_after(application.submitted_at, application.product.sla_days).at
    assigning.claim(application_id=application.pk, actor=bankers.rm)
    deciding.close_service(
        application_id=application.pk, outcome="complete", reason=None, comment="已办", actor=bankers.rm
    )
    application.refresh_from_db()
    assert application.status == "completed"


def test_promised_days_are_those_of_the_bank():
    days = {p["code"]: p["sla_days"] for p in PRODUCTS}
    assert (days["account-opening"], days["cross-border"], days["zhaojindai"]) == (2, 2, 22)


def test_a_service_outside_its_stage_goes_to_a_person_and_never_fails(run_jobs, defaults):
    young = factories.legal_rep(profile={**factories.PROFILE, "established_on": "2026-01-05"})
    for code in ("cross-border", "wealth-management", "private-banking"):
        application = submission.submit(application_id=drafted(young, code).pk, actor=young.actor)
        run_jobs()
        application.refresh_from_db()
        assert (code, application.outcome) == (code, "refer")


def colleague(founder):
    return factories.applicant(factories.member(founder.enterprise, role="agent", person=factories.user(name="陈工")))


def test_what_is_a_persons_own_is_seen_by_nobody_else_of_the_firm(founder, run_jobs):
    other = colleague(founder)
    application = submission.submit(application_id=drafted(founder, "private-banking").pk, actor=founder.actor)
    shared = submission.submit(application_id=drafted(founder, "policy-matching").pk, actor=founder.actor)
    run_jobs()
    where = application.get_absolute_url()
    assert signed_in(founder).get(where).status_code == 200
    assert signed_in(other).get(where).status_code == 404
    assert signed_in(other).get(shared.get_absolute_url()).status_code == 200
    listed = signed_in(other).get("/applications/").content.decode()
    assert application.reference not in listed
    assert shared.reference in listed
    with pytest.raises(NotPermitted):
        submission.submit(application_id=application.pk, actor=other.actor)
    outbound.announce(reference=application.reference)
    assert set(Notice.objects.filter(application=application).values_list("user_id", flat=True)) == {founder.user.pk}
    assert len(set(Notice.objects.filter(application=shared).values_list("user_id", flat=True))) == 2


def test_a_persons_consent_does_not_stand_in_for_anothers(founder):
    other = colleague(founder)
    drafted(founder, "private-banking")
    theirs = drafting.start(enterprise_id=founder.enterprise.pk, product_code="private-banking", actor=other.actor)
    kinds = theirs.product.consents
    assert consents.missing_kinds(founder.enterprise, kinds, other.user.pk) == ["private_banking"]
    assert consents.missing_kinds(founder.enterprise, kinds, None) == ["private_banking"]
    factories.consent_to(founder.enterprise, ["private_banking"], other.actor)
    given = Consent.objects.filter(kind="private_banking")
    assert given.count() == 2
    mine = given.get(given_by=founder.user)
    with pytest.raises(NotPermitted):
        consents.revoke(consent_id=mine.pk, actor=other.actor)
    consents.revoke(consent_id=mine.pk, actor=founder.actor)
    assert consents.missing_kinds(founder.enterprise, kinds, founder.user.pk) == ["private_banking"]
    assert consents.missing_kinds(founder.enterprise, kinds, other.user.pk) == []


def test_a_persons_own_consent_is_shown_to_nobody_else_of_the_firm(founder):
    other = colleague(founder)
    drafted(founder, "private-banking")
    mine = Consent.objects.get(kind="private_banking")
    page = reverse("accounts:enterprise", args=[founder.enterprise.uscc])
    revoke = reverse("accounts:revoke_consent", args=[founder.enterprise.uscc, mine.pk])
    assert mine.text.title in signed_in(founder).get(page).content.decode()
    assert mine.text.title not in signed_in(other).get(page).content.decode()
    assert signed_in(other).post(revoke).status_code == 404
    assert signed_in(founder).post(revoke).status_code == 302
    told = Event.objects.filter(stream=founder.enterprise.uscc, type__startswith="consent.")
    assert [e.public for e in told if e.payload["kind"] == "private_banking"] == [False, False]
    assert any(e.public for e in told)


def test_a_partner_cannot_ask_for_what_is_a_persons_own(founder):
    actor, _ = factories.partner_client()
    with pytest.raises(InvalidInput):
        drafting.start_by_partner(uscc=founder.enterprise.uscc, product_code="private-banking", request={}, actor=actor)


def test_personal_papers_and_answers_are_not_offered_to_the_firm_again(founder, run_jobs):
    Product.objects.filter(code="private-banking").update(materials=[{"kind": "business_plan", "label": "计划"}])
    personal = drafted(founder, "private-banking")
    drafting.upload(application_id=personal.pk, kind="business_plan", upload=factories.pdf(), actor=founder.actor)
    submission.submit(application_id=personal.pk, actor=founder.actor)
    run_jobs()
    other = colleague(founder)
    draft = drafting.start(enterprise_id=founder.enterprise.pk, product_code="capital-matching", actor=other.actor)
    assert reusing.reusable_documents(draft) == {}
    assert draft.taken_over == {}
    with pytest.raises(RuleRefused):
        document = personal.documents.get()
        reusing.reuse_document(application_id=draft.pk, public_id=document.public_id, actor=other.actor)
