"""Nothing typed is lost: saving by itself, coming back after the session ended, earlier answers, documents, step times."""

import io
import re
from decimal import Decimal

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts.enums import Role
from accounts.models import EnterpriseProfile, OutboxMessage, User
from applications.domain import drafting, reusing
from applications.enums import Section
from applications.models import Application, Step
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused
from portal.kernel.middleware import RefuseCutOffForms
from portal.kernel.models import Event
from products.prechecks import SESSION_KEY
from tests import factories

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def client(founder):
    client = Client()
    client.force_login(founder.user, backend=BACKEND)
    return client


@pytest.fixture
def base(client, founder):
    page = client.post("/applications/start/zhaojindai/", {"uscc": founder.enterprise.uscc})
    return page.headers["Location"].removesuffix("tasks/")


NEED = {"requested_amount": "300", "term_months": "12", "repayment_method": "interest_first", "purpose": "rd"}


# ── saving by itself ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_typed_is_kept_and_the_time_is_told(client, base):
    page = client.post(f"{base}sections/need/autosave/", {**NEED, "purpose_detail": "采购"})
    assert page.status_code == 200
    assert "已自动保存" in page.text
    application = Application.objects.get()
    assert (application.requested_amount, application.purpose_detail) == (3_000_000, "采购")


def test_a_faulty_field_is_named_and_the_others_are_kept(client, base):
    client.post(f"{base}sections/need/autosave/", NEED)
    page = client.post(
        f"{base}sections/need/autosave/", {**NEED, "requested_amount": "三百", "purpose_detail": "采购芯片"}
    )
    assert page.status_code == 200
    assert "申请金额" in page.text
    application = Application.objects.get()
    assert application.requested_amount == 3_000_000, "what stood before a fault stays"
    assert application.purpose_detail == "采购芯片"


def test_an_amount_outside_the_product_is_named_and_the_rest_is_kept(client, base):
    page = client.post(f"{base}sections/need/autosave/", {**NEED, "requested_amount": "99999"})
    assert "申请金额" in page.text
    application = Application.objects.get()
    assert (application.requested_amount, application.term_months) == (None, 12)


def test_a_contradiction_is_named_and_not_kept(client, base):
    page = client.post(f"{base}sections/operations/autosave/", {"class_1_ip": "2", "class_1_ip_self_developed": "3"})
    assert page.status_code == 200
    form = client.get(f"{base}sections/operations/").context["form"]
    assert str(form.initial["class_1_ip_self_developed"]) != "3"


def test_a_section_saved_by_itself_is_not_done_yet(client, base):
    client.post(f"{base}sections/need/autosave/", NEED)
    assert Application.objects.get().sections_saved == []
    client.post(f"{base}sections/need/", NEED)
    assert Application.objects.get().sections_saved == ["need"]


def test_an_ended_session_is_told_and_leads_back(client, base):
    page = Client().post(f"{base}sections/need/autosave/", NEED)
    assert page.status_code == 401
    assert "重新登录" in page.text
    assert Application.objects.get().requested_amount is None


@pytest.mark.parametrize("name", ["consents", "documents", "nope"])
def test_only_sections_of_the_form_save_themselves(client, base, name):
    assert client.post(f"{base}sections/{name}/autosave/", NEED).status_code == 404


def test_others_cannot_save_into_a_case(client, base):
    stranger = Client()
    stranger.force_login(factories.legal_rep(name="北京别家科技有限公司").user, backend=BACKEND)
    assert stranger.post(f"{base}sections/need/autosave/", NEED).status_code == 404
    assert Client().get(f"{base}sections/need/autosave/").status_code == 405
    assert Application.objects.get().requested_amount is None


def test_a_submitted_case_does_not_save_any_more(founder, client):
    application = factories.submitted(founder)
    page = client.post(f"/applications/{application.reference}/sections/need/autosave/", NEED)
    assert page.status_code in (302, 404, 409)
    application.refresh_from_db()
    assert application.requested_amount == 1_000_000


