"""CSV in and out: streamed; what goes out is safe to open in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import BinaryIO

from django.http import StreamingHttpResponse

from portal.kernel.errors import InvalidInput

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> str:
    """Text that a spreadsheet will not run: a leading formula sign gets an apostrophe, line breaks become blanks."""
    text = "" if value is None else str(value).replace("\r", " ").replace("\n", " ").replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Echo:
    def write(self, text: str) -> str:
        return text


def stream_csv(filename: str, header: list[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """A CSV download with a byte-order mark, so that Chinese opens right in spreadsheets."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield "\ufeff"
        yield writer.writerow(header)
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


_ENCODINGS = (("utf-8-sig", "UTF-8"), ("gb18030", "GBK"))


def open_csv(file: BinaryIO) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """(what the file was read as, its rows with their line numbers), streamed. UTF-8 and GBK are told apart by content.

    Raises InvalidInput when it is neither; the iterator raises it at a line that is no CSV.
    """
    encoding, label = _encoding_of(file)
    file.seek(0)
    text = TextIOWrapper(file, encoding, newline="")
    first = text.readline(10_000)
    text.seek(0)
    return label, _rows(text, "\t" if "\t" in first and "," not in first else ",")


def _rows(text: TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        line = reader.line_num
        raise InvalidInput("csv_broken", f"第 {line} 行读不下去了：引号没有配对，或这一格太长", field="file") from error


def _encoding_of(file: BinaryIO) -> tuple[str, str]:
    furthest = 1
    for encoding, label in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        line = 1
        try:
            while part := file.read(1 << 20):
                line += decoder.decode(part).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            furthest = max(furthest, line + error.object[: error.start].count(b"\n"))
            continue
        return encoding, label
    raise InvalidInput(
        "csv_encoding", f"第 {furthest} 行有读不出的文字，请另存为 UTF-8 或 GBK 编码的 CSV", field="file"
    )
