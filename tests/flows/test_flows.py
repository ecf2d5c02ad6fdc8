"""The main job as each of the three users does it, in a real browser."""

import re

import pytest

from accounts.models import OutboxMessage, RegistryRecord
from applications.models import Application
from portal.kernel.crypto import blind_index
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]


def last_message() -> str:
    return OutboxMessage.objects.latest("pk").body


def unclaimed_firm() -> str:
    code = factories.demo_uscc()
    RegistryRecord.objects.create(
        uscc=code, name="北京折桂智能装备有限公司", legal_rep_name="方桂", legal_rep_id_index=blind_index(factories.LEGAL_REP_ID, "id"),
        profile={"established_on": "2020-09-09", "district_code": "110114", "industry_code": "C34"}, tax={"tax_grade": "A"}, credit={"bureau_overdue": False},
    )  # fmt: skip
    return code


def sign_in_by_code(person, address: str) -> None:
    page = person.page
    page.fill("#id_address", address)
    person.press("发送验证码")
    person.look("login-code")
    page.fill("#id_code", re.search(r"\d{6}", last_message())[0])
    person.press("登录")


@pytest.mark.parametrize("width", [1280, 390])
def test_entrepreneur_applies_from_nothing(world, visitor, width):
    code = unclaimed_firm()
    person = visitor(width)
    page = person.page
    person.go("/", "home")
    page.get_by_role("link", name=re.compile("看条件和材料.*招捷贷")).click()
    person.look("product")
    page.get_by_role("link", name="申请招捷贷").click()
    person.look("login")
    sign_in_by_code(person, "13800138000")
    page.fill("#id_uscc", "91440300I08461136T")
    assert page.get_by_text("第 9 位不能是 I").is_visible()
    person.press("登记")
    person.look("claim-error")
    assert page.title().startswith("错误：")
    page.fill("#id_uscc", code)
    assert page.get_by_text("代码校验通过").is_visible()
    person.press("登记")
    person.look("enterprise-unverified")
    page.fill("#id_name", "方桂")
    page.fill("#id_id_number", factories.LEGAL_REP_ID)
    person.press("核验")
    person.look("enterprise-verified")
    page.goto("/applications/start/zhaojiedai/")
    person.look("start")
    person.press("开始填写")
    person.look("tasks-new")
    page.get_by_role("link", name="融资需求").click()
    page.fill("#id_requested_amount", "500")
    person.press("保存，回到清单")
    person.look("need-error")
    assert page.get_by_text("额度是 10–200 万元").first.is_visible()
    page.fill("#id_requested_amount", "80")
    page.fill("#id_term_months", "12")
    page.get_by_label("先息后本").check()
    page.get_by_label("研发投入").check()
    page.fill("#id_purpose_detail", "采购减速器和控制芯片")
    person.press("保存，回到清单")
    page.get_by_role("link", name="企业信息").click()
    person.look("section-enterprise")
    page.fill("#id_employees", "46")
    person.press("保存，回到清单")
    page.get_by_role("link", name="经营与研发").click()
    person.look("section-operations")
    page.locator("[id^=id_revenue_]").first.fill("1200")
    page.locator("[id^=id_rd_expense_]").first.fill("260")
    page.fill("#id_class_1_ip", "3")
    page.get_by_label("都没有").check()
    person.press("保存，回到清单")
    page.get_by_role("link", name="团队与市场").click()
    person.look("section-team")
    person.press("保存，回到清单")
    page.locator("main").get_by_role("link", name="授权", exact=True).click()
    person.look("consents")
    while page.get_by_role("button", name="我已阅读并同意").count():
        person.press("我已阅读并同意")
    page.get_by_role("link", name="回到清单").click()
    page.get_by_role("link", name="申请材料").click()
    page.set_input_files(
        "input[type=file]", {"name": "财务报表.pdf", "mimeType": "application/pdf", "buffer": factories.PDF}
    )
    person.press("上传")
    person.look("documents")
    page.get_by_role("link", name="回到清单").click()
    person.look("tasks-done")
    page.get_by_role("link", name="核对并提交", exact=True).click()
    person.look("check")
    person.press("提交申请")
    # The page renews itself: nothing is pressed until the machine's answer stands there.
    page.get_by_role("heading", name="检查结果").wait_for(timeout=20_000)
    person.look("status-screened")
    assert page.get_by_text("等客户经理领取").first.is_visible()
    person.go("/applications/", "list")
    person.go("/applications/messages/", "messages")
    person.go("/enterprises/", "enterprises")
    assert Application.objects.get().status == "screened"


def test_journey_works_without_javascript(world, chromium, live_server):
    founder = factories.legal_rep()
    application = factories.draft(founder)
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("#id_login", founder.user.email)
    page.fill("#id_password", "demo-Pass-2026")
    page.get_by_role("button", name="登录").click()
    page.goto(f"/applications/{application.reference}/check/")
    page.get_by_role("button", name="提交申请").click()
    assert page.get_by_text("正在自动检查").is_visible()
    context.close()


def screened_case(visitor_page=None, **kwargs):
    founder = factories.legal_rep()
    application = factories.submitted(founder, **kwargs)
    for _ in range(200):
        application.refresh_from_db()
        if application.status == "screened":
            break
        if visitor_page:
            visitor_page.wait_for_timeout(100)
    assert application.status == "screened"
    return founder, application