# ── the session ended ──────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(client: Client, where: str, address: str) -> str:
    """Sign in by a code; where that leads."""
    client.post(f"/login/?next={where}", {"address": address})
    code = re.search(r"\d{6}", OutboxMessage.objects.latest("pk").body)[0]
    return client.post("/login/code/", {"code": code}).headers["Location"]


def test_what_was_sent_after_the_session_ended_is_there_again_after_sign_in(founder, client, base):
    visitor, path = Client(), f"{base}sections/need/"
    page = visitor.post(path, {**NEED, "purpose_detail": "采购减速器"})
    assert page.headers["Location"] == f"/login/?next={path}"
    assert "采购减速器" not in str(dict(visitor.session)), "what waits is sealed"
    assert sign_in(visitor, path, founder.user.email) == path
    page = visitor.get(path)
    assert "登录过期时填写的内容已恢复" in page.text
    assert "采购减速器" in page.text
    assert page.status_code == 200
    assert Application.objects.get().purpose_detail == "", "it is shown to check, not saved"
    assert "采购减速器" not in visitor.get(path).text, "once"


def test_recovered_input_with_a_fault_is_shown_with_it(founder, client, base):
    visitor, path = Client(), f"{base}sections/need/"
    visitor.post(path, {**NEED, "requested_amount": "三百"})
    visitor.force_login(founder.user, backend=BACKEND)
    page = visitor.get(path)
    assert page.status_code == 422
    assert "三百" in page.text


def test_what_waits_is_shown_at_its_own_address_and_to_its_own_people_only(founder, client, base):
    visitor = Client()
    visitor.post(f"{base}sections/need/", {**NEED, "purpose_detail": "采购减速器"})
    stranger = factories.legal_rep(name="北京别家科技有限公司")
    visitor.force_login(stranger.user, backend=BACKEND)
    assert visitor.get(f"{base}sections/need/").status_code == 404
    own = visitor.post("/applications/start/zhaojindai/", {"uscc": stranger.enterprise.uscc}).headers["Location"]
    assert "采购减速器" not in visitor.get(own.replace("tasks/", "sections/need/")).text


def test_a_flood_is_not_kept(base):
    visitor = Client()
    visitor.post(f"{base}sections/need/", {"purpose_detail": "x" * 40_000})
    assert "typed" not in visitor.session


# ── earlier answers and documents ──────────────────────────────────────────────────────────────────────────────────────


def test_the_next_draft_of_the_same_product_starts_from_the_last_request(founder):
    first = factories.submitted(founder, counterparties=["甲公司"])
    second = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=founder.actor)
    assert (second.requested_amount, second.term_months, second.purpose) == (1_000_000, 12, "rd")
    assert second.counterparties == ["甲公司"]
    assert second.taken_over["from"] == first.reference
    assert second.sections_saved == []


def test_another_product_takes_over_what_both_ask(founder):
    factories.submitted(founder, counterparties=["甲公司"])
    other = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojindai", actor=founder.actor)
    assert (other.requested_amount, other.purpose_detail, other.counterparties) == (None, "研发材料采购", ["甲公司"])


def test_another_firm_and_an_unverified_member_get_nothing(founder):
    factories.submitted(founder)
    stranger = factories.legal_rep(name="北京别家科技有限公司")
    unverified = factories.applicant(factories.member(founder.enterprise, verified=False, person=factories.user()))
    for who in (stranger, unverified):
        draft = drafting.start(enterprise_id=who.enterprise.pk, product_code="zhaojiedai", actor=who.actor)
        assert (draft.requested_amount, draft.taken_over) == (None, {})
        assert reusing.reusable_documents(draft) == {} or who is unverified


@pytest.fixture
def earlier(founder):
    """A submitted case with one document, and a fresh draft of the same product."""
    first = factories.submitted(founder, "zhaojindai", requested_amount=3_000_000)
    second = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojindai", actor=founder.actor)
    return first.documents.get(), second


