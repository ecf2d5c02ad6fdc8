"""From a visitor's question to a submitted case, and one of each kind of product, in a real browser."""

import re
from datetime import timedelta

import pytest

from applications.models import Application, Step
from applications.queries.case import answer_rows
from portal.kernel.clock import today
from products.models import Register, RegisterEntry
from tests import factories
from tests.flows.test_flows import sign_in_by_code, unclaimed_firm

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]


def answer(page, given: dict) -> None:
    """Fill a form as a person does: text, one of several, boxes."""
    for name, value in given.items():
        field = page.locator(f"[name='{name}']")
        if field.first.get_attribute("type") in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                page.locator(f"[name='{name}'][value='{one}']").check()
        else:
            field.fill(value)


@pytest.mark.parametrize("width", [1280, 390])
def test_visitor_prechecks_compares_signs_up_and_applies(world, visitor, width):
    factories.load_defaults()
    code = unclaimed_firm()
    person = visitor(width)
    page = person.page
    person.go("/", "home")
    page.get_by_role("link", name="开始三分钟预检").click()
    for number, (step, given) in enumerate(factories.PRECHECK.items(), start=1):
        page.get_by_text(f"第 {number} 题，共 10 题").wait_for()
        if step in ("founded", "titles"):
            person.look(f"precheck-{step}")
        answer(page, given)
        person.press("看结果" if number == 10 else "下一题")
    page.get_by_role("heading", name=re.compile("款产品里")).wait_for()
    person.look("precheck-result")
    page.get_by_text("企业在五层里的位置").wait_for()
    page.goto("/?stage=成长期#catalogue")
    page.goto("/#catalogue")
    for box in page.locator("input[name=p]").all()[:3]:
        box.check()
    person.press("对比勾选的产品")
    person.look("compare")
    page.goto("/precheck/result/")
    page.get_by_role("link", name=re.compile("带着回答去申请")).click()
    sign_in_by_code(person, "13800138000")
    page.fill("#id_uscc", code)
    person.press("登记")
    page.fill("#id_name", "方桂")
    page.fill("#id_id_number", factories.LEGAL_REP_ID)
    person.press("核验")
    person.go("/applications/start/zhaojindai/", "start-with-answers")
    assert page.get_by_label("带入预检的 10 题回答").is_checked()
    person.press("开始填写")
    person.look("tasks-carried")
    page.get_by_text(re.compile(r"预检的 \d+ 项回答已带入")).first.wait_for()
    page.get_by_role("link", name="融资需求").click()
    assert page.locator("#id_requested_amount").input_value() == "300"
    assert page.get_by_label("研发投入").is_checked()
    page.goto(page.url.replace("need", "operations"))
    assert page.locator("#id_class_1_ip").input_value() == "12"


def typing_a_request(visitor):
    """A founder before the first section of a new draft."""
    founder = factories.legal_rep()
    person = visitor()
    person.sign_in(founder.user.email)
    person.page.goto("/applications/start/zhaojindai/")
    person.press("开始填写")
    person.page.get_by_role("link", name="融资需求").click()
    return founder, person, person.page


def test_a_section_saves_itself_and_survives_a_lost_session(world, visitor):
    founder, person, page = typing_a_request(visitor)
    page.fill("#id_requested_amount", "300")
    page.get_by_text("已自动保存").wait_for()
    person.look("saved-by-itself")
    page.fill("#id_term_months", "三年")
    page.get_by_text("期限填得不对，没有保存").wait_for()
    page.fill("#id_term_months", "24")
    page.fill("#id_purpose_detail", "采购减速器")
    page.get_by_text("填得不对").wait_for(state="detached")
    application = Application.objects.get()
    assert (application.requested_amount, application.term_months) == (3_000_000, 24)
    assert application.sections_saved == []
    assert Step.objects.get(section="need").saves >= 2

    person.context.clear_cookies(name="sessionid")
    page.fill("#id_purpose_detail", "采购减速器和控制芯片")
    page.get_by_role("button", name="重新登录，填写的内容会恢复").click()
    sign_in_by_code(person, founder.user.email)
    page.get_by_text("登录过期时填写的内容已恢复").wait_for()
    person.look("recovered")
    assert page.locator("#id_purpose_detail").input_value() == "采购减速器和控制芯片"
    person.press("保存，回到清单")
    application.refresh_from_db()
    assert application.purpose_detail == "采购减速器和控制芯片"


def test_a_broken_line_is_told_and_tried_again(world, visitor):
    _, person, page = typing_a_request(visitor)
    person.context.set_offline(True)
    page.fill("#id_requested_amount", "300")
    page.get_by_text("暂时没有保存上").wait_for()
    person.context.set_offline(False)
    page.get_by_text("已自动保存").wait_for(timeout=20_000)
    assert Application.objects.get().requested_amount == 3_000_000


