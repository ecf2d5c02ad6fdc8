"""The policy desk in a real browser: a change from workbook to signature, and what it does to new and old cases."""

from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from applications.models import Screening
from portal.kernel.clock import today
from products.domain.evaluating import in_force
from products.models import PolicyVersion
from tests import factories
from tests.flows.test_flows import screened_case

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]


def edited(content: bytes) -> bytes:
    book = load_workbook(BytesIO(content))
    book["条文"]["C3"] = "成立年限 >= 20年"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_rules_change_by_workbook_and_second_person(world, visitor, tmp_path):
    factories.policy_desk()
    author, other = visitor(1440), visitor(1440)
    page = author.page
    _, old_case = screened_case(page)
    assert old_case.outcome == "pass"
    author.sign_in("policy@bank.example")
    author.go("/admin/", "policies")
    page.get_by_role("link", name="招捷贷准入条件").click()
    author.look("policy")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="工作簿").click()
    broken, whole = tmp_path / "broken.xlsx", tmp_path / "whole.xlsx"
    whole.write_bytes(edited(fetched.value.path().read_bytes()))
    book = load_workbook(whole)
    book["条文"]["C3"] = "成立年限 >= 20"
    book["条文"]["D2"] = "也许"
    book.save(broken)
    page.set_input_files("#id_file", str(broken))
    author.press("检查文件")
    author.look("policy-upload-broken")
    assert page.get_by_text("条文!C3").is_visible()
    assert page.get_by_text("条文!D2").is_visible()
    page.set_input_files("#id_file", str(whole))
    author.press("检查文件")
    author.look("policy-preview")
    assert page.get_by_text("「成立年限的条件」由“成立年限 >= 1年”改为“成立年限 >= 20年”").is_visible()
    page.fill("#id_effective_from", today().isoformat())
    page.fill("#id_summary", "只收成立二十年以上的企业（演练）")
    author.press("存为草稿")
    author.look("policy-draft")
    assert page.get_by_text("还没有用历史申请回测这一稿").is_visible()
    author.press("开始回测")
    page.get_by_text("次会得到不同结果").wait_for(timeout=20_000)
    author.look("policy-tested")
    assert page.get_by_text("符合 → 转人工").first.is_visible()
    page.get_by_role("link", name="试算").click()
    author.look("policy-trial")
    page.fill("#id_facts", "成立年限 = 19年\n分层 = T1\n申请金额 = 100万")
    author.press("试算")
    author.look("policy-trial-result")
    page.fill("#keep_name", "十九年的老企业")
    author.press("保存样例")
    page.get_by_text("十九年的老企业").first.wait_for()
    author.press("提交发布")
    author.look("policy-submitted")
    assert page.get_by_text("起草或修改过的人不能发布").first.is_visible()
    assert page.locator("summary", has_text="发布").count() == 0
    other.sign_in("policy2@bank.example")
    other.go("/admin/", "policies-second")
    other.page.get_by_role("link", name="第 2 版").click()
    other.page.locator("summary", has_text="发布").click()
    other.look("policy-to-publish")
    other.press("确认发布")
    other.look("policy-published")
    assert in_force("zhaojiedai", today()).number == 2
    _, new_case = screened_case(page)
    assert (new_case.outcome, old_case.outcome) == ("refer", "pass")
    assert Screening.objects.get(application=new_case).eligibility.policy.number == 2
    out = StringIO()
    call_command("replay", old_case.reference, stdout=out)
    assert "重放一致" in out.getvalue()
    assert "zhaojiedai 第 1 版" in out.getvalue()
    other.go("/admin/policies/zhaojiedai/", "policy-versions")
    other.page.select_option("#a", "1")
    other.press("看差别")
    other.look("policy-compare")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_draft_is_edited_in_the_table_and_faults_are_shown_at_their_cells(world, visitor, width):
    factories.policy_desk()
    author = visitor(width)
    page = author.page
    author.sign_in("policy@bank.example")
    author.go("/admin/policies/score/", "policy-score")
    author.press("改出新版")
    author.look("policy-edit-score")
    page.goto("/admin/policies/tiers/")
    author.press("改出新版")
    author.look("policy-edit-tiers")
    page.goto("/admin/policies/zhaojiedai/")
    author.press("改出新版")
    page.fill("#id_form-1-when", "成立年限 >= 12")
    page.fill("#id_form-1-label", "")
    author.press("保存草稿")
    author.look("policy-edit-faults")
    assert page.get_by_text("有 2 处要改").is_visible()
    assert page.get_by_text("时长要写单位").is_visible()
    page.fill("#id_form-1-when", "成立年限 >= 3年 或 高新技术企业 为是")
    page.fill("#id_form-1-label", "成立年限或高企")
    page.fill("#id_effective_from", (today() + timedelta(days=7)).isoformat())
    page.fill("#id_summary", "放宽高新技术企业")
    author.press("保存草稿")
    author.look("policy-edited")
    assert page.get_by_text("草稿已保存").is_visible()
    assert PolicyVersion.objects.get(code="zhaojiedai", number=2).document["rules"][1]["label"] == "成立年限或高企"
    page.locator("summary", has_text="作废").click()
    author.press("确认作废")
    author.look("policy-discarded")
