"""Core banking's statements: booked whole or not at all; the first-loan rule at its bounds; who sees them."""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from accounts.models import Branch
from applications import first_loans
from applications.domain import holdings
from applications.first_loans import LoanSaid
from applications.integrations.core_banking import LAYOUT
from applications.models import Application, Holding, HoldingStatement
from applications.tasks import ask_holdings
from portal.kernel import jobs
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused
from portal.kernel.models import Event, QueuedJob
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
A, B = (factories.demo_uscc(n) for n in (701, 702))
HEAD = "业务编号,统一社会信用代码,企业名称,业务种类,经办支行,行业门类,金额(万元),余额(万元),五级分类,起始日,结清日,放款时中长期借款笔数,放款时短期借款笔数,首次提款,首贷排除用途\n"
LOAN = f"L1,{A},甲公司,贷款,,C,500,320.5,正常,2026-03-01,,0,0,是,否\n"
FIRST = LoanSaid(Decimal("20000000.00"), 0, 0, True, False)


def csv_file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("在行业务.csv", text.encode())


@pytest.fixture
def author(defaults):
    return factories.policy_desk()[0]


def booked(author, run_jobs, text: str, as_of: date | None = None) -> HoldingStatement:
    statement = holdings.upload(file=csv_file(text), as_of=as_of or today(), actor=author)
    run_jobs()
    statement.refresh_from_db()
    return statement


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, "yes"),
        ({"amount": Decimal("20000000.01")}, "no"),
        ({"long_term": 1}, "no"),
        ({"short_term": 1}, "no"),
        ({"is_first_draw": False}, "no"),
        ({"is_excluded_use": True}, "no"),
        ({"amount": None}, "unknown"),
        ({"long_term": None}, "unknown"),
        ({"short_term": None}, "unknown"),
        ({"is_first_draw": None}, "unknown"),
        ({"is_excluded_use": None}, "unknown"),
        ({"long_term": None, "short_term": 2}, "no"),
    ],
)
def test_a_first_loan_meets_every_condition_and_unknown_is_not_no(change, answer):
    found, findings = first_loans.judge(FIRST._replace(**change))
    assert found == answer
    assert len(findings) == 5


def test_a_statement_is_booked_and_a_newer_one_replaces_by_number(author, run_jobs):
    Branch.objects.get_or_create(name="中关村支行")
    text = HEAD + LOAN + f"A1,{B},乙公司,结算账户,中关村支行,I,,,,2025-01-05,,,,,\n"
    first = booked(author, run_jobs, text, today() - timedelta(days=1))
    assert (first.status, first.rows_read, first.rows_new, first.problem) == ("applied", 2, 2, "")
    loan, account = Holding.objects.order_by("-number")
    assert (loan.amount, loan.balance, loan.grade, loan.first_loan) == (
        5_000_000,
        Decimal("3205000.00"),
        "normal",
        "yes",
    )
    assert (account.kind, account.branch.name, account.first_loan, account.amount) == (
        "account",
        "中关村支行",
        "",
        None,
    )
    second = booked(author, run_jobs, HEAD + LOAN.replace("320.5,正常,2026-03-01,", "0,正常,2026-03-01,2026-11-01"))
    assert (second.rows_read, second.rows_new, Holding.objects.count()) == (1, 0, 2)
    loan.refresh_from_db()
    assert (loan.balance, loan.closed_on, loan.statement_id) == (0, date(2026, 11, 1), second.pk)
    types = [e.type for e in Event.objects.filter(stream=second.reference).order_by("seq")]
    assert types == ["holding_statement.uploaded", "holding_statement.applied"]


