"""Statements of core banking: kept, read in the background, and booked whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import DataError
from django.db.models import Max

from accounts.enums import BankerRole
from accounts.models import Banker, Branch
from accounts.validators import is_uscc, normalise_uscc
from applications.enums import FirstLoan, HoldingKind, Job, LoanGrade
from applications.first_loans import LoanSaid, judge
from applications.integrations.core_banking import LAYOUT, fetcher
from applications.models import Application, Holding, HoldingStatement
from portal.kernel import files
from portal.kernel.actors import SYSTEM, Actor
from portal.kernel.clock import now, today
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused, TransientError
from portal.kernel.events import record
from portal.kernel.jobs import enqueue, keep_alive
from portal.kernel.lifecycle import move
from portal.kernel.money import WAN
from portal.kernel.tables import Line, amount_word, date_word, open_table
from portal.kernel.transactions import use_case

T = TypeVar("T")

PART = 2_000  # rows a statement
FAULTS = 200  # of a statement that are kept and shown
_KINDS = {label: value for value, label in HoldingKind.choices}
_GRADES = {label: value for value, label in LoanGrade.choices}
_YES_NO = {"是": True, "否": False, "": None}
_SECTIONS = frozenset("ABCDEFGHIJKLMNOPQRST")
_WRITTEN = [
    "uscc", "name", "kind", "branch", "industry", "application", "amount", "balance", "grade",
    "started_on", "closed_on", "first_loan", "first_loan_findings", "statement",
]  # fmt: skip


def upload(*, file: UploadedFile, as_of: date, actor: Actor) -> HoldingStatement:
    """Keep a statement and have it read. Raises InvalidInput at `file` or `as_of`, RuleRefused while one is being read."""
    _check_role(actor)
    return _begin(file=file, as_of=as_of, actor=actor)


@use_case
def discard(*, statement_id: int, actor: Actor) -> None:
    """Call a statement off while it is being read: nothing of it was booked, and nothing will be."""
    _check_role(actor)
    move(HoldingStatement.objects.select_for_update().get(pk=statement_id), "discard", actor=actor)


def _check_role(actor: Actor) -> None:
    if not Banker.objects.filter(user_id=actor.user_id, role=BankerRole.POLICY, is_active=True).exists():
        raise NotPermitted("role_cannot_act", "您的岗位不导入在行业务")


def fetch() -> HoldingStatement | None:
    """Fetch core banking's statement where that is configured, and have it read. None where it is not, or nothing is new.

    Raises TransientError while the source is down or another statement is being read.
    """
    fetched = fetcher()
    if fetched is None:
        return None
    day, file = fetched()
    newest = HoldingStatement.objects.filter(status="applied").order_by("-pk").values_list("sha256", flat=True).first()
    try:
        return _begin(file=file, as_of=day, actor=SYSTEM, unless=newest)
    except RuleRefused as error:
        raise TransientError(error.code, error.message) from error


@use_case
def ask_fetch() -> None:
    """Have the statement fetched in the background, with retries, where that is configured."""
    if fetcher() is not None:
        enqueue(Job.FETCH_HOLDINGS, key="core")


def _begin(*, file: UploadedFile, as_of: date, actor: Actor, unless: str | None = None) -> HoldingStatement | None:
    stored = files.store_table(file)
    if unless == stored.sha256:
        default_storage.delete(stored.storage_key)
        return None
    try:
        return _keep_statement(stored=stored, as_of=as_of, actor=actor)
    except (RuleRefused, InvalidInput):
        default_storage.delete(stored.storage_key)
        raise


@use_case
def _keep_statement(*, stored: files.StoredFile, as_of: date, actor: Actor) -> HoldingStatement:
    if HoldingStatement.objects.filter(status="reading").exists():
        raise RuleRefused("statement_open", "上一份数据还在读取，请稍后再传")
    if as_of > today():
        raise InvalidInput("as_of_future", "数据日期不能晚于今天", field="as_of")
    newest = HoldingStatement.objects.filter(status="applied").aggregate(day=Max("as_of"))["day"]
    if newest and as_of < newest:
        raise InvalidInput("as_of_before", "数据日期不能早于已入账的 {day}", field="as_of", day=f"{newest:%Y-%m-%d}")
    statement = HoldingStatement.objects.create(
        as_of=as_of,
        file_name=stored.name,
        storage_key=stored.storage_key,
        sha256=stored.sha256,
        size=stored.size,
        uploaded_by_id=actor.user_id,
        uploaded_at=now(),
    )
    payload = {"sha256": stored.sha256, "as_of": as_of.isoformat()}
    record(stream=statement.reference, type="holding_statement.uploaded", actor=actor, payload=payload)
    enqueue(Job.HOLDINGS, key=statement.pk, statement_id=statement.pk)
    return statement


def read(*, statement_id: int) -> None:
    """Read a statement twice: once to judge every row, once to book them, in one transaction. A second run does nothing."""
    statement = HoldingStatement.objects.filter(pk=statement_id, status="reading").first()
    if statement is None:
        return
    judging = _Judging(statement.as_of)
    try:
        with default_storage.open(statement.storage_key) as file:
            for part in _parts(open_table(file, statement.file_name, LAYOUT).lines):
                judging.check(part)
                HoldingStatement.objects.filter(pk=statement_id).update(rows_read=judging.count)
                keep_alive(Job.HOLDINGS, statement_id)
    except InvalidInput as error:
        _give_up(statement_id=statement_id, problem=error.message, faults=[])
        return
    if judging.fault_count or not judging.count:
        problem = f"有 {judging.fault_count} 行有问题，全部没有入账" if judging.count else "表头下面没有数据"
        _give_up(statement_id=statement_id, problem=problem, faults=judging.faults)
        return
    try:
        _book(statement_id=statement_id)
    except DataError:
        _give_up(statement_id=statement_id, problem="有一行的内容数据库存不下，请检查过长的文字和特殊字符", faults=[])


@use_case
def _give_up(*, statement_id: int, problem: str, faults: list) -> None:
    statement = HoldingStatement.objects.select_for_update().filter(pk=statement_id, status="reading").first()
    if statement is not None:
        statement.problem, statement.faults = problem[:300], faults
        move(statement, "give_up", actor=SYSTEM, save=("problem", "faults"))


@use_case
def _book(*, statement_id: int) -> None:
    statement = HoldingStatement.objects.select_for_update().filter(pk=statement_id, status="reading").first()
    if statement is None:
        return
    branches = dict(Branch.objects.values_list("name", "pk"))
    before, count = Holding.objects.count(), 0
    with default_storage.open(statement.storage_key) as file:
        for part in _parts(open_table(file, statement.file_name, LAYOUT).lines):
            rows = [_row(words, statement.as_of) for _, words in part]
            wanted = {row["application"] for row in rows if row["application"]}
            cases = dict(Application.objects.filter(reference__in=wanted).values_list("reference", "pk"))
            Holding.objects.bulk_create(
                (_holding(row, branches, cases, statement_id) for row in rows),
                update_conflicts=True,
                unique_fields=["number"],
                update_fields=_WRITTEN,
            )
            count += len(rows)
    statement.rows_read, statement.rows_new = count, Holding.objects.count() - before
    payload = {"rows": count, "new": statement.rows_new}
    move(statement, "apply", actor=SYSTEM, payload=payload, save=("rows_read", "rows_new"))


def _holding(row: dict, branches: dict[str, int], cases: dict[str, int], statement_id: int) -> Holding:
    made = {
        **row,
        "branch_id": branches.get(row["branch"]),
        "application_id": cases.get(row["application"]),
        "statement_id": statement_id,
    }
    said = made.pop("said")
    del made["branch"], made["application"]
    if row["kind"] == HoldingKind.LOAN:
        made["first_loan"], made["first_loan_findings"] = judge(said)
    return Holding(**made)


def _parts(lines: Iterator[Line]) -> Iterable[list[Line]]:
    while part := list(islice(lines, PART)):
        yield part


class _Judging:
    """The first pass: every row on its own, against the branches and cases there are, and against the rows before it."""

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of
        self.branches = set(Branch.objects.values_list("name", flat=True))
        self.seen: dict[str, int] = {}
        self.count = self.fault_count = 0
        self.faults: list[list] = []

    def check(self, part: list[Line]) -> None:
        self.count += len(part)
        asked: dict[str, list[int]] = {}
        for line, words in part:
            try:
                row = _row(words, self.as_of)
                if row["branch"] and row["branch"] not in self.branches:
                    raise ValueError(f"没有叫「{row['branch'][:20]}」的支行")
                if (first := self.seen.setdefault(row["number"], line)) != line:
                    raise ValueError(f"业务编号与第 {first} 行重复")
            except ValueError as error:
                self._note(line, str(error))
            except InvalidInput as error:
                self._note(line, f"统一社会信用代码：{error.message}")
            else:
                if row["application"]:
                    asked.setdefault(row["application"], []).append(line)
        known = dict(Application.objects.filter(reference__in=asked).values_list("reference", "pk")) if asked else {}
        for reference in asked.keys() - known.keys():
            for line in asked[reference]:
                self._note(line, "没有这个申请编号")

    def _note(self, line: int, problem: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS:
            self.faults.append([line, problem])


def _row(words: list[str], as_of: date) -> dict:
    """One line as values. Raises ValueError or InvalidInput with what is wrong."""
    if len(words) > len(LAYOUT.columns):
        raise ValueError("比表头多出几格，含逗号的内容要加引号")
    cell = dict(zip(LAYOUT.columns, (" ".join(word.split()) for word in words), strict=True))
    if not "".join(cell.values()).isprintable():
        raise ValueError("有看不见的控制字符，请重新输入这一行")
    if any(word.startswith("=") for word in cell.values()):
        raise ValueError("不能是公式，请粘贴为数值")
    for field, label, most in (("number", "业务编号", 40), ("name", "企业名称", 200)):
        if len(cell[field]) > most:
            raise ValueError(f"{label}超过 {most} 个字")
    if not cell["number"]:
        raise ValueError("没有业务编号")
    kind = _pick(cell["kind"], _KINDS, "业务种类")
    started, closed = date_word(cell["started_on"], "起始日"), date_word(cell["closed_on"], "结清日")
    if started is None:
        raise ValueError("没有起始日")
    if closed and closed < started:
        raise ValueError("结清日早于起始日")
    if started > as_of.isoformat() or (closed or "") > as_of.isoformat():
        raise ValueError("起始日或结清日晚于数据日期")
    section = cell["industry"].upper()[:1]
    if section and section not in _SECTIONS:
        raise ValueError("行业门类要是 A 到 T 的一个字母")
    amount = _amount(cell, "amount", "金额")
    return {
        "number": cell["number"],
        "uscc": cell["uscc"] if is_uscc(cell["uscc"]) else normalise_uscc(cell["uscc"]),
        "name": cell["name"],
        "kind": kind,
        "branch": cell["branch"],
        "industry": section,
        "application": cell["application"],
        "amount": amount,
        "balance": _amount(cell, "balance", "余额"),
        "grade": _pick(cell["grade"], _GRADES, "五级分类") if cell["grade"] else "",
        "started_on": date.fromisoformat(started),
        "closed_on": closed and date.fromisoformat(closed),
        "said": LoanSaid(
            amount,
            _whole(cell["long_term"], "中长期借款笔数"),
            _whole(cell["short_term"], "短期借款笔数"),
            _pick(cell["first_draw"], _YES_NO, "首次提款"),
            _pick(cell["excluded_use"], _YES_NO, "首贷排除用途"),
        ),
    }


def _amount(cell: dict[str, str], field: str, label: str) -> Decimal | None:
    if cell[field]:
        return Decimal(amount_word(cell[field], WAN, label))
    yuan = cell[f"{field}_yuan"]
    return Decimal(amount_word(yuan, Decimal(1), label)) if yuan else None


def _pick(word: str, choices: dict[str, T], label: str) -> T:
    if word not in choices:
        raise ValueError(f"{label}「{word[:20]}」不认识，可用：{'、'.join(filter(None, choices))}")
    return choices[word]


def _whole(word: str, label: str) -> int | None:
    if not word:
        return None
    if not (word.isascii() and word.isdigit() and len(word) <= 5):
        raise ValueError(f"{label}「{word[:20]}」要是整数")
    return int(word)


def to_verify() -> int:
    """Loans whose first-loan question is open: somebody has to look at the credit report."""
    return Holding.objects.filter(first_loan=FirstLoan.UNKNOWN).count()
