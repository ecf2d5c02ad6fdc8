"""The outgoing HTTP client: short timeouts, bounded bodies, one retry for reads, a breaker per host."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import requests
from django.core.cache import cache

from portal.kernel.errors import TransientError

log = logging.getLogger(__name__)

TIMEOUT = (1.0, 3.0)  # seconds to connect, to read
BODY_LIMIT = 256 * 1024
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
        except (requests.RequestException, ValueError) as error:
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
        raw = answer.raw.read(BODY_LIMIT + 1, decode_content=True)
    if len(raw) > BODY_LIMIT:
        raise ValueError("answer too large")
    body = requests.models.complexjson.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")
    return body
