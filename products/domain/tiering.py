"""Write enterprises' tiers: a new row only when the result changes."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.models import Enterprise
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import now
from portal.kernel.events import record_each
from products.models import Evaluation, TierAssignment


def assign(*, enterprise: Enterprise, evaluation: Evaluation) -> TierAssignment:
    """Keep the tier that `evaluation` found. Runs inside the caller's transaction."""
    current = TierAssignment.objects.select_for_update().filter(enterprise=enterprise, valid_to=None).first()
    if current is not None and says(current, evaluation):
        return current
    return _write({enterprise: evaluation}, {enterprise.pk: current} if current else {})[0]


def assign_many(found: Mapping[Enterprise, Evaluation]) -> int:
    """The same for many enterprises, in a fixed number of statements. Returns how many changed."""
    rows = TierAssignment.objects.select_for_update().filter(enterprise__in=found, valid_to=None)
    current = {row.enterprise_id: row for row in rows.order_by("enterprise_id")}
    changed = {
        enterprise: evaluation
        for enterprise, evaluation in found.items()
        if enterprise.pk not in current or not says(current[enterprise.pk], evaluation)
    }
    return len(_write(changed, current)) if changed else 0


def says(row: TierAssignment, evaluation: Evaluation) -> bool:
    """Whether a row already holds what an evaluation found."""
    result = evaluation.result
    return (row.tier, row.outcome, row.could_be) == (result["tier"], evaluation.outcome, result["could_be"])


def _write(changed: Mapping[Enterprise, Evaluation], current: Mapping[int, TierAssignment]) -> list[TierAssignment]:
    """End the rows that no longer hold, add the new ones, announce each. All are locked by the caller."""
    moment = now()
    ended = [current[enterprise.pk].pk for enterprise in changed if enterprise.pk in current]
    if ended:
        TierAssignment.objects.filter(pk__in=ended).update(valid_to=moment)
    assigned = TierAssignment.objects.bulk_create(
        TierAssignment(
            enterprise=enterprise,
            tier=evaluation.result["tier"],
            outcome=evaluation.outcome,
            could_be=evaluation.result["could_be"],
            evaluation=evaluation,
            valid_from=moment,
        )
        for enterprise, evaluation in changed.items()
    )
    payloads = {
        row.enterprise.uscc: {
            "from": current[row.enterprise_id].tier if row.enterprise_id in current else None,
            "to": row.tier,
            "outcome": row.outcome,
            "could_be": row.could_be,
        }
        for row in assigned
    }
    record_each(type="enterprise.tier_changed", actor=SYSTEM, payloads=payloads, public=True)
    return assigned
