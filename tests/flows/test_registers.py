"""A register in a real browser: a faulty file, the right one, the second person, what it does to a firm, and back."""

import pytest

from portal.kernel.clock import today
from products.models import Register, RegisterEntry
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]
HEAD = "企业名称,统一社会信用代码,证书编号,有效期起,有效期止\n"


def test_a_list_comes_in_by_file_and_second_person_and_goes_back(world, visitor, tmp_path):
    factories.policy_desk()
    Register.objects.filter(code="little_giant").update(loaded_from=None)
    codes = [factories.demo_uscc() for _ in range(60)]
    first, faulty, second = (tmp_path / f"{name}.csv" for name in ("first", "faulty", "second"))
    lines = [f"北京示例科技{n}号有限公司,{code},XJR{n:04d},2024-07-01,2027-06-30\n" for n, code in enumerate(codes)]
    first.write_text(HEAD + "".join(lines), encoding="gb18030")
    faulty.write_text(HEAD + "".join(lines[:4]) + f"代码错的公司,{codes[5][:-1]}Z,,,\n日期错的公司,,,去年,\n{lines[0]}")
    renewed = lines[1].replace("2027-06-30", "2030-06-30")
    second.write_text(HEAD + "".join([lines[0], renewed, *lines[10:]]) + "只有名称的公司,,XJR9999,,\n")
    author, other = visitor(1440), visitor(390)
    page = author.page
    author.sign_in("policy@bank.example")
    author.go("/admin/registers/", "registers")
    page.get_by_role("link", name="专精特新“小巨人”企业名单").click()
    author.look("register-empty")
    for file, words in ((faulty, "下载有问题的行"), (first, "上传的人不能确认")):
        page.set_input_files("#id_file", str(file))
        author.press("上传并核对")
        page.get_by_text(words).first.wait_for(timeout=20_000)
        author.look(f"register-{file.stem}")
        if file is faulty:
            assert page.get_by_text("与第 2 行重复").is_visible()
            page.locator("summary", has_text="作废").click()
            author.press("确认作废")
    assert page.locator("summary", has_text="确认生效").count() == 0
    batch = page.url
    other.sign_in("policy2@bank.example")
    other.page.goto(batch)
    other.look("register-to-confirm")
    other.page.locator("summary", has_text="确认生效").click()
    other.look("register-confirming")
    other.press("确认生效")
    other.page.get_by_text("生效后共").wait_for(timeout=20_000)
    other.look("register-applied")
    assert RegisterEntry.objects.valid_on(today()).filter(register__code="little_giant").count() == 60
    page.goto("/admin/registers/little_giant/")
    page.set_input_files("#id_file", str(second))
    author.press("上传并核对")
    page.get_by_text("这一批会移出名单上").wait_for(timeout=20_000)
    author.look("register-second-removed")
    page.get_by_role("link", name="变更 1").click()
    author.look("register-second-changed")
    assert page.get_by_text("有效期止：2027-06-30 → 2030-06-30").is_visible()
    other.page.goto(page.url)
    other.page.locator("summary", has_text="确认生效").click()
    other.press("确认生效")
    other.page.get_by_text("生效后共").wait_for(timeout=20_000)
    assert RegisterEntry.objects.valid_on(today()).filter(register__code="little_giant").count() == 53
    page.goto("/admin/registers/little_giant/?q=只有名称")
    author.look("register-search")
    assert page.get_by_role("rowheader", name="只有名称的公司").is_visible()
    page.goto(other.page.url)
    author.look("register-done")
    page.locator("summary", has_text="申请撤销").click()
    page.fill("#ask_revert_reason", "发布机关更正了名单")
    author.look("register-revert")
    author.press("提交申请")
    page.get_by_text("申请撤销的人不能自己确认").wait_for()
    author.look("register-recalled")
    assert RegisterEntry.objects.valid_on(today()).filter(register__code="little_giant").count() == 53
    other.page.goto(page.url)
    other.page.locator("summary", has_text="撤销这一批").click()
    other.look("register-to-recall")
    other.press("确认撤销这一批")
    other.page.get_by_text("名单已恢复").wait_for(timeout=20_000)
    other.look("register-reverted")
    assert RegisterEntry.objects.valid_on(today()).filter(register__code="little_giant").count() == 60
