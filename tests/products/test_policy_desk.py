"""The pages of the policy desk: who may see and do what, and that nothing typed or uploaded is lost or half-kept."""

import copy
import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from portal.kernel.clock import today
from portal.kernel.models import AccessRecord
from products.domain import authoring, backtesting, golden, workbooks
from products.domain.evaluating import in_force
from products.models import BackTest, GoldenCase, PolicyVersion
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
BASE = "/admin/policies/zhaojiedai"


@pytest.fixture
def author(desk) -> Client:

    return signed_in(User.objects.get(pk=desk[0].user_id))


@pytest.fixture
def draft(desk) -> PolicyVersion:
    return authoring.draft_from(
        version_id=in_force("zhaojiedai", today()).pk, effective_from=today() + timedelta(days=1), actor=desk[0]
    )


PAGES = ["/admin/policies/", f"{BASE}/", f"{BASE}/1/", f"{BASE}/1/trial/", f"{BASE}/compare/?a=1&b=1"]
FILES = [f"{BASE}/1/workbook/", f"{BASE}/1/file/"]
ACTS = [
    f"{BASE}/1/{name}/"
    for name in ("draft", "back-test", "golden", "golden/1/remove", "ask_end", "retire", "keep", "publish")
]
ACTS += [f"{BASE}/upload/", f"{BASE}/save/"]


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_pages_are_for_the_policy_desk_and_administrators(author, bankers, path):

    assert author.get(path).status_code == 200
    root = factories.user("root@bank.example", is_staff=True, is_superuser=True)
    assert signed_in(root).get(path).status_code == 200
    reviewer = User.objects.get(email="reviewer@bank.example")
    assert signed_in(reviewer).get(path).status_code == 403
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize("path", [*ACTS, f"{BASE}/2/edit/"])
def test_acts_are_for_the_policy_desk_alone(draft, bankers, path):

    root = factories.user("root@bank.example", is_staff=True, is_superuser=True)
    for person in (root, User.objects.get(email="approver@bank.example")):
        assert signed_in(person).post(path, {"seen": 1}).status_code == 403
    assert Client().post(path).status_code == 302


@pytest.mark.parametrize("path", ACTS)
def test_acts_are_no_links(author, path):
    assert author.get(path).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/admin/policies/none/", f"{BASE}/9/", f"{BASE}/9/edit/", f"{BASE}/9/workbook/", f"{BASE}/compare/?a=1&b=9"],
)
def test_what_is_not_there_is_not_found(author, path):
    assert author.get(path).status_code == 404


@pytest.mark.parametrize("query", ["", "?a=1", "?a=x&b=1", "?a=٣&b=1", "?a=1&b=999999"])
def test_a_comparison_of_nothing_is_told(author, query):
    assert "请选两个版本" in author.get(f"{BASE}/compare/{query}", follow=True).text


def test_an_administrator_sees_no_buttons(draft):
    root = factories.user("root@bank.example", is_staff=True, is_superuser=True)
    page = signed_in(root).get(f"{BASE}/2/").text
    assert "作废" not in page
    assert "开始回测" not in page


def table_of(client: Client, number: int = 2) -> dict:
    """The fields of the editor as a browser would send them."""
    page = client.get(f"{BASE}/{number}/edit/")
    form, table = page.context["form"], page.context["table"]
    data = {f.html_name: f.value() for f in form} | {f.html_name: f.value() for f in table.management_form}
    for line in table:
        data |= {f.html_name: f.value() for f in line if f.value() not in (None, False)}
    return data


def test_the_editor_saves_what_it_shows(author, draft):
    data = table_of(author)
    before = workbooks.to_rows(draft.document)
    assert author.post(f"{BASE}/2/edit/", data).status_code == 302
    draft.refresh_from_db()
    assert workbooks.to_rows(draft.document) == before
    assert draft.version == 2


def test_lines_are_changed_moved_removed_and_added(author, draft):
    data = table_of(author)
    data |= {"form-1-when": "成立年限 >= 2年", "form-0-ORDER": "9", "form-2-DELETE": "on"}
    spare = len(workbooks.to_rows(draft.document))
    data |= {f"form-{spare}-{key}": text for key, text in
             {"code": "staff", "label": "人数", "when": "员工人数 >= 3", "on_fail": "转人工"}.items()}  # fmt: skip
    assert author.post(f"{BASE}/2/edit/", data).status_code == 302
    draft.refresh_from_db()
    codes = [rule["code"] for rule in draft.document["rules"]]
    assert codes == ["min_age", "bureau", "purpose", "amount", "term", "tier", "staff"]
    assert draft.document["rules"][0]["when"]["bound"] == 24


def test_faults_come_back_at_their_cells_with_what_was_typed(author, draft):
    data = table_of(author) | {"form-1-when": "成立年限 >= 24", "summary": ""}
    page = author.post(f"{BASE}/2/edit/", data)
    assert page.status_code == 422
    page = author.post(f"{BASE}/2/edit/", {**data, "summary": "改年限"})
    assert page.status_code == 422
    assert "时长要写单位" in page.text
    assert "成立年限 &gt;= 24" in page.text
    draft.refresh_from_db()
    assert draft.version == 1


