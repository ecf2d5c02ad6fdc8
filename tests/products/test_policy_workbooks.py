"""A policy as a workbook: there and back without a change, and every broken workbook told at its cell."""

import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from portal.kernel.errors import InvalidInput
from products.domain import workbooks
from products.domain.authoring import default_documents
from products.policy.document import compile_document
from products.policy.wording import changes

BY_CODE = {document["code"]: document for document, _ in default_documents()}


def read(content: bytes, code: str = "zhaojiedai", size: int | None = None) -> dict:
    kind = BY_CODE[code]["kind"]
    return workbooks.read(BytesIO(content), len(content) if size is None else size, code=code, kind=kind)


def edited(change, code: str = "zhaojiedai") -> bytes:
    book = load_workbook(BytesIO(workbooks.write(BY_CODE[code])))
    change(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(content: bytes, **other: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(content, **other)
    assert caught.value.field == "workbook"
    return caught.value.message


@pytest.mark.parametrize("code", BY_CODE)
def test_a_workbook_comes_back_as_the_same_policy(code):
    again = read(workbooks.write(BY_CODE[code]), code)
    assert changes(compile_document(BY_CODE[code]), compile_document(again)) == []


def test_an_edited_cell_is_the_only_change():
    content = edited(lambda book: book["条文"].__setitem__("C3", "成立年限 >= 2年"))
    found = changes(compile_document(BY_CODE["zhaojiedai"]), compile_document(read(content)))
    assert [change.words for change in found] == ["「成立年限的条件」由“成立年限 >= 1年”改为“成立年限 >= 2年”"]


def test_rows_may_be_added_with_blank_rows_between():
    def add(book):
        last = book["条文"].max_row + 3
        for place, text in enumerate(("extra", "员工", "员工人数 >= 3", "转人工"), 1):
            book["条文"].cell(last, place, text)

    assert read(edited(add))["rules"][-1]["code"] == "extra"


def test_lists_to_choose_from_are_in_the_cells():
    sheet = load_workbook(BytesIO(workbooks.write(BY_CODE["score"])))["条文"]
    assert [rule.formula1 for rule in sheet.data_validations.dataValidation] == [
        f"指标!$A$2:$A${len(workbooks.BANK_FACTS) + 1}"
    ]


def test_words_that_look_like_formulas_stay_words():
    document = {**BY_CODE["zhaojiedai"], "title": "=1+1"}
    sheet = load_workbook(BytesIO(workbooks.write(document)))["政策"]
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda b: b["条文"].__setitem__("C3", "成立年限 >= 12"), "条文!C3：第 9 个字：时长要写单位"),
        (lambda b: b["条文"].__setitem__("C3", "=SUM(A1:A2)"), "条文!C3：不能是公式"),
        (lambda b: b["条文"].__setitem__("C3", 1.5), "条文!C3：要是文本"),
        (lambda b: b["条文"].__setitem__("C3", True), "条文!C3：要是文本"),
        (lambda b: b["条文"].__setitem__("B3", None), "条文!B3：「名称」不能为空"),
        (lambda b: b["条文"].__setitem__("A3", b["条文"]["A2"].value), "条文!A3：代码和上面的一行重复"),
        (lambda b: b["条文"].__setitem__("D3", "也许"), "条文!D3：只能写"),
        (lambda b: b["条文"].__setitem__("C1", "规则"), "条文!C1：表头应当是「条件」"),
        (lambda b: b["条文"].__setitem__("L4", "多余"), "条文!L1：多出一列"),
        (lambda b: b["条文"].merge_cells("A3:B3"), "条文!A3:B3 是合并的单元格"),
        (lambda b: b.remove(b["条文"]), "缺少工作表「条文」"),
        (lambda b: b["政策"].__setitem__("B1", "zhaoqidai"), "政策!B1：这是「zhaoqidai」的工作簿"),
        (lambda b: b["政策"].__setitem__("B2", "评分表"), "政策!B2：种类应当是「准入条件」"),
        (lambda b: b["政策"].__setitem__("A3", "标题"), "政策!A3：应当是「名称」"),
        (lambda b: b["政策"].__setitem__("B3", None), "政策!B3："),
    ],
)
def test_what_is_wrong_is_told_at_its_cell(change, says):
    assert says in refusal(edited(change))


def test_all_bad_cells_are_told_at_once():
    def spoil(book):
        book["条文"]["C2"] = "没有 >= 1"
        book["条文"]["D3"] = "也许"

    with pytest.raises(workbooks.WorkbookError) as caught:
        read(edited(spoil))
    assert [line.partition("：")[0] for line in caught.value.lines] == ["条文!C2", "条文!D3"]


def test_what_is_no_workbook_is_refused():
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 32_000_000)
    many = BytesIO()
    with zipfile.ZipFile(many, "w") as packed:
        for number in range(301):
            packed.writestr(f"{number}.xml", "")
    plain = BytesIO()
    with zipfile.ZipFile(plain, "w") as packed:
        packed.writestr("hello.txt", "你好")
    for content in (b"", b"PK\x03\x04", "编号,名称".encode("gbk"), plain.getvalue()):
        assert "打不开这个文件" in refusal(content)
    for content in (bomb.getvalue(), many.getvalue()):
        assert "解开后过大" in refusal(content)
    assert "超过 2 MB" in refusal(b"x", size=100 * 1024 * 1024)


def test_a_document_type_with_entities_is_not_read():
    content = BytesIO(workbooks.write(BY_CODE["zhaojiedai"]))
    evil = BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(evil, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "xl/workbook.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "b">]>' + data
            new.writestr(member, data)
    assert "打不开这个文件" in refusal(evil.getvalue())


def test_another_workbook_lacks_its_sheets():
    out = BytesIO()
    Workbook().save(out)
    assert "缺少工作表「政策」" in refusal(out.getvalue())
