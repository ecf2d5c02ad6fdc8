"""Workbooks from outside: opened only when they are small, whole and free of surprises."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from portal.kernel.errors import InvalidInput

MAX_BYTES = 2 * 1024 * 1024
MAX_UNPACKED = 30 * 1024 * 1024
MAX_MEMBERS = 300
MAX_ROWS, MAX_COLUMNS = 1000, 60
TOP = 12  # rows in which a long table shows how wide it is
# A long table is streamed: its rows may be many, its shared words must fit in memory.
MAX_TABLE_UNPACKED = 1024 * 1024 * 1024
MAX_SHARED_WORDS = 96 * 1024 * 1024
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


def stream_rows(file: BinaryIO, *, preferred: str) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """(name of the sheet, its rows as words with their numbers), streamed. The sheet is the `preferred` or the only one.

    Raises InvalidInput for a file that is no workbook, too large, or has merged cells; the iterator raises it at the
    row where the file breaks.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            members = {m.filename: m.file_size for m in packed.infolist()}
        # Only sheets are streamed; whatever else is in it is read whole, by whatever name it goes.
        shared = sum(size for name, size in members.items() if not name.lower().startswith("xl/worksheets/"))
        if len(members) > MAX_MEMBERS or sum(members.values()) > MAX_TABLE_UNPACKED or shared > MAX_SHARED_WORDS:
            raise _refused("workbook_too_large", "文件解开后过大，请另存为 CSV 再上传", field="file")
        book = load_workbook(file, read_only=True, keep_links=False)
        name = preferred if preferred in book.sheetnames else book.sheetnames[0]
        if name != preferred and len(book.sheetnames) > 1:
            raise _refused(
                "sheet_missing",
                f"有 {len(book.sheetnames)} 张工作表，请把要导入的一张命名为「{preferred}」",
                field="file",
            )
        sheet = book[name]
        with zipfile.ZipFile(file) as packed, packed.open(sheet._worksheet_path) as text:
            merged = _holds(text, b"<mergeCell ")
    except InvalidInput:
        raise
    except Exception as error:  # what a broken or hostile archive raises is not ours to list
        raise _refused("workbook_unreadable", "打不开这个文件，请上传没有密码的 .xlsx 文件", field="file") from error
    if merged:
        raise _refused("cells_merged", f"工作表「{name}」有合并的单元格，请先取消合并", field="file")
    sheet.reset_dimensions()  # what a file says of its own size is not to be believed
    return name, _streamed(sheet)


def _streamed(sheet: Worksheet) -> Iterator[tuple[int, list[str]]]:
    number = 0
    try:
        # Rows are padded to the width that is asked for: as wide as the table is at its top, and not as a cell far out says.
        top = islice(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), TOP)
        used = max((place for cells in top for place, cell in enumerate(cells, 1) if cell is not None), default=1)
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=used + 1), 1):
            yield number, [cell if type(cell) is str else "" if cell is None else _words(cell) for cell in cells]
    except InvalidInput:
        raise
    except Exception as error:  # as above
        raise _refused("workbook_broken", f"文件在第 {number} 行之后是坏的，请重新导出", field="file") from error


def _words(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _holds(file: BinaryIO, wanted: bytes) -> bool:
    tail = b""
    while part := file.read(1 << 20):
        if wanted in tail + part:
            return True
        tail = part[-len(wanted) :]
    return False


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


def _refused(code: str, message: str, field: str = "workbook") -> InvalidInput:
    return InvalidInput(code, message, field=field)
