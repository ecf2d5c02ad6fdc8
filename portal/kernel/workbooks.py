"""Workbooks from outside: opened only when they are small, whole and free of surprises."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from portal.kernel.errors import InvalidInput

MAX_BYTES = 2 * 1024 * 1024
MAX_UNPACKED = 30 * 1024 * 1024
MAX_MEMBERS = 300
MAX_ROWS, MAX_COLUMNS = 1000, 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def open_workbook(file: BinaryIO, size: int) -> Workbook:
    """A workbook of at most MAX_BYTES, with its formulas as they are written. Raises InvalidInput for anything else.

    What it unpacks to is looked at before it is unpacked; no link and no macro is followed or kept.
    """
    if size > MAX_BYTES:
        raise _refused("workbook_too_large", f"文件超过 {MAX_BYTES // 1024 // 1024} MB")
    content = file.read(MAX_BYTES + 1)
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            members = packed.infolist()
        if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED:
            raise _refused("workbook_too_large", "文件解开后过大，请只保留需要的工作表")
        return load_workbook(BytesIO(content), keep_links=False)
    except InvalidInput:
        raise
    except Exception as error:  # what a broken or hostile archive raises is not ours to list
        raise _refused("workbook_unreadable", "打不开这个文件，请上传没有密码的 .xlsx 文件") from error


def sheet_of(book: Workbook, name: str) -> Worksheet:
    if name not in book.sheetnames or not isinstance(book[name], Worksheet):
        raise _refused("sheet_missing", f"缺少工作表「{name}」")
    sheet = book[name]
    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        raise _refused("sheet_too_large", f"工作表「{name}」太大，请删掉表格下方和右侧的空行空列")
    return sheet


def refuse_merged(sheet: Worksheet) -> None:
    if sheet.merged_cells.ranges:
        first = min(str(area) for area in sheet.merged_cells.ranges)
        raise _refused("cells_merged", f"{sheet.title}!{first} 是合并的单元格，请先取消合并")


def text_of(cell: Cell) -> str:
    """The words of a cell; whole numbers count as words. Raises ValueError with what is wrong."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise ValueError("不能是公式，请粘贴为数值")
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("要是文本，请把单元格格式设为文本再填")


def place_of(sheet: Worksheet, row: int, column: int) -> str:
    return f"{sheet.title}!{sheet.cell(row, column).coordinate}"


def put(cell: Cell, text: str) -> None:
    """Write words that stay words: a leading `=` is no formula here."""
    cell.value = text
    if text:
        cell.data_type = "s"


def to_bytes(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _refused(code: str, message: str) -> InvalidInput:
    return InvalidInput(code, message, field="workbook")
