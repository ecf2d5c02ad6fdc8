"""Policy versions: a checked document, frozen with its hash when published."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.models import PolicyVersion
from products.policy.document import DocumentError, compile_document

DEFAULTS = Path(__file__).parent.parent / "policy" / "defaults"
SEEDED_FROM = date(2020, 1, 1)


@use_case
def publish_document(*, document: dict, effective_from: date, actor: Actor) -> PolicyVersion:
    """Add and publish a version of a document; the same content returns the version that has it.

    Raises InvalidInput with the place of the first thing wrong.
    """
    try:
        compiled = compile_document(document)
    except DocumentError as error:
        raise InvalidInput(
            "document_invalid", "{place}：{what}", field="document", place=error.place, what=error.message
        ) from error
    fingerprint = digest(document)
    newest = PolicyVersion.objects.filter(code=compiled.code).order_by("-number").first()
    if newest and newest.sha256 == fingerprint:
        return newest
    version = PolicyVersion.objects.create(
        code=compiled.code,
        number=newest.number + 1 if newest else 1,
        title=compiled.title,
        document=document,
        sha256=fingerprint,
        effective_from=effective_from,
        author_id=actor.user_id,
        published_by_id=actor.user_id,
        frozen_at=now(),
    )
    move(version, "publish", actor=actor, payload={"sha256": fingerprint})
    return version


def default_documents() -> list[tuple[dict, date]]:
    """The seeded documents with the day each takes effect, older versions of a policy first; all labelled 示例口径."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DEFAULTS.glob("*.json"))]
    dated = [(d, date.fromisoformat(d.pop("effective_from", SEEDED_FROM.isoformat()))) for d in found if "kind" in d]
    return sorted(dated, key=lambda pair: pair[1])
