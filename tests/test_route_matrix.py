"""Every route × every kind of visitor. A route that is not in the table fails the suite."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

# route prefix (longest wins) → who may open it at all
PUBLIC, PERSON, STAFF, PARTNER, SHUT = "public", "person", "staff", "partner", "shut"
TABLE = {
    "healthz": PUBLIC,
    "readyz": STAFF,
    "admin/": STAFF,
    "admin/login/": PUBLIC,
    "admin/logout/": PUBLIC,
    "admin/jsi18n/": STAFF,
    "api/v1/": PARTNER,
    "api/v1/schema/": PUBLIC,
    "api/v1/docs/": PUBLIC,
    "oauth2/token/": PUBLIC,
    "accounts/login/": PUBLIC,
    "accounts/logout/": PUBLIC,
    "accounts/inactive/": PUBLIC,
    "accounts/reauthenticate/": PERSON,
    "accounts/password/change/": PERSON,
    "accounts/2fa/": PERSON,
    "accounts/2fa/authenticate/": PUBLIC,
    "accounts/": SHUT,
    "applications/": PERSON,
    "enterprises/": PERSON,
    "invitations/": PERSON,
    "referrals/": PERSON,
    "login/": PUBLIC,
    "logout/": PUBLIC,
    "text-size/": PUBLIC,
    "outbox/": PUBLIC,
    "precheck/": PUBLIC,
    "products/": PUBLIC,
    "incentives/": PERSON,
    "": PUBLIC,
}
SAMPLES = {"str": "zz", "slug": "zz", "int": "1", "path": "zz"}


def routes(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + pattern)
        elif isinstance(entry, URLPattern):
            yield prefix + pattern


def concrete(route: str) -> str | None:
    """An address for a route with sample values; None for a route written as a regular expression."""
    if route.startswith(("^", "accounts/^")) or "(?" in route:
        return None
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES.get(m[1] or "str", "zz"), route)


def kind_of(path: str) -> str:
    key = max((k for k in TABLE if path.lstrip("/").startswith(k)), key=len)
    return TABLE[key]


ALL = sorted({path for route in routes() if (path := concrete(route))})


def opened(response) -> bool:
    """Whether the visitor got in: not sent to sign in, not refused."""
    where = response.headers.get("Location", "")
    return response.status_code < 400 and not ("login" in where or "reauthenticate" in where or where == "/")


def test_the_table_covers_something_of_each_kind():
    assert {kind_of(path) for path in ALL} >= {PUBLIC, PERSON, STAFF, PARTNER, SHUT}
    assert len(ALL) > 100


def let_in(client: Client, paths: list[str], methods=("get", "post"), **how) -> list[tuple[str, str, int]]:
    """What opened though it should not, and what broke: every path is tried, each from a clean slate."""
    found = []
    for path in paths:
        for method in methods:
            point = transaction.savepoint()
            response = getattr(client, method)(path, **how)
            transaction.savepoint_rollback(point)
            if response.status_code >= 500 or opened(response):
                found.append((method, path, response.status_code))
    return found


def of_kind(*kinds: str) -> list[str]:
    return [path for path in ALL if kind_of(path) in kinds]


def test_a_stranger_gets_in_only_where_all_may(defaults):
    assert let_in(Client(), of_kind(PERSON, STAFF, PARTNER, SHUT)) == []
    broken = [row for row in let_in(Client(), of_kind(PUBLIC)) if row[2] >= 500]
    assert broken == []
    assert "/" in [path for _, path, _ in let_in(Client(), ["/"])], "the check sees what is open"


def test_an_applicant_gets_into_no_staff_or_partner_route(founder):
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    assert let_in(client, of_kind(STAFF, PARTNER, SHUT)) == []


def test_a_banker_finds_no_made_up_object_and_no_partner_route(bankers):
    client = Client()
    person = User.objects.get(pk=bankers.reviewer.user_id)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert let_in(client, of_kind(PARTNER, SHUT), methods=["get"]) == []
    for path in (p for p in ALL if "zz" in p):
        response = client.get(path)
        assert response.status_code < 500, path
        if "/cases/zz/" in path and response.status_code == 302:
            assert response.headers["Location"].startswith("/admin/cases/"), (
                path
            )  # GET on an act leads back to the case


def test_a_partners_token_opens_nothing_outside_the_api(defaults):
    from tests.test_api import Api

    api = Api(*factories.partner_client())
    token = {"headers": {"authorization": f"Bearer {api.token}"}}
    assert let_in(Client(), of_kind(PERSON, STAFF), methods=["get"], **token) == []
