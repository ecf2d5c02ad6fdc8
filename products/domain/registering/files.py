"""The file of a register: a CSV or one sheet of a workbook, read as a stream of rows whose columns are known by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.kernel.errors import InvalidInput
from portal.kernel.sheets import open_csv
from portal.kernel.workbooks import stream_rows

SHEET = "名单"
MAX_LINES = 1_000_000
MAX_BLANK = 100_000  # a row number may claim any number of empty rows before it
_HEADER_WITHIN = 10  # rows: official lists begin with a title

# field → the names a column of it goes by; the first is the template's
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("企业名称", "单位名称", "名称"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "number": ("证书编号", "编号", "入库登记编号", "入库编号"),
    "valid_from": ("有效期起", "发证日期", "认定日期", "列入日期"),
    "valid_to": ("有效期止", "有效期至", "到期日期"),
    "round": ("批次", "公布批次"),
    "project": ("项目名称", "项目"),
    "amount": ("金额(万元)", "项目金额(万元)"),
    "amount_yuan": ("金额(元)", "项目金额(元)"),
}
FIELDS = tuple(COLUMNS)
_BY_WORD = {word: field for field, words in COLUMNS.items() for word in words}
TEMPLATE = [words[0] for field, words in COLUMNS.items() if field != "amount_yuan"]

# number in the file, words in the order of FIELDS; one word more where the line has more cells than the header
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    read_as: str  # for people: encoding or sheet, columns that were not used
    lines: Iterator[Line]


def open_file(file: BinaryIO, name: str) -> OpenedFile:
    """Find the header and stream what follows. Raises InvalidInput with the place; so does the stream, where it breaks."""
    if name.lower().endswith(".csv"):
        label, rows = open_csv(file)
    else:
        sheet, rows = stream_rows(file, preferred=SHEET)
        label = f"工作表「{sheet}」"
    header, unused, width = _header(rows)
    said = f"{label}；没有用到的列：{'、'.join(unused)}" if unused else label
    return OpenedFile(said[:200], _lines(rows, header, width))


def _header(rows: Iterator[Line]) -> tuple[dict[str, int], list[str], int]:
    """({field: position}, names of columns that mean nothing here, how many columns there are)."""
    for _, (number, cells) in zip(range(_HEADER_WITHIN), rows, strict=False):
        words = [_plain(cell) for cell in cells]
        if not {"name", "uscc"} & {_BY_WORD.get(word) for word in words}:
            continue
        found: dict[str, int] = {}
        for position, word in enumerate(words):
            field = _BY_WORD.get(word)
            if field in found or (field == "amount_yuan" and "amount" in found):
                raise InvalidInput(
                    "header_twice", f"第 {number} 行有两列都是「{COLUMNS[field][0]}」，请只留一列", field="file"
                )
            if field:
                found[field] = position
        return found, [word[:20] for word in words if word and word not in _BY_WORD], len(cells)
    raise InvalidInput(
        "header_missing",
        f"前 {_HEADER_WITHIN} 行没有找到表头，要有一列叫「企业名称」或「统一社会信用代码」",
        field="file",
    )


def _plain(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())


def _lines(rows: Iterator[Line], header: dict[str, int], width: int) -> Iterator[Line]:
    places = [header.get(field, -1) for field in FIELDS]
    last = max(places) + 1
    count = blank = 0
    for number, cells in rows:
        if len(cells) < last:
            cells = [*cells, *[""] * (last - len(cells))]
        picked = [cells[place].strip() if place >= 0 else "" for place in places]
        if len(cells) > width and any(cells[width:]):
            picked.append("")  # a comma too many: which word belongs where is not known
        if not any(picked):
            blank += 1
            if blank > MAX_BLANK:
                raise InvalidInput("too_many_blanks", f"第 {number} 行以上有太多空行，请删掉表格里的空行", field="file")
            continue
        count += 1
        if count > MAX_LINES:
            raise InvalidInput("too_many_lines", f"超过 {MAX_LINES:,} 行，请分开导入", field="file")
        yield number, picked