def test_an_earlier_document_is_attached_again(founder, client, earlier):
    document, draft = earlier
    page = client.get(f"/applications/{draft.reference}/documents/")
    assert "上次用过" in page.text
    done = client.post(f"/applications/{draft.reference}/documents/{document.public_id}/reuse/")
    assert done.status_code == 302
    again = draft.documents.get()
    assert (again.sha256, again.kind, again.name) == (document.sha256, document.kind, document.name)
    assert again.public_id != document.public_id
    event = Event.objects.filter(stream=draft.reference, type="document.added").get()
    assert event.payload["reused"] is True
    assert "上次用过" not in client.get(f"/applications/{draft.reference}/documents/").text
    page = client.get(f"/applications/{draft.reference}/documents/{again.public_id}/")
    assert b"".join(page.streaming_content) == factories.PDF


def test_reuse_leaves_the_earlier_case_as_it_was(founder, client, earlier):
    document, draft = earlier
    client.post(f"/applications/{draft.reference}/documents/{document.public_id}/reuse/")
    again = draft.documents.get()
    client.post(f"/applications/{draft.reference}/documents/{again.public_id}/remove/")
    document.refresh_from_db()
    assert document.removed_at is None
    page = client.get(f"/applications/{document.application.reference}/documents/{document.public_id}/")
    assert b"".join(page.streaming_content) == factories.PDF


def test_a_document_of_another_firm_is_not_reusable(earlier):
    document, _ = earlier
    stranger = factories.legal_rep(name="北京别家科技有限公司")
    draft = drafting.start(enterprise_id=stranger.enterprise.pk, product_code="zhaojindai", actor=stranger.actor)
    with pytest.raises(RuleRefused):
        reusing.reuse_document(application_id=draft.pk, public_id=document.public_id, actor=stranger.actor)
    assert not draft.documents.exists()


def test_an_unverified_member_sees_and_takes_no_earlier_document(founder, earlier):
    document, _ = earlier
    who = factories.applicant(factories.member(founder.enterprise, verified=False, person=factories.user()))
    draft = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojindai", actor=who.actor)
    client = Client()
    client.force_login(who.user, backend=BACKEND)
    assert document.name not in client.get(f"/applications/{draft.reference}/documents/").text
    with pytest.raises(NotPermitted):
        reusing.reuse_document(application_id=draft.pk, public_id=document.public_id, actor=who.actor)


# ── when each step was done ────────────────────────────────────────────────────────────────────────────────────────────


def test_times_of_a_step(client, base):
    client.get(f"{base}sections/need/")
    step = Step.objects.get(section="need")
    assert (step.saved_at, step.completed_at, step.saves) == (None, None, 0)
    client.post(f"{base}sections/need/autosave/", NEED)
    step.refresh_from_db()
    assert (step.saves, step.completed_at) == (1, None)
    assert step.saved_at >= step.opened_at
    client.post(f"{base}sections/need/", NEED)
    step.refresh_from_db()
    first = step.completed_at
    assert step.saves == 2
    client.post(f"{base}sections/need/", NEED)
    step.refresh_from_db()
    assert step.completed_at == first, "the first completion counts"


def test_step_times_outlive_a_draft_that_was_thrown_away(client, base):
    client.get(f"{base}sections/need/")
    client.post(f"{base}discard/")
    assert not Application.objects.exists()
    step = Step.objects.get(section="need")
    assert step.application is None
    assert step.product.code == "zhaojindai"


def test_documents_and_consents_count_as_steps(client, base):
    client.get(f"{base}consents/")
    client.get(f"{base}documents/")
    assert set(Step.objects.values_list("section", flat=True)) == {Section.CONSENTS, Section.DOCUMENTS}


# ── the pre-check goes along ──────────────────────────────────────────────────────────────────────────────────────────


def sign_up(client: Client) -> str:
    """Make a founder's membership for the signed-in visitor, and give the enterprise's code."""
    person = User.objects.get(email="new@demo.example")
    firm = factories.enterprise(profile={"established_on": "2019-06-11", "titles": []})
    EnterpriseProfile.objects.filter(enterprise=firm, source="self").delete()
    factories.member(firm, person=person)
    return firm.uscc


