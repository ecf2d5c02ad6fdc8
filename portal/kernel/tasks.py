"""The Celery tasks of the kernel: run a job, and what time does. Everything else is a job."""

from importlib import import_module

from celery import Task, shared_task
from django.conf import settings

from portal.kernel import events, jobs


class JobTask(Task):
    """Leaves a trace of a defect on the job's row."""

    def on_failure(self, exc, task_id, args, kwargs, einfo) -> None:
        jobs.note_failure(args[0], exc)


@shared_task(name="kernel.run_job", base=JobTask)
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task(name="kernel.sweep")
def sweep() -> None:
    jobs.sweep()


@shared_task(name="kernel.digest")
def digest() -> None:
    events.seal_day()


@shared_task(name="kernel.clear_sessions")
def clear_sessions() -> None:
    """Sessions that have ended go, and with them what a visitor answered."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
