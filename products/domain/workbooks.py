"""A policy as a workbook, both ways: 政策 (what it is), 条文 (the table), 指标 and 写法 (to look things up)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from portal.kernel.errors import InvalidInput
from portal.kernel.workbooks import open_workbook, place_of, put, refuse_merged, sheet_of, text_of, to_bytes
from products.policy.catalogue import BANK_FACTS
from products.policy.document import MAX_PARTS
from products.policy.grammar import member_word
from products.policy.tables import COLUMNS, CellError, Row, TableError, to_document, to_rows
from products.policy.values import FactType

ABOUT, TABLE, LOOKUP, HELP = "政策", "条文", "指标", "写法"
KINDS = {
    "eligibility": "准入条件",
    "ladder": "分层阶梯",
    "scorecard": "评分表",
    "limits": "授信上限表",
    "routing": "审批与时限表",
}
_ABOUT_ROWS = ("代码", "种类", "名称")
_SPARE = 100  # rows below the table that still get the lists to choose from
_HOW = {
    FactType.AMOUNT: "500万 或 5000000.00（元）",
    FactType.COUNT: "整数",
    FactType.MONTHS: "12个月 或 1年",
    FactType.POINTS: "整数",
    FactType.RATIO: "5% 或 12.5%",
    FactType.BOOLEAN: "为是、为否",
    FactType.CODE: "属于、不属于 后写取值，用顿号隔开",
    FactType.DATE: "2026-12-31",
}
_HELP = (
    "一行是一条规则、一层、一个评分项或一档，改完存盘再上传。不要改表头，不要合并单元格，不要用公式。",
    "条件：指标 比较方式 界值，例如：成立年限 >= 1年。指标写「指标」表里的名称或代码。",
    "比较方式：>= <= > < 属于 不属于 为是 为否 已知。几个条件用「且」「或」连接，「且」先于「或」，可以加括号。",
    "界值：金额写 500万 或 5000000.00（元），比例写 5%，时长写 12个月 或 1年，日期写 2026-12-31，几个取值用顿号隔开。",
    "分档：从高分到低分，例如：>= 15% 得 12 分；>= 10% 得 9 分。",
    "上限表和审批表从上往下，第一行满足的算数；空着的格子表示不另设。金额写 3000万，利率写 3.4%，时限写整数。",
    "缺少数据的条件一律转人工，不会判为不符合。营业收入、员工人数、企业规模只能转人工。",
)


class WorkbookError(InvalidInput):
    """A workbook with cells that are wrong; `lines` say each with its sheet and cell."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("workbook_invalid", "；".join(lines[:20]), field="workbook")
        self.lines = tuple(lines)


def write(document: dict) -> bytes:
    """The workbook of a document that compiles."""
    book = Workbook()
    about = book.active
    about.title = ABOUT
    for row, (label, text) in enumerate(
        zip(_ABOUT_ROWS, (document["code"], KINDS[document["kind"]], document["title"]), strict=True), 1
    ):
        put(about.cell(row, 1), label)
        put(about.cell(row, 2), text)
    about.column_dimensions["B"].width = 60
    _write_table(book.create_sheet(TABLE), document)
    _write_lookup(book.create_sheet(LOOKUP))
    helping = book.create_sheet(HELP)
    for row, line in enumerate(_HELP, 1):
        put(helping.cell(row, 1), line)
    helping.column_dimensions["A"].width = 120
    return to_bytes(book)


def _write_table(sheet: Worksheet, document: dict) -> None:
    columns, rows = COLUMNS[document["kind"]], to_rows(document)
    for place, column in enumerate(columns, 1):
        letter = get_column_letter(place)
        _heading(sheet, place, column.label, column.width)
        for number, row in enumerate(rows, 2):
            put(sheet.cell(number, place), row[column.key])
            sheet.cell(number, place).alignment = Alignment(wrap_text=True, vertical="top")
        last = len(rows) + 1 + _SPARE
        if column.key == "fact":
            _choose(sheet, f"{letter}2:{letter}{last}", f"{LOOKUP}!$A$2:$A${len(BANK_FACTS) + 1}")
        elif column.choices:
            _choose(sheet, f"{letter}2:{letter}{last}", f'"{",".join(column.choices)}"')
    sheet.freeze_panes = "C2"


