"""Snapshot facts, apply a policy version, keep the evaluation. Screening, tiering and titles all come through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import lru_cache

from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import PolicyUnusable
from products.models import Evaluation, FactSnapshot, PolicyVersion
from products.policy import engine
from products.policy.catalogue import FACTS
from products.policy.document import ENGINE_VERSION, Document, DocumentError, compile_document
from products.policy.values import Because, Fact, decode


def in_force(code: str, on: date) -> PolicyVersion:
    """The version of `code` that applies on `on`. Raises PolicyUnusable when there is none."""
    version = PolicyVersion.objects.in_force(on).filter(code=code).first()
    if version is None:
        raise PolicyUnusable("policy_missing", "这一天没有生效的政策，转人工办理", policy=code)
    return version


def policies_in_force(on: date) -> dict[str, PolicyVersion]:
    """Every policy that applies on `on`, by code, in one query; documents are read when first compiled."""
    found: dict[str, PolicyVersion] = {}
    for version in PolicyVersion.objects.in_force(on).defer("document"):
        found.setdefault(version.code, version)
    return found


@lru_cache(maxsize=512)
def _compile(policy_id: int, sha256: str) -> Document:
    return compile_document(PolicyVersion.objects.get(pk=policy_id).document)


def compiled(version: PolicyVersion) -> Document:
    """The compiled document of a published version (compiled once a process)."""
    try:
        return _compile(version.pk, version.sha256) if version.frozen_at else compile_document(version.document)
    except DocumentError as error:
        raise PolicyUnusable("policy_broken", "政策文档无法使用，转人工办理", place=error.place) from error


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


def snapshot(*, subject: str, as_of: date, facts: Mapping[str, Fact]) -> FactSnapshot:
    raw = facts_to_json(facts)
    return FactSnapshot.objects.create(subject=subject, as_of=as_of, facts=raw, sha256=digest(raw), taken_at=now())


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
    scored = engine.score(document, facts)
    return ("pass" if scored.points == scored.points_max else "refer"), asdict(scored)


def evaluate(taken: FactSnapshot, version: PolicyVersion) -> Evaluation:
    """Apply `version` to a stored snapshot and keep the result; the same pair gives the same row again."""
    outcome, result = result_of(compiled(version), facts_from_json(taken.facts))
    kept, _ = Evaluation.objects.get_or_create(
        snapshot=taken,
        policy=version,
        engine_version=ENGINE_VERSION,
        defaults={"outcome": outcome, "result": result, "digest": digest(result), "evaluated_at": now()},
    )
    return kept


def replay(kept: Evaluation) -> bool:
    """Whether the stored evaluation comes out the same today, by hash."""
    _, result = result_of(compiled(kept.policy), facts_from_json(kept.snapshot.facts))
    return digest(result) == kept.digest and digest(kept.snapshot.facts) == kept.snapshot.sha256
