"""Evaluation: a compiled document and facts in, findings out. Same input, same answer, always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from products.policy.catalogue import BOOLEAN_WORDS, CODE_LABELS, FACTS, FactSpec
from products.policy.document import Document, Rule, Rung
from products.policy.lines import Line
from products.policy.values import PLAIN, Because, Fact, FactType, Outcome, encode, show

_PASS, _FAIL, _REFER, _NA = (o.value for o in (Outcome.PASS, Outcome.FAIL, Outcome.REFER, Outcome.NOT_APPLICABLE))


class Finding(NamedTuple):
    """One check of one rule. `observed` is the encoded fact value; texts are rendered when read."""

    code: str
    outcome: str
    fact: str
    observed: object
    because: str | None
    source: str
    period: str
    others: tuple = ()

    def to_json(self) -> dict:
        out = {
            "code": self.code,
            "outcome": self.outcome,
            "fact": self.fact,
            "observed": self.observed,
            "source": self.source,
        }
        if self.because:
            out["because"] = self.because
        if self.period:
            out["period"] = self.period
        if self.others:
            out["others"] = list(self.others)
        return out


class Evaluated(NamedTuple):
    outcome: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Laddered:
    """`code` T1…T5 or `none`; `could_be` are the rungs above that missing data leaves open."""

    code: str
    outcome: str
    could_be: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ItemScore:
    code: str
    points: int
    points_max: int
    max: int
    observed: object
    because: str | None

    def to_json(self) -> dict:
        return {
            "code": self.code,
            "points": self.points,
            "points_max": self.points_max,
            "max": self.max,
            "observed": self.observed,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class DimensionScore:
    code: str
    points: int
    points_max: int
    max: int
    items: tuple[ItemScore, ...]

    def to_json(self) -> dict:
        return {
            "code": self.code,
            "points": self.points,
            "points_max": self.points_max,
            "max": self.max,
            "items": [item.to_json() for item in self.items],
        }


@dataclass(frozen=True, slots=True)
class Scored:
    """A range: a missing item is not 0, it leaves `points … points_max` open."""

    points: int
    points_max: int
    dimensions: tuple[DimensionScore, ...]

    def to_json(self) -> dict:
        return {
            "points": self.points,
            "points_max": self.points_max,
            "dimensions": [dimension.to_json() for dimension in self.dimensions],
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """`line` is the code of the line that counts; None when none fits (`not_applicable`) or it is open which (`refer`)."""

    line: str | None
    outcome: str
    values: Mapping[str, int]
    findings: tuple[Finding, ...]


_NO_FACT = Fact(None)
_EXPERT = Because.EXPERT_JUDGED.value  # not met, and the document leaves the judgement to a person


_made = partial(tuple.__new__, Finding)  # Finding(…) without its detour through Python: a tenth of the engine's time


def _finding(code: str, outcome: str, fact_code: str, because: str | None, facts: Mapping[str, Fact]) -> Finding:
    fact = facts.get(fact_code, _NO_FACT)
    value, others = fact.value, fact.others
    seen = value if value.__class__ in PLAIN else encode(value)
    also = tuple(map(encode, others)) if others else ()
    return _made((code, outcome, fact_code, seen, because, fact.source, fact.period, also))


def evaluate(document: Document, facts: Mapping[str, Fact]) -> Evaluated:
    """Judge an eligibility document: any fail → fail, else any refer → refer, else pass."""
    findings = []
    worst = _PASS
    for rule in document.rules:
        outcome, fact_code, because = rule.condition.test(facts)
        if outcome is not _PASS:
            if outcome is _FAIL:
                outcome = rule.on_fail
                because = _EXPERT if outcome == _REFER else None
            if outcome == _FAIL:
                worst = _FAIL
            elif outcome == _REFER and worst is not _FAIL:
                worst = _REFER
        findings.append(_finding(rule.code, outcome, fact_code, because, facts))
    return Evaluated(worst, tuple(findings))


def climb(document: Document, facts: Mapping[str, Fact]) -> Laddered:
    """Walk a ladder from the top: a rung that passes is assigned, one that refers is remembered in `could_be`."""
    could_be, findings = [], []
    for rung in document.rungs:
        outcome, fact_code, because = rung.condition.test(facts)
        findings.append(_finding(rung.code, outcome, fact_code, because, facts))
        if outcome == _PASS:
            return Laddered(rung.code, _REFER if could_be else _PASS, tuple(could_be), tuple(findings))
        if outcome == _REFER:
            could_be.append(rung.code)
    return Laddered("none", _REFER if could_be else _PASS, tuple(could_be), tuple(findings))


def place(document: Document, facts: Mapping[str, Fact]) -> tuple[str, str, tuple[str, ...]]:
    """(code, outcome, could_be) of `climb`, without its findings: for rounds over many firms."""
    could_be: list[str] = []
    for rung in document.rungs:
        outcome = rung.condition.test(facts).outcome
        if outcome == _PASS:
            return rung.code, _REFER if could_be else _PASS, tuple(could_be)
        if outcome == _REFER:
            could_be.append(rung.code)
    return "none", _REFER if could_be else _PASS, tuple(could_be)


def decide(document: Document, facts: Mapping[str, Fact]) -> Decided:
    """Read a decision table from the top: the first line that holds counts; one that is open leaves all open."""
    findings = []
    for line in document.lines:
        outcome, fact_code, because = line.condition.test(facts)
        findings.append(_finding(line.code, outcome, fact_code, because, facts))
        if outcome == _PASS:
            return Decided(line.code, _PASS, line.values, tuple(findings))
        if outcome == _REFER:
            return Decided(None, _REFER, {}, tuple(findings))
    return Decided(None, _NA, {}, tuple(findings))


def score(document: Document, facts: Mapping[str, Fact]) -> Scored:
    """Add up a scorecard: the best band met counts; an unknown item adds 0 to the lower end and its maximum to the upper."""
    dimensions = []
    for dimension in document.dimensions:
        items = []
        for item in dimension.items:
            fact = facts.get(item.fact, _NO_FACT)
            points, because = 0, None
            for band in item.bands:
                verdict = band.condition.test(facts)
                because = verdict.because
                if because is not None:
                    break
                if verdict.outcome == _PASS:
                    points = band.points
                    break
            points_max = item.max if because is not None else points
            items.append(ItemScore(item.code, points, points_max, item.max, encode(fact.value), because))
        dimensions.append(
            DimensionScore(
                dimension.code,
                sum(i.points for i in items),
                sum(i.points_max for i in items),
                dimension.max,
                tuple(items),
            )
        )
    return Scored(sum(d.points for d in dimensions), sum(d.points_max for d in dimensions), tuple(dimensions))


BECAUSE_WORDS = {
    "missing": "缺{label}，由客户经理核实",
    "mistyped": "{label}的填写方式认不出来，由客户经理核实",
    "stale": "{label}的数据过旧，由客户经理核实",
    "conflict": "{label}在不同来源中不一致，由客户经理核实",
    "expert_judged": "{label}需要人工判断",
    "source_down": "{label}的数据源暂时查不到，恢复后由我们核对",
    "unverified": "{label}为企业自报，待名单或证书核对",
}


def read(raw: dict, rule: Rule | Rung | Line | None, *, wan: bool = False) -> dict:
    """Words of a stored finding, for people and for the API: label, observed, required, unit, reason, advice."""
    spec = FACTS[raw["fact"]]
    text = shown(raw["observed"], spec, wan)
    others = [shown(o, spec, wan) for o in raw.get("others", [])]
    because = raw.get("because")
    if because and not (because == _EXPERT and getattr(rule, "reason", "")):
        reason = BECAUSE_WORDS[because].format(label=spec.label)
    else:
        reason = getattr(rule, "reason", "") if raw["outcome"] != _PASS else ""
    return {
        "code": raw["code"],
        "label": rule.label if rule else spec.label,
        "outcome": raw["outcome"],
        "observed": text if not others else "；".join([text, *others] if text else others),
        "required": rule.condition.required if rule else "",
        "unit": UNIT_CODES[spec.type],
        "period": raw.get("period", ""),
        "source": raw["source"],
        "reason": reason,
        "advice": getattr(rule, "advice", "") if raw["outcome"] != _PASS else "",
        **({"because": because} if because else {}),
    }


UNIT_CODES = dict(zip(FactType, ("CNY", "count", "year", "point", "percent", "", "", ""), strict=True))
_SUFFIX = {FactType.RATIO: "%", FactType.MONTHS: " 年", FactType.POINTS: " 分"}


def shown(value: object, spec: FactSpec, wan: bool) -> str:
    """A value in words for people (`wan`), or in the plain form of the API."""
    type = spec.type
    text = show(value, type, wan=wan)
    if type is FactType.BOOLEAN and value is not None and spec.code in BOOLEAN_WORDS:
        return BOOLEAN_WORDS[spec.code][not value]
    if spec.code == "term_months" and text and wan:
        return f"{text} 个月"
    if type is FactType.CODE:
        return CODE_LABELS.get(text, text) if wan else text
    return text + _SUFFIX.get(type, "") if text and wan else text
