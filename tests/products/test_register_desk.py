"""The pages of registers: who may see and do what; errors at their fields; pages cost the same whatever a list holds."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.kernel.clock import today
from products.domain.registering import importing
from products.models import RegisterBatch, RegisterEntry
from tests import factories
from tests.factories import signed_in
from tests.products.test_registers import FIRST, HEAD, A, C, csv_file, in_force, run_all, staged

pytestmark = pytest.mark.django_db
LIST, ONE = "/admin/registers/", "/admin/registers/hnte/"


@pytest.fixture
def author(desk) -> Client:
    return signed_in(User.objects.get(pk=desk[0].user_id))


@pytest.fixture
def other(desk) -> Client:
    return signed_in(User.objects.get(pk=desk[1].user_id))


@pytest.fixture
def batch(register, desk) -> RegisterBatch:
    return staged(register, csv_file(FIRST), desk)


PAGES = [LIST, ONE, f"{ONE}1/", f"{ONE}1/faults.csv", f"{LIST}template.csv"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_the_policy_desk_and_administrators(author, bankers, batch, path):
    assert author.get(path).status_code == 200
    root = factories.user("root@bank.example", is_staff=True, is_superuser=True)
    assert signed_in(root).get(path).status_code == 200
    assert signed_in(User.objects.get(email="reviewer@bank.example")).get(path).status_code == 403


@pytest.mark.parametrize("path", [f"{ONE}upload/", f"{ONE}1/confirm/", f"{ONE}1/discard/", f"{ONE}1/ask_revert/"])
def test_acts_are_for_the_policy_desk(bankers, batch, path):
    for email in ("reviewer@bank.example", "root@bank.example"):
        if email.startswith("root"):
            factories.user(email, is_staff=True, is_superuser=True)
        assert signed_in(User.objects.get(email=email)).post(path, {"seen": batch.version}).status_code == 403
    batch.refresh_from_db()
    assert batch.status == "staged"


def test_upload_shows_faults_at_their_fields(author, register):
    answer = author.post(f"{ONE}upload/", {"mode": "full", "as_of": (today() + timedelta(days=1)).isoformat()})
    assert answer.status_code == 422
    assert "请选择文件" in answer.content.decode()
    late = {"mode": "full", "as_of": (today() + timedelta(days=1)).isoformat(), "file": csv_file(FIRST)}
    answer = author.post(f"{ONE}upload/", late)
    assert "名单日期不能晚于今天" in str(answer.context["form"].errors["as_of"])
    wrong = {"mode": "full", "as_of": "2026-01-01", "file": SimpleUploadedFile("a.xlsx", b"x")}
    assert "file" in author.post(f"{ONE}upload/", wrong).context["form"].errors


def test_a_second_upload_while_one_waits_is_refused_in_words(author, batch):
    answer = author.post(f"{ONE}upload/", {"mode": "full", "as_of": "2026-01-10", "file": csv_file(FIRST)})
    assert "还有一批没有办完" in answer.content.decode()
    assert RegisterBatch.objects.count() == 1


def test_the_uploader_is_told_and_the_second_person_confirms(author, other, batch, register):
    where = f"{ONE}1/"
    assert "上传的人不能确认" in author.get(where).content.decode()
    author.post(f"{where}confirm/", {"seen": batch.version})
    batch.refresh_from_db()
    assert batch.status == "staged"
    assert other.post(f"{where}confirm/", {"seen": batch.version}).status_code == 302
    run_all()
    words = other.get(where).content.decode()
    assert "生效后共" in words
    assert "何静" in words
    assert "沈舟" in words


def test_revert_needs_a_reason_at_its_field(author, register, desk):
    batch = in_force(register, FIRST, desk)
    answer = author.post(f"{ONE}1/ask_revert/", {"seen": batch.version, "reason": ""})
    assert answer.status_code == 422
    assert "请写明原因" in answer.content.decode()


def test_a_recall_is_asked_by_one_and_agreed_to_by_another(author, other, register, desk):
    batch, where = in_force(register, FIRST, desk), f"{ONE}1/"
    assert author.post(f"{where}ask_revert/", {"seen": batch.version, "reason": "文件发错了"}).status_code == 302
    batch.refresh_from_db()
    words = author.get(where).content.decode()
    assert "申请撤销这一批：文件发错了" in words
    assert "申请撤销的人不能自己确认" in words
    assert author.post(f"{where}revert/", {"seen": batch.version}).status_code in (302, 422)
    batch.refresh_from_db()
    assert batch.status == "recalled"
    assert "待撤销" in other.get("/admin/registers/").content.decode()
    assert other.post(f"{where}revert/", {"seen": batch.version}).status_code == 302
    run_all()
    assert "名单已恢复到这一批生效以前的样子" in other.get(where).content.decode()


def test_a_batch_in_force_shows_what_it_did(author, register, desk, django_assert_max_num_queries):
    in_force(register, FIRST, desk)
    text = HEAD + f"甲新名公司,{A},GR1,2024-01-01,2026-12-31\n丙公司,{C},GR9,,\n"
    in_force(register, text, desk, as_of=date(2026, 6, 1))
    for number, show, there, not_there in (
        (1, "new", ("甲公司", "乙公司", "只有名称公司"), ("甲新名公司", "丙公司")),
        (1, "removed", ("没有",), ("甲公司",)),
        (2, "new", ("丙公司",), ("乙公司", "甲新名公司")),
        (2, "changed", ("名称：甲公司 → 甲新名公司",), ("乙公司", "丙公司")),
        (2, "removed", ("乙公司", "只有名称公司"), ("甲公司", "丙公司")),
    ):
        with django_assert_max_num_queries(12):
            words = author.get(f"{ONE}{number}/?show={show}").content.decode()
        for name in there:
            assert name in words, (number, show, name)
        for name in not_there:
            assert name not in words, (number, show, name)
    assert author.get(f"{ONE}2/?show=invalid").status_code == 404
    assert author.get(f"{ONE}2/?cursor=x").status_code == 404


def test_changes_are_shown_old_and_new(author, register, desk):
    in_force(register, FIRST, desk)
    staged(register, csv_file(HEAD + f"甲新名公司,{A},GR1,2024-01-01,2026-12-31\n"), desk, as_of=date(2026, 6, 1))
    words = author.get(f"{ONE}2/?show=changed").content.decode()
    assert "名称：甲公司 → 甲新名公司" in words
    removed = author.get(f"{ONE}2/").content.decode()
    assert "会移出名单上 66.7% 的条目" in removed
    assert author.get(f"{ONE}2/?show=wrong").status_code == 404
    assert author.get(f"{ONE}2/?cursor=x").status_code == 404


def test_entries_are_found_by_code_name_and_day(author, register, desk):
    in_force(register, FIRST, desk)
    assert "只有名称公司" in author.get(ONE, {"q": "只有（名称）"}).content.decode()
    assert "乙公司" not in author.get(ONE, {"q": A}).content.decode()
    assert "没有条目" in author.get(ONE, {"on": "2020-01-01"}).content.decode()
    assert author.get(ONE, {"cursor": "x"}).status_code == 404


def test_faults_are_a_table_to_take_away(author, register, desk):
    batch = staged(register, csv_file(HEAD + "=坏公司,,,,\n"), desk)
    text = b"".join(author.get(f"{ONE}{batch.number}/faults.csv").streaming_content).decode()
    assert "2,不能是公式，请粘贴为数值,'=坏公司" in text


def test_pages_ask_the_same_whatever_they_hold(author, register, desk):
    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            author.get(path)
        return len(seen)

    lines = [f"公司{n},{factories.demo_uscc()},,,\n" for n in range(60)]
    in_force(register, HEAD + "".join(lines[:2]), desk, as_of=date(2026, 1, 10))
    one = asked(ONE), asked(LIST)
    importing_batch = staged(register, csv_file(HEAD + "".join(lines)), desk, as_of=date(2026, 2, 1))
    few = asked(f"{ONE}2/?show=new")
    importing.confirm(batch_id=importing_batch.pk, seen=importing_batch.version, actor=desk[1])
    run_all()
    assert RegisterEntry.objects.valid_on(today()).count() == 60
    assert (asked(ONE), asked(LIST)) == one
    assert max(*one, few) <= 12
