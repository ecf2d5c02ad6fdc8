"""Write an enterprise's tier: a new row only when the result changes."""

from __future__ import annotations

from accounts.models import Enterprise
from portal.kernel.actors import SYSTEM
from portal.kernel.clock import now
from portal.kernel.events import record
from products.models import Evaluation, TierAssignment


def assign(*, enterprise: Enterprise, evaluation: Evaluation) -> TierAssignment:
    """Keep the tier that `evaluation` found. Runs inside the caller's transaction."""
    result = evaluation.result
    current = TierAssignment.objects.select_for_update().filter(enterprise=enterprise, valid_to=None).first()
    if current and (current.tier, current.outcome, current.could_be) == (
        result["tier"],
        evaluation.outcome,
        result["could_be"],
    ):
        return current
    moment = now()
    if current:
        current.valid_to = moment
        current.save(update_fields=["valid_to"])
    assigned = TierAssignment.objects.create(
        enterprise=enterprise,
        tier=result["tier"],
        outcome=evaluation.outcome,
        could_be=result["could_be"],
        evaluation=evaluation,
        valid_from=moment,
    )
    record(
        stream=enterprise.uscc,
        type="enterprise.tier_changed",
        actor=SYSTEM,
        public=True,
        payload={
            "from": current.tier if current else None,
            "to": assigned.tier,
            "outcome": assigned.outcome,
            "could_be": assigned.could_be,
        },
    )
    return assigned
