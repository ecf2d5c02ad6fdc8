"""The three Celery tasks of the kernel. Everything else is a job."""

from celery import Task, shared_task

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
