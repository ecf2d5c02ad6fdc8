"""Bringing a register of 600,000 rows in, against the least that could be done with the same rows.

CSV. Real: the file is read, judged, staged, compared with what is in force, confirmed and put in force: `importing.read`
and `importing.apply`. Bare: one COPY of the finished rows into the table of entries, indexes and all. The measure is
bare ÷ real. XLSX. Real: the same from a workbook of as many rows. Bare: openpyxl's read-only walk over all its cells,
before and after the import: a pass takes a minute, in which the machine's speed drifts. The rest are single passes. Memory: the peak of the real CSV import in a process of its own at 60,000 and at
600,000 rows; constant means the ratio stays near 1.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from openpyxl import Workbook, load_workbook

from accounts.enums import BankerRole
from accounts.models import Banker
from applications.management.synthetic import demo_uscc
from benchmarks import world
from benchmarks.table import Row
from benchmarks.timing import timed
from benchmarks.world import World
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from products.domain.registering import importing
from products.domain.registering.files import TEMPLATE
from products.models import Register, RegisterBatch, RegisterEntry

COUNT = 600_000
CSV_BOUND, XLSX_BOUND, MEMORY_BOUND = 0.08, 0.7, 1.3
AS_OF = date(2026, 1, 1)


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    with tempfile.TemporaryDirectory() as folder:
        table, book = Path(folder) / "list.csv", Path(folder) / "list.xlsx"
        _write(table, book, COUNT)
        _empty()
        with world.held_jobs():
            real = timed(lambda: _bring_in(table))
            bare = _bare_copy()
            yield Row(
                "register, CSV: raw COPY / import", bare / real, CSV_BOUND, at_least=True,
                note=f"{COUNT:,} rows, {real:.1f} s against {bare:.1f} s",
            )  # fmt: skip
            unchanged = timed(lambda: _bring_in(table, confirm=False))
            yield Row("register, CSV: the same list again / first time", unchanged / real, note=f"{unchanged:.1f} s")
            _clear()
            walks = [timed(lambda: _walk(book))]
            real = timed(lambda: _bring_in(book))
            walks.append(timed(lambda: _walk(book)))
            walk = statistics.mean(walks)
            yield Row(
                "register, XLSX: bare read / import", walk / real, XLSX_BOUND, at_least=True,
                note=f"{COUNT:,} rows, {real:.0f} s against {walk:.0f} s",
            )  # fmt: skip
            _clear()
        small = Path(folder) / "small.csv"
        _write(small, None, COUNT // 10)
        peaks = [_peak(small), _peak(table)]
        yield Row(
            "register, CSV: peak memory at ten times the rows", peaks[1] / peaks[0], MEMORY_BOUND,
            note=f"{peaks[0]:.0f} MB, {peaks[1]:.0f} MB",
        )  # fmt: skip


def _write(table: Path, book: Path | None, count: int) -> None:
    sheet = None
    if book:
        whole = Workbook(write_only=True)
        sheet = whole.create_sheet("名单")
        sheet.append(TEMPLATE)
    with table.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(TEMPLATE)
        for number in range(count):
            row = [
                f"示例科技第{number}号有限公司",
                demo_uscc(number),
                f"GR{number:07d}",
                "2024-10-01",
                "2027-09-30",
                "第一批",
            ]
            writer.writerow([*row, "", ""])
            if sheet:
                sheet.append(row)
    if book:
        whole.save(book)


def _desk() -> list[Actor]:
    people = Banker.objects.filter(role=BankerRole.POLICY).order_by("pk").values_list("user_id", flat=True)[:2]
    return [Actor(ActorKind.BANKER, user_id=pk) for pk in people]


def _bring_in(path: Path, *, confirm: bool = True) -> None:
    author, other = _desk()
    register = Register.objects.get(code="hnte")
    with path.open("rb") as file:
        key = default_storage.save(path.name, File(file))
    batch = RegisterBatch.objects.create(
        register=register,
        number=register.batches.count() + 1,
        mode="full",
        as_of=AS_OF,
        file_name=path.name,
        storage_key=key,
        size=path.stat().st_size,
        uploaded_by_id=author.user_id,
        uploaded_at=now(),
    )
    importing.read(batch_id=batch.pk)
    batch.refresh_from_db()
    if confirm:
        importing.confirm(batch_id=batch.pk, seen=batch.version, actor=other)
        importing.apply(batch_id=batch.pk)
    else:
        importing.discard(batch_id=batch.pk, seen=batch.version, actor=author)
    default_storage.delete(key)


def _bare_copy() -> float:
    """Take the rows that came in out of the table, and put them back by one COPY."""
    columns = "register_id, batch_in_id, uscc, name, plain_name, number, round, project, amount, valid_from, valid_to, key, digest"
    text = StringIO()
    with connection.cursor() as cursor:
        with cursor.copy(
            f"COPY (SELECT {columns} FROM products_registerentry WHERE batch_in_id IS NOT NULL) TO STDOUT"
        ) as out:
            for part in out:
                text.write(bytes(part).decode())
        _delete_entries(cursor)

        def copy() -> None:
            with cursor.copy(f"COPY products_registerentry ({columns}) FROM STDIN") as into:
                into.write(text.getvalue())

        return timed(copy)


def _empty() -> None:
    """The seeded entries of the list are no part of this: both sides begin with none."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "DELETE FROM products_registerentry WHERE register_id = (SELECT id FROM products_register WHERE code = 'hnte')"
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def _clear() -> None:
    with connection.cursor() as cursor:
        _delete_entries(cursor)
        cursor.execute("DELETE FROM products_registerbatch")
        cursor.execute("UPDATE products_register SET loaded_from = '2024-01-01', loaded_to = NULL")


def _delete_entries(cursor) -> None:
    """Entries are append-only; a superuser may look away, between two measurements."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("DELETE FROM products_registerentry WHERE batch_in_id IS NOT NULL")
    cursor.execute("SET session_replication_role = DEFAULT")
    cursor.execute("UPDATE products_registerentry SET batch_out_id = NULL, removed_from = NULL WHERE batch_out_id > 0")
    cursor.execute("VACUUM ANALYZE products_registerentry")


def _walk(path: Path) -> None:
    for _ in load_workbook(path, read_only=True).active.iter_rows(values_only=True):
        pass


def _peak(path: Path) -> float:
    """Peak memory, in MB, of a process that brings the file in."""
    work = f"import django; django.setup(); from benchmarks.registers import alone; alone({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", work], env=os.environ, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def peak_of_this_process() -> float:
    """Most memory held since this program began, in MB; what the parent held before does not count."""
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def alone(path: str) -> None:
    world.use(world.LARGE)
    with world.held_jobs():
        _bring_in(Path(path))
    print(peak_of_this_process())
    _clear()
    assert not RegisterEntry.objects.filter(batch_in__isnull=False).exists()
