"""A table in a file: a CSV or one sheet of a workbook, streamed as rows whose columns are known by the names they go by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO

from portal.kernel.errors import InvalidInput
from portal.kernel.sheets import open_csv
from portal.kernel.workbooks import stream_rows

MAX_LINES = 1_000_000
MAX_BLANK = 100_000  # a row number may claim any number of empty rows before it
MOST = Decimal("9000000000000.00")  # 元, the cap of every amount of the portal
_HEADER_WITHIN = 10  # rows: official lists begin with a title
_DATE = re.compile(r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")

# number in the file, words in the order of the layout; one word more where the line has more cells than the header
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table may hold: field → the names its column goes by, the template's first.

    Every field of `needs` has to be there, `or` one of a tuple; `x_yuan` is another unit of `x`, only one may be there.
    """

    sheet: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[tuple[str, ...], ...]

    @property
    def template(self) -> list[str]:
        return [words[0] for field, words in self.columns.items() if not field.endswith("_yuan")]


@dataclass(frozen=True, slots=True)
class OpenedFile:
    read_as: str  # for people: encoding or sheet, columns that were not used
    lines: Iterator[Line]


def open_table(file: BinaryIO, name: str, layout: Layout) -> OpenedFile:
    """Find the header and stream what follows. Raises InvalidInput with the place; so does the stream, where it breaks."""
    if name.lower().endswith(".csv"):
        label, rows = open_csv(file)
    else:
        sheet, rows = stream_rows(file, preferred=layout.sheet)
        label = f"工作表「{sheet}」"
    header, unused, width = _header(rows, layout)
    said = f"{label}；没有用到的列：{'、'.join(unused)}" if unused else label
    return OpenedFile(said[:200], _lines(rows, [header.get(field, -1) for field in layout.columns], width))


def _header(rows: Iterator[Line], layout: Layout) -> tuple[dict[str, int], list[str], int]:
    """({field: position}, names of columns that mean nothing here, how many columns there are)."""
    by_word = {word: field for field, words in layout.columns.items() for word in words}
    for _, (number, cells) in zip(range(_HEADER_WITHIN), rows, strict=False):
        words = [_plain(cell) for cell in cells]
        here = {by_word.get(word) for word in words}
        if not all(here & set(choice) for choice in layout.needs):
            continue
        found: dict[str, int] = {}
        for position, word in enumerate(words):
            field = by_word.get(word)
            if field is None:
                continue
            twin = field.removesuffix("_yuan") if field.endswith("_yuan") else f"{field}_yuan"
            if field in found or twin in found:
                first = layout.columns[field.removesuffix("_yuan")][0]
                raise InvalidInput("header_twice", f"第 {number} 行有两列都是「{first}」，请只留一列", field="file")
            found[field] = position
        return found, [word[:20] for word in words if word and word not in by_word], len(cells)
    wanted = "，和".join("或".join(f"「{layout.columns[field][0]}」" for field in choice) for choice in layout.needs)
    raise InvalidInput("header_missing", f"前 {_HEADER_WITHIN} 行没有找到表头，要有一列叫{wanted}", field="file")


def _plain(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())


def _lines(rows: Iterator[Line], places: list[int], width: int) -> Iterator[Line]:
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


@lru_cache(maxsize=4096)
def date_word(text: str, label: str) -> str | None:
    """A date as people write it, as ISO text; None for nothing. Raises ValueError with what is wrong."""
    if not text:
        return None
    found = _DATE.fullmatch(text.removesuffix(" 00:00:00"))
    if found is None:
        raise ValueError(f"{label}「{text[:20]}」不是日期，请写成 2026-12-31 的样子")
    year, month, day = (int(part) for part in (found[1] or found[4], found[2] or found[5], found[3] or found[6]))
    try:
        whole = date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{label}「{text[:20]}」没有这一天") from error
    if not 1900 <= year <= 2200:
        raise ValueError(f"{label}「{text[:20]}」的年份不对")
    return whole.isoformat()


def amount_word(text: str, unit: Decimal, label: str = "金额") -> str:
    """An amount in a unit (元 apiece) as text of 元 with two places. Raises ValueError with what is wrong."""
    try:
        amount = Decimal(unicodedata.normalize("NFKC", text).replace(",", "")) * unit
    except ArithmeticError as error:
        raise ValueError(f"{label}「{text[:20]}」不是数字") from error
    if not (amount.is_finite() and 0 <= amount <= MOST):
        raise ValueError(f"{label}「{text[:20]}」不在可用的范围内")
    return str(amount.quantize(Decimal("0.01")))
