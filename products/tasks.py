"""Jobs and timed work of the products app. Each is one call into the domain."""

from celery import shared_task

from portal.kernel.jobs import job
from products.domain import backtesting, incentives, overriding, retiering, shadowing
from products.domain.registering import importing
from products.enums import Job


@job(Job.BACK_TEST)
def back_test(*, back_test_id: int) -> None:
    backtesting.run_slice(back_test_id=back_test_id)


@job(Job.RETIER)
def retier(*, after: int) -> None:
    retiering.run_slice(after=after)


@job(Job.REGISTER_READ)
def read_register(*, batch_id: int) -> None:
    importing.read(batch_id=batch_id)


@job(Job.REGISTER_FORGET)
def forget_register_rows(*, batch_id: int) -> None:
    importing.forget(batch_id=batch_id)


@job(Job.REGISTER_APPLY)
def apply_register(*, batch_id: int) -> None:
    importing.apply(batch_id=batch_id)


@job(Job.REGISTER_REVERT)
def revert_register(*, batch_id: int) -> None:
    importing.revert(batch_id=batch_id)


@job(Job.SHADOW)
def follow_in_shadow(*, run_id: int) -> None:
    shadowing.follow(run_id=run_id)


@shared_task(name="products.shadow")
def shadow() -> None:
    shadowing.follow_all()


@shared_task(name="products.remind")
def remind() -> None:
    incentives.send_due()


@shared_task(name="products.retier")
def retier_all() -> None:
    overriding.end_due()
    retiering.start()
