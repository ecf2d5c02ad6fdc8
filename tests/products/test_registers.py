"""A register's file from upload to effect and back: what it may look like, what it changes, who may let it in."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from openpyxl import Workbook

from accounts.validators import is_uscc
from portal.kernel import jobs
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, NotPermitted, PortalError, RuleRefused, StaleObject
from portal.kernel.immutability import install_triggers
from portal.kernel.models import Event, QueuedJob
from products.domain import titles
from products.domain.registering import files, importing, rows
from products.models import Register, RegisterBatch, RegisterEntry, StagedRow
from tests import factories

A, B, C = (factories.demo_uscc(n) for n in (901, 902, 903))
HEAD = "企业名称,统一社会信用代码,证书编号,有效期起,有效期止\n"
FIRST = HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n乙公司,{B},GR2,2024-01-01,2026-12-31\n只有名称公司,,GR3,,\n"
DAY_1, DAY_2 = date(2026, 1, 10), date(2026, 6, 20)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(defaults):
    return factories.policy_desk()


@pytest.fixture
def register(defaults):
    Register.objects.update(loaded_from=None)
    return Register.objects.get(code="hnte")


def csv_file(text: str, encoding: str = "utf-8", name: str = "名单.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(encoding))


def xlsx_file(*lines: list, sheets: tuple[str, ...] = ("名单",), merge: str = "") -> SimpleUploadedFile:
    book = Workbook()
    book.active.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    for line in lines:
        book.active.append(line)
    if merge:
        book.active.merge_cells(merge)
    out = BytesIO()
    book.save(out)
    return SimpleUploadedFile("名单.xlsx", out.getvalue())


def run_all() -> None:
    for job in QueuedJob.objects.filter(Q(finished_at=None), name__startswith="products.register"):
        jobs.run(job.pk)


def staged(register, file, desk, *, as_of=DAY_1, mode="full") -> RegisterBatch:
    batch = importing.upload(register_id=register.pk, file=file, as_of=as_of, mode=mode, actor=desk[0])
    run_all()
    batch.refresh_from_db()
    return batch


def in_force(register, text, desk, **more) -> RegisterBatch:
    batch = staged(register, csv_file(text), desk, **more)
    importing.confirm(batch_id=batch.pk, seen=batch.version, actor=desk[1])
    run_all()
    batch.refresh_from_db()
    assert batch.status == "applied"
    return batch


def take_back(batch, desk) -> None:
    importing.ask_revert(batch_id=batch.pk, seen=batch.version, reason="文件发错了", actor=desk[0])
    run_all()
    batch.refresh_from_db()
    assert batch.status == "reverted"


def listed(register, on) -> set[str]:
    return set(RegisterEntry.objects.valid_on(on).filter(register=register).values_list("name", flat=True))


def problems(batch) -> list[tuple[int, str]]:
    return list(batch.rows.filter(change="invalid").order_by("line").values_list("line", "problem"))


def test_a_file_counts_only_after_a_second_person_confirmed_it(register, desk):
    batch = staged(register, csv_file(FIRST), desk)
    assert (batch.status, batch.counts["new"], batch.rows_read) == ("staged", 3, 3)
    assert listed(register, DAY_1) == set()
    with pytest.raises(RuleRefused, match="not_confirmable"):
        importing.confirm(batch_id=batch.pk, seen=batch.version, actor=desk[0])
    importing.confirm(batch_id=batch.pk, seen=batch.version, actor=desk[1])
    run_all()
    assert listed(register, DAY_1) == {"甲公司", "乙公司", "只有名称公司"}
    assert StagedRow.objects.count() == 0
    register.refresh_from_db()
    assert register.loaded_from == DAY_1
    types = list(Event.objects.filter(stream=batch.reference).order_by("seq").values_list("type", flat=True))
    assert [t.partition(".")[2] for t in types] == ["uploaded", "staged", "confirmed", "applied"]


def test_rows_count_from_their_own_start_or_the_day_of_the_list(register, desk):
    in_force(register, FIRST, desk)
    assert listed(register, date(2024, 1, 1)) == {"甲公司", "乙公司"}
    assert listed(register, date(2023, 12, 31)) == set()
    assert listed(register, date(2027, 1, 1)) == {"只有名称公司"}  # the two certificates ended


def test_next_list_touches_only_what_changed(register, desk):
    in_force(register, FIRST, desk)
    untouched = RegisterEntry.objects.get(uscc=A)
    second = (
        HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n乙公司（新名）,{B},GR2,2024-01-01,2029-12-31\n丙公司,{C},GR9,,\n"
    )
    batch = in_force(register, second, desk, as_of=DAY_2)
    wanted = {"new": 1, "changed": 1, "removed": 1, "same": 1, "invalid": 0, "before": 3, "after": 3}
    assert batch.counts == wanted
    day_before = DAY_2 - timedelta(days=1)
    assert listed(register, day_before) == {"甲公司", "乙公司", "只有名称公司"}
    assert listed(register, DAY_2) == {"甲公司", "乙公司（新名）", "丙公司"}
    again = RegisterEntry.objects.get(uscc=A)
    assert (again.pk, again.batch_in_id, again.batch_out_id) == (untouched.pk, untouched.batch_in_id, None)


def test_a_renewal_that_starts_later_leaves_no_gap(register, desk):
    in_force(register, HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n", desk)
    in_force(register, HEAD + f"甲公司,{A},GR8,2027-01-01,2029-12-31\n", desk, as_of=DAY_2)
    for day in (DAY_2, date(2026, 12, 31), date(2027, 1, 1), date(2029, 12, 31)):
        assert RegisterEntry.objects.valid_on(day).filter(uscc=A).count() == 1, day


def test_a_batch_taken_back_leaves_the_list_as_it_was(register, desk):
    first = in_force(register, FIRST, desk)
    before = {day: listed(register, day) for day in (date(2024, 1, 1), DAY_1, DAY_2, today())}
    second = in_force(register, HEAD + f"丙公司,{C},,,\n", desk, as_of=DAY_2)
    assert listed(register, DAY_2) == {"丙公司"}
    with pytest.raises(RuleRefused, match="not_newest"):
        first.refresh_from_db()
        importing.ask_revert(batch_id=first.pk, seen=first.version, reason="文件发错了", actor=desk[0])
    take_back(second, desk)
    assert {day: listed(register, day) for day in before} == before
    take_back(first, desk)
    assert listed(register, DAY_1) == set()
    register.refresh_from_db()
    assert register.loaded_from is None
    in_force(register, FIRST, desk)
    assert listed(register, DAY_1) == before[DAY_1]


def test_additions_and_removals_leave_the_rest_alone(register, desk):
    in_force(register, FIRST, desk)
    in_force(register, HEAD + f"丙公司,{C},,,\n", desk, as_of=DAY_2, mode="additions")
    assert listed(register, DAY_2) == {"甲公司", "乙公司", "丙公司", "只有名称公司"}
    batch = staged(
        register, csv_file(f"统一社会信用代码\n{A}\n{factories.demo_uscc(999)}\n"), desk, mode="removals", as_of=DAY_2
    )
    assert problems(batch) == [(3, "名单上没有这一行")]
    importing.discard(batch_id=batch.pk, seen=batch.version, actor=desk[0])
    in_force(register, f"统一社会信用代码\n{A}\n", desk, mode="removals", as_of=DAY_2)
    assert listed(register, DAY_2) == {"乙公司", "丙公司", "只有名称公司"}


def test_a_batch_that_is_called_off_leaves_nothing(register, desk):
    batch = staged(register, csv_file(FIRST), desk)
    importing.discard(batch_id=batch.pk, seen=batch.version, actor=desk[0])
    run_all()
    assert not StagedRow.objects.exists()
    assert listed(register, DAY_1) == set()
    waiting = importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])
    importing.discard(batch_id=waiting.pk, seen=waiting.version, actor=desk[1])  # while it waits to be read
    run_all()
    waiting.refresh_from_db()
    assert (waiting.status, StagedRow.objects.count()) == ("discarded", 0)


def test_projects_of_one_firm_are_rows_of_their_own(defaults, desk):
    relending = Register.objects.get(code="relending")
    text = "企业名称,统一社会信用代码,项目名称,金额（万元）,批次\n" + "".join(
        f"甲公司,{A},{project},{amount},第三批\n"
        for project, amount in (("产线改造", '"1,200.5"'), ("", ""), ("数字车间", 300))
    )
    in_force(relending, text, desk)
    found = RegisterEntry.objects.filter(uscc=A).order_by("project").values_list("project", "amount", "round")
    assert [(p, a and str(a), r) for p, a, r in found] == [
        ("", None, "第三批"),
        ("产线改造", "12005000.00", "第三批"),
        ("数字车间", "3000000.00", "第三批"),
    ]


ROWS = {
    "没有企业名称": f",{A},,,",
    "统一社会信用代码：第 18 位校验不符，请对照营业执照核对": f"甲,{A[:-1]}{'0' if A[-1] != '0' else '1'},,,",
    "统一社会信用代码：统一社会信用代码是 18 位，现在是 15 位": "甲,110108012345678,,,",
    "有效期起「去年」不是日期，请写成 2026-12-31 的样子": f"甲,{A},,去年,",
    "有效期止「2026-02-30」没有这一天": f"甲,{A},,,2026-02-30",
    "有效期止早于有效期起": f"甲,{A},,2026-02-02,2026-02-01",
    "证书编号超过 60 个字": f"甲,{A},{'1' * 61},,",
    "比表头多出几格，含逗号的内容要加引号": f"甲,公司,{A},GR,,2026-12-31",
    "不能是公式，请粘贴为数值": f"甲,{A},=A1,,",
    "有看不见的控制字符，请重新输入这一行": f"甲\x07,{A},,,",
}


@pytest.mark.parametrize(("problem", "line"), ROWS.items(), ids=lambda text: text[:14])
def test_a_faulty_row_is_told_with_its_line_and_stops_the_batch(register, desk, problem, line):
    batch = staged(register, csv_file(HEAD + f"乙公司,{B},,,\n{line}\n"), desk)
    assert problems(batch) == [(3, problem)]
    with pytest.raises(RuleRefused, match="not_confirmable"):
        importing.confirm(batch_id=batch.pk, seen=batch.version, actor=desk[1])


@pytest.mark.parametrize("text", ["2024/1/5", "2024.01.05", "2024年1月5日", "20240105", "2024-01-05 00:00:00"])
def test_dates_are_read_as_people_write_them(text):
    assert rows._date(text, "有效期起") == "2024-01-05"


@pytest.mark.parametrize(("text", "amount"), [("1,200.5", "12005000.00"), ("０", "0.00")])
def test_amounts_are_read(text, amount):
    assert rows._amount(text, rows.WAN) == amount


@pytest.mark.parametrize("text", ["-1", "NaN", "1e30", "一百"])
def test_amounts_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="金额"):
        rows._amount(text, rows.WAN)


def test_duplicates_name_the_first_line(register, desk):
    batch = staged(
        register, csv_file(HEAD + f"甲公司,{A},,,\n甲（公司）,{A},,,\n名称 公司,,,,\n名称（公司）,,,,\n"), desk
    )
    assert problems(batch) == [(3, "与第 2 行重复"), (5, "与第 4 行重复")]


def test_gbk_is_read_and_said(register, desk):
    batch = staged(register, csv_file(FIRST, "gb18030"), desk)
    assert (batch.read_as, batch.counts["new"]) == ("GBK", 3)


FILES = {
    "请上传 .xlsx 或 .csv 文件；内容要与扩展名一致": SimpleUploadedFile("名单.xlsx", b"not a zip at all"),
    "文件是空的，请重新选择": SimpleUploadedFile("名单.csv", b""),
}


@pytest.mark.parametrize(("message", "file"), FILES.items())
def test_a_file_of_another_kind_is_refused_at_once(register, desk, message, file):
    with pytest.raises(InvalidInput) as refused:
        importing.upload(register_id=register.pk, file=file, as_of=DAY_1, mode="full", actor=desk[0])
    assert (refused.value.message, refused.value.field) == (message, "file")
    assert not RegisterBatch.objects.exists()


def test_a_file_of_a_hundred_megabytes_is_refused_without_reading_it(register, desk, settings):
    settings.TABLE_LIMIT = 1024
    file = SimpleUploadedFile("名单.csv", b"x" * 2048)
    with pytest.raises(InvalidInput, match="file_too_large"):
        importing.upload(register_id=register.pk, file=file, as_of=DAY_1, mode="full", actor=desk[0])


def broken_workbook() -> SimpleUploadedFile:
    whole = xlsx_file(["企业名称"], ["甲公司"]).read()
    return SimpleUploadedFile("名单.xlsx", whole[: len(whole) // 2])


UNREADABLE = {
    "打不开这个文件，请上传没有密码的 .xlsx 文件": broken_workbook,
    "有 2 张工作表，请把要导入的一张命名为「名单」": lambda: xlsx_file(["企业名称"], ["甲"], sheets=("一", "二")),
    "工作表「名单」有合并的单元格，请先取消合并": lambda: xlsx_file(["企业名称"], ["甲"], ["乙"], merge="A2:A3"),
    "前 10 行没有找到表头，要有一列叫「企业名称」或「统一社会信用代码」": lambda: csv_file("公司,代码\n甲,1\n"),
    "第 1 行有两列都是「企业名称」，请只留一列": lambda: csv_file("企业名称,单位名称\n甲,乙\n"),
    "表头下面没有数据": lambda: csv_file(HEAD),
    "第 2 行有读不出的文字，请另存为 UTF-8 或 GBK 编码的 CSV": lambda: SimpleUploadedFile(
        "名单.csv", HEAD.encode() + b"\xff\xff\xff\n"
    ),
    "第 2 行读不下去了：引号没有配对，或这一格太长": lambda: csv_file(HEAD + '"' + "甲" * 140_000 + "\n"),
}


@pytest.mark.parametrize(("message", "make"), UNREADABLE.items(), ids=lambda x: x[:12] if isinstance(x, str) else "")
def test_a_file_that_cannot_be_read_says_why_and_keeps_nothing(register, desk, message, make):
    batch = staged(register, make(), desk)
    assert (batch.status, batch.problem) == ("unreadable", message)
    assert not StagedRow.objects.exists()
    staged(register, csv_file(FIRST), desk)  # and the next file may come


def test_a_workbook_with_a_title_above_and_columns_of_no_use_is_read(register, desk):
    file = xlsx_file(
        ["2026 年第一批名单"],
        ["序号", "企业名称", "统一社会信用代码", "有效期起", "备注"],
        [1, "甲公司", A, date(2025, 3, 1), None],
        [None, None, None, None, None],
        [2, "乙公司", "=B1", None, "x"],
        sheets=("名单", "说明"),
    )
    batch = staged(register, file, desk)
    assert batch.read_as == "工作表「名单」；没有用到的列：序号、备注"
    assert [line for line, _ in problems(batch)] == [5]
    assert batch.rows.get(uscc=A).valid_from == date(2025, 3, 1)


def test_a_text_cell_with_odd_characters_comes_through_whole(register, desk):
    name = "甲\\t公司\\N“引号”\\"
    in_force(register, HEAD + f"{name},{A},,,\n", desk)
    assert RegisterEntry.objects.get(uscc=A).name == name


def test_only_the_policy_desk_lets_a_register_in(register, desk, defaults):
    reviewer = factories.bankers().reviewer
    with pytest.raises(NotPermitted):
        importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=reviewer)
    batch = staged(register, csv_file(FIRST), desk)
    for act in (importing.confirm, importing.discard):
        with pytest.raises(NotPermitted):
            act(batch_id=batch.pk, seen=batch.version, actor=reviewer)


def test_days_and_order_of_lists_are_kept(register, desk):
    with pytest.raises(InvalidInput, match="as_of_future"):
        importing.upload(
            register_id=register.pk, file=csv_file(FIRST), as_of=today() + timedelta(days=1), mode="full", actor=desk[0]
        )
    in_force(register, FIRST, desk, as_of=DAY_2)
    with pytest.raises(InvalidInput, match="as_of_before"):
        importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])
    waiting = staged(register, csv_file(HEAD + "新公司,,,,\n"), desk, as_of=DAY_2)
    with pytest.raises(RuleRefused, match="batch_open"):
        importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_2, mode="full", actor=desk[0])
    with pytest.raises(StaleObject):
        importing.confirm(batch_id=waiting.pk, seen=waiting.version - 1, actor=desk[1])


def test_a_reading_that_was_killed_begins_again_and_an_overtaken_one_stops(register, desk, monkeypatch):
    monkeypatch.setattr(importing, "PART", 2)
    batch = importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])
    first = importing._take(batch_id=batch.pk)
    part = [*rows.judged([(2, ["甲公司", A, *[""] * 7])], "full")]
    assert importing._keep(batch_id=batch.pk, run=first.run, rows=part)
    with pytest.raises(PortalError, match="still_reading"):
        importing.read(batch_id=batch.pk)
    RegisterBatch.objects.update(beat_at=None)  # no sign of life
    importing.read(batch_id=batch.pk)
    assert not importing._keep(batch_id=batch.pk, run=first.run, rows=part)
    batch.refresh_from_db()
    assert (batch.status, batch.rows_read, batch.counts["new"], batch.rows.count()) == ("staged", 3, 3, 3)


def test_a_name_alone_refers_and_a_code_holds(register, desk):
    in_force(register, FIRST, desk)

    def state(uscc, name, **more):
        return titles.look_up(uscc=uscc, name=name, on=DAY_1, declared=[], **more)[0]["hnte"]

    assert state(A, "别的名字").held is True
    weak = state(C, "只有名称（公司）")
    assert (weak.held, weak.because, weak.source) == (None, "unverified", titles.BY_NAME)
    assert state(C, "没有的公司").held is False
    certificate = [{"kind": "hnte", "number": "GR3"}]
    assert state(C, "只有名称公司", verified=certificate).held is True


def test_a_name_on_the_dishonest_list_goes_to_a_person(defaults, desk):
    in_force(Register.objects.get(code="dishonest"), "企业名称\n只有名称公司\n", desk)
    fact = titles.look_up(uscc=C, name="只有名称公司", on=DAY_1, declared=[])[1]["on_dishonest_list"]
    assert (fact.value, fact.because) == (None, "unverified")


@pytest.mark.parametrize(
    ("one", "other"),
    [("北京（甲）科技有限公司", "北京(甲)科技有限公司"), ("ＡＢＣ科技", "abc 科技"), ("甲·乙公司", "甲乙公司")],
)
def test_names_are_compared_plainly(one, other):
    assert rows.plain_name(one) == rows.plain_name(other)


def test_quick_check_of_codes_is_the_standard_one():
    good = [factories.demo_uscc(n) for n in range(300, 330)]
    assert all(is_uscc(code) for code in good)
    for code in good[:5]:
        for place in range(18):
            assert not is_uscc(code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :])
    assert not any(is_uscc(text) for text in ("", "9" * 17, "I" * 18, good[0].lower()))


def test_columns_of_the_template_are_read(register, desk):
    batch = staged(
        register, csv_file(",".join(files.TEMPLATE) + f"\n甲公司,{A},GR1,2024-01-01,2026-12-31,第一批,项目,12\n"), desk
    )
    row = batch.rows.get()
    assert (row.round, row.project, str(row.amount), batch.read_as) == ("第一批", "项目", "120000.00", "UTF-8")


@pytest.mark.django_db(transaction=False)
def test_what_an_entry_says_cannot_be_changed(register, desk, settings):
    in_force(register, FIRST, desk)
    settings.INSTALL_TRIGGERS = True
    install_triggers()
    for change in ({"name": "改名"}, {"uscc": C}, {"valid_from": DAY_2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RegisterEntry.objects.filter(uscc=A).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM products_registerentry")
    RegisterEntry.objects.filter(uscc=A).update(removed_from=DAY_2)


def test_a_firm_that_is_removed_after_a_later_renewal_is_off_the_list(register, desk):
    in_force(register, HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n", desk)
    in_force(register, HEAD + f"甲公司,{A},GR8,2027-01-01,2029-12-31\n", desk, as_of=DAY_2)
    in_force(register, f"统一社会信用代码\n{A}\n", desk, as_of=date(2026, 7, 1), mode="removals")
    for day in (date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1)):
        assert listed(register, day) == set()
    assert listed(register, date(2026, 6, 30)) == {"甲公司"}


def test_a_part_of_a_list_does_not_say_who_is_not_on_it(register, desk):
    in_force(register, HEAD + f"甲公司,{A},,,\n", desk, mode="additions")
    assert titles.look_up(uscc=B, name="乙", on=DAY_1, declared=None)[0]["hnte"].held is None
    Register.objects.filter(pk=register.pk).update(loaded_from="2024-01-01", loaded_to="2024-12-31")
    in_force(register, HEAD + f"甲公司,{A},,,\n", desk, as_of=DAY_2)
    register.refresh_from_db()
    assert (register.loaded_from, register.loaded_to) == (DAY_2, None)


@pytest.mark.parametrize("line", ["甲,{A},,9e999999", "甲,{A},2024\x00,", "甲,{A},,\x00", "㍿" * 100 + ",{A},,"])
def test_odd_cells_are_faults_of_their_line_and_stop_no_worker(register, desk, line):
    text = "企业名称,统一社会信用代码,有效期起,金额(万元)\n" + line.replace("{A}", A) + "\n"
    batch = staged(register, csv_file(text), desk)
    assert (batch.status, batch.counts["invalid"]) == ("staged", 1)


def test_a_sheet_of_empty_rows_is_refused(monkeypatch):
    monkeypatch.setattr(files, "MAX_BLANK", 10)
    rows_ = iter([(1, ["企业名称"]), *((n, [""]) for n in range(2, 50))])
    header, _, width = files._header(rows_)
    with pytest.raises(InvalidInput, match="too_many_blanks"):
        list(files._lines(rows_, header, width))
