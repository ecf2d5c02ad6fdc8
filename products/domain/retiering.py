"""Every night the ladder is asked again for every enterprise that has a tier; only a change is written and announced.

A title that expired, a register that changed or a new version of the ladder moves a firm without anybody applying. The
work goes in slices, each a transaction that queues the next; a slice that runs twice finds nothing to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from accounts.domain import profiles
from accounts.models import Enterprise, EnterpriseProfile
from portal.kernel.clock import today
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.domain import tiering, titles
from products.domain.evaluating import compiled, evaluate_each, policies_in_force, snapshots
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
    document = compiled(ladder)
    changed = {}
    for row in rows:
        place = engine.place(document, facts[row.enterprise_id])
        if place != (row.tier, row.outcome, tuple(row.could_be)):
            changed[row.enterprise] = facts[row.enterprise_id]
    if len(rows) == SLICE:
        enqueue(Job.RETIER, key="all", after=rows[-1].enterprise_id)
    return _change(changed, ladder, on) if changed else 0


class Facts(Mapping[str, Fact]):
    """Facts of one enterprise that the ladder may ask; its figures are worked out when the first of them is asked for.

    Most firms are placed by a title, so most profiles are never taken apart.
    """

    __slots__ = ("_built", "_on", "_rows", "_titles")

    def __init__(self, rows: list[EnterpriseProfile], found: dict[str, Fact], on: date) -> None:
        self._rows, self._titles, self._on = rows, found, on
        self._built: dict[str, Fact] | None = None

    def get(self, code: str, default: Fact | None = None) -> Fact | None:
        found = self._titles.get(code)
        return found if found is not None else self._figures().get(code, default)

    def _figures(self) -> dict[str, Fact]:
        if self._built is None:
            known = profiles.merge(self._rows)
            self._built = build.build(Known(known.values, known.sources, known.conflicts), self._on)
        return self._built

    def __getitem__(self, code: str) -> Fact:
        found = self.get(code)
        if found is None:
            raise KeyError(code)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._figures()
        yield from self._titles

    def __len__(self) -> int:
        return len(self._figures()) + len(self._titles)


def facts_of(enterprises: list[Enterprise], on: date) -> dict[int, Facts]:
    """Facts the ladder sees, of many enterprises in three statements."""
    rows = profiles.usable_rows_of([enterprise.pk for enterprise in enterprises])
    asked = {e.uscc: titles.Asked(e.name, *profiles.titles_of(rows[e.pk])) for e in enterprises}
    found = titles.look_up_many(asked, on)
    facts = {}
    for enterprise in enterprises:
        states, registers = found[enterprise.uscc]
        facts[enterprise.pk] = Facts(rows[enterprise.pk], {**build.with_titles(states), **registers}, on)
    return facts


def _change(changed: Mapping[Enterprise, Facts], ladder: PolicyVersion, on: date) -> int:
    taken = snapshots({enterprise.uscc: facts for enterprise, facts in changed.items()}, on)
    evaluations = evaluate_each((one, [ladder]) for one in taken)
    return tiering.assign_many(dict(zip(changed, evaluations, strict=True)))
