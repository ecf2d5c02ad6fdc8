"""Where mail goes. Production uses Django's SMTP backend; the demonstration keeps messages in its outbox."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.models import OutboxMessage


class OutboxEmailBackend(BaseEmailBackend):
    """Writes each message to the outbox page instead of sending it."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            for to in message.to:
                OutboxMessage.objects.create(channel="email", to=to, subject=message.subject[:200], body=message.body)
        return len(messages)
