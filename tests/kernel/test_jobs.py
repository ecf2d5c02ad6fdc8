"""Jobs: the row is the truth."""

from datetime import timedelta

import pytest

from portal.kernel import jobs
from portal.kernel.clock import now
from portal.kernel.errors import TransientError
from portal.kernel.models import QueuedJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch):
    seen = []
    monkeypatch.setitem(jobs.registry, "test.work", lambda **arguments: seen.append(arguments))
    return seen


def test_enqueue_publishes_after_commit_only(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        jobs.enqueue("test.work", key=1, a=1)
        assert sent == []
    assert sent == [QueuedJob.objects.get().pk]


def test_open_job_of_the_same_key_is_used_again(sent):
    jobs.enqueue("test.work", key=1, a=1)
    jobs.enqueue("test.work", key=1, a=2)
    row = QueuedJob.objects.get()
    assert (row.arguments, row.generation) == ({"a": 2}, 1)


def test_job_runs_once_and_is_finished(calls, sent):
    jobs.enqueue("test.work", key=1, a=1)
    row = QueuedJob.objects.get()
    jobs.run(row.pk)
    jobs.run(row.pk)
    row.refresh_from_db()
    assert calls == [{"a": 1}]
    assert row.finished_at is not None


def test_enqueue_during_a_run_is_not_lost(monkeypatch, sent):
    def work(**_):
        if not QueuedJob.objects.get().generation:
            jobs.enqueue("test.work", key=1)

    monkeypatch.setitem(jobs.registry, "test.work", work)
    jobs.enqueue("test.work", key=1)
    row = QueuedJob.objects.get()
    jobs.run(row.pk)
    row.refresh_from_db()
    assert row.finished_at is None
    assert sent == [row.pk]


def test_transient_error_is_tried_later_and_parks_after_five(monkeypatch, sent):
    def down(**_):
        raise TransientError("source_down", "x")

    monkeypatch.setitem(jobs.registry, "test.work", down)
    jobs.enqueue("test.work", key=1)
    row = QueuedJob.objects.get()
    for _ in range(6):
        jobs.run(row.pk)
    row.refresh_from_db()
    assert row.parked_at is not None
    assert row.error == "source_down"


def test_sweep_sends_what_is_due_and_all_at_start(sent):
    jobs.enqueue("test.work", key=1)
    assert jobs.sweep() == 0
    QueuedJob.objects.update(next_attempt_at=now() - timedelta(seconds=1))
    assert jobs.sweep() == 1
    assert jobs.sweep() == 0
    assert jobs.sweep(at_start=True) == 1
