"""What a draft would have answered on the past: every stored evaluation of its policy, evaluated again on the same facts.

The past is first copied into typed columns, in slices, each a transaction of its own that holds the test's row: the page
shows how far it has come, a killed worker loses one slice, and the next test of the policy finds the copy there. Then the
draft is applied to the whole of it at once (`policy.columnar`).
"""

from __future__ import annotations

from django.db.models import Count, Max

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import RuleRefused
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import lock_name, use_case
from products.domain.desk import check_author
from products.domain.evaluating import past
from products.enums import Job
from products.models import BackTest, PolicyVersion

SLICE = 10_000  # evaluations copied a step
SLICES_BY = {
    "tier": "层级",
    "district": "注册地",
    "size_class": "规模",
    "product": "产品",
    "purpose": "资金用途",
    "amount": "申请金额",
}


@use_case
def start(*, version_id: int, actor: Actor) -> BackTest:
    """Begin a test of the draft as it is now; a finished one of the same document is kept and done again."""
    check_author(actor)
    version = PolicyVersion.objects.select_for_update().get(pk=version_id)
    if not version.is_open:
        raise RuleRefused("not_open", "只有草稿和待发布的版本可以回测")
    found = past(version.code).aggregate(total=Count("pk"), until=Max("pk"))
    test = BackTest.objects.create(
        policy=version,
        sha256=digest(version.document),
        asked_by_id=actor.user_id,
        asked_at=now(),
        total=found["total"],
        result={"document": version.document, "until": found["until"] or 0},
    )
    enqueue(Job.BACK_TEST, key=test.pk, back_test_id=test.pk)
    return test


def run_slice(*, back_test_id: int) -> None:
    """Do one slice; the next is queued in its transaction."""
    _slice(back_test_id=back_test_id)


@use_case
def _slice(*, back_test_id: int) -> None:
    from polars.exceptions import PolarsError  # noqa: PLC0415  slow import

    from products.domain import columnar_cache, measuring  # noqa: PLC0415  slow import

    test = BackTest.objects.select_for_update().select_related("policy").filter(pk=back_test_id).first()
    if test is None or test.finished_at is not None:
        return
    code, until = test.policy.code, test.result["until"]
    lock_name(f"columnar:{code}")  # two tests of one policy build one copy
    if not test.done:
        test.done = past(code).filter(pk__lte=min(columnar_cache.last_kept(code), until)).count()
    copied = columnar_cache.extend(code, until, SLICE)
    if copied == SLICE:
        test.done += copied
        enqueue(Job.BACK_TEST, key=test.pk, back_test_id=test.pk)
    else:
        is_first = not test.result.get("copied_again")
        try:
            measured = measuring.measure(test.result["document"], columnar_cache.scan(code, until))
        except PolarsError:
            if not is_first:
                raise
            measured = None
        # A copy that cannot be read is made anew, once; so is one that lacks what was committed after its neighbours.
        if is_first and (measured is None or measured.count != past(code).filter(pk__lte=until).count()):
            columnar_cache.forget(code)
            test.result["copied_again"], test.done = True, 0
            enqueue(Job.BACK_TEST, key=test.pk, back_test_id=test.pk)
        else:
            test.result |= measured.result
            test.done, test.finished_at = measured.count, now()
            test.total = max(test.total, test.done)
    test.save(update_fields=["done", "total", "finished_at", "result"])
