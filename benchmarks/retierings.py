"""The nightly round over all tiers, where one firm in a hundred changes, against reading their facts alone.

Every enterprise of the large database gets the tier that its facts give; one in a hundred gets another, so that the round
has something to change. Real: `retiering.run_slice` for slice after slice, each its own transaction, changes written and
their events appended. Bare: for the same slices the rows the facts are made of, read by `values_list` and decoded:
assignments with their enterprise, profiles, register entries. One pass of each; the rate is enterprises a second.
"""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import Enterprise, EnterpriseProfile
from benchmarks import world
from benchmarks.table import Row
from benchmarks.timing import timed
from benchmarks.world import World
from portal.kernel.clock import now, today
from products.domain import retiering
from products.domain.evaluating import compiled, evaluate_fresh, policies_in_force, snapshot
from products.models import RegisterEntry, TierAssignment
from products.policy import engine

BOUND = 3
CHANGED_ONE_IN = 100


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    _prepare()
    keys = list(
        TierAssignment.objects.filter(valid_to=None).order_by("enterprise_id").values_list("enterprise_id", flat=True)
    )
    starts = [0, *keys[retiering.SLICE - 1 :: retiering.SLICE]]
    changed: list[int] = []
    with world.held_jobs():
        read = timed(lambda: [_read(after) for after in starts])
        judged = timed(lambda: changed.extend(retiering.run_slice(after=after) for after in starts))
    note = f"{len(keys):,} enterprises, {sum(changed):,} changed, {len(keys) / judged:,.0f} / {len(keys) / read:,.0f} a second"
    yield Row("re-tiering: time / reading the facts", judged / read, BOUND, note=note)


def _read(after: int) -> None:
    found = TierAssignment.objects.filter(valid_to=None, enterprise_id__gt=after).order_by("enterprise_id")
    found = list(
        found.values_list("enterprise_id", "enterprise__uscc", "tier", "outcome", "could_be")[: retiering.SLICE]
    )
    profiles = EnterpriseProfile.objects.filter(enterprise_id__in=[row[0] for row in found])
    list(profiles.values_list("enterprise_id", "source", "data"))
    entries = RegisterEntry.objects.valid_on(today()).filter(uscc__in=[row[1] for row in found])
    list(entries.values_list("uscc", "register_id"))


def _prepare() -> None:
    """The tier each enterprise has by its facts, every hundredth one another."""
    on = today()
    ladder = policies_in_force(on)["tiers"]
    TierAssignment.objects.all().delete()
    evaluation = None
    firms = list(Enterprise.objects.order_by("pk"))
    for first in range(0, len(firms), 1000):
        part = firms[first : first + 1000]
        facts = retiering.facts_of({firm.pk: (firm.uscc, firm.name) for firm in part}, on)
        if evaluation is None:
            (evaluation,) = evaluate_fresh(snapshot(subject="bench", as_of=on, facts=dict(facts[part[0].pk])), [ladder])
        TierAssignment.objects.bulk_create(
            _row(firm, engine.climb(compiled(ladder), facts[firm.pk]), evaluation, number % CHANGED_ONE_IN == 0)
            for number, firm in enumerate(part, first)
        )


def _row(firm: Enterprise, found: engine.Laddered, evaluation, is_wrong: bool) -> TierAssignment:
    tier = ("T2" if found.code != "T2" else "T1") if is_wrong else found.code
    return TierAssignment(
        enterprise=firm,
        tier=tier,
        outcome=found.outcome,
        could_be=list(found.could_be),
        evaluation=evaluation,
        valid_from=now(),
    )