def test_answers_are_carried_into_the_application_after_sign_up(defaults):
    client = Client()
    factories.answer_precheck(client)
    sign_in(client, "/applications/start/zhaojindai/", "new@demo.example")
    assert SESSION_KEY in client.session, "signing in must not lose the answers"
    page = client.post("/applications/start/zhaojindai/", {"uscc": sign_up(client), "carry": "1"})
    application = Application.objects.get()
    assert page.headers["Location"] == f"/applications/{application.reference}/tasks/"
    assert (application.requested_amount, application.term_months, application.purpose) == (
        Decimal(3_000_000),
        12,
        "rd",
    )
    tasks = client.get(page.headers["Location"]).text
    assert "预检的" in tasks
    assert "项回答已带入" in tasks
    assert "请核对" in tasks
    operations = client.get(f"/applications/{application.reference}/sections/operations/").context["form"]
    assert str(operations.initial["class_1_ip"]) == "12"
    assert SESSION_KEY not in client.session
    assert not application.sections_saved, "what was carried in still has to be looked at and saved"


def test_carried_answers_do_not_overwrite_what_the_firm_said(founder):
    client = Client()
    factories.answer_precheck(client, people={"employees": "7", "rd_employees": "3"})
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/applications/start/zhaojindai/", {"uscc": founder.enterprise.uscc, "carry": "1"})
    reference = Application.objects.get().reference
    operations = client.get(f"/applications/{reference}/sections/enterprise/").context["form"]
    assert operations.initial["employees"] == factories.PROFILE["employees"]


def test_a_wish_outside_the_product_is_left_out(founder):
    client = Client()
    factories.answer_precheck(client)
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/applications/start/zhaojiedai/", {"uscc": founder.enterprise.uscc, "carry": "1"})
    assert Application.objects.get().requested_amount is None


def carried_by(founder, product: str, **changes) -> tuple[Client, Application]:
    client = Client()
    factories.answer_precheck(client, **changes)
    client.force_login(founder.user, backend=BACKEND)
    client.post(f"/applications/start/{product}/", {"uscc": founder.enterprise.uscc, "carry": "1"})
    return client, Application.objects.get()


def own_words(founder) -> dict:
    return EnterpriseProfile.objects.get(enterprise=founder.enterprise, source="self").data


def test_nothing_is_carried_unless_the_applicant_wants_it(founder):
    client = Client()
    factories.answer_precheck(client)
    client.force_login(founder.user, backend=BACKEND)
    assert 'name="carry"' in client.get("/applications/start/zhaojindai/").text
    client.post("/applications/start/zhaojindai/", {"uscc": founder.enterprise.uscc})
    assert Application.objects.get().requested_amount is None
    assert SESSION_KEY not in client.session, "and it is forgotten"


def test_what_no_form_of_the_product_asks_is_not_carried(founder):
    """纳税信用级别 comes from the tax source: no form shows it, so nobody could correct it."""
    profile = {"established_on": "2019-06-11", "titles": []}
    EnterpriseProfile.objects.filter(enterprise=founder.enterprise, source="self").update(data=profile)
    carried_by(founder, "zhaoqidai", sales={"revenue": "5200", "tax_grade": "D"})
    assert "tax_grade" not in own_words(founder)
    assert own_words(founder)["class_1_ip"] == 12


def test_a_draft_that_was_worked_on_stays_as_it_is(founder):
    factories.draft(founder, "zhaojindai")
    before = own_words(founder)
    _, application = carried_by(founder, "zhaojindai", people={"employees": "7", "rd_employees": "3"})
    assert application.taken_over == {}
    assert own_words(founder) == before


def test_a_service_takes_over_no_amount_and_no_counterparty(founder):
    factories.submitted(founder, counterparties=["甲公司"])
    client = Client()
    factories.answer_precheck(client)
    client.force_login(founder.user, backend=BACKEND)
    client.post("/applications/start/account-opening/", {"uscc": founder.enterprise.uscc, "carry": "1"})
    service = Application.objects.get(product__code="account-opening")
    assert (service.requested_amount, service.term_months, service.counterparties) == (None, None, [])


