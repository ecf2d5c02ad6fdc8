"""The applicant's pages: the whole journey, bad input in every field, others' rows, query counts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import LoginCode, OutboxMessage, User
from applications.domain import assigning, reviewing
from applications.enums import ReturnReason
from applications.models import Application, Document, Notice
from portal.kernel.models import AccessRecord
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(founder):
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def other_client() -> Client:
    client = Client()
    client.force_login(
        factories.legal_rep(name="北京别家科技有限公司").user, backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def test_anyone_reads_the_catalogue(defaults):
    page = Client().get("/")
    assert page.status_code == 200
    assert "招捷贷" in page.text
    assert Client().get("/products/zhaojindai/").status_code == 200


def test_private_pages_ask_to_sign_in(founder):
    application = factories.draft(founder)
    for path in (
        "/applications/",
        f"/applications/{application.reference}/",
        "/enterprises/",
        "/applications/messages/",
    ):
        assert Client().get(path).headers["Location"].startswith("/login/?next=")


def test_sign_in_by_code_leads_where_one_was_going(defaults):
    client = Client()
    assert (
        client.post("/login/?next=/enterprises/", {"address": "new@demo.example"}).headers["Location"] == "/login/code/"
    )
    code = re.search(r"\d{6}", OutboxMessage.objects.latest("pk").body)[0]
    assert client.post("/login/code/", {"code": "abc"}).status_code == 422
    assert client.post("/login/code/", {"code": code}).headers["Location"] == "/enterprises/"
    assert User.objects.filter(email="new@demo.example").exists()


def test_sign_in_does_not_leave_for_another_site(defaults):
    client = Client()
    client.post("/login/?next=https://evil.example/", {"address": "new@demo.example"})
    code = re.search(r"\d{6}", OutboxMessage.objects.latest("pk").body)[0]
    assert client.post("/login/code/", {"code": code}).headers["Location"] == "/applications/"


@pytest.mark.parametrize("address", ["", "x" * 300, "<b>@x", "\x00", "１２３"])
def test_bad_address_is_told_and_nothing_sent(defaults, address):
    page = Client().post("/login/", {"address": address})
    assert page.status_code == 422
    assert not LoginCode.objects.exists()


def test_whole_journey_by_pages(client, founder, run_jobs):
    page = client.post("/applications/start/zhaojiedai/", {"uscc": founder.enterprise.uscc})
    tasks = page.headers["Location"]
    base = tasks.removesuffix("tasks/")
    assert "还差" in client.get(tasks).text
    need = {
        "requested_amount": "１００",
        "term_months": "12",
        "repayment_method": "interest_first",
        "purpose": "rd",
        "purpose_detail": "采购",
        "counterparties": "甲\n乙",
    }
    for name in ("need", "enterprise", "operations", "team"):
        form = client.get(f"{base}sections/{name}/").context["form"]
        data = {k: v for k, v in form.initial.items() if v not in (None, "")} | (need if name == "need" else {})
        assert client.post(f"{base}sections/{name}/", data).status_code == 302, name
    signing = client.get(f"{base}consents/")
    for row in signing.context["rows"]:
        client.post(f"{base}consents/", {"text_id": row["text"].pk, "sha256": row["text"].sha256})
    upload = client.post(f"{base}documents/", {"kind": "financial_statements", "file": factories.pdf()})
    assert upload.status_code == 302
    assert "报表.pdf" in client.get(f"{base}check/").text
    assert client.post(f"{base}submit/").headers["Location"] == base
    assert "自动检查中" in client.get(base).text
    run_jobs()
    status = client.get(base).text
    assert "检查结果" in status
    assert "等客户经理领取" in status
    application = Application.objects.get()
    assert (application.requested_amount, application.counterparties) == (1_000_000, ["甲", "乙"])
    assert client.get("/applications/messages/").context["rows"][0].title == "招捷贷申请已提交，正在自动检查"
    assert Notice.objects.get().read_at is not None


def test_draft_takes_empty_sections(client, founder):
    base = (
        client.post("/applications/start/zhaochuangdai/", {"uscc": founder.enterprise.uscc})
        .headers["Location"]
        .removesuffix("tasks/")
    )
    for name in ("need", "enterprise", "operations", "team"):
        assert client.post(f"{base}sections/{name}/", {}).status_code == 302, name


BAD = ["abc", "-5", "1e9", "9" * 30, "<script>", "1\x002", "１２x", "NaN", "Infinity"]
FIELDS = [
    *[("need", f) for f in ("requested_amount", "term_months")],
    *[("need", f) for f in ("repayment_method", "purpose")],
    *[("enterprise", f) for f in ("established_on", "district_code", "industry_code", "employees")],
    *[
        ("operations", f)
        for f in ("rd_employees", "class_1_ip", "class_1_ip_self_developed", "institutional_equity_3y", "titles")
    ],
    *[
        ("team", f)
        for f in ("doctorates_or_senior_titles", "core_members", "share_pct", "rank_national", "founder_doctorate")
    ],
]


@pytest.mark.parametrize(("section", "field"), FIELDS)
@pytest.mark.parametrize("value", BAD)
def test_bad_value_comes_back_at_its_field_and_nothing_is_stored(client, founder, section, field, value):
    base = (
        client.post("/applications/start/zhaochuangdai/", {"uscc": founder.enterprise.uscc})
        .headers["Location"]
        .removesuffix("tasks/")
    )
    page = client.post(f"{base}sections/{section}/", {field: value})
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert Application.objects.get().sections_saved == []


@pytest.mark.parametrize(
    ("section", "field", "limit"),
    [("need", "purpose_detail", 500), ("need", "counterparties", 500), ("enterprise", "name", 200)],
)
@pytest.mark.parametrize("value", ["x" * 600, "a\x00b"])
def test_text_that_is_too_long_or_broken_is_refused(client, founder, section, field, limit, value):
    base = (
        client.post("/applications/start/zhaochuangdai/", {"uscc": founder.enterprise.uscc})
        .headers["Location"]
        .removesuffix("tasks/")
    )
    assert client.post(f"{base}sections/{section}/", {field: value}).status_code == 422


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"rd_employees": "121"}, "rd_employees"),
        ({"class_1_ip": "2", "class_1_ip_self_developed": "3"}, "class_1_ip_self_developed"),
        ({"titles": ["none", "hnte"]}, "titles"),
    ],
)
def test_contradiction_is_told_at_its_field(client, founder, data, field):
    base = (
        client.post("/applications/start/zhaochuangdai/", {"uscc": founder.enterprise.uscc})
        .headers["Location"]
        .removesuffix("tasks/")
    )
    page = client.post(f"{base}sections/operations/", data)
    assert page.status_code == 422
    assert field in page.context["form"].errors


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("requested_amount", "5", "额度是 50–1,000 万元"), ("term_months", "37", "最长 36 个月")],
)
def test_request_outside_the_product_is_told(client, founder, field, value, words):
    base = (
        client.post("/applications/start/zhaochuangdai/", {"uscc": founder.enterprise.uscc})
        .headers["Location"]
        .removesuffix("tasks/")
    )
    page = client.post(f"{base}sections/need/", {field: value})
    assert page.status_code == 422
    assert words in page.text


def test_html_in_a_name_is_shown_as_text_everywhere(founder, client, bankers, run_jobs):
    evil = "<script>alert(1)</script>"
    founder.enterprise.name = evil
    founder.enterprise.save()
    application = factories.submitted(founder, purpose_detail=evil)
    run_jobs()
    staff = Client()
    staff.force_login(
        User.objects.get(email="reviewer@bank.example"), backend="django.contrib.auth.backends.ModelBackend"
    )
    pages = [
        client.get(f"/applications/{application.reference}/"),
        client.get("/applications/"),
        staff.get("/admin/queues/unclaimed/"),
        staff.get(f"/admin/cases/{application.reference}/"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_others_rows_are_not_found(founder, client, run_jobs):
    application = factories.submitted(founder)
    document = Document.objects.create(
        application=application,
        public_id="abc",
        kind="x",
        name="x",
        storage_key="x",
        content_type="x",
        size=1,
        sha256="x",
    )
    base = f"/applications/{application.reference}/"
    stranger = other_client()
    for path in (
        base,
        f"{base}tasks/",
        f"{base}check/",
        f"{base}consents/",
        f"{base}documents/",
        f"{base}documents/{document.public_id}/",
        f"{base}sections/need/",
        f"/enterprises/{founder.enterprise.uscc}/",
    ):
        assert stranger.get(path).status_code == 404, path
    for path in ("submit/", "withdraw/", "undo/", "offer/", "discard/", "supplements/1/", "documents/abc/remove/"):
        assert stranger.post(base + path).status_code == 404, path


def test_download_is_an_attachment_and_leaves_a_trace(client, founder):
    application = factories.draft(founder, "zhaojindai")
    document = application.documents.get()
    page = client.get(f"/applications/{application.reference}/documents/{document.public_id}/")
    assert b"".join(page.streaming_content) == factories.PDF
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert AccessRecord.objects.filter(subject=application.reference).count() == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.exe", b"MZ", "请上传 PDF"), ("a.pdf", b"", "文件是空的"), ("a.pdf", b"<html>", "请上传 PDF")],
)
def test_bad_upload_is_told_in_place(client, founder, name, content, words):
    application = factories.draft(founder)
    page = client.post(
        f"/applications/{application.reference}/documents/",
        {"kind": "financial_statements", "file": SimpleUploadedFile(name, content)},
    )
    assert page.status_code == 422
    assert words in page.text
    assert not Document.objects.exists()


def test_supplement_is_answered_in_place(client, founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    reviewing.return_for_changes(
        application_id=application.pk,
        reason=ReturnReason.PURPOSE,
        items=[reviewing.Ask("合同"), reviewing.Ask("说明")],
        actor=bankers.reviewer,
    )
    base = f"/applications/{application.reference}/"
    first, second = application.supplements.order_by("pk")
    client.post(f"{base}supplements/{first.pk}/", {"file": factories.pdf("合同.pdf")})
    assert "请上传文件" in client.post(f"{base}supplements/{second.pk}/", {"answer": " "}, follow=True).text
    client.post(f"{base}supplements/{second.pk}/", {"answer": "下周签"})
    client.post(f"{base}submit/")
    application.refresh_from_db()
    assert (application.status, application.round) == ("submitted", 2)


def test_undo_reopens_the_draft(client, founder):
    application = factories.submitted(founder)
    assert client.post(f"/applications/{application.reference}/undo/").headers["Location"].endswith("/tasks/")
    application.refresh_from_db()
    assert application.status == "draft"


@pytest.mark.parametrize(
    ("later", "status"), [(timedelta(minutes=10), "draft"), (timedelta(minutes=10, microseconds=1), "submitted")]
)
def test_undo_ends_after_ten_minutes(client, founder, later, status):
    application = factories.submitted(founder)
    with time_machine.travel(application.submitted_at + later, tick=False):
        client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(f"/applications/{application.reference}/")
        assert ("undo/" in page.text) == (status == "draft")
        client.post(f"/applications/{application.reference}/undo/")
    application.refresh_from_db()
    assert application.status == status


@pytest.mark.parametrize("stop", ["claimed", "second_round"])
def test_undo_is_gone_once_a_person_worked_on_the_case(client, founder, bankers, run_jobs, stop):
    application = factories.submitted(founder)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    if stop == "second_round":
        assigning.release(application_id=application.pk, actor=bankers.reviewer)
        Application.objects.filter(pk=application.pk).update(round=2)
    page = client.get(f"/applications/{application.reference}/")
    assert "undo/" not in page.text
    refused = client.post(f"/applications/{application.reference}/undo/", follow=True)
    assert {"claimed": "客户经理已开始审查", "second_round": "补充材料提交后不能撤回修改"}[stop] in refused.text
    application.refresh_from_db()
    assert application.status == "screened"


def test_withdraw_ends_it(client, founder):
    application = factories.submitted(founder)
    page = client.post(f"/applications/{application.reference}/withdraw/", follow=True)
    assert "申请已撤回" in page.text


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_one_and_three_rows(client, founder, django_assert_num_queries, count):
    for product in ("zhaojiedai", "zhaochuangdai", "zhaojindai")[:count]:
        factories.draft(founder, product)
    with django_assert_num_queries(4):
        client.get("/applications/")


def test_status_page_stays_within_its_queries(client, founder, run_jobs, django_assert_max_num_queries):
    application = factories.submitted(founder)
    run_jobs()
    client.get(f"/applications/{application.reference}/")
    with django_assert_max_num_queries(12):
        client.get(f"/applications/{application.reference}/")


def test_pages_carry_a_strict_policy(client):
    policy = client.get("/applications/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_forged_form_is_refused(founder):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    application = factories.submitted(founder)
    page = strict.post(f"/applications/{application.reference}/withdraw/")
    assert page.status_code == 403
    assert "请重新提交" in page.text


def test_calculator_answers_on_the_product_page(defaults):
    page = Client().get("/products/zhaojiedai/?amount=120&term_months=12&repayment_method=interest_first")
    assert "36,000.00–55,200.00" in page.text
    assert "3.00–4.60%" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "amount=9999&term_months=12&repayment_method=interest_first",
        "amount=x&term_months=&repayment_method=nope",
        "amount=NaN",
    ],
)
def test_calculator_tells_what_is_wrong(defaults, query):
    page = Client().get(f"/products/zhaojiedai/?{query}")
    assert page.status_code == 200
    assert "处需要更正" in page.text
