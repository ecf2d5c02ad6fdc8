"""Jobs and timed work of the products app. Each is one call into the domain."""

from celery import shared_task

from portal.kernel.jobs import job
from products.domain import backtesting, retiering
from products.enums import Job


@job(Job.BACK_TEST)
def back_test(*, back_test_id: int) -> None:
    backtesting.run_slice(back_test_id=back_test_id)


@job(Job.RETIER)
def retier(*, after: int) -> None:
    retiering.run_slice(after=after)


@shared_task(name="products.retier")
def retier_all() -> None:
    retiering.start()
