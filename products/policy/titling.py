"""Official titles (梯度培育): each judged by the rule in force on a day, criterion by criterion.

The rules are data (`title_rules/*.json`), conditions in the words of `grammar`. A criterion without a `path` is required.
Criteria of a path stand together, and one path that holds is enough. A criterion with `at_least` asks for points; points are
a range while something is unknown, and only a range that settles the question decides it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from products.policy import grammar
from products.policy.catalogue import FACTS
from products.policy.conditions import Condition
from products.policy.document import compile_condition
from products.policy.engine import UNIT_CODES, shown
from products.policy.values import Because, Fact, encode

FOLDER = Path(__file__).parent / "title_rules"
KINDS = ("tech_sme", "hnte", "innovative_sme", "srdi_sme", "little_giant")
_PASS, _FAIL, _REFER = "pass", "fail", "refer"
_ORDER = {_FAIL: 0, _REFER: 1, _PASS: 2}


# Why a criterion is open, said to a firm that tests itself: nobody at the bank takes it up.
_BECAUSE = {
    "missing": "缺{label}的数据",
    "mistyped": "{label}的填写方式认不出来",
    "stale": "{label}的数据过旧",
    "conflict": "{label}在不同来源中不一致",
    "expert_judged": "要由主管部门或专家判断",
    "source_down": "{label}的数据源暂时查不到",
    "unverified": "{label}为企业自报，待名单或证书核对",
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """Asks a `condition`, or for `at_least` points (of one dimension, or of all where `of` is empty)."""

    code: str
    label: str
    condition: Condition | None
    at_least: int
    of: str
    advice: str
    path: str
    raw: dict | None  # the condition as documents write it

    @property
    def required(self) -> str:
        return self.condition.required if self.condition else f"{self.at_least} 分以上"


@dataclass(frozen=True, slots=True)
class TitleRule:
    """One rule document. Both ends of its time count; `left` says what only the authority can judge."""

    kind: str
    rule: str
    starts: date
    ends: date
    criteria: tuple[Criterion, ...]
    points: Mapping[str, tuple[tuple[tuple[Condition, int], ...], ...]]  # dimension → items → bands, best first
    left: str


@dataclass(frozen=True, slots=True)
class TitleFinding:
    """One criterion judged; `observed` is the encoded value, or `[low, high]` points."""

    criterion: Criterion
    outcome: str
    fact: str
    observed: object
    because: str = ""
    source: str = ""
    period: str = ""

    @property
    def reason(self) -> str:
        if self.because and self.criterion.condition is None:
            low, high = self.observed  # type: ignore[misc]
            return f"资料不全，得分在 {low}–{high} 之间"
        return _BECAUSE[self.because].format(label=FACTS[self.fact].label) if self.because else ""

    def words(self, *, wan: bool = False) -> dict:
        """The finding for people and for the API, in the shape of `engine.read`."""
        spec = FACTS[self.fact]
        is_points = self.criterion.condition is None
        low, high = self.observed if is_points else (None, None)  # type: ignore[misc]
        points = f"{low}" if low == high else f"{low}–{high}"
        return {
            "code": self.criterion.code,
            "label": self.criterion.label,
            "outcome": self.outcome,
            "observed": points if is_points else shown(self.observed, spec, wan),
            "required": self.criterion.required,
            "unit": UNIT_CODES[spec.type],
            "period": self.period,
            "source": self.source or "authority",
            "reason": self.reason,
            "advice": self.criterion.advice if self.outcome != _PASS else "",
            **({"because": self.because} if self.because else {}),
        }


@dataclass(frozen=True, slots=True)
class TitleJudgement:
    rule: TitleRule
    outcome: str
    findings: tuple[TitleFinding, ...]

    @property
    def gaps(self) -> tuple[TitleFinding, ...]:
        """What is not met on the way that is nearest: the required criteria and those of the best path."""
        paths = {f.criterion.path for f in self.findings} - {""}
        best = max(paths, key=self._nearness) if paths else ""
        return tuple(f for f in self.findings if f.outcome != _PASS and f.criterion.path in ("", best))

    def _nearness(self, path: str) -> tuple[int, int]:
        outcomes = [f.outcome for f in self.findings if f.criterion.path == path]
        return _ORDER[_worst(outcomes)], -sum(outcome != _PASS for outcome in outcomes)


@cache
def rules() -> tuple[TitleRule, ...]:
    return tuple(_read(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json")))


def _read(raw: dict) -> TitleRule:
    return TitleRule(
        raw["kind"],
        raw["rule"],
        date.fromisoformat(raw["from"]) if raw["from"] else date.min,
        date.fromisoformat(raw["to"]) if raw["to"] else date.max,
        tuple(_criterion(part) for part in raw["criteria"]),
        {
            name: tuple(tuple((_condition(text), points) for text, points in item["bands"]) for item in items)
            for name, items in raw["points"].items()
        },
        raw.get("left", ""),
    )


def _condition(text: str) -> Condition:
    return compile_condition(grammar.parse(text), "", for_titles=True)


def _criterion(raw: dict) -> Criterion:
    asked = grammar.parse(raw["when"]) if "when" in raw else None
    return Criterion(
        raw["code"],
        raw["label"],
        compile_condition(asked, "", for_titles=True) if asked else None,
        raw.get("at_least", 0),
        raw.get("of", ""),
        raw.get("advice", ""),
        raw.get("path", ""),
        asked,
    )


def rule_on(kind: str, day: date) -> TitleRule:
    """The rule of a title on a day; before the first one, the first."""
    found = sorted((rule for rule in rules() if rule.kind == kind), key=lambda rule: rule.starts)
    return next((rule for rule in reversed(found) if rule.starts <= day <= rule.ends), found[0])


def judge_title(rule: TitleRule, facts: Mapping[str, Fact]) -> TitleJudgement:
    """pass when every required criterion and one path hold, fail when that cannot be, else refer."""
    points = {name: _points(items, facts) for name, items in rule.points.items()}
    findings = tuple(_finding(criterion, facts, points) for criterion in rule.criteria)
    outcomes = [f.outcome for f in findings if not f.criterion.path]
    paths = {f.criterion.path for f in findings} - {""}
    if paths:
        outcomes.append(
            max((_worst(f.outcome for f in findings if f.criterion.path == p) for p in paths), key=_ORDER.get)
        )
    return TitleJudgement(rule, _worst(outcomes), findings)


def _worst(outcomes) -> str:
    return min(outcomes, key=_ORDER.get, default=_PASS)


def _points(items: tuple, facts: Mapping[str, Fact]) -> tuple[int, int]:
    """(certain, possible) points: the best band that holds, and the best that may."""
    low = high = 0
    for bands in items:
        verdicts = [(condition.test(facts).outcome, points) for condition, points in bands]
        low += max((points for outcome, points in verdicts if outcome == _PASS), default=0)
        high += max((points for outcome, points in verdicts if outcome != _FAIL), default=0)
    return low, high


def _finding(criterion: Criterion, facts: Mapping[str, Fact], points: Mapping[str, tuple[int, int]]) -> TitleFinding:
    if criterion.condition is not None:
        outcome, code, because = criterion.condition.test(facts)
        fact = facts.get(code, Fact(None))
        return TitleFinding(criterion, outcome, code, encode(fact.value), because or "", fact.source, fact.period)
    wanted = [points[criterion.of]] if criterion.of else list(points.values())
    low, high = sum(p[0] for p in wanted), sum(p[1] for p in wanted)
    if low >= criterion.at_least or high < criterion.at_least:
        outcome = _PASS if low >= criterion.at_least else _FAIL
        return TitleFinding(criterion, outcome, "score", [low, high], source="declared")
    return TitleFinding(criterion, _REFER, "score", [low, high], Because.MISSING.value, source="declared")
