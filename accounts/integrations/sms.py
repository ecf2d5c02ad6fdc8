"""The SMS port: HTTP gateway in production, the outbox page in demonstrations."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings

from accounts.models import OutboxMessage
from portal.kernel.http import call_json


class SmsGateway(Protocol):
    def send(self, phone: str, text: str) -> None:
        """Send one message to an E.164 number. Raises TransientError when the gateway does not take it."""


class OutboxSms:
    def send(self, phone: str, text: str) -> None:
        OutboxMessage.objects.create(channel="sms", to=phone, body=text)


class HttpSms:
    """POST {phone, text} to the gateway; 200 with a JSON object means taken."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def send(self, phone: str, text: str) -> None:
        call_json("POST", self.url, token=self.token, payload={"phone": phone, "text": text})


def gateway() -> SmsGateway:
    source = settings.SOURCES["sms"]
    return HttpSms(source["url"], source["token"]) if source["adapter"] == "http" else OutboxSms()
