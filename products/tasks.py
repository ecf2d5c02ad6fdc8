"""Jobs of the products app. Each is one call into the domain."""

from portal.kernel.jobs import job
from products.domain import backtesting
from products.enums import Job


@job(Job.BACK_TEST)
def back_test(*, back_test_id: int) -> None:
    backtesting.run_slice(back_test_id=back_test_id)