def test_holdings_count_from_their_start_to_the_day_before_they_close(author, run_jobs):
    booked(author, run_jobs, HEAD + LOAN.replace("2026-03-01,", "2026-03-01,2026-11-01"))
    days = {date(2026, 2, 28): 0, date(2026, 3, 1): 1, date(2026, 10, 31): 1, date(2026, 11, 1): 0}
    assert {day: Holding.objects.in_force(day).count() for day in days} == days


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (LOAN.replace("L1", ""), "没有业务编号"),
        (LOAN.replace(A, A[:-1]), "统一社会信用代码：统一社会信用代码是 18 位，现在是 17 位"),
        (LOAN.replace("贷款", "借款"), "业务种类「借款」不认识，可用：结算账户、贷款、授信额度"),
        (LOAN.replace("贷款,,", "贷款,月球支行,"), "没有叫「月球支行」的支行"),
        (LOAN.replace("正常", "良好"), "五级分类「良好」不认识，可用：正常、关注、次级、可疑、损失"),
        (LOAN.replace("2026-03-01", ""), "没有起始日"),
        (LOAN.replace("2026-03-01", "去年"), "起始日「去年」不是日期，请写成 2026-12-31 的样子"),
        (LOAN.replace("2026-03-01", "2199-01-01"), "起始日或结清日晚于数据日期"),
        (LOAN.replace("2026-03-01,", "2026-03-01,2026-02-01"), "结清日早于起始日"),
        (LOAN.replace(",C,", ",Z,"), "行业门类要是 A 到 T 的一个字母"),
        (LOAN.replace("500,", "五百,"), "金额「五百」不是数字"),
        (LOAN.replace("0,0,是", "0,-1,是"), "短期借款笔数「-1」要是整数"),
        (LOAN.replace("是,否", "对,否"), "首次提款「对」不认识，可用：是、否"),
        (LOAN.replace("甲公司", "=A1"), "不能是公式，请粘贴为数值"),
        (LOAN.replace("甲公司", "甲\x07公司"), "有看不见的控制字符，请重新输入这一行"),
        (LOAN, "业务编号与第 2 行重复"),
        (LOAN.rstrip("\n") + ",多一格\n", "比表头多出几格，含逗号的内容要加引号"),
    ],
)
def test_one_faulty_row_books_nothing_and_is_named(author, run_jobs, line, what):
    statement = booked(
        author, run_jobs, HEAD + LOAN.replace("L1", "L0") + line.replace("L1", "L1") + (line if line == LOAN else "")
    )
    wanted = [[4, "业务编号与第 3 行重复"]] if line == LOAN else [[3, what]]
    assert (statement.status, statement.faults) == ("unreadable", wanted)
    assert not Holding.objects.exists()


def test_a_case_is_linked_by_its_reference_or_refused(author, run_jobs, founder):
    application = factories.submitted(founder)
    run_jobs()
    head = HEAD.replace("业务编号,", "业务编号,申请编号,")
    assert booked(author, run_jobs, head + LOAN.replace("L1,", "L1,没有,")).faults == [[2, "没有这个申请编号"]]
    booked(author, run_jobs, head + LOAN.replace("L1,", f"L1,{application.reference},"))
    assert application.holdings.get().number == "L1"


def test_a_booked_case_shows_what_came_of_it(author, run_jobs, founder, bankers):
    application = factories.submitted(founder)
    run_jobs()
    head = HEAD.replace("业务编号,", "业务编号,申请编号,")
    booked(author, run_jobs, head + LOAN.replace("L1,", f"L1,{application.reference},").replace(",0,0,是", ",1,,是"))
    page = f"/admin/cases/{application.reference}/"
    assert "放款后" not in signed_in(bankers.reviewer).get(page).content.decode()
    Application.objects.update(status="booked")
    words = signed_in(bankers.reviewer).get(page).content.decode()
    assert "余额 320.50 万元" in words
    assert "不是首贷" in words
    assert "放款时征信没有中长期借款：不满足" in words
    assert "放款时征信没有短期借款：没有数据" in words


def test_a_workbook_is_read_like_a_csv(author, run_jobs):
    book = Workbook()
    book.active.title = "在行业务"
    for line in (HEAD + LOAN).splitlines():
        book.active.append(line.split(","))
    out = BytesIO()
    book.save(out)
    file = SimpleUploadedFile("在行业务.xlsx", out.getvalue())
    statement = holdings.upload(file=file, as_of=today(), actor=author)
    run_jobs()
    statement.refresh_from_db()
    assert (statement.status, statement.rows_new, statement.faults) == ("applied", 1, [])
    assert Holding.objects.get().first_loan == "yes"


@pytest.mark.parametrize("text", ["", "业务编号,企业名称\nL1,甲\n", HEAD])
def test_a_file_that_is_no_statement_says_why(author, run_jobs, text):
    if not text:
        with pytest.raises(InvalidInput, match="file_empty"):
            booked(author, run_jobs, text)
        return
    assert booked(author, run_jobs, text).problem


def test_days_that_cannot_be_are_refused(author, run_jobs):
    booked(author, run_jobs, HEAD + LOAN)
    for day, code in ((today() - timedelta(days=1), "as_of_before"), (today() + timedelta(days=1), "as_of_future")):
        with pytest.raises(InvalidInput, match=code):
            holdings.upload(file=csv_file(HEAD + LOAN), as_of=day, actor=author)
    holdings.upload(file=csv_file(HEAD + LOAN), as_of=today(), actor=author)
    with pytest.raises(RuleRefused, match="statement_open"):
        holdings.upload(file=csv_file(HEAD + LOAN), as_of=today(), actor=author)


def test_reading_twice_books_once(author, run_jobs):
    statement = booked(author, run_jobs, HEAD + LOAN)
    holdings.read(statement_id=statement.pk)
    assert Event.objects.filter(stream=statement.reference).count() == 2


