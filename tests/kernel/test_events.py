"""The chain of events, its triggers and the seal."""

import pytest
from django.db import IntegrityError, connection, transaction

from portal.kernel import events
from portal.kernel.actors import SYSTEM
from portal.kernel.immutability import install_triggers
from portal.kernel.models import Event

pytestmark = pytest.mark.django_db


def record(n: int, stream: str = "SQ1") -> None:
    for i in range(n):
        events.record(stream=stream, type="application.noted", actor=SYSTEM, payload={"i": i, "字": "中文"})


def test_chain_of_untouched_events_verifies():
    record(3)
    assert events.verify("SQ1") is None


def test_changed_payload_is_found_at_its_place():
    record(3)
    Event.objects.filter(stream="SQ1", seq=2).update(payload={"i": 99})
    assert events.verify("SQ1") == 2


def test_removed_last_event_is_found():
    record(3)
    Event.objects.filter(stream="SQ1", seq=3).delete()
    assert events.verify("SQ1") == 3


def test_seal_covers_every_stream_and_changes_with_any_of_them():
    record(1)
    record(1, "SQ2")
    first = events.seal_day()
    assert first.streams == 2
    digest = first.digest
    record(1, "SQ2")
    assert events.seal_day().digest != digest


def test_event_outside_a_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError):
        events.record(stream="SQ1", type="x", actor=SYSTEM)


def test_database_refuses_update_and_delete(settings):
    settings.INSTALL_TRIGGERS = True
    with transaction.atomic():
        install_triggers()
        record(1)
        for change in (
            lambda: Event.objects.update(type="y"),
            lambda: Event.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                change()
        with connection.cursor() as cursor:
            drop = " ON kernel_event" if connection.vendor == "postgresql" else ""
            for name in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER kernel_event_no_{name}{drop}")
        transaction.set_rollback(True)
