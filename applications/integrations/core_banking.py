"""Core banking's statement of what firms hold: one layout for a file a person uploads and for what is fetched over HTTP.

Whatever way it comes, the statement is kept as a file with its fingerprint before a row of it is believed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO
from typing import Protocol
from urllib.parse import quote

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.kernel.errors import TransientError
from portal.kernel.http import call_json
from portal.kernel.tables import Layout

LAYOUT = Layout(
    sheet="在行业务",
    columns={
        "number": ("业务编号", "合同编号", "借据编号", "账号"),
        "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
        "name": ("企业名称", "客户名称", "名称"),
        "kind": ("业务种类",),
        "branch": ("经办支行", "支行", "经办机构"),
        "industry": ("行业门类",),
        "application": ("申请编号",),
        "amount": ("金额(万元)", "合同金额(万元)"),
        "amount_yuan": ("金额(元)", "合同金额(元)"),
        "balance": ("余额(万元)",),
        "balance_yuan": ("余额(元)",),
        "grade": ("五级分类",),
        "started_on": ("起始日", "开户日", "放款日"),
        "closed_on": ("结清日", "销户日"),
        "long_term": ("放款时中长期借款笔数",),
        "short_term": ("放款时短期借款笔数",),
        "first_draw": ("首次提款",),
        "excluded_use": ("首贷排除用途",),
    },
    needs=(("number",), ("uscc",), ("kind",), ("started_on",)),
)
MAX_PAGES = 20_000
_FETCHED = [field for field in LAYOUT.columns if f"{field}_yuan" not in LAYOUT.columns]  # amounts come in 元


class Fetched(Protocol):
    def __call__(self) -> tuple[date, SimpleUploadedFile]:
        """The day a statement speaks of and the statement as a file of LAYOUT. Raises TransientError when it is down."""
        ...


class HttpCoreBanking:
    """GET <url>/holdings?cursor=… → {"as_of": "2026-11-25", "rows": [{field of LAYOUT: text, …}, …], "next": cursor or null}.

    A page has at most 256 KB; all pages speak of one day. Amounts are 元 (`amount_yuan`, `balance_yuan`); a field left out is
    not known.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token

    def __call__(self) -> tuple[date, SimpleUploadedFile]:
        days: set[str] = set()
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow([LAYOUT.columns[field][0] for field in _FETCHED])
        for page in self._pages():
            days.add(str(page.get("as_of")))
            writer.writerows(_cells(page["rows"]))
        if len(days) != 1:
            raise TransientError("source_down", "核心系统的数据日期前后不一致")
        try:
            day = date.fromisoformat(days.pop())
        except ValueError as error:
            raise TransientError("source_down", "核心系统的数据日期无法识别") from error
        return day, SimpleUploadedFile(f"core-{day.isoformat()}.csv", text.getvalue().encode())

    def _pages(self) -> Iterator[dict]:
        cursor = ""
        for _ in range(MAX_PAGES):
            page = call_json("GET", f"{self.url}/holdings?cursor={quote(cursor)}", token=self.token)
            rows, after = page.get("rows"), page.get("next")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise TransientError("source_down", "核心系统的返回内容无法识别")
            yield page
            if not after:
                return
            cursor = str(after)
        raise TransientError("source_down", "核心系统的数据没有尽头")


def _cells(rows: Iterable[dict]) -> Iterator[list[str]]:
    for row in rows:
        yield ["" if row.get(field) is None else str(row[field]) for field in _FETCHED]


def fetcher() -> Fetched | None:
    """How statements are fetched here; None where they come by file alone."""
    configured = settings.CORE_BANKING
    return HttpCoreBanking(configured["url"], configured["token"]) if configured["adapter"] == "http" else None