NEED = {"requested_amount": "300", "term_months": "12", "purpose_detail": "研发材料采购"}
KINDS = {
    # product: (need, fields that only these answers lead to, documents)
    "zhaobaodai": (
        {**NEED, "repayment_method": "equal_installment", "purpose": "rd", "collateral_kind": "ip", "collateral_detail": "发明专利 3 件", "collateral_value": "500", "collateral_is_pledged": "no"},
        ["collateral_detail", "collateral_value"],
        ["ip_certificate"],
    ),
    "srdi-programme": (
        {**NEED, "requested_amount": "1500", "repayment_method": "equal_principal", "purpose": "equipment", "single_payment_over": "yes"},
        ["single_payment_over"],
        [],
    ),
    "tech-ma-loan": (
        {"requested_amount": "3000", "term_months": "84", "repayment_method": "equal_principal", "purpose": "acquisition", "purpose_detail": "收购上游传感器企业", "deal_kind": "minority", "target_name": "北京示例传感有限公司", "deal_price": "6000", "deal_closes_on": "2026-12-20", "holding_before": "22"},
        ["holding_before"],
        ["deal_agreement", "financial_statements", "holding_proof"],
    ),
    "account-opening": ({"account_kind": "general", "accounts": "2"}, ["accounts"], ["licence"]),
    "policy-matching": ({"policy_topic": "titles", "policy_question": "专精特新怎么申报"}, [], []),
    "capital-matching": ({"round": "b", "raise_amount": "3000", "raise_for": "扩大产线"}, [], []),
    "cross-border": (
        {"cross_border_kind": "debt", "counter_country": "德国", "debt_registered": "yes"},
        ["debt_registered"],
        ["debt_filing"],
    ),
    "private-banking": ({"private_topic": "education", "call_at": "evening"}, [], []),
}  # fmt: skip


SERVICES = ("account-opening", "policy-matching", "capital-matching", "cross-border", "private-banking")


@pytest.mark.parametrize(
    ("code", "width"),
    [(c, 1280) for c in KINDS] + [("zhaobaodai", 390), ("account-opening", 390), ("private-banking", 390)],
)
def test_each_kind_of_product_from_its_page_to_the_machines_answer(world, visitor, code, width):
    need, conditional, documents = KINDS[code]
    founder = factories.legal_rep()
    if code == "srdi-programme":
        listed = {"uscc": founder.enterprise.uscc, "name": founder.enterprise.name, "valid_from": "2025-01-01"}
        RegisterEntry.objects.create(register=Register.objects.get(code="srdi_sme"), **listed)
    person = visitor(width)
    page = person.page
    person.sign_in(founder.user.email)
    person.go(f"/products/{code}/", f"{code}-page")
    page.get_by_role("link", name=re.compile("^申请")).first.click()
    person.press("开始填写")
    person.look(f"{code}-tasks")
    base = page.url.removesuffix("tasks/")
    page.goto(f"{base}sections/need/")
    for name in conditional:
        assert not page.locator(f"[name='{name}']").first.is_visible(), f"{name} is asked too early"
    answer(page, need)
    for name in conditional:
        assert page.locator(f"[name='{name}']").first.is_visible(), f"{name} is not asked"
    person.look(f"{code}-need")
    person.press("保存，回到清单")
    for name in ("enterprise", "operations", "team"):
        if page.locator(f"a[href$='sections/{name}/']").count():
            page.goto(f"{base}sections/{name}/")
            if name == "operations":
                page.get_by_label("都没有").check()
            person.press("保存，回到清单")
    page.goto(f"{base}consents/")
    while page.get_by_role("button", name="我已阅读并同意").count():
        person.press("我已阅读并同意")
    for kind in documents:
        page.goto(f"{base}documents/")
        file = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": factories.PDF}
        page.set_input_files(f"#f-{kind}", file)
        page.locator("form", has=page.locator(f"#f-{kind}")).locator("button[type=submit]").click()
        page.get_by_role("link", name=f"{kind}.pdf").wait_for()
    person.go(f"{base}documents/", f"{code}-documents")
    person.go(f"{base}check/", f"{code}-check")
    person.press("提交申请")
    done = page.get_by_text("等客户经理领取") if code in SERVICES else page.get_by_role("heading", name="检查结果")
    done.first.wait_for(timeout=20_000)
    person.look(f"{code}-status")
    application = Application.objects.get()
    assert application.status == "screened"
    assert application.outcome in ("pass", "refer")
    factories.bankers()
    desk = visitor(1440)
    desk.sign_in("reviewer@bank.example")
    desk.go(f"/admin/cases/{application.reference}/", f"{code}-case")
    assert set(conditional) <= set(application.answers)
    for label, words in answer_rows(application):
        assert desk.page.get_by_text(words).count(), label


@pytest.mark.parametrize("width", [1280, 390])
def test_a_firm_sees_its_titles_and_what_would_lift_it(world, visitor, width):
    founder = factories.legal_rep()
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"),
        uscc=founder.enterprise.uscc,
        name=founder.enterprise.name,
        valid_from=today() - timedelta(days=1000),
        valid_to=today() + timedelta(days=12),
    )
    person = visitor(width)
    person.sign_in(founder.user.email)
    person.go(f"/enterprises/{founder.enterprise.uscc}/", "enterprise")
    person.page.get_by_role("link", name="看资质与层级").click()
    person.look("outlook")
    assert person.page.get_by_text("怎样升一层").is_visible()
    assert person.page.get_by_text("30 天内到期").is_visible()
    person.page.locator("summary", has_text="逐条比对").first.click()
    person.look("outlook-open")
    person.page.get_by_role("link", name="补充企业资料").first.click()
    person.page.fill("#id_niche_years", "三年")
    person.press("保存，重新计算")
    person.look("figures-fault")
    person.page.fill("#id_niche_years", "3")
    person.press("保存，重新计算")
    person.look("outlook-again")
    assert person.page.get_by_text("已按新的数字重新计算").is_visible()
    person.page.goto(f"/enterprises/{founder.enterprise.uscc}/")
    person.page.get_by_role("link", name="看能享受的政策").click()
    person.look("incentives")
    person.page.get_by_role("button", name="截止前提醒我").first.click()
    person.look("incentives-reminded")
    assert person.page.get_by_role("button", name="不再提醒").first.is_visible()
