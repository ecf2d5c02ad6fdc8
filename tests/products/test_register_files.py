"""What a register's file may look like, and what is said of one that cannot be used, with its place."""

from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.validators import is_uscc
from portal.kernel import tables
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.workbooks import stream_rows
from products.domain.registering import importing, rows
from products.domain.registering.files import TEMPLATE
from products.models import RegisterBatch, RegisterEntry, StagedRow
from tests import factories
from tests.products.test_registers import DAY_1, FIRST, HEAD, A, B, csv_file, faults, in_force, staged

pytestmark = pytest.mark.django_db


def xlsx_file(*lines: list, sheets: tuple[str, ...] = ("名单",), merge: str = "") -> SimpleUploadedFile:
    book = Workbook()
    book.active.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    for line in lines:
        book.active.append(line)
    if merge:
        book.active.merge_cells(merge)
    out = BytesIO()
    book.save(out)
    return SimpleUploadedFile("名单.xlsx", out.getvalue())


ROWS = {
    "没有企业名称": f",{A},,,",
    "统一社会信用代码：第 18 位校验不符，请对照营业执照核对": f"甲,{A[:-1]}{'0' if A[-1] != '0' else '1'},,,",
    "统一社会信用代码：统一社会信用代码是 18 位，现在是 15 位": "甲,110108012345678,,,",
    "有效期起「去年」不是日期，请写成 2026-12-31 的样子": f"甲,{A},,去年,",
    "有效期止「2026-02-30」没有这一天": f"甲,{A},,,2026-02-30",
    "有效期止早于有效期起": f"甲,{A},,2026-02-02,2026-02-01",
    "证书编号超过 60 个字": f"甲,{A},{'1' * 61},,",
    "比表头多出几格，含逗号的内容要加引号": f"甲,公司,{A},GR,,2026-12-31",
    "不能是公式，请粘贴为数值": f"甲,{A},=A1,,",
    "有看不见的控制字符，请重新输入这一行": f"甲\x07,{A},,,",
}


@pytest.mark.parametrize(("problem", "line"), ROWS.items(), ids=lambda text: text[:14])
def test_a_faulty_row_is_told_with_its_line_and_stops_the_batch(register, desk, problem, line):
    batch = staged(register, csv_file(HEAD + f"乙公司,{B},,,\n{line}\n"), desk)
    assert faults(batch) == [(3, problem)]
    with pytest.raises(RuleRefused, match="not_confirmable"):
        importing.confirm(batch_id=batch.pk, seen=batch.version, actor=desk[1])


@pytest.mark.parametrize("text", ["2024/1/5", "2024.01.05", "2024年1月5日", "20240105", "2024-01-05 00:00:00"])
def test_dates_are_read_as_people_write_them(text):
    assert tables.date_word(text, "有效期起") == "2024-01-05"


@pytest.mark.parametrize(("text", "amount"), [("1,200.5", "12005000.00"), ("０", "0.00")])
def test_amounts_are_read(text, amount):
    assert tables.amount_word(text, rows.WAN) == amount


@pytest.mark.parametrize("text", ["-1", "NaN", "1e30", "一百"])
def test_amounts_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="金额"):
        tables.amount_word(text, rows.WAN)


def test_duplicates_name_the_first_line(register, desk):
    batch = staged(
        register, csv_file(HEAD + f"甲公司,{A},,,\n甲（公司）,{A},,,\n名称 公司,,,,\n名称（公司）,,,,\n"), desk
    )
    assert faults(batch) == [(3, "与第 2 行重复"), (5, "与第 4 行重复")]


def test_gbk_is_read_and_said(register, desk):
    batch = staged(register, csv_file(FIRST, "gb18030"), desk)
    assert (batch.read_as, batch.counts["new"]) == ("GBK", 3)


FILES = {
    "请上传 .xlsx 或 .csv 文件；内容要与扩展名一致": SimpleUploadedFile("名单.xlsx", b"not a zip at all"),
    "文件是空的，请重新选择": SimpleUploadedFile("名单.csv", b""),
}


@pytest.mark.parametrize(("message", "file"), FILES.items())
def test_a_file_of_another_kind_is_refused_at_once(register, desk, message, file):
    with pytest.raises(InvalidInput) as refused:
        importing.upload(register_id=register.pk, file=file, as_of=DAY_1, mode="full", actor=desk[0])
    assert (refused.value.message, refused.value.field) == (message, "file")
    assert not RegisterBatch.objects.exists()


def test_a_file_of_a_hundred_megabytes_is_refused_without_reading_it(register, desk, settings):
    settings.TABLE_LIMIT = 1024
    file = SimpleUploadedFile("名单.csv", b"x" * 2048)
    with pytest.raises(InvalidInput, match="file_too_large"):
        importing.upload(register_id=register.pk, file=file, as_of=DAY_1, mode="full", actor=desk[0])


