"""Times on a noisy machine: the sides of a comparison take turns, and only ratios of one round are compared.

In each round every side runs `warm` times untimed and `inner` times timed; the best of these is its time of the round.
A ratio is the median, over all rounds, of the two sides' times of the same round.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Work = Callable[[], object]


def _nothing() -> None:
    pass


@dataclass(slots=True)
class Side:
    """One side of a comparison; `before` puts it in place before its turn. `seconds` holds one time a round."""

    run: Work
    before: Work = _nothing
    seconds: list[float] = field(default_factory=list)

    def take_turn(self, warm: int, inner: int) -> None:
        self.before()
        for _ in range(warm):
            self.run()
        self.seconds.append(min(timed(self.run) for _ in range(inner)))

    @property
    def ms(self) -> float:
        """The median round, in milliseconds."""
        return statistics.median(self.seconds) * 1000


def timed(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def take_turns(*sides: Side, rounds: int, warm: int = 1, inner: int = 5) -> None:
    """Fill `seconds` of every side."""
    for _ in range(rounds):
        for side in sides:
            side.take_turn(warm, inner)


def ratio(side: Side, base: Side) -> float:
    """How many times as long as `base` a run of `side` takes."""
    return statistics.median(a / b for a, b in zip(side.seconds, base.seconds, strict=True))
