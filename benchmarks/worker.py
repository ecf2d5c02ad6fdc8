"""The portal's Celery application with one more task, run as `celery -A benchmarks.worker worker`."""

from __future__ import annotations

import os
import pickle
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from benchmarks.recording import Statement, replay
from portal.celery import app

SCRIPT = Path(os.environ["BENCH_FOLDER"]) / "screening.pickle"


@lru_cache(maxsize=1)
def _script() -> tuple[list[Statement], dict[int, dict]]:
    """The recorded statements and, for each screening job, what stands in for the recorded keys."""
    return pickle.loads(SCRIPT.read_bytes())


@app.task(name="benchmarks.bare_screening")
def bare_screening(job_id: int) -> None:
    statements, renamed = _script()
    with transaction.atomic():
        replay(statements, renamed[job_id])