def test_a_draft_changed_elsewhere_is_not_overwritten(author, desk, draft):
    data = table_of(author)
    authoring.change_draft(
        version_id=draft.pk, seen=1, document=draft.document, effective_from=today(), summary="同事先存", actor=desk[1]
    )
    page = author.post(f"{BASE}/2/edit/", data)
    assert page.status_code == 422
    assert "在您打开以后被改过" in page.text
    draft.refresh_from_db()
    assert draft.summary == "同事先存"


def test_a_cut_off_table_is_refused(author, draft):
    page = author.post(
        f"{BASE}/2/edit/", {"title": "x", "effective_from": "2027-01-01", "summary": "改年限", "seen": 1}
    )
    assert page.status_code in (400, 422)
    draft.refresh_from_db()
    assert len(draft.document["rules"]) == 7


def upload(client: Client, content: bytes, name: str = "a.xlsx", code: str = "zhaojiedai"):
    return client.post(f"/admin/policies/{code}/upload/", {"file": SimpleUploadedFile(name, content)})


def test_an_uploaded_workbook_is_shown_first_and_kept_on_a_second_press(author):
    document = copy.deepcopy(in_force("zhaojiedai", today()).document)
    document["rules"][1]["when"]["bound"] = 36
    page = upload(author, workbooks.write(document))
    assert "由“成立年限 &gt;= 1年”改为“成立年限 &gt;= 3年”" in page.text
    assert not PolicyVersion.objects.filter(status="draft").exists()
    sent = {f.html_name: f.value() for f in page.context["form"]}
    sent |= {"summary": "", "seen": "", "number": "", "document": json.dumps(document), "cases": "[]"}
    page = author.post(f"{BASE}/save/", sent)
    assert page.status_code == 422
    assert "由“成立年限 &gt;= 1年”改为“成立年限 &gt;= 3年”" in page.text
    assert author.post(f"{BASE}/save/", {**sent, "summary": "收紧年限"}).status_code == 302
    assert PolicyVersion.objects.get(status="draft").document["rules"][1]["when"]["bound"] == 36


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.xlsx", "空"),
        (b"x", "a.xlsx", "打不开这个文件"),
        ("编号".encode("gbk"), "a.json", "UTF-8"),
        (b"[]", "a.json", "不是政策文件"),
        (b'{"format": "portal.policy/1"}', "a.json", "document"),
        (b"[" * 100_000, "a.json", "UTF-8 的 JSON"),
    ],
)
def test_a_broken_upload_is_told_and_keeps_nothing(author, content, name, says):
    page = upload(author, content, name)
    assert page.status_code == 422
    assert says in page.text
    assert not PolicyVersion.objects.filter(status="draft").exists()


def test_a_policy_file_carries_document_and_cases_to_another_place(author, desk):
    golden.save(policy_code="zhaojiedai", name="成立半年", facts="成立年限 = 6个月", expected="refer", actor=desk[0])
    content = author.get(f"{BASE}/1/file/").content
    GoldenCase.objects.all().delete()
    page = upload(author, content, "zhaojiedai-1.json")
    assert "1 个标准样例" in page.text
    file = json.loads(content)
    sent = {"document": json.dumps(file["document"]), "cases": json.dumps(file["golden_cases"]), "seen": ""}
    sent |= {"effective_from": today().isoformat(), "summary": "从测试环境带来"}
    assert author.post(f"{BASE}/save/", sent).status_code == 302
    row = GoldenCase.objects.get()
    assert (row.name, row.expected) == ("成立半年", "refer")
    file["document"]["rules"][1]["when"]["bound"] = 1
    assert "指纹不符" in upload(author, json.dumps(file).encode(), "a.json").text
    assert "不是「zhaoqidai」的" in upload(author, content, "a.json", "zhaoqidai").text


@pytest.mark.parametrize(
    "cases", ["{}", '[{"name": 1}]', '[{"name": "a", "facts": {"age": 1}, "expected": "refer"}]', '["x"]', "not json"]
)
def test_forged_cases_are_refused(author, cases):
    document = in_force("zhaojiedai", today()).document
    sent = {"document": json.dumps(document), "cases": cases, "seen": "", "summary": "伪造样例"}
    page = author.post(f"{BASE}/save/", {**sent, "effective_from": today().isoformat()})
    assert page.status_code in (302, 404)
    assert GoldenCase.objects.count() == 0
    assert cases == "{}" or not PolicyVersion.objects.filter(status="draft").exists()


def test_a_forged_document_is_never_kept(author):
    other = in_force("zhaoqidai", today()).document
    for document in (other, {"code": "zhaojiedai"}, [], "x", None):
        sent = {"document": json.dumps(document), "cases": "[]", "seen": "", "summary": "伪造文档"}
        page = author.post(f"{BASE}/save/", {**sent, "effective_from": today().isoformat()})
        assert page.status_code in (302, 404)
    assert not PolicyVersion.objects.filter(status="draft").exists()


