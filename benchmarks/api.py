"""The partner API against the same door with less behind it; requests a second as the inverse of the ratio of times.

- Pre-check: a whole profile with a wish in, all products' answers out, against a view with the same authentication,
  scope, throttle, parser and serializer that answers a constant (a real answer, kept).
- List: the first 50 of a partner's 1,000 applications of N, all consented, against a view behind the same door that
  reads the same rows by one `values()` query and writes the same fields with json. Both bodies are compared first.

One client with a bearer token asks both in turns through the whole middleware stack; the statements of the real
operations must hold no Seq Scan over a large table.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

from django.test import Client

from accounts.api import EXAMPLE_PROFILE
from benchmarks import bare_api, world
from benchmarks.pages import seq_scans
from benchmarks.recording import recorded
from benchmarks.table import Row
from benchmarks.timing import Side, ratio, take_turns
from benchmarks.world import World
from portal.kernel.clock import today

PRECHECK_SHARE, LIST_SHARE, ROUNDS, INNER = 0.5, 0.3, 60, 8
ASKED = {
    **EXAMPLE_PROFILE,
    "annual": [
        {"year": today().year - 1, "revenue": "52000000.00", "rd_expense": "9000000.00"},
        {"year": today().year - 2, "revenue": "41300000.00", "rd_expense": "7600000.00"},
    ],
    "requested_amount": "3000000.00",
    "term_months": 12,
    "purpose": "rd",
}


def rows(built: World) -> Iterator[Row]:
    world.use(world.LARGE)
    yield from _prechecks()
    yield from _list()


def _prechecks() -> Iterator[Row]:
    ask = _caller("prechecks:write")
    body = json.dumps(ASKED)
    real = lambda: ask("POST", "/api/v1/prechecks/", body)  # noqa: E731
    bare_api.constant_answer |= json.loads(real())
    yield from _compare("pre-check", real, lambda: ask("POST", "/bare/api/prechecks/", body), PRECHECK_SHARE)


def _list() -> Iterator[Row]:
    ask = _caller("applications:read")
    real = lambda: ask("GET", "/api/v1/applications/?limit=50")  # noqa: E731
    stripped = lambda: ask("GET", "/bare/api/applications/")  # noqa: E731
    if json.loads(real())["results"] != json.loads(stripped())["results"]:
        raise RuntimeError("the two lists differ")
    yield from _compare("API list of 50", real, stripped, LIST_SHARE)


def _compare(label: str, real: Callable[[], bytes], stripped: Callable[[], bytes], share: float) -> Iterator[Row]:
    with recorded() as statements:
        real()
    full, less = Side(real), Side(stripped)
    take_turns(full, less, rounds=ROUNDS, inner=INNER)
    note = f"{1000 / full.ms:.0f} / {1000 / less.ms:.0f} a second, {len(statements)} queries"
    yield Row(f"{label}: requests/s of the bare view's", ratio(less, full), share, at_least=True, note=note)
    yield seq_scans(label, statements)


def _caller(scope: str) -> Callable[..., bytes]:
    """The demonstration's API client with a fresh token."""
    client = Client()
    basic = base64.b64encode(b"demo-incubator:demo-incubator-secret").decode()
    granted = client.post(
        "/oauth2/token/",
        {"grant_type": "client_credentials", "scope": scope},
        headers={"authorization": f"Basic {basic}"},
    )
    headers = {"authorization": f"Bearer {granted.json()['access_token']}"}

    def call(method: str, address: str, body: str = "") -> bytes:
        answer = client.generic(method, address, body, content_type="application/json", headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}: {answer.content[:300]!r}")
        return answer.content

    return call
