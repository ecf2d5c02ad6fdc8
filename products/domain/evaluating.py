"""Snapshot facts, apply a policy version, keep the evaluation. Screening, tiering and titles all come through here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import PolicyUnusable
from products.models import Evaluation, FactSnapshot, PolicyVersion
from products.policy.document import ENGINE_VERSION, Document, DocumentError, compile_document
from products.policy.replaying import facts_from_json, facts_to_json, result_of
from products.policy.values import Fact


def in_force(code: str, on: date) -> PolicyVersion:
    """The version of `code` that applies on `on`; its document is read when first compiled. Raises PolicyUnusable when there is none."""
    version = PolicyVersion.objects.in_force(on).filter(code=code).defer("document").first()
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


def snapshot(*, subject: str, as_of: date, facts: Mapping[str, Fact]) -> FactSnapshot:
    raw = facts_to_json(facts)
    return FactSnapshot.objects.create(subject=subject, as_of=as_of, facts=raw, sha256=digest(raw), taken_at=now())


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
