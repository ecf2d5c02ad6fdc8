"""The three Celery tasks of the kernel. Everything else is a job."""

from celery import shared_task

from portal.kernel import events, jobs


@shared_task(name="kernel.run_job")
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task(name="kernel.sweep")
def sweep() -> None:
    jobs.sweep()


@shared_task(name="kernel.digest")
def digest() -> None:
    events.seal_day()
