"""What a draft would have answered on the past: every stored evaluation of its policy, evaluated again on the same facts.

The work goes in slices, each a transaction of its own that holds the test's row: a killed worker loses one slice, a job
that runs twice counts nothing twice, and the page shows how far it has come.
"""

from __future__ import annotations

from collections import Counter

from django.db.models import QuerySet

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import RuleRefused
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.domain.desk import check_author
from products.domain.golden import answer_of
from products.enums import Job
from products.models import BackTest, Evaluation, PolicyVersion
from products.policy.document import Document, compile_document
from products.policy.replaying import facts_from_json, result_of

SLICE = 1000
LISTED = 200  # changed cases that are named one by one
SLICES_BY = {"tier": "层级", "size_class": "规模", "city": "注册城市", "purpose": "资金用途", "amount": "申请金额"}
_AMOUNTS = ((10_000_000, "10 万元及以下"), (100_000_000, "10–100 万元"), (500_000_000, "100–500 万元"))  # 分


@use_case
def start(*, version_id: int, actor: Actor) -> BackTest:
    """Begin a test of the draft as it is now; a finished one of the same document is kept and done again."""
    check_author(actor)
    version = PolicyVersion.objects.select_for_update().get(pk=version_id)
    if not version.is_open:
        raise RuleRefused("not_open", "只有草稿和待发布的版本可以回测")
    past = _past(version.code)
    test = BackTest.objects.create(
        policy=version,
        sha256=digest(version.document),
        asked_by_id=actor.user_id,
        asked_at=now(),
        total=past.count(),
        result={"document": version.document},
    )
    enqueue(Job.BACK_TEST, key=test.pk, back_test_id=test.pk)
    return test


def _past(code: str) -> QuerySet[Evaluation]:
    """Every stored evaluation of a policy's versions; what partners try in the sandbox is no past."""
    return Evaluation.objects.filter(policy__code=code, snapshot__is_sandbox=False)


def run_slice(*, back_test_id: int) -> None:
    """Do one slice; the next is queued in its transaction."""
    _slice(back_test_id=back_test_id)


@use_case
def _slice(*, back_test_id: int) -> None:
    test = BackTest.objects.select_for_update().select_related("policy").filter(pk=back_test_id).first()
    if test is None or test.finished_at is not None:
        return
    document = compile_document(test.result["document"])
    rows = list(
        _past(test.policy.code)
        .filter(pk__gt=test.last_evaluation_id)
        .order_by("pk")
        .values_list("pk", "outcome", "result", "snapshot__facts", "snapshot__subject", "policy__number")[:SLICE]
    )
    _add(test.result, document, rows)
    test.done += len(rows)
    test.last_evaluation_id = rows[-1][0] if rows else test.last_evaluation_id
    if len(rows) < SLICE:
        test.finished_at = now()
    else:
        enqueue(Job.BACK_TEST, key=test.pk, back_test_id=test.pk)
    test.save(update_fields=["done", "last_evaluation_id", "finished_at", "result"])


def _add(result: dict, document: Document, rows: list[tuple]) -> None:
    """Count a slice into `result`: matrix, slices, missing facts, and the first changed cases by name."""
    matrix, missing = Counter(result.get("matrix", {})), Counter(result.get("missing", {}))
    slices = {name: {k: Counter(v) for k, v in result.get("slices", {}).get(name, {}).items()} for name in SLICES_BY}
    listed = result.setdefault("changed", [])
    for _, outcome, old_result, raw_facts, subject, number in rows:
        facts = facts_from_json(raw_facts)
        before = answer_of(document, outcome, old_result)
        after = answer_of(document, *result_of(document, facts))
        matrix[_move(document, before, after)] += 1
        missing.update(code for code in document.facts if code not in facts or facts[code].value is None)
        for name in SLICES_BY:
            part = slices[name].setdefault(_slice_of(name, facts), Counter())
            part["all"] += 1
            part["changed"] += before != after
        if before != after and len(listed) < LISTED:
            listed.append({"subject": subject, "version": number, "before": before, "after": after})
    result |= {"matrix": dict(matrix), "missing": dict(missing), "slices": slices}


def _move(document: Document, before: str, after: str) -> str:
    """`before>after`; points only rise, fall or stay."""
    if document.kind != "scorecard":
        return f"{before}>{after}"
    return "same" if before == after else "higher" if int(after) > int(before) else "lower"


def _slice_of(name: str, facts: dict) -> str:
    if name == "amount":
        fact = facts.get("requested_amount")
        if fact is None or fact.value is None:
            return ""
        return next((label for most, label in _AMOUNTS if fact.value <= most), "500 万元以上")
    fact = facts.get(name)
    return "" if fact is None or fact.value is None else str(fact.value)
