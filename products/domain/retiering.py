"""Every night the ladder is asked again for every enterprise that has a tier; only a change is written and announced.

A title that expired, a register that changed or a new version of the ladder moves a firm without anybody applying. The
work goes in slices, each a transaction that queues the next; a slice that runs twice finds nothing to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from accounts.domain import profiles
from accounts.models import Enterprise
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
    on = today()
    ladder = policies_in_force(on).get("tiers")
    current = TierAssignment.objects.filter(valid_to=None, enterprise_id__gt=after).order_by("enterprise_id")
    names = ("enterprise_id", "enterprise__uscc", "enterprise__name", "tier", "outcome", "could_be")
    rows = list(current.values_list(*names)[:SLICE])
    if not rows or ladder is None:
        return 0
    facts = facts_of({pk: (uscc, name) for pk, uscc, name, *_ in rows}, on)
    document = compiled(ladder)
    changed = {
        pk: facts[pk]
        for pk, _, _, tier, outcome, could_be in rows
        if engine.place(document, facts[pk]) != (tier, outcome, tuple(could_be))
    }
    if len(rows) == SLICE:
        enqueue(Job.RETIER, key="all", after=rows[-1][0])
    return _change(changed, ladder, on) if changed else 0


class Facts(Mapping[str, Fact]):
    """Facts of one enterprise that the ladder may ask, each worked out when it is asked for.

    Most firms are placed by a title, so most profiles are never taken apart.
    """

    __slots__ = ("_known", "_looked_up", "_on", "_rows")

    def __init__(self, rows: Sequence[profiles.Said], looked_up: titles.LookedUp, on: date) -> None:
        self._rows, self._looked_up, self._on = rows, looked_up, on
        self._known: Known | None = None

    def get(self, code: str, default: Fact | None = None) -> Fact | None:
        figure = build.FIGURES.get(code)
        if figure is not None:
            if self._known is None:
                merged = profiles.merge(self._rows)
                self._known = Known(merged.values, merged.sources, merged.conflicts)
            return figure(self._known, self._on)
        if code in build.TITLE_CODES:
            return build.title_fact(code, self._looked_up.state)
        return self._looked_up.register_fact(code) if code in titles.REGISTER_FACTS else default

    def __getitem__(self, code: str) -> Fact:
        found = self.get(code)
        if found is None:
            raise KeyError(code)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from (*build.FIGURES, *build.TITLE_CODES, *titles.REGISTER_FACTS)

    def __len__(self) -> int:
        return len(build.FIGURES) + len(build.TITLE_CODES) + len(titles.REGISTER_FACTS)


def facts_of(enterprises: Mapping[int, tuple[str, str]], on: date) -> dict[int, Facts]:
    """Facts the ladder sees, of many enterprises by key with (credit code, name), in three statements."""
    rows = profiles.usable_rows_of(enterprises)
    asked = {uscc: titles.Asked(name, *profiles.titles_of(rows[pk])) for pk, (uscc, name) in enterprises.items()}
    found = titles.look_up_many(asked, on)
    return {pk: Facts(rows[pk], found[uscc], on) for pk, (uscc, _) in enterprises.items()}


def _change(changed: Mapping[int, Facts], ladder: PolicyVersion, on: date) -> int:
    firms = Enterprise.objects.in_bulk(changed)
    taken = snapshots({firms[pk].uscc: facts for pk, facts in changed.items()}, on)
    evaluations = evaluate_each((one, [ladder]) for one in taken)
    return tiering.assign_many({firms[pk]: one for pk, one in zip(changed, evaluations, strict=True)})