def test_progress_and_result_of_a_test_are_shown(author, draft, run_jobs):
    author.post(f"{BASE}/2/back-test/")
    assert "正在回测 0 / 0" in author.get(f"{BASE}/2/").text
    run_jobs()
    page = author.get(f"{BASE}/2/").text
    assert "0</b> 次历史评估" in page
    assert "data-reload" not in page
    assert BackTest.objects.get().finished_at


def test_a_refusal_stands_at_its_field(author):
    version = in_force("zhaojiedai", today())
    page = author.post(f"{BASE}/1/ask_end/", {"seen": version.version, "last_day": "2020-01-01", "reason": "产品停办"})
    assert page.status_code == 422
    assert page.context["acts"][0][1].errors["last_day"]


def test_an_end_is_asked_by_one_and_agreed_to_by_another(author, desk):
    second = signed_in(User.objects.get(pk=desk[1].user_id))
    version = in_force("zhaojiedai", today())
    asked = {"seen": version.version, "last_day": today().isoformat(), "reason": "产品停办"}
    assert author.post(f"{BASE}/1/ask_end/", asked).status_code == 302
    page = author.get(f"{BASE}/1/").text
    assert "申请停用这一版" in page
    assert "产品停办" in page
    assert "申请停用的人不能自己确认" in page
    listed = author.get("/admin/policies/")
    assert "待停用" in listed.text
    assert [row.waits for row in listed.context["rows"]].count(True) == 1
    assert listed.context["rows"][0].code == "zhaojiedai"
    assert "现行，待停用" in author.get(f"{BASE}/").text
    author.post(f"{BASE}/1/retire/", {"seen": version.version + 1})
    assert PolicyVersion.objects.get(pk=version.pk).status == "ending"
    assert second.post(f"{BASE}/1/retire/", {"seen": version.version + 1}).status_code == 302
    assert "停用原因：产品停办" in second.get(f"{BASE}/1/").text


def test_pages_cost_the_same_with_more_versions(author, desk, run_jobs, django_assert_max_num_queries):
    for _ in range(3):
        made = authoring.draft_from(
            version_id=in_force("zhaojiedai", today()).pk, effective_from=today(), actor=desk[0]
        )
        backtesting.start(version_id=made.pk, actor=desk[0])
        run_jobs()
        handed = authoring.submit(version_id=made.pk, seen=made.version, actor=desk[0])
        authoring.publish(version_id=handed.pk, seen=handed.version, actor=desk[1])
    for path, most in (("/admin/policies/", 8), (f"{BASE}/", 6), (f"{BASE}/4/", 10)):
        with django_assert_max_num_queries(most):
            assert author.get(path).status_code == 200


def test_policy_managers_land_among_their_policies(author):
    assert author.get("/admin/", follow=True).redirect_chain == [("/admin/policies/", 302)]


def test_the_made_up_firm_is_judged_and_kept(author):
    page = author.post(f"{BASE}/1/trial/", {"facts": "成立年限 = 2年\n列入失信被执行人名单 = 是"})
    assert page.context["answer"] == "不符合"
    page = author.post(f"{BASE}/1/trial/", {"facts": "成立年限 = 2"})
    assert page.status_code == 422
    assert "第 1 行" in page.text
    kept = {"facts": "列入失信被执行人名单 = 是", "name": "失信企业", "expected": "fail"}
    assert author.post(f"{BASE}/1/golden/", {**kept, "name": ""}).status_code == 422
    assert author.post(f"{BASE}/1/golden/", kept).status_code == 302
    row = GoldenCase.objects.get()
    assert "失信企业" in author.get(f"{BASE}/1/").text
    author.post(f"{BASE}/1/golden/{row.pk}/remove/")
    assert not GoldenCase.objects.exists()


def test_a_workbook_of_a_hundred_megabytes_is_refused_before_it_is_read(author):
    file = BytesIO(b"x")
    with pytest.raises(Exception, match="workbook_too_large"):
        workbooks.read(file, 100 * 1024 * 1024, code="zhaojiedai", kind="eligibility")
    assert file.tell() == 0


def test_a_real_case_is_tried_with_the_facts_it_was_judged_on(author, founder, run_jobs, client):
    application = factories.submitted(founder)
    run_jobs()
    answer = author.get(f"{BASE}/1/trial/", {"subject": application.reference})
    facts = answer.context["form"].initial["facts"]
    assert "注册区县 = 110108" in facts
    assert "产品 = zhaojiedai" in facts
    words = author.post(f"{BASE}/1/trial/", {"facts": facts}).content.decode()
    assert "<span>符合</span>" in words
    seen = AccessRecord.objects.get()
    assert (seen.subject, seen.field, seen.reason) == (application.reference, "facts", "政策试算")


@pytest.mark.parametrize("subject", ["SQ20200101-AAAAAA", "x", "policy:1", "SQ20200101-AAAAAA' OR 1"])
def test_a_case_that_is_none_is_said_at_its_field(author, subject):
    answer = author.get(f"{BASE}/1/trial/", {"subject": subject})
    assert answer.status_code == 404
    assert "没有这件申请" in answer.content.decode()
    assert not AccessRecord.objects.exists()
