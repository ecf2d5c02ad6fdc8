"""A register's file from upload to effect and back: read in the background, looked at, confirmed by a second person.

Nothing of a file counts before it is confirmed, and then all of it does, in one transaction. A file with a faulty row
cannot be confirmed: in a full list a mistyped row would take its firm off.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from itertools import islice

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import DataError, transaction
from django.db.models import F, Max

from portal.kernel import files
from portal.kernel.actors import SYSTEM, Actor
from portal.kernel.clock import now, today
from portal.kernel.errors import InvalidInput, RuleRefused, StaleObject, TransientError
from portal.kernel.events import record
from portal.kernel.jobs import enqueue, keep_alive
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.domain.desk import check_author
from products.domain.registering import store
from products.domain.registering.files import open_file
from products.domain.registering.rows import Row, judged
from products.enums import BatchMode, Job
from products.lifecycle import BATCH_IN_FORCE
from products.models import Register, RegisterBatch

PART = 20_000  # rows a transaction while a file is read


def upload(
    *, register_id: int, file: UploadedFile, as_of: date, mode: str, actor: Actor, note: str = ""
) -> RegisterBatch:
    """Keep a file and have it read. Raises InvalidInput at `file` or `as_of`, RuleRefused while another is under way."""
    check_author(actor)
    _check_free(Register.objects.get(pk=register_id), as_of)
    stored = files.store_table(file)
    try:
        return _begin(register_id=register_id, stored=stored, as_of=as_of, mode=mode, note=note.strip(), actor=actor)
    except (RuleRefused, InvalidInput):
        default_storage.delete(stored.storage_key)
        raise


def _check_free(register: Register, as_of: date) -> None:
    if register.batches.filter(status__in=RegisterBatch.lifecycle.open_statuses).exists():
        raise RuleRefused("batch_open", "这份名单还有一批没有办完，先确认或作废它")
    if as_of > today():
        raise InvalidInput("as_of_future", "名单日期不能晚于今天", field="as_of")
    newest = register.batches.filter(status__in=BATCH_IN_FORCE).aggregate(day=Max("as_of"))["day"]
    if newest and as_of < newest:
        raise InvalidInput("as_of_before", "名单日期不能早于已生效的 {day}", field="as_of", day=f"{newest:%Y-%m-%d}")


@use_case
def _begin(
    *, register_id: int, stored: files.StoredFile, as_of: date, mode: str, note: str, actor: Actor
) -> RegisterBatch:
    register = Register.objects.select_for_update().get(pk=register_id)
    _check_free(register, as_of)
    batch = RegisterBatch.objects.create(
        register=register,
        number=(register.batches.aggregate(most=Max("number"))["most"] or 0) + 1,
        mode=mode,
        as_of=as_of,
        note=note,
        file_name=stored.name,
        storage_key=stored.storage_key,
        sha256=stored.sha256,
        size=stored.size,
        uploaded_by_id=actor.user_id,
        uploaded_at=now(),
    )
    payload = {"sha256": stored.sha256, "as_of": as_of.isoformat(), "mode": mode}
    record(stream=batch.reference, type="register_batch.uploaded", actor=actor, payload=payload)
    enqueue(Job.REGISTER_READ, key=batch.pk, batch_id=batch.pk)
    return batch


def read(*, batch_id: int) -> None:
    """Read the file of a batch, part by part, and compare it with what is in force.

    One pass, because a workbook cannot be entered in its middle. A reading that was killed is begun again; one that
    was overtaken or called off stops at its next part.
    """
    batch = _take(batch_id=batch_id)
    if batch is None:
        return
    with ExitStack() as broken:
        broken.callback(_fall_silent, batch)
        _read_whole(batch)
        broken.pop_all()  # it ended in one of its ways


def _read_whole(batch: RegisterBatch) -> None:
    try:
        with default_storage.open(batch.storage_key) as file:
            opened = open_file(file, batch.file_name)
            rows = judged(opened.lines, batch.mode)
            while _keep(batch_id=batch.pk, run=batch.run, rows=islice(rows, PART)):
                pass
    except InvalidInput as error:
        _give_up(batch_id=batch.pk, run=batch.run, problem=error.message)
    except DataError:
        _give_up(batch_id=batch.pk, run=batch.run, problem="有一行的内容数据库存不下，请检查过长的文字和特殊字符")
    else:
        _finish(batch_id=batch.pk, run=batch.run, read_as=opened.read_as)


def _fall_silent(batch: RegisterBatch) -> None:
    """After a reading that broke: the next try need not wait for its silence."""
    RegisterBatch.objects.filter(pk=batch.pk, run=batch.run).update(beat_at=None)


@use_case
def _take(*, batch_id: int) -> RegisterBatch | None:
    batch = RegisterBatch.objects.select_for_update().filter(pk=batch_id, status="reading").first()
    if batch is None:
        return None
    if batch.is_alive:
        raise TransientError("still_reading", "这一批正在读取")
    store.forget(batch_id)
    batch.run, batch.rows_read, batch.beat_at = batch.run + 1, 0, now()
    batch.save(update_fields=["run", "rows_read", "beat_at"])
    return batch


@use_case
def _keep(*, batch_id: int, run: int, rows: Iterable[Row]) -> bool:
    """Take the next part in, read on the way. False after the last, and when this reading was overtaken or called off."""
    mine = RegisterBatch.objects.filter(pk=batch_id, run=run, status="reading")
    count = store.keep(batch_id, rows) if mine.exists() else 0
    if count and not mine.update(rows_read=F("rows_read") + count, beat_at=now()):
        transaction.set_rollback(True)  # somebody else's since it was looked at: nothing of this part stays
        return False
    keep_alive(Job.REGISTER_READ, batch_id)
    return count > 0


@use_case
def _finish(*, batch_id: int, run: int, read_as: str) -> None:
    batch = _reading(batch_id, run)
    if batch is None:
        return
    if not batch.rows_read:
        batch.problem = "表头下面没有数据"
        move(batch, "give_up", actor=SYSTEM, save=("problem",))
        return
    batch.counts, batch.read_as = store.compare(batch), read_as
    move(batch, "stage", actor=SYSTEM, payload=batch.counts, save=("counts", "read_as"))


@use_case
def _give_up(*, batch_id: int, run: int, problem: str) -> None:
    batch = _reading(batch_id, run)
    if batch is None:
        return
    store.forget(batch_id)
    batch.problem = problem[:300]
    move(batch, "give_up", actor=SYSTEM, save=("problem",))


def _reading(batch_id: int, run: int) -> RegisterBatch | None:
    found = RegisterBatch.objects.select_for_update(of=("self",)).select_related("register")
    return found.filter(pk=batch_id, run=run, status="reading").first()


def why_not_confirm(batch: RegisterBatch, actor: Actor) -> str:
    """Why this person may not put the batch in force; empty when nothing stands in the way."""
    counts = batch.counts
    if counts.get("invalid"):
        return f"有 {counts['invalid']} 行有问题，请改好文件重新上传"
    is_same = not any(counts.get(name) for name in ("new", "changed", "removed"))
    if is_same and batch.as_of == _day_in_force(batch):
        return "与现行名单没有差别，作废即可"
    return "上传的人不能确认，需由另一位政策管理岗复核" if actor.user_id == batch.uploaded_by_id else ""


def _day_in_force(batch: RegisterBatch) -> date | None:
    return batch.register.batches.filter(status__in=BATCH_IN_FORCE).aggregate(day=Max("as_of"))["day"]


@use_case
def confirm(*, batch_id: int, seen: int, actor: Actor) -> None:
    """A second person looked at the differences; the batch comes into force in the background."""
    check_author(actor)
    batch = _locked(batch_id, seen)
    if batch.status == "staged" and (why := why_not_confirm(batch, actor)):
        raise RuleRefused("not_confirmable", why)
    batch.confirmed_by_id = actor.user_id
    move(batch, "confirm", actor=actor, save=("confirmed_by",))
    enqueue(Job.REGISTER_APPLY, key=batch.pk, batch_id=batch.pk)


@use_case
def apply(*, batch_id: int) -> None:
    """Put a confirmed batch in force, whole."""
    batch = RegisterBatch.objects.select_for_update().filter(pk=batch_id, status="applying").first()
    if batch is None:
        return
    register = Register.objects.select_for_update().get(pk=batch.register_id)
    store.apply(batch)
    batch.loaded_before = [day and day.isoformat() for day in (register.loaded_from, register.loaded_to)]
    if batch.mode == BatchMode.FULL:  # a part of a list says nothing of who is not in it
        is_gap = register.loaded_to is not None and register.loaded_to < batch.as_of
        register.loaded_from = batch.as_of if is_gap or not register.loaded_from else register.loaded_from
        register.loaded_to = None if is_gap else register.loaded_to
    register.save(update_fields=["loaded_from", "loaded_to"])
    counts = batch.counts
    counts["after"] = counts["before"] + counts["new"] - counts["removed"]
    move(batch, "apply", actor=SYSTEM, save=("loaded_before", "counts"))


@use_case
def discard(*, batch_id: int, seen: int, actor: Actor) -> None:
    """Call a batch off before it is in force."""
    check_author(actor)
    batch = _locked(batch_id, seen)
    move(batch, "discard", actor=actor)
    enqueue(Job.REGISTER_FORGET, key=batch.pk, batch_id=batch.pk)


@use_case
def forget(*, batch_id: int) -> None:
    """Let go of the rows of a batch that was called off."""
    if RegisterBatch.objects.filter(pk=batch_id, status="discarded").exists():
        store.forget(batch_id)


@use_case
def ask_revert(*, batch_id: int, seen: int, reason: str, actor: Actor) -> None:
    """Ask to take the newest batch in force back; older ones go in their turn. It counts until a second person agrees."""
    check_author(actor)
    batch = _locked(batch_id, seen)
    register = Register.objects.select_for_update().get(pk=batch.register_id)
    if register.batches.filter(status__in=BATCH_IN_FORCE, number__gt=batch.number).exists():
        raise RuleRefused("not_newest", "只能撤销最新生效的一批，请先撤销它后面的")
    if register.batches.filter(status__in=RegisterBatch.lifecycle.open_statuses).exists():
        raise RuleRefused("batch_open", "这份名单还有一批没有办完，先确认或作废它")
    if not 2 <= len(reason.strip()) <= 200:
        raise InvalidInput("reason_required", "请用 2–200 个字说明原因", field="reason")
    batch.recall_reason, batch.recalled_by_id = reason.strip(), actor.user_id
    move(batch, "ask_revert", actor=actor, reason="stated", save=("recall_reason", "recalled_by"))


@use_case
def keep(*, batch_id: int, seen: int, actor: Actor) -> None:
    """Let a batch stay that was asked back: the second person does not agree, or who asked thought better of it."""
    check_author(actor)
    batch = _locked(batch_id, seen)
    batch.recall_reason, batch.recalled_by = "", None
    move(batch, "keep", actor=actor, save=("recall_reason", "recalled_by"))


def why_not_revert(batch: RegisterBatch, actor: Actor) -> str:
    """Why this person may not take it back as asked; empty when nothing stands in the way."""
    return "申请撤销的人不能自己确认，需由另一位政策管理岗确认" if actor.user_id == batch.recalled_by_id else ""


@use_case
def confirm_revert(*, batch_id: int, seen: int, actor: Actor) -> None:
    """A second person agrees; the batch is taken back in the background."""
    check_author(actor)
    batch = _locked(batch_id, seen)
    if why := why_not_revert(batch, actor):
        raise RuleRefused("not_revertible", why)
    move(batch, "revert", actor=actor)
    enqueue(Job.REGISTER_REVERT, key=batch.pk, batch_id=batch.pk)


@use_case
def revert(*, batch_id: int) -> None:
    """Undo a batch, whole: its rows never counted, the rows it ended go on."""
    batch = RegisterBatch.objects.select_for_update().filter(pk=batch_id, status="reverting").first()
    if batch is None:
        return
    register = Register.objects.select_for_update().get(pk=batch.register_id)
    store.revert(batch)
    since, until = (day and date.fromisoformat(day) for day in batch.loaded_before)
    register.loaded_from, register.loaded_to = since, until
    register.save(update_fields=["loaded_from", "loaded_to"])
    move(batch, "restore", actor=SYSTEM)


def _locked(batch_id: int, seen: int) -> RegisterBatch:
    batch = RegisterBatch.objects.select_for_update(of=("self",)).select_related("register").get(pk=batch_id)
    if batch.version != seen:
        raise StaleObject("batch_changed", "这一批在您打开以后有变化，请刷新后再办理")
    return batch
