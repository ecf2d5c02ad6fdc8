"""The five steps as a picture."""

from __future__ import annotations

from products.domain.evaluating import compiled
from products.domain.judging import Judged


def ladder_of(judged: Judged) -> list[dict]:
    """The five steps from the bottom up: where the firm stands, and what each step asks."""
    rungs = list(reversed(compiled(judged.tier_policy).rungs))
    could_be = set(judged.tier["could_be"])
    return [
        {
            "code": rung.code,
            "label": rung.label,
            "advice": rung.advice,
            "here": rung.code == judged.tier["tier"],
            "maybe": rung.code in could_be,
            "height": 40 + 14 * i,
            "y": 56 - 14 * i,
            "x": 20 * i,
        }
        for i, rung in enumerate(rungs)
    ]