# ── what must not go wrong ────────────────────────────────────────────────────────────────────────────────────────────


def test_saving_by_itself_never_says_saved_when_nothing_was(client, base):
    """What stood before does not go with what is typed now: fewer patents than are told to be one's own."""
    path = f"{base}sections/operations/autosave/"
    assert "已自动保存" in client.post(path, {"class_1_ip": "12", "class_1_ip_self_developed": "12"}).text
    page = client.post(path, {"class_1_ip": "5", "class_1_ip_self_developed": "13", "class_2_ip": "33"})
    assert "没有保存" in page.text
    assert "已自动保存" not in page.text
    form = client.get(f"{base}sections/operations/").context["form"]
    assert str(form.initial["class_1_ip"]) == "12"


def test_many_made_up_fields_cost_no_more(client, base, django_assert_max_num_queries):
    data = {f"x{n}": "1" for n in range(900)} | {"class_1_ip": "5", "class_1_ip_self_developed": "13"}
    with django_assert_max_num_queries(40):
        client.post(f"{base}sections/operations/autosave/", data)


def test_a_viewer_is_told_and_gets_no_form_that_saves_itself(founder, client, base):
    viewer = factories.member(founder.enterprise, role=Role.VIEWER)
    reader = Client()
    reader.force_login(viewer.user, backend=BACKEND)
    drafting.save_section(
        application_id=Application.objects.get().pk,
        section=Section.NEED,
        profile={},
        request={"term_months": 12},
        actor=founder.actor,
    )
    page = reader.post(f"{base}sections/need/autosave/", NEED)
    assert page.status_code in (200, 404)
    assert "已自动保存" not in page.text
    assert "hx-post" in client.get(f"{base}sections/need/").text
    assert "hx-post" not in reader.get(f"{base}sections/need/").text


def cut_off(body: bytes, said: int, content_type: str = "application/x-www-form-urlencoded"):
    """What the site makes of a request whose connection broke: the body is shorter than it said."""
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST", CONTENT_TYPE=content_type, CONTENT_LENGTH=str(said), **{"wsgi.input": io.BytesIO(body)}
    )
    return RefuseCutOffForms(lambda request: HttpResponse("taken"))(WSGIRequest(environ))


def test_a_form_that_was_cut_off_on_the_way_is_refused():
    body = b"requested_amount=300&term_mon"
    assert cut_off(body, len(body) + 80).status_code == 400
    assert cut_off(body, len(body)).content == b"taken"
    assert cut_off(b"{", 5, "application/json").content == b"taken", "JSON that was cut off is no JSON"


def test_a_seal_of_a_lost_key_is_forgotten(client, base):
    session = client.session
    session["typed"] = "gAAAAABkpath-that-no-key-opens"
    session.save()
    assert client.get(f"{base}sections/need/").status_code == 200
    assert "typed" not in client.session


def test_a_file_the_answers_ask_no_more_is_still_shown_and_can_be_removed(founder, client):
    application = factories.draft(
        founder,
        "zhaobaodai",
        requested_amount=1_000_000,
        repayment_method="equal_installment",
        answers={"collateral_kind": "ip", "collateral_detail": "专利"},
    )
    drafting.upload(
        application_id=application.pk, kind="ip_certificate", upload=factories.pdf("专利.pdf"), actor=founder.actor
    )
    drafting.save_section(
        application_id=application.pk,
        section=Section.NEED,
        profile={},
        request={"answers": {"collateral_kind": "machinery", "collateral_detail": "设备"}},
        actor=founder.actor,
    )
    page = client.get(f"/applications/{application.reference}/documents/")
    assert "其他已上传的材料" in page.text
    assert "专利.pdf" in page.text


def test_a_supplement_is_attached_to_a_returned_case_only(founder):
    application = factories.draft(founder, "zhaojindai")
    with pytest.raises(InvalidInput):
        drafting.upload(application_id=application.pk, kind="supplement", upload=factories.pdf(), actor=founder.actor)
