"""Champion and challenger: an open version answers the cases that come in, beside the version that counts.

The live evaluation is made by screening alone; the shadow follows it some minutes later on the same snapshot, in slices.
It ends when it is stopped, or when its version is published or called off.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.db.models import Max

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import RuleRefused
from portal.kernel.events import record
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.domain.desk import check_author
from products.domain.evaluating import past
from products.domain.golden import answer_of, move_of
from products.enums import Job
from products.models import PolicyVersion, ShadowRun
from products.policy.document import compile_document
from products.policy.replaying import facts_from_json, result_of

SLICE = 500
SETTLED = timedelta(minutes=1)  # evaluations younger than this may still have an older neighbour that is not committed
LISTED = 100


@use_case
def start(*, version_id: int, actor: Actor) -> ShadowRun:
    """Let an open version follow the live cases from now on, as it is now."""
    check_author(actor)
    version = PolicyVersion.objects.select_for_update().get(pk=version_id)
    if not version.is_open:
        raise RuleRefused("not_open", "只有草稿和待发布的版本可以影子运行")
    if version.shadow_runs.filter(stopped_at=None).exists():
        raise RuleRefused("shadow_running", "这一版正在影子运行")
    run = ShadowRun.objects.create(
        policy=version,
        sha256=digest(version.document),
        document=version.document,
        started_by_id=actor.user_id,
        started_at=now(),
        last_evaluation_id=past(version.code).aggregate(last=Max("pk"))["last"] or 0,
    )
    record(stream=version.reference, type="policy.shadow_started", actor=actor, payload={"sha256": run.sha256})
    return run


@use_case
def stop(*, version_id: int, actor: Actor) -> None:
    """Stop the run of a version; what it found stays."""
    check_author(actor)
    run = ShadowRun.objects.select_for_update().filter(policy_id=version_id, stopped_at=None).first()
    if run is None:
        raise RuleRefused("no_shadow", "这一版没有在影子运行")
    run.stopped_at = now()
    run.save(update_fields=["stopped_at"])
    payload = {"compared": run.done, "agreed": agreed(run)}
    record(stream=run.policy.reference, type="policy.shadow_stopped", actor=actor, payload=payload)


def agreed(run: ShadowRun) -> int:
    """How many cases both versions answered alike."""
    matrix = run.result.get("matrix", {})
    return sum(n for move, n in matrix.items() if move == "same" or (len(set(move.split(">"))) == 1 and ">" in move))


@use_case
def follow_all() -> None:
    """Queue the next slice of every run."""
    for pk in ShadowRun.objects.filter(stopped_at=None).values_list("pk", flat=True):
        enqueue(Job.SHADOW, key=pk, run_id=pk)


@use_case
def follow(*, run_id: int) -> None:
    """Answer the evaluations that came in since the last slice."""
    run = ShadowRun.objects.select_for_update(of=("self",)).select_related("policy").filter(pk=run_id).first()
    if run is None or run.stopped_at is not None:
        return
    document = compile_document(run.document)
    settled = past(run.policy.code).filter(evaluated_at__lte=now() - SETTLED)
    fresh = settled.filter(pk__gt=run.last_evaluation_id).order_by("pk")
    rows = list(
        fresh.values_list("pk", "outcome", "result", "snapshot__facts", "snapshot__subject", "policy__number")[:SLICE]
    )
    matrix, listed = Counter(run.result.get("matrix", {})), run.result.get("changed", [])
    for _, outcome, result, raw, subject, number in rows:
        before = answer_of(document, outcome, result)
        after = answer_of(document, *result_of(document, facts_from_json(raw)))
        matrix[move_of(document.kind, before, after)] += 1
        if before != after:
            listed.append({"subject": subject, "version": number, "before": before, "after": after})
    run.result = {"matrix": dict(matrix), "changed": listed[-LISTED:]}
    run.done += len(rows)
    run.last_evaluation_id = rows[-1][0] if rows else run.last_evaluation_id
    if len(rows) == SLICE:
        enqueue(Job.SHADOW, key=run.pk, run_id=run.pk)
    elif not run.policy.is_open:
        run.stopped_at = now()
    run.save(update_fields=["result", "done", "last_evaluation_id", "stopped_at"])
