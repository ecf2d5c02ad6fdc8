"""`Idempotency-Key`: the same key and body give the first answer again, for 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.crypto import sha256
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.models import IdempotencyKey
from portal.kernel.transactions import inside_guard

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: object
    replayed: bool = False


def guard(*, actor: Actor, key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """Run `work` once per (client, key) and remember its answer; effect, answer and key commit together.

    Raises InvalidInput `idempotency_key_reused` for another body under the same key and RuleRefused
    `idempotency_in_progress` while the first request still runs. Refusals (errors) are not remembered.
    """
    client = f"{actor.key}/{actor.client_id}"
    with transaction.atomic(durable=True):
        if not _lock(f"{client}\x00{key}"):
            raise RuleRefused("idempotency_in_progress", "同一个 Idempotency-Key 的请求还在处理，请稍后重试")
        kept = IdempotencyKey.objects.filter(client=client, key=key, created_at__gt=now() - KEPT_FOR).first()
        if kept is not None:
            if kept.fingerprint != fingerprint:
                raise InvalidInput("idempotency_key_reused", "这个 Idempotency-Key 已用于内容不同的请求，请换一个")
            return Answer(kept.status, kept.body, replayed=True)
        token = inside_guard.set(True)
        try:
            answer = work()
        finally:
            inside_guard.reset(token)
        IdempotencyKey.objects.update_or_create(
            client=client,
            key=key,
            defaults={"fingerprint": fingerprint, "status": answer.status, "body": answer.body, "created_at": now()},
        )
        return answer


def _lock(name: str) -> bool:
    """Take the key's lock without waiting. On SQLite the transaction itself is exclusive (IMMEDIATE)."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(sha256(name)[:15], 16)])
        return cursor.fetchone()[0]


def forget_old() -> int:
    return IdempotencyKey.objects.filter(created_at__lte=now() - KEPT_FOR).delete()[0]
