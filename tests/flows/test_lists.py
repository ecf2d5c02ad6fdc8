"""The lists at work in a real browser: what firms hold comes in by file, coverage is counted, a firm is talked to."""

import pytest

from portal.kernel.clock import today
from products.domain.registering.rows import entry
from products.models import Register
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]
HEAD = "业务编号,统一社会信用代码,企业名称,业务种类,金额(万元),余额(万元),五级分类,起始日,放款时中长期借款笔数,放款时短期借款笔数,首次提款,首贷排除用途\n"


def listed(code: str, numbers: range) -> None:
    register = Register.objects.get(code=code)
    for number in numbers:
        row = entry(
            register, uscc=factories.demo_uscc(number), name=f"北京示例智造{number}有限公司", valid_from=today()
        )
        row.round = "第三批"
        row.save()


@pytest.mark.parametrize("width", [1440, 390])
def test_from_a_statement_to_coverage_and_a_contact(world, visitor, width, tmp_path):
    from applications.domain import outreach
    from applications.models import OutreachPlan

    factories.bankers()
    factories.policy_desk()
    listed("relending", range(2000, 2020))
    listed("little_giant", range(2010, 2030))
    plan = OutreachPlan.objects.get(register__code="relending")
    outreach.refresh(plan_id=plan.pk)
    loans = [
        f"L{n},{factories.demo_uscc(2000 + n)},北京示例智造{2000 + n}有限公司,贷款,500,320,正常,2026-03-01,{n % 2},0,是,否\n"
        for n in range(12)
    ]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEAD + "".join(loans))
    bad.write_text(HEAD + loans[0] + loans[0] + loans[1].replace("贷款", "借款"))

    author, rm = visitor(width), visitor(width)
    page = author.page
    author.sign_in("policy@bank.example")
    author.go("/admin/holdings/", "holdings-empty")
    for file, words in ((bad, "有 2 行有问题"), (good, "新增 12")):
        page.set_input_files("#id_file", str(file))
        author.press("上传入账")
        page.get_by_text(words).first.wait_for(timeout=20_000)
        author.look(f"holdings-{file.stem}")
    page.locator("summary", has_text="不是首贷").first.click()
    author.look("holdings-evidence")
    author.go("/admin/outreach/relending/", "outreach-plan")
    page.select_option("#id_banker", index=1)
    page.fill("#id_count", "5")
    author.press("分派")
    assert page.get_by_text("已分派").is_visible()

    page = rm.page
    rm.sign_in("rm@bank.example")
    rm.go("/admin/coverage/", "coverage-empty")
    rm.press("统计这一天")
    page.get_by_text("任一名单（一家只算一次）").first.wait_for(timeout=20_000)
    rm.look("coverage")
    assert page.get_by_role("row", name="科技创新和技术改造再贷款备选清单").get_by_text("60.0%").is_visible()
    page.get_by_role("link", name="科技创新和技术改造再贷款备选清单").click()
    rm.look("coverage-relending")
    row = page.get_by_role("row", name="科技创新和技术改造再贷款备选清单")
    row.get_by_role("link", name="8", exact=True).click()
    rm.look("coverage-never")
    assert page.get_by_text("北京示例智造2019有限公司").is_visible()
    rm.go("/admin/coverage/outside/", "coverage-outside")
    rm.go("/admin/outreach/", "outreach-plans")
    page.get_by_role("link", name="科技创新和技术改造再贷款备选清单").click()
    rm.look("outreach-mine")
    page.get_by_role("link", name="待认领").click()
    page.get_by_role("link", name="北京示例智造2019有限公司").click()
    rm.press("我来联系")
    page.select_option("#id_channel", "phone")
    page.select_option("#id_result", "interested")
    page.fill("#id_on", "2020-01-01")
    rm.press("登记")
    rm.look("outreach-fault")
    assert page.get_by_text("联系日期要在最近一个月内").is_visible()
    page.fill("#id_on", today().isoformat())
    page.fill("#id_note", "约下周上门")
    rm.press("登记")
    rm.look("outreach-written")
    assert page.get_by_text("约下周上门").is_visible()
    page.goto("/admin/coverage/")
    rm.press("重新统计")
    page.get_by_role("link", name="7", exact=True).first.wait_for(timeout=20_000)
    rm.look("coverage-again")
