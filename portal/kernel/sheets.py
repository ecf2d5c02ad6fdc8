"""CSV out: streamed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

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