def _heading(sheet: Worksheet, place: int, label: str, width: int) -> None:
    put(sheet.cell(1, place), label)
    sheet.cell(1, place).font = Font(bold=True)
    sheet.cell(1, place).fill = PatternFill("solid", fgColor="E3EBEE")
    sheet.column_dimensions[get_column_letter(place)].width = width


def _choose(sheet: Worksheet, cells: str, formula: str) -> None:
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
    rule.error = "请从列表里选"
    sheet.add_data_validation(rule)
    rule.add(cells)


def _write_lookup(sheet: Worksheet) -> None:
    for place, (label, width) in enumerate((("名称", 28), ("代码", 26), ("界值怎么写", 36), ("取值", 60)), 1):
        _heading(sheet, place, label, width)
    for row, spec in enumerate(BANK_FACTS.values(), 2):
        choices = " / ".join(member_word(code, spec) for code in spec.choices)
        for place, text in enumerate(
            (spec.label, spec.code, _HOW[spec.type] if spec.code != "term_months" else "12个月", choices), 1
        ):
            put(sheet.cell(row, place), text)


def read(file: BinaryIO, size: int, *, code: str, kind: str) -> dict:
    """The checked document a workbook says for the policy `code`. Raises InvalidInput, with every bad cell named."""
    book = open_workbook(file, size)
    title = _title(sheet_of(book, ABOUT), code, kind)
    sheet = sheet_of(book, TABLE)
    refuse_merged(sheet)
    _check_heading(sheet, kind)
    rows, numbers = _rows(sheet, kind)
    try:
        return to_document(code=code, kind=kind, title=title, rows=rows)
    except TableError as error:
        raise WorkbookError([_place(sheet, kind, numbers, e) for e in error.errors]) from error


def _title(about: Worksheet, code: str, kind: str) -> str:
    found = {}
    for row, label in enumerate(_ABOUT_ROWS, 1):
        if about.cell(row, 1).value != label:
            raise WorkbookError([f"{place_of(about, row, 1)}：应当是「{label}」"])
        try:
            found[label] = text_of(about.cell(row, 2))
        except ValueError as error:
            raise WorkbookError([f"{place_of(about, row, 2)}：{error}"]) from error
    if found["代码"] != code:
        raise WorkbookError([f"{place_of(about, 1, 2)}：这是「{found['代码']}」的工作簿，不是「{code}」的"])
    if found["种类"] != KINDS[kind]:
        raise WorkbookError([f"{place_of(about, 2, 2)}：种类应当是「{KINDS[kind]}」"])
    return found["名称"]


def _check_heading(sheet: Worksheet, kind: str) -> None:
    columns = COLUMNS[kind]
    wrong = [
        f"{place_of(sheet, 1, place)}：表头应当是「{column.label}」"
        for place, column in enumerate(columns, 1)
        if sheet.cell(1, place).value != column.label
    ]
    if not wrong and sheet.max_column > len(columns):
        for place in range(len(columns) + 1, min(sheet.max_column, len(columns) + 50) + 1):
            if any(cell.value is not None for (cell,) in sheet.iter_rows(min_col=place, max_col=place)):
                wrong.append(f"{place_of(sheet, 1, place)}：多出一列")
    if wrong:
        raise WorkbookError(wrong)


def _rows(sheet: Worksheet, kind: str) -> tuple[list[Row], list[int]]:
    """Lines that hold anything, and the sheet's row of each."""
    columns, rows, numbers, wrong = COLUMNS[kind], [], [], []
    for number, cells in enumerate(sheet.iter_rows(min_row=2, max_col=len(columns)), 2):
        row = {}
        for column, cell in zip(columns, cells, strict=True):
            try:
                row[column.key] = text_of(cell)
            except ValueError as error:
                wrong.append(f"{place_of(sheet, number, cell.column)}：{error}")
        if any(row.values()):
            rows.append(row)
            numbers.append(number)
        if len(rows) > MAX_PARTS:
            wrong.append(f"{place_of(sheet, number, 1)}：最多 {MAX_PARTS} 行")
            break
    if wrong:
        raise WorkbookError(wrong)
    return rows, numbers


def _place(sheet: Worksheet, kind: str, numbers: Sequence[int], error: CellError) -> str:
    if error.row is None:
        return f"{ABOUT}!B3：{error.message}" if error.column == "title" else f"{sheet.title}：{error.message}"
    keys = [column.key for column in COLUMNS[kind]]
    column = keys.index(error.column) + 1 if error.column in keys else 1
    return f"{place_of(sheet, numbers[error.row], column)}：{error.message}"
