"""Every night the ladder is asked again for every enterprise that has a tier; only a change is written and announced.

A title that expired, a register that changed or a new version of the ladder moves a firm without anybody applying. The
work goes in slices, each a transaction that queues the next; a slice that runs twice finds nothing to change.
"""

from __future__ import annotations

from datetime import date

from accounts.domain import profiles
from accounts.models import Enterprise
from portal.kernel.clock import today
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.domain import tiering, titles
from products.domain.evaluating import compiled, evaluate_fresh, policies_in_force, snapshot
from products.enums import Job
from products.models import PolicyVersion, TierAssignment
from products.policy import engine
from products.policy import facts as build
from products.policy.facts import Known
from products.policy.values import Fact

SLICE = 500


def start() -> None:
    """Queue the night's first slice; one that is still at work is left to finish."""
    _queue()


@use_case
def _queue() -> None:
    enqueue(Job.RETIER, key="all", after=0)


@use_case
def run_slice(*, after: int) -> int:
    """Ask the ladder for the next enterprises after a key. Returns how many changed."""
    rows = TierAssignment.objects.filter(valid_to=None, enterprise_id__gt=after).select_related("enterprise")
    rows = list(rows.order_by("enterprise_id")[:SLICE])
    on = today()
    ladder = policies_in_force(on).get("tiers")
    if not rows or ladder is None:
        return 0
    facts = facts_of([row.enterprise for row in rows], on)
    changed = 0
    for row in rows:
        found = engine.climb(compiled(ladder), facts[row.enterprise_id])
        if (found.code, found.outcome, list(found.could_be)) != (row.tier, row.outcome, row.could_be):
            _change(row.enterprise, facts[row.enterprise_id], ladder, on)
            changed += 1
    if len(rows) == SLICE:
        enqueue(Job.RETIER, key="all", after=rows[-1].enterprise_id)
    return changed


def facts_of(enterprises: list[Enterprise], on: date) -> dict[int, dict[str, Fact]]:
    """Facts the ladder sees, of many enterprises in three statements."""
    rows = profiles.usable_rows_of([enterprise.pk for enterprise in enterprises])
    merged = {enterprise.pk: profiles.merge(rows[enterprise.pk]) for enterprise in enterprises}
    asked = {e.uscc: titles.Asked(e.name, merged[e.pk].titles, merged[e.pk].verified_titles) for e in enterprises}
    found = titles.look_up_many(asked, on)
    facts = {}
    for enterprise in enterprises:
        known, (states, registers) = merged[enterprise.pk], found[enterprise.uscc]
        built = build.build(Known(known.values, known.sources, known.conflicts), on)
        facts[enterprise.pk] = {**built, **build.with_titles(states), **registers}
    return facts


def _change(enterprise: Enterprise, facts: dict[str, Fact], ladder: PolicyVersion, on: date) -> None:
    taken = snapshot(subject=enterprise.uscc, as_of=on, facts=facts)
    (evaluation,) = evaluate_fresh(taken, [ladder])
    tiering.assign(enterprise=enterprise, evaluation=evaluation)
