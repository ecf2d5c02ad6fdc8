"""`Idempotency-Key`: the same key and body give the first answer again, for 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.models import IdempotencyKey
from portal.kernel.transactions import inside_guard, lock_name

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
        if not lock_name(f"{client}\x00{key}", wait=False):
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


def forget_old() -> int:
    return IdempotencyKey.objects.filter(created_at__lte=now() - KEPT_FOR).delete()[0]
