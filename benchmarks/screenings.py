"""Screening by Celery and Redis with one worker of two prefork processes, against a bare task in the same worker.

800 applications are submitted through the domain, jobs held back; what a submit announces is done beforehand. One more
is screened in this process and recorded. The bare task runs exactly these statements in one transaction for one of the
other applications, under its own keys (benchmarks/recording.py), so both sides leave the same rows.

In turns, four rounds: with the worker told not to take anything, 100 messages are queued; the clock runs from the word
to go on until the last of the 100 applications has no open job. Warm-up: a round of 20 of each that is not counted. Outside sources are the local adapters.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db.models import QuerySet

from applications.enums import Job
from applications.models import Application, Screening
from benchmarks import world
from benchmarks.pages import seq_scans
from benchmarks.recording import Statement, recorded
from benchmarks.table import Row
from benchmarks.timing import Side, ratio
from benchmarks.worker import SCRIPT
from benchmarks.world import World
from portal.celery import app
from portal.kernel import jobs
from portal.kernel.models import QueuedJob
from tests.factories import Applicant

SHARE, ROUNDS, BATCH, WARM = 0.6, 4, 100, 20
FIRST = 5000  # of the numbers of firms made here
QUEUE = "celery"
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submitted application and its open screening job."""

    who: Applicant
    application: Application
    job: int

    @property
    def keys(self) -> tuple[object, ...]:
        """What tells this application's rows from another's."""
        firm, case = self.who.enterprise, self.application
        return case.pk, case.reference, f"{case.pk}.1", firm.pk, firm.uscc, self.job, self.who.user.pk


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    world.spread_keys()
    per_side = WARM + ROUNDS * BATCH
    waiting = [_waiting(FIRST + number) for number in range(2 * per_side + 1)]
    model = waiting.pop()
    statements = _record(model)
    real, stripped = waiting[:per_side], waiting[per_side:]
    _write_script(model, stripped, statements)
    _empty_broker()
    full, less = Side(lambda: None), Side(lambda: None)
    with Worker() as worker:
        for size in (WARM, *[BATCH] * ROUNDS):
            batch, real = real[:size], real[size:]
            full.seconds.append(_run(batch, worker, lambda case: jobs.send(case.job)))
            batch, stripped = stripped[:size], stripped[size:]
            less.seconds.append(_run(batch, worker, _send_bare))
    del full.seconds[0], less.seconds[0]
    _check_screened(waiting)
    note = f"{BATCH * 1000 / full.ms:.0f} / {BATCH * 1000 / less.ms:.0f} a second, {len(statements)} statements"
    yield Row("screening: throughput of the bare task's", ratio(less, full), SHARE, at_least=True, note=note)
    yield seq_scans("screening", statements)


def _waiting(number: int) -> Waiting:
    with world.held_jobs():
        who, application = world.submitted(number)
        open_jobs = dict(_jobs_of(application).values_list("name", "pk"))
        jobs.run(open_jobs[Job.ANNOUNCE])
    return Waiting(who, application, open_jobs[Job.SCREEN])


def _jobs_of(*applications: Application) -> QuerySet[QueuedJob]:
    keys = [key for a in applications for key in (f"{a.pk}.1", a.reference)]
    return QueuedJob.objects.filter(key__in=keys, finished_at=None)


def _record(model: Waiting) -> list[Statement]:
    """The statements of a screening's job."""
    with recorded() as screening:
        jobs.run(model.job)
    return screening


def _write_script(model: Waiting, cases: Sequence[Waiting], statements: list[Statement]) -> None:
    renamed = {case.job: dict(zip(model.keys, case.keys, strict=True)) for case in cases}
    SCRIPT.write_bytes(pickle.dumps((statements, renamed)))


def _send_bare(case: Waiting) -> None:
    app.send_task("benchmarks.bare_screening", args=[case.job], retry=False)


def _empty_broker() -> None:
    """Forget the messages of all that was done before: their jobs are done or nobody's business here."""
    redis.Redis(unix_socket_path=settings.REDIS_URL.removeprefix("redis+socket://")).flushdb()


def _run(cases: Sequence[Waiting], worker: Worker, send: Callable[[Waiting], None]) -> float:
    """Seconds a worker takes for all `cases`, from the word to go on."""
    worker.pause()
    for case in cases:
        send(case)
    start = time.perf_counter()
    worker.go_on()
    left = _jobs_of(*(case.application for case in cases))
    while left.exists():
        if time.perf_counter() - start > 120:
            raise RuntimeError(f"{left.count()} jobs are not done:\n{worker.log.read_text()[-2000:]}")
        time.sleep(0.05)
    return time.perf_counter() - start


def _check_screened(cases: Sequence[Waiting]) -> None:
    """Both sides must have left the same rows for every application."""
    pks = [case.application.pk for case in cases]
    screened = Application.objects.filter(pk__in=pks, status="screened").count()
    found = Screening.objects.filter(application_id__in=pks).count()
    if (screened, found) != (len(pks), len(pks)):
        raise RuntimeError(f"of {len(pks)} applications {screened} are screened, {found} with findings")


class Worker:
    """A Celery worker process with two prefork children, as `make worker` starts it."""

    def __init__(self) -> None:
        self.log = Path(os.environ["BENCH_FOLDER"]) / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", "benchmarks.worker", "worker", "--loglevel", "INFO"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "--pool", "prefork", "--concurrency", "2"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> Worker:
        end = time.monotonic() + 60
        while not app.control.ping(timeout=1):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError(f"the worker did not start:\n{self.log.read_text()}")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def pause(self) -> None:
        app.control.cancel_consumer(QUEUE, reply=True)

    def go_on(self) -> None:
        app.control.add_consumer(QUEUE)
