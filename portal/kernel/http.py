"""The outgoing HTTP client: short timeouts, bounded bodies, one retry for reads, a breaker per host."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

import requests
from django.core.cache import cache
from urllib3.exceptions import HTTPError

from portal.kernel.errors import TransientError

log = logging.getLogger(__name__)

TIMEOUT = (1.0, 3.0)  # seconds to connect, to read
BODY_LIMIT = 256 * 1024
DEADLINE = 5.0  # seconds for the whole body
OPEN_AFTER, OPEN_FOR = 5, 30  # failures in a row, seconds


def call_json(method: str, url: str, *, token: str = "", payload: dict | None = None) -> dict:
    """Call a configured source and return its JSON object.

    Raises TransientError for anything but a usable answer (`source_down`) or a source that says it has no such
    record (`not_found`, HTTP 404). While the breaker is open it raises at once.
    """
    host = urlsplit(url).netloc
    failures_key = f"breaker:{host}"
    if cache.get(failures_key, 0) >= OPEN_AFTER:
        raise TransientError("source_down", "外部数据源暂时不可用")
    for attempt in range(2 if method == "GET" else 1):
        try:
            body = _once(method, url, token, payload)
        except (requests.RequestException, HTTPError, ValueError) as error:
            log.warning("source_failed", extra={"host": host, "attempt": attempt, "error": type(error).__name__})
            cache.add(failures_key, 0, OPEN_FOR)
            cache.incr(failures_key)
        else:
            cache.delete(failures_key)
            return body
    raise TransientError("source_down", "外部数据源暂时不可用")


def _once(method: str, url: str, token: str, payload: dict | None) -> dict:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with requests.request(
        method, url, json=payload, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False
    ) as answer:
        if answer.status_code == 404:
            raise TransientError("not_found", "数据源没有这条记录")
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        raw = _body(answer)
    body = requests.models.complexjson.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")
    return body


def _body(answer: requests.Response) -> bytes:
    """The whole body within BODY_LIMIT and DEADLINE: a source that drips cannot hold the caller."""
    end = time.monotonic() + DEADLINE
    raw = b""
    while chunk := answer.raw.read1(65536, decode_content=True):
        raw += chunk
        if len(raw) > BODY_LIMIT:
            raise ValueError("answer too large")
        if time.monotonic() > end:
            raise ValueError("answer too slow")
    expected = answer.headers.get("Content-Length")
    if expected and "Content-Encoding" not in answer.headers and len(raw) != int(expected):
        raise ValueError("answer cut short")
    return raw
