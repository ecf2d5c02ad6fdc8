"""Facts of a snapshot and results of a document as JSON, both ways: all that a replay needs."""

from __future__ import annotations

from collections.abc import Mapping

from products.policy import engine
from products.policy.catalogue import FACTS
from products.policy.document import Document
from products.policy.values import Because, Fact, decode


def facts_to_json(facts: Mapping[str, Fact]) -> dict:
    return {code: fact.to_json() for code, fact in facts.items()}


def facts_from_json(raw: Mapping[str, dict]) -> dict[str, Fact]:
    """Facts of a stored snapshot; a value that no longer fits its type becomes unknown: `mistyped`."""
    out = {}
    for code, item in raw.items():
        spec = FACTS.get(code)
        if spec is None:
            continue
        because = Because(item["b"]) if "b" in item else None
        try:
            value = decode(item["v"], spec.type)
            others = tuple(decode(other, spec.type) for other in item.get("o", []))
        except ValueError:
            value, because, others = None, Because.MISTYPED, ()
        out[code] = Fact(value, item["s"], because, item.get("p", ""), others)
    return out


def result_of(document: Document, facts: Mapping[str, Fact]) -> tuple[str, dict]:
    """(outcome, JSON result) of any kind of document."""
    if document.kind == "eligibility":
        judged = engine.evaluate(document, facts)
        return judged.outcome, {"findings": [f.to_json() for f in judged.findings]}
    if document.kind == "ladder":
        climbed = engine.climb(document, facts)
        return climbed.outcome, {
            "tier": climbed.code,
            "could_be": list(climbed.could_be),
            "findings": [f.to_json() for f in climbed.findings],
        }
    if document.lines:
        decided = engine.decide(document, facts)
        findings = [f.to_json() for f in decided.findings]
        return decided.outcome, {"line": decided.line, "values": dict(decided.values), "findings": findings}
    scored = engine.score(document, facts)
    return ("pass" if scored.points == scored.points_max else "refer"), scored.to_json()