def test_two_bankers_decide_and_the_firm_accepts(world, visitor):
    factories.bankers()
    reviewer, approver = visitor(1440), visitor(1440)
    founder, application = screened_case(reviewer.page)
    reviewer.sign_in("reviewer@bank.example")
    reviewer.go("/admin/", "queue-unclaimed")
    page = reviewer.page
    page.keyboard.press("j")
    assert page.locator("tr.is-cursor").count() == 1
    page.keyboard.press("c")
    page.get_by_text("已领取").wait_for()
    reviewer.look("case-claimed")
    assert page.get_by_text("还差技术壁垒").is_visible()
    for name, points in (("technology_barrier", "31"), ("team_background", "22"), ("industry_position", "18")):
        page.fill(f"#id_points_{name}", points)
        page.fill(f"#id_reason_{name}", "材料与访谈一致")
    reviewer.press("保存评分")
    reviewer.look("case-scored")
    page.locator("summary", has_text="提交建议").click()
    page.fill("#recommend_comment", "技术路线清楚，建议同意")
    reviewer.look("case-recommend")
    reviewer.press("确认提交建议")
    reviewer.look("case-recommended")
    approver.sign_in("approver@bank.example")
    approver.go("/admin/", "queue-signature")
    approver.page.get_by_role("link", name=application.reference).click()
    approver.look("case-to-sign")
    approver.page.locator("summary", has_text="同意").first.click()
    approver.press("确认同意")
    approver.look("case-offered")
    on_the_train = visitor(390)
    on_the_train.sign_in("approver@bank.example")
    on_the_train.go("/admin/queues/mine/", "queue-phone")
    on_the_train.go(f"/admin/cases/{application.reference}/", "case-phone")
    person = visitor(390)
    person.sign_in(founder.user.email)
    person.go(f"/applications/{application.reference}/", "offer")
    person.page.get_by_label("我已阅读").check()
    person.press("接受方案")
    person.look("accepted")
    application.refresh_from_db()
    assert application.status == "accepted"


def test_case_comes_back_for_a_supplement(world, visitor):
    factories.bankers()
    reviewer = visitor(1440)
    founder, application = screened_case(reviewer.page)
    reviewer.sign_in("reviewer@bank.example")
    reviewer.page.goto(f"/admin/cases/{application.reference}/")
    reviewer.press("领取")
    reviewer.page.locator("summary", has_text="退回补件").click()
    reviewer.page.fill("#return_for_changes_items", "采购合同|核对交易对手")
    reviewer.press("确认退回补件")
    reviewer.look("case-returned")
    person = visitor(390)
    person.sign_in(founder.user.email)
    person.go(f"/applications/{application.reference}/", "status-returned")
    person.page.get_by_label("没有这份文件，改为填写说明").fill("合同下周签订，先附意向书编号")
    person.press("保存这一项")
    person.press("提交补充材料")
    person.page.get_by_text("客户经理审查中").first.wait_for(timeout=20_000)
    application.refresh_from_db()
    assert application.round == 2
    for path, name in (
        ("/admin/queues/returned/", "queue-empty"),
        ("/admin/queues/mine/", "queue-mine"),
        ("/admin/members/", "members"),
    ):
        reviewer.go(path, name)


def test_partner_refers_and_the_firm_consents(world, visitor):
    from tests.test_api import PROFILE, Api, need

    founder = factories.legal_rep()
    code = founder.enterprise.uscc
    api = Api(*factories.partner_client())
    api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
    reference = api("POST", "applications/", need(code)).json()["reference"]
    assert api("POST", f"applications/{reference}/submit/").json()["code"] == "consent_missing"
    api("POST", "referrals/", {"uscc": code, "name": "x", "contact_name": "林一帆", "contact_phone": "13800138000"})
    person = visitor()
    for _ in range(100):
        if OutboxMessage.objects.filter(channel="sms").exists():
            break
        person.page.wait_for_timeout(100)
    person.sign_in(founder.user.email)
    person.go(re.search(r"/referrals/\S+", last_message())[0], "referral")
    person.press("同意由该机构代办")
    person.look("referral-accepted")
    factories.consent_to(founder.enterprise, ["terms", "firm_credit", "personal_credit", "tax_data"], founder.actor)
    assert api("POST", f"applications/{reference}/submit/").json()["status"] == "submitted"
    for _ in range(200):
        if api("GET", f"applications/{reference}/").json()["status"] == "screened":
            break
        person.page.wait_for_timeout(100)
    titles = [e["title"] for e in api("GET", f"applications/{reference}/timeline/").json()["results"]]
    assert titles == ["开始填写", "申请已提交", "自动检查完成"]


def test_api_docs_render_under_the_strict_policy(world, visitor):
    developer = visitor()
    developer.page.goto("/api/v1/docs/")
    developer.page.locator(".opblock").first.wait_for(timeout=15_000)
    assert developer.page.locator(".opblock").count() == 16
    assert developer.console == []


def test_error_pages_say_what_to_do(world, visitor):
    person = visitor(390)
    person.page.goto("/products/none/")
    assert person.page.get_by_role("heading", name="没有找到这个页面").is_visible()
