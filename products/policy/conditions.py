"""Compiled conditions: what decides, and the words for what is asked. A missing fact refers, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from products.policy.values import Because, Fact, Outcome


class Verdict(NamedTuple):
    outcome: str
    fact: str
    because: str | None


Test = Callable[[Mapping[str, Fact]], Verdict]


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: `test` decides, `required` says in words what is asked."""

    test: Test
    required: str
    facts: tuple[str, ...]


# Outcomes as plain strings: comparing and storing enum members costs a third of the engine's time.
_PASS, _FAIL, _REFER = Outcome.PASS.value, Outcome.FAIL.value, Outcome.REFER.value


def unknown(code: str, fact: Fact | None) -> Verdict:
    return Verdict(_REFER, code, (fact.because if fact is not None and fact.because else Because.MISSING).value)


def number_test(code: str, compare: Callable, bound: int | date) -> Test:
    passed, failed = Verdict(_PASS, code, None), Verdict(_FAIL, code, None)

    def test(facts: Mapping[str, Fact]) -> Verdict:
        fact = facts.get(code)
        if fact is None or fact.value is None:
            return unknown(code, fact)
        return passed if compare(fact.value, bound) else failed  # type: ignore[arg-type]

    return test


def ratio_test(code: str, compare: Callable[[int, int], bool], bound: int) -> Test:
    passed, failed = Verdict(_PASS, code, None), Verdict(_FAIL, code, None)

    def test(facts: Mapping[str, Fact]) -> Verdict:
        fact = facts.get(code)
        if fact is None or fact.value is None:
            return unknown(code, fact)
        numerator, denominator = fact.value  # type: ignore[misc]
        return passed if compare(numerator * 10_000, bound * denominator) else failed

    return test


def member_test(code: str, members: frozenset, negate: bool = False) -> Test:
    passed, failed = Verdict(_PASS, code, None), Verdict(_FAIL, code, None)

    def test(facts: Mapping[str, Fact]) -> Verdict:
        fact = facts.get(code)
        if fact is None or fact.value is None:
            return unknown(code, fact)
        return passed if (fact.value in members) is not negate else failed

    return test


def known_test(code: str) -> Test:
    passed = Verdict(_PASS, code, None)

    def test(facts: Mapping[str, Fact]) -> Verdict:
        fact = facts.get(code)
        return passed if fact is not None and fact.value is not None else unknown(code, fact)

    return test


def any_of(inner: tuple[Condition, ...]) -> Test:
    def test(facts: Mapping[str, Fact]) -> Verdict:
        verdicts = []
        for condition in inner:
            verdict = condition.test(facts)
            if verdict.outcome is _PASS:
                return verdict
            verdicts.append(verdict)
        return next((v for v in verdicts if v.outcome is _REFER), verdicts[0])

    return test


def all_of(inner: tuple[Condition, ...]) -> Test:
    def test(facts: Mapping[str, Fact]) -> Verdict:
        verdicts = [condition.test(facts) for condition in inner]
        for wanted in (_FAIL, _REFER):
            for verdict in verdicts:
                if verdict.outcome is wanted:
                    return verdict
        return verdicts[0]

    return test
