"""Submit, from POST to redirect, against a bare view that writes the same rows.

Every run needs a complete draft of its own: a firm, its legal representative signed in, four sections saved, consents
given. One real submit is recorded; the bare view runs exactly its statements (session, sign-in and checks included) in
one transaction for another fresh draft and redirects: the draft's keys, reference, credit code and session take the
place of the recorded ones, rows written refer to the keys given on the way (benchmarks/recording.py). What is left out
is everything outside the database: the rules, the form, and handing two job numbers to Redis after the commit.
Real and bare take turns one by one; the ratio is the median over the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test import Client

from applications.models import Application, Submission
from benchmarks import bare, world
from benchmarks.pages import seq_scans
from benchmarks.recording import recorded
from benchmarks.table import Row
from benchmarks.timing import Side, ratio, take_turns
from benchmarks.world import World
from tests.factories import Applicant

FACTOR, PAIRS, WARM = 3, 80, 4
NAME = "submit"
FIRST = 1000  # of the numbers of firms made here
client = Client()


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft that waits for its submit, and the session of the person who may."""

    who: Applicant
    draft: Application
    session: str

    @property
    def keys(self) -> tuple[object, ...]:
        """What tells this draft's rows from another's."""
        firm, member = self.who.enterprise, self.who.membership
        screening_key = f"{self.draft.pk}.1"
        return (
            *(self.draft.pk, self.draft.reference, screening_key, firm.pk, firm.uscc),
            *(member.pk, self.who.user.pk, self.who.actor.key, self.session),
        )


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    world.spread_keys()
    ready = [_ready(FIRST + number) for number in range(2 * (PAIRS + WARM) + 1)]
    model = ready.pop()
    with recorded() as statements:
        _submit(model)
    bare.scripts[NAME] = bare.Script(list(statements))
    real, stripped = iter(ready[::2]), iter(ready[1::2])
    full, less = Side(lambda: _submit(next(real))), Side(lambda: _submit_bare(model, next(stripped)))
    for _ in range(WARM):
        full.run(), less.run()
    take_turns(full, less, rounds=PAIRS, warm=0, inner=1)
    _check_written(ready)
    note = f"{full.ms:.1f} / {less.ms:.1f} ms, {len(statements)} statements"
    yield Row("submit, POST to redirect: / bare view", ratio(full, less), FACTOR, note=note)
    yield seq_scans("submit", statements)


def _ready(number: int) -> Ready:
    who, draft = world.applicant_with_draft(number)
    return Ready(who, draft, world.signed_in(who.user).cookies[settings.SESSION_COOKIE_NAME].value)


def _submit(ready: Ready) -> None:
    _expect_redirect(ready, f"/applications/{ready.draft.reference}/submit/")


def _submit_bare(model: Ready, ready: Ready) -> None:
    bare.scripts[NAME].renamed = dict(zip(model.keys, ready.keys, strict=True))
    _expect_redirect(ready, f"/bare/submit/{NAME}/")


def _expect_redirect(ready: Ready, address: str) -> None:
    """One client for all: each would load the middleware for itself with its first request."""
    client.cookies[settings.SESSION_COOKIE_NAME] = ready.session
    answer = client.post(address)
    if answer.status_code != 302:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _check_written(ready: list[Ready]) -> None:
    """Both sides must have left the same rows for every draft."""
    pks = [each.draft.pk for each in ready]
    submitted = Application.objects.filter(pk__in=pks, status="submitted").count()
    frozen = Submission.objects.filter(application_id__in=pks).count()
    if (submitted, frozen) != (len(pks), len(pks)):
        raise RuntimeError(f"of {len(pks)} drafts {submitted} were submitted and {frozen} frozen")
