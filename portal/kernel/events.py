"""The audit trail: `record()` appends to a stream, `verify()` walks its chain."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import connection

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now, today
from portal.kernel.crypto import keyed_hash, sha256
from portal.kernel.models import Event, SealedDigest, StreamHead


def _hash(event: Event) -> str:
    return digest(
        {
            "stream": event.stream,
            "seq": event.seq,
            "type": event.type,
            "actor_kind": event.actor_kind,
            "actor": event.actor,
            "payload": event.payload,
            "public": event.public,
            "at": event.at,
            "prev": event.prev_hash,
        }
    )


def record(*, stream: str, type: str, actor: Actor, payload: dict | None = None, public: bool = False) -> Event:
    """Append one event. Must run inside the transaction of the change it tells of."""
    if not connection.in_atomic_block:
        raise RuntimeError("an event belongs to the transaction of its change")
    head, _ = StreamHead.objects.select_for_update().get_or_create(stream=stream)
    event = _next(head, type, actor, payload or {}, public)
    event.save(force_insert=True)
    head.save(update_fields=["seq", "hash"])
    return event


def record_each(*, type: str, actor: Actor, payloads: Mapping[str, dict], public: bool = False) -> list[Event]:
    """Append one event to each of many streams, by stream, in four statements. The rule of `record` holds."""
    if not connection.in_atomic_block:
        raise RuntimeError("an event belongs to the transaction of its change")
    streams = sorted(payloads)
    StreamHead.objects.bulk_create([StreamHead(stream=stream) for stream in streams], ignore_conflicts=True)
    heads = list(StreamHead.objects.select_for_update().filter(stream__in=streams).order_by("stream"))
    events = [_next(head, type, actor, payloads[head.stream], public) for head in heads]
    Event.objects.bulk_create(events)
    StreamHead.objects.bulk_update(heads, ["seq", "hash"])
    return events


def _next(head: StreamHead, type: str, actor: Actor, payload: dict, public: bool) -> Event:
    """The event after a head, which is moved on to it; both are still to be saved."""
    event = Event(
        stream=head.stream,
        seq=head.seq + 1,
        type=type,
        actor_kind=actor.kind.value,
        actor=actor.key,
        payload=payload,
        public=public,
        at=now(),
        prev_hash=head.hash,
    )
    event.hash = _hash(event)
    head.seq, head.hash = event.seq, event.hash
    return event


def verify(stream: str) -> int | None:
    """Return the sequence number of the first event that does not fit its chain, or None when all fit."""
    previous, expected = "", 1
    for event in Event.objects.filter(stream=stream).order_by("seq").iterator():
        if event.seq != expected or event.prev_hash != previous or event.hash != _hash(event):
            return expected
        previous, expected = event.hash, expected + 1
    head = StreamHead.objects.filter(stream=stream).first()
    if head and (head.seq != expected - 1 or head.hash != previous):
        return expected
    return None


def seal_day() -> SealedDigest:
    """Sign all heads of today once; the day's row is rewritten until the day is over."""
    heads = StreamHead.objects.order_by("stream").values_list("stream", "hash")
    text = "\n".join(f"{stream} {hash}" for stream, hash in heads.iterator(chunk_size=5000))
    value = sha256(text)
    sealed, _ = SealedDigest.objects.update_or_create(
        day=today(),
        defaults={
            "streams": text.count("\n") + bool(text),
            "digest": value,
            "signature": keyed_hash(settings.EVENT_SIGNING_KEY, value),
            "sealed_at": now(),
        },
    )
    return sealed