def broken_workbook() -> SimpleUploadedFile:
    whole = xlsx_file(["企业名称"], ["甲公司"]).read()
    return SimpleUploadedFile("名单.xlsx", whole[: len(whole) // 2])


UNREADABLE = {
    "打不开这个文件，请上传没有密码的 .xlsx 文件": broken_workbook,
    "有 2 张工作表，请把要导入的一张命名为「名单」": lambda: xlsx_file(["企业名称"], ["甲"], sheets=("一", "二")),
    "工作表「名单」有合并的单元格，请先取消合并": lambda: xlsx_file(["企业名称"], ["甲"], ["乙"], merge="A2:A3"),
    "前 10 行没有找到表头，要有一列叫「企业名称」或「统一社会信用代码」": lambda: csv_file("公司,代码\n甲,1\n"),
    "第 1 行有两列都是「企业名称」，请只留一列": lambda: csv_file("企业名称,单位名称\n甲,乙\n"),
    "表头下面没有数据": lambda: csv_file(HEAD),
    "第 2 行有读不出的文字，请另存为 UTF-8 或 GBK 编码的 CSV": lambda: SimpleUploadedFile(
        "名单.csv", HEAD.encode() + b"\xff\xff\xff\n"
    ),
    "第 2 行读不下去了：引号没有配对，或这一格太长": lambda: csv_file(HEAD + '"' + "甲" * 140_000 + "\n"),
}


@pytest.mark.parametrize(("message", "make"), UNREADABLE.items(), ids=lambda x: x[:12] if isinstance(x, str) else "")
def test_a_file_that_cannot_be_read_says_why_and_keeps_nothing(register, desk, message, make):
    batch = staged(register, make(), desk)
    assert (batch.status, batch.problem) == ("unreadable", message)
    assert not StagedRow.objects.exists()
    staged(register, csv_file(FIRST), desk)  # and the next file may come


def test_a_workbook_with_a_title_above_and_columns_of_no_use_is_read(register, desk):
    file = xlsx_file(
        ["2026 年第一批名单"],
        ["序号", "企业名称", "统一社会信用代码", "有效期起", "备注"],
        [1, "甲公司", A, date(2025, 3, 1), None],
        [None, None, None, None, None],
        [2, "乙公司", "=B1", None, "x"],
        sheets=("名单", "说明"),
    )
    batch = staged(register, file, desk)
    assert batch.read_as == "工作表「名单」；没有用到的列：序号、备注"
    assert [line for line, _ in faults(batch)] == [5]
    assert batch.rows.get(uscc=A).valid_from == date(2025, 3, 1)


def test_a_text_cell_with_odd_characters_comes_through_whole(register, desk):
    name = "甲\\t公司\\N“引号”\\"
    in_force(register, HEAD + f"{name},{A},,,\n", desk)
    assert RegisterEntry.objects.get(uscc=A).name == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("北京（甲）科技有限公司", "北京(甲)科技有限公司"), ("ＡＢＣ科技", "abc 科技"), ("甲·乙公司", "甲乙公司")],
)
def test_names_are_compared_plainly(one, other):
    assert rows.plain_name(one) == rows.plain_name(other)


def test_quick_check_of_codes_is_the_standard_one():
    good = [factories.demo_uscc(n) for n in range(300, 330)]
    assert all(is_uscc(code) for code in good)
    for code in good[:5]:
        for place in range(18):
            assert not is_uscc(code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :])
    assert not any(is_uscc(text) for text in ("", "9" * 17, "I" * 18, good[0].lower()))


def test_columns_of_the_template_are_read(register, desk):
    batch = staged(
        register, csv_file(",".join(TEMPLATE) + f"\n甲公司,{A},GR1,2024-01-01,2026-12-31,第一批,项目,12\n"), desk
    )
    row = batch.rows.get()
    assert (row.round, row.project, str(row.amount), batch.read_as) == ("第一批", "项目", "120000.00", "UTF-8")


@pytest.mark.parametrize("line", ["甲,{A},,9e999999", "甲,{A},2024\x00,", "甲,{A},,\x00", "㍿" * 100 + ",{A},,"])
def test_odd_cells_are_faults_of_their_line_and_stop_no_worker(register, desk, line):
    text = "企业名称,统一社会信用代码,有效期起,金额(万元)\n" + line.replace("{A}", A) + "\n"
    batch = staged(register, csv_file(text), desk)
    assert (batch.status, batch.counts["invalid"]) == ("staged", 1)


def test_a_sheet_of_empty_rows_is_refused(monkeypatch):
    monkeypatch.setattr(tables, "MAX_BLANK", 10)
    rows_ = ((n, [""]) for n in range(2, 50))
    with pytest.raises(InvalidInput, match="too_many_blanks"):
        list(tables._lines(rows_, [0], 1))


def test_a_cell_far_out_does_not_widen_the_table(register, desk):
    book = Workbook()
    book.active.append(["企业名称", "统一社会信用代码"])
    book.active.append(["甲公司", A])
    for row in range(3, 40):
        book.active.cell(row, 1, f"第{row}家公司")
    book.active.cell(30, 16000, "远处")
    out = BytesIO()
    book.save(out)
    batch = staged(register, SimpleUploadedFile("名单.xlsx", out.getvalue()), desk)
    assert (batch.status, batch.counts["new"], batch.counts["invalid"]) == ("staged", 38, 0)
    _, rows_ = stream_rows(BytesIO(out.getvalue()), preferred="名单")
    assert {len(cells) for _, cells in rows_} == {3}