def test_a_statement_called_off_books_nothing_and_frees_the_way(author, run_jobs):
    statement = holdings.upload(file=csv_file(HEAD + LOAN), as_of=today(), actor=author)
    assert signed_in(author).post(reverse("admin:holdings_discard", args=[statement.pk])).status_code == 302
    run_jobs()
    statement.refresh_from_db()
    assert (statement.status, Holding.objects.count()) == ("discarded", 0)
    again = signed_in(author).post(reverse("admin:holdings_discard", args=[statement.pk]), follow=True)
    assert again.status_code == 200
    assert booked(author, run_jobs, HEAD + LOAN).status == "applied"


@pytest.fixture
def core(settings):
    """A core banking system on loopback that gives two pages; `core.rows` may be changed."""

    class Handler(BaseHTTPRequestHandler):
        rows = [
            {
                "number": "L1",
                "uscc": A,
                "name": "甲公司",
                "kind": "贷款",
                "started_on": "2026-03-01",
                "amount_yuan": "5000000",
            }
        ]
        days = ["2026-11-20", "2026-11-20"]

        def do_GET(self):
            second = self.path.endswith("cursor=2")
            assert self.headers["Authorization"] == "Bearer secret"
            rows = [{**self.rows[0], "number": "L2"}] if second else self.rows
            body = json.dumps({"as_of": self.days[second], "rows": rows, "next": None if second else "2"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CORE_BANKING = {"adapter": "http", "url": f"http://127.0.0.1:{server.server_port}", "token": "secret"}
    yield Handler
    server.shutdown()
    server.server_close()


def test_a_statement_is_fetched_page_by_page_and_only_when_it_is_new(core, defaults, run_jobs):
    ask_holdings()
    run_jobs()
    statement = HoldingStatement.objects.get()
    assert (statement.status, statement.as_of, statement.rows_read) == ("applied", date(2026, 11, 20), 2)
    assert set(Holding.objects.values_list("number", "amount", "first_loan")) == {
        ("L1", Decimal("5000000.00"), "unknown"), ("L2", Decimal("5000000.00"), "unknown")
    }  # fmt: skip
    ask_holdings()
    run_jobs()
    assert HoldingStatement.objects.count() == 1


def test_a_fetch_that_fails_is_tried_again(core, author, run_jobs):
    core.days = ["2026-11-20", "2026-11-21"]  # pages of two days are no statement
    ask_holdings()
    waiting = QueuedJob.objects.get()
    jobs.run(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.finished_at, waiting.error) == (None, "source_down")
    assert not HoldingStatement.objects.exists()
    core.days = ["2026-11-20", "2026-11-20"]
    holdings.upload(file=csv_file(HEAD + LOAN), as_of=date(2026, 11, 19), actor=author)
    jobs.run(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.finished_at, waiting.error) == (None, "statement_open")
    jobs.run(QueuedJob.objects.get(name="applications.holdings").pk)
    run_jobs()
    assert set(HoldingStatement.objects.values_list("status", flat=True)) == {"applied"}
    assert HoldingStatement.objects.count() == 2


def test_without_an_address_nothing_is_fetched(defaults):
    assert holdings.fetch() is None


def test_the_page_is_for_the_policy_desk(author, bankers, run_jobs):
    client = signed_in(author)
    assert "请上传核心系统导出的文件" in client.get("/admin/holdings/").content.decode()
    answer = client.post(
        reverse("admin:holdings_upload"), {"file": csv_file(HEAD + LOAN), "as_of": today().isoformat()}
    )
    assert answer.status_code == 302
    assert "读取中" in client.get("/admin/holdings/").content.decode()
    run_jobs()
    words = client.get(f"/admin/holdings/?q={A}").content.decode()
    assert "甲公司" in words
    assert "是首贷" in words
    assert "甲公司" not in client.get("/admin/holdings/?show=verify").content.decode()
    assert client.get("/admin/holdings/?show=x").status_code == 404
    assert client.post(reverse("admin:holdings_upload"), {"as_of": "x"}).status_code == 422
    assert LAYOUT.template[0] in client.get("/admin/holdings/template.csv").getvalue().decode()
    for who in (bankers.reviewer, bankers.rm):
        assert signed_in(who).get("/admin/holdings/").status_code == 403
    with pytest.raises(NotPermitted):
        holdings.upload(file=csv_file(HEAD + LOAN), as_of=today(), actor=bankers.rm)


def test_the_page_asks_the_same_whatever_it_holds(author, run_jobs):
    client, asked = signed_in(author), []
    for many in (1, 60):
        booked(author, run_jobs, HEAD + "".join(LOAN.replace("L1", f"L{n}") for n in range(many)))
        with CaptureQueriesContext(connection) as seen:
            client.get("/admin/holdings/")
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 8
