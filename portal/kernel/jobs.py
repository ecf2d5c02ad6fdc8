"""Background work: a row first, the broker second.

`enqueue()` writes a row in the caller's transaction and hands its number to the broker after commit. When the broker
is dead or a worker is killed the row stays open and `sweep()` sends it again, so nothing depends on the broker's
memory. A job may run twice; the domain returns early when the work is done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from portal.celery import app as celery_app
from portal.kernel.clock import now
from portal.kernel.errors import TransientError
from portal.kernel.models import QueuedJob

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# How long a row is left to the broker before the sweep sends it again. Longer than any job takes.
RESEND_AFTER = timedelta(seconds=60)
QUIET_AFTER_FAILURE = 5.0  # seconds without a try at a broker that just failed: one submit pays its timeout once

registry: dict[str, Callable[..., None]] = {}


def job(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the function that does the work of `name`; its keyword arguments are the job's arguments."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        if registry.setdefault(name, function) is not function:
            raise ValueError(f"job {name} is registered twice")
        return function

    return decorate


# One statement on both databases, by hand: the ORM's way is a look, a savepoint, an insert, and a loop for who came between.
_UPSERT = """
    INSERT INTO kernel_queuedjob (name, key, arguments, generation, attempts, next_attempt_at, created_at, error)
    VALUES (%s, %s, %s, 0, 0, %s, %s, '')
    ON CONFLICT (name, key) WHERE finished_at IS NULL AND parked_at IS NULL
    DO UPDATE SET arguments = excluded.arguments, generation = kernel_queuedjob.generation + 1
    RETURNING id"""
_ARGUMENTS, _MOMENT = (QueuedJob._meta.get_field(name) for name in ("arguments", "created_at"))


def enqueue(name: str, *, key: str | int, **arguments: object) -> None:
    """Queue `name` for `key` after commit.

    An open job of the same name and key is used again: its generation is raised, so that a run which began before
    this change is followed by another.
    """
    moment = now()
    given = _ARGUMENTS.get_db_prep_save(arguments, connection)
    begun, due = (_MOMENT.get_db_prep_save(at, connection) for at in (moment, moment + RESEND_AFTER))
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [name, str(key), given, due, begun])
        (job_id,) = cursor.fetchone()

    def publish() -> None:
        send(job_id)

    transaction.on_commit(publish, robust=True)


_quiet_until = 0.0


def send(job_id: int) -> None:
    """Hand a job's number to the broker. A dead broker is logged, left alone for a while, and the rest is the sweep's."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        celery_app.send_task("kernel.run_job", args=[job_id], retry=False)
    except (OSError, OperationalError, RedisError) as error:
        _quiet_until = time.monotonic() + QUIET_AFTER_FAILURE
        log.warning("broker_unreachable", extra={"job_id": job_id, "error": type(error).__name__})


def run(job_id: int) -> None:
    """Do one job. TransientError puts it off; any other exception is a defect: it propagates to the task, which writes
    its name on the row (`note_failure`), and the sweep tries again until the row is parked after MAX_ATTEMPTS.
    """
    row = QueuedJob.objects.filter(pk=job_id, finished_at=None, parked_at=None).first()
    if row is None:
        return
    QueuedJob.objects.filter(pk=job_id).update(attempts=F("attempts") + 1, next_attempt_at=now() + RESEND_AFTER)
    attempt = row.attempts + 1
    if attempt > MAX_ATTEMPTS:
        QueuedJob.objects.filter(pk=job_id).update(parked_at=now())
        log.error("job_parked", extra={"job": row.name, "key": row.key})
        return
    try:
        registry[row.name](**row.arguments)
    except TransientError as error:
        delay = timedelta(seconds=5 * 2**attempt)
        QueuedJob.objects.filter(pk=job_id).update(next_attempt_at=now() + delay, error=error.code)
        return
    finished = QueuedJob.objects.filter(pk=job_id, generation=row.generation).update(finished_at=now(), error="")
    if not finished:
        QueuedJob.objects.filter(pk=job_id).update(attempts=0)
        send(job_id)


def keep_alive(name: str, key: str | int) -> None:
    """Tell that a long job is still at work: the sweep leaves it alone for another while."""
    QueuedJob.objects.filter(name=name, key=str(key), finished_at=None, parked_at=None).update(
        next_attempt_at=now() + RESEND_AFTER
    )


def note_failure(job_id: int, error: BaseException) -> None:
    """Write the class of an unexpected error on the job's row, for the admin to see."""
    QueuedJob.objects.filter(pk=job_id, finished_at=None).update(error=type(error).__name__)


def sweep(limit: int = 500, *, at_start: bool = False) -> int:
    """Send again every open job whose time has come (at process start: every open job). Returns how many."""
    due = QueuedJob.objects.filter(finished_at=None, parked_at=None)
    if not at_start:
        due = due.filter(next_attempt_at__lte=now())
    ids = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])
    QueuedJob.objects.filter(pk__in=ids).update(next_attempt_at=now() + RESEND_AFTER)
    for job_id in ids:
        send(job_id)
    return len(ids)
