"""Snapshot facts, apply a policy version, keep the evaluation. Screening, tiering and titles all come through here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from django.db.models import QuerySet

from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import PolicyUnusable
from products.models import Evaluation, FactSnapshot, PolicyVersion
from products.policy.document import ENGINE_VERSION, Document, DocumentError, compile_document
from products.policy.replaying import facts_from_json, facts_to_json, result_of
from products.policy.values import Fact


def in_force(code: str, on: date) -> PolicyVersion:
    """The version of `code` that applies on `on`. Raises PolicyUnusable when there is none."""
    return required(policies_in_force(on), code)


# What judging asks of a version; every request that judges reads all versions begun.
_IN_FORCE = ("code", "number", "title", "sha256", "frozen_at", "effective_from", "effective_to")


@lru_cache(maxsize=8)
def _begun(on: date) -> QuerySet[PolicyVersion]:
    """Put together once a day, never read itself."""
    return PolicyVersion.objects.begun(on).only(*_IN_FORCE)


def policies_in_force(on: date) -> dict[str, PolicyVersion]:
    """Every policy that applies on `on`, by code, in one query; documents are read when first compiled."""
    found: dict[str, PolicyVersion] = {}
    for version in _begun(on).all():
        found.setdefault(version.code, version)
    return {
        code: version for code, version in found.items() if version.effective_to is None or version.effective_to >= on
    }


def required(policies: Mapping[str, PolicyVersion], code: str) -> PolicyVersion:
    """The policy of `code` among those in force. Raises PolicyUnusable when there is none."""
    if code not in policies:
        raise PolicyUnusable("policy_missing", "这一天没有生效的政策，转人工办理", policy=code)
    return policies[code]


@lru_cache(maxsize=512)
def _compile(policy_id: int, sha256: str) -> Document:
    return compile_document(PolicyVersion.objects.get(pk=policy_id).document)


def compiled(version: PolicyVersion) -> Document:
    """The compiled document of a published version (compiled once a process)."""
    try:
        return _compile(version.pk, version.sha256) if version.frozen_at else compile_document(version.document)
    except DocumentError as error:
        raise PolicyUnusable("policy_broken", "政策文档无法使用，转人工办理", place=error.place) from error


def past(code: str) -> QuerySet[Evaluation]:
    """Every stored evaluation of a policy's versions; what partners try in the sandbox is no past."""
    return Evaluation.objects.filter(policy__code=code, snapshot__is_sandbox=False)


def snapshot(*, subject: str, as_of: date, facts: Mapping[str, Fact], is_sandbox: bool = False) -> FactSnapshot:
    taken = _snapshot(subject, as_of, facts, is_sandbox)
    taken.save(force_insert=True)
    return taken


def snapshots(facts: Mapping[str, Mapping[str, Fact]], as_of: date) -> list[FactSnapshot]:
    """Snapshots of many subjects, by subject, in one statement."""
    return FactSnapshot.objects.bulk_create(_snapshot(subject, as_of, found) for subject, found in facts.items())


def _snapshot(subject: str, as_of: date, facts: Mapping[str, Fact], is_sandbox: bool = False) -> FactSnapshot:
    raw = facts_to_json(facts)
    return FactSnapshot(
        subject=subject, as_of=as_of, facts=raw, sha256=digest(raw), taken_at=now(), is_sandbox=is_sandbox
    )


def evaluate_fresh(taken: FactSnapshot, versions: Sequence[PolicyVersion]) -> list[Evaluation]:
    """Apply each of `versions` to a snapshot taken in this transaction, and keep the results by one statement."""
    return evaluate_each([(taken, versions)])


def evaluate_each(wanted: Iterable[tuple[FactSnapshot, Sequence[PolicyVersion]]]) -> list[Evaluation]:
    """The same for many snapshots: evaluations in the order asked for, kept by one statement."""
    moment, rows = now(), []
    for taken, versions in wanted:
        facts = facts_from_json(taken.facts)
        for version in versions:
            outcome, result = result_of(compiled(version), facts)
            kept = Evaluation(snapshot=taken, policy=version, engine_version=ENGINE_VERSION, evaluated_at=moment)
            kept.outcome, kept.result, kept.digest = outcome, result, digest(result)
            rows.append(kept)
    return Evaluation.objects.bulk_create(rows)
