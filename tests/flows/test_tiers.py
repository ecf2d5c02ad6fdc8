"""A manual tier in a real browser: asked by a reviewer, signed by an approver, seen by the firm."""

from datetime import timedelta

import pytest

from portal.kernel.clock import today
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_tier_is_set_by_two_people(world, visitor, width):
    factories.bankers()
    firm = factories.legal_rep(name="北京示例调级科技有限公司").enterprise
    reviewer, approver = visitor(width), visitor(width)
    page = reviewer.page
    reviewer.sign_in("reviewer@bank.example")
    reviewer.go(f"/admin/tiers/{firm.uscc}/", "tier-empty")
    page.select_option("#id_tier", "T4")
    page.fill("#id_last_day", (today() + timedelta(days=400)).isoformat())
    page.fill("#id_reason", "承担国家级项目，认定证书在办理中，见会议纪要")
    reviewer.press("提出调级")
    reviewer.look("tier-fault")
    assert page.get_by_text("到期日要在今天以后、一年以内").is_visible()
    page.fill("#id_last_day", (today() + timedelta(days=90)).isoformat())
    reviewer.press("提出调级")
    reviewer.look("tier-proposed")
    approver.sign_in("approver@bank.example")
    approver.go("/admin/tiers/", "tier-list")
    approver.page.get_by_role("link", name="北京示例调级科技有限公司").click()
    approver.look("tier-to-sign")
    approver.page.locator("summary", has_text="同意调级").click()
    approver.look("tier-signing")
    approver.press("确认同意调级")
    approver.look("tier-active")
    assert approver.page.get_by_text("人工调级，").first.is_visible()
    approver.page.locator("summary", has_text="结束").click()
    approver.page.fill("#end_reason", "资质已取得")
    approver.look("tier-ending")
    approver.press("确认结束")
    assert approver.page.get_by_text("已结束，回到自动分层的结果").is_visible()
