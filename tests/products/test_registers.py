"""A register's file from upload to effect and back: what it may look like, what it changes, who may let it in."""

from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from portal.kernel import jobs
from portal.kernel.clock import now, today
from portal.kernel.errors import IllegalTransition, InvalidInput, NotPermitted, PortalError, RuleRefused, StaleObject
from portal.kernel.immutability import install_triggers
from portal.kernel.models import Event, QueuedJob
from products.domain import titles
from products.domain.registering import importing, rows, store
from products.models import Register, RegisterBatch, RegisterEntry, StagedRow
from tests import factories

A, B, C = (factories.demo_uscc(n) for n in (901, 902, 903))
HEAD = "企业名称,统一社会信用代码,证书编号,有效期起,有效期止\n"
FIRST = HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n乙公司,{B},GR2,2024-01-01,2026-12-31\n只有名称公司,,GR3,,\n"
DAY_1, DAY_2 = date(2026, 1, 10), date(2026, 6, 20)

pytestmark = pytest.mark.django_db


def csv_file(text: str, encoding: str = "utf-8", name: str = "名单.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(encoding))


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


def recalled(batch, desk) -> RegisterBatch:
    importing.ask_revert(batch_id=batch.pk, seen=batch.version, reason="文件发错了", actor=desk[0])
    batch.refresh_from_db()
    return batch


def take_back(batch, desk) -> None:
    recalled(batch, desk)
    importing.confirm_revert(batch_id=batch.pk, seen=batch.version, actor=desk[1])
    run_all()
    batch.refresh_from_db()
    assert batch.status == "reverted"


def listed(register, on) -> set[str]:
    return set(RegisterEntry.objects.valid_on(on).filter(register=register).values_list("name", flat=True))


def faults(batch) -> list[tuple[int, str]]:
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
    assert {day: listed(register, day) for day in before} == before  # what was taken back never counted as leaving


def test_a_batch_goes_back_only_after_a_second_person_agreed(register, desk):
    batch = in_force(register, FIRST, desk)
    with pytest.raises(IllegalTransition):
        importing.confirm_revert(batch_id=batch.pk, seen=batch.version, actor=desk[1])
    recalled(batch, desk)
    with pytest.raises(RuleRefused, match="not_revertible"):
        importing.confirm_revert(batch_id=batch.pk, seen=batch.version, actor=desk[0])
    run_all()
    assert listed(register, DAY_1) == {"甲公司", "乙公司", "只有名称公司"}
    with pytest.raises(RuleRefused, match="batch_open"):
        importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_2, mode="full", actor=desk[0])
    importing.keep(batch_id=batch.pk, seen=batch.version, actor=desk[1])
    batch.refresh_from_db()
    assert (batch.status, batch.recall_reason, batch.recalled_by) == ("applied", "", None)
    take_back(batch, desk)
    assert listed(register, DAY_1) == set()
    types = list(Event.objects.filter(stream=batch.reference).order_by("seq").values_list("type", flat=True))
    last = ["revert_asked", "kept", "revert_asked", "revert_confirmed", "reverted"]
    assert [t.partition(".")[2] for t in types][-5:] == last


def test_additions_and_removals_leave_the_rest_alone(register, desk):
    in_force(register, FIRST, desk)
    in_force(register, HEAD + f"丙公司,{C},,,\n", desk, as_of=DAY_2, mode="additions")
    assert listed(register, DAY_2) == {"甲公司", "乙公司", "丙公司", "只有名称公司"}
    batch = staged(
        register, csv_file(f"统一社会信用代码\n{A}\n{factories.demo_uscc(999)}\n"), desk, mode="removals", as_of=DAY_2
    )
    assert faults(batch) == [(3, "名单上没有这一行")]
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


def test_a_part_that_came_while_another_reading_began_leaves_nothing(register, desk, monkeypatch):
    batch = importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])
    first = importing._take(batch_id=batch.pk)
    kept = store.keep

    def keep_and_be_overtaken(*arguments):
        count = kept(*arguments)
        RegisterBatch.objects.filter(pk=batch.pk).update(run=first.run + 1)
        return count

    monkeypatch.setattr(store, "keep", keep_and_be_overtaken)
    part = rows.judged([(2, ["甲公司", A, *[""] * 7])], "full")
    assert not importing._keep(batch_id=batch.pk, run=first.run, rows=part)
    assert not batch.rows.exists()


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


def test_a_firm_that_comes_back_was_not_on_the_list_in_between(register, desk):
    line = f"甲公司,{A},GR1,2024-01-01,2026-12-31\n"
    in_force(register, HEAD + line, desk)
    in_force(register, f"统一社会信用代码\n{A}\n", desk, as_of=date(2026, 3, 1), mode="removals")
    in_force(register, HEAD + line, desk, as_of=DAY_2)
    assert [bool(listed(register, day)) for day in (date(2026, 2, 28), date(2026, 4, 1), DAY_2)] == [True, False, True]


def test_entries_from_before_files_are_found_again(register, desk):
    rows.entry(
        register, uscc=A, name="甲公司", number="GR1", valid_from=date(2024, 1, 1), valid_to=date(2026, 12, 31)
    ).save()
    batch = staged(register, csv_file(HEAD + f"甲公司,{A},GR1,2024-01-01,2026-12-31\n"), desk)
    assert (batch.counts["same"], batch.counts["new"], batch.counts["removed"]) == (1, 0, 0)


def test_the_migration_gives_older_entries_their_key_once(register):
    old = {"register": register, "uscc": A, "name": "甲公司", "number": "GR1"}
    RegisterEntry.objects.create(**old, valid_from=date(2020, 1, 1), valid_to=date(2022, 12, 31))
    RegisterEntry.objects.create(**old, valid_from=date(2024, 1, 1), valid_to=date(2026, 12, 31))
    migration = import_module("products.migrations.0014_keys_of_older_entries")
    for _ in range(2):
        migration.fill(apps, None)
    made = rows.entry(
        register, uscc=A, name="甲公司", number="GR1", valid_from=date(2024, 1, 1), valid_to=date(2026, 12, 31)
    )
    found = RegisterEntry.objects.filter(uscc=A).order_by("valid_from").values_list("key", "digest")
    assert list(found) == [("", 0), (made.key, made.digest)]


def test_a_reading_that_broke_is_tried_again_at_once(register, desk, monkeypatch):
    batch = importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])

    def broken(*_):
        raise OSError("disk")

    monkeypatch.setattr(importing, "open_file", broken)
    with pytest.raises(OSError, match="disk"):
        importing.read(batch_id=batch.pk)
    monkeypatch.undo()
    importing.read(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.run) == ("staged", 2)


def test_a_long_reading_is_not_sent_again(register, desk, monkeypatch):
    batch = importing.upload(register_id=register.pk, file=csv_file(FIRST), as_of=DAY_1, mode="full", actor=desk[0])
    job = QueuedJob.objects.filter(name="products.register_read")
    job.update(next_attempt_at=now() - timedelta(minutes=1))
    run = importing._take(batch_id=batch.pk).run
    importing._keep(batch_id=batch.pk, run=run, rows=[*rows.judged([(2, ["甲公司", A, *[""] * 7])], "full")])
    assert job.get().next_attempt_at > now()
