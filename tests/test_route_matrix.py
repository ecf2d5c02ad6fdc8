"""Every route × every kind of visitor. A route that is not in the table fails the suite."""

import re

import pytest
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


@pytest.mark.parametrize("path", ALL)
def test_a_stranger_gets_in_only_where_all_may(defaults, path):
    for method in ("get", "post"):
        response = getattr(Client(), method)(path)
        assert response.status_code < 500, (method, path)
        if kind_of(path) != PUBLIC:
            assert not opened(response), (method, path, response.status_code)


@pytest.mark.parametrize("path", [p for p in ALL if kind_of(p) in (STAFF, PARTNER, SHUT)])
def test_an_applicant_gets_into_no_staff_or_partner_route(founder, path):
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    for method in ("get", "post"):
        response = getattr(client, method)(path)
        assert response.status_code < 500, (method, path)
        assert not opened(response), (method, path, response.status_code)


@pytest.mark.parametrize("path", [p for p in ALL if kind_of(p) in (PARTNER, SHUT) or "zz" in p])
def test_a_banker_finds_no_made_up_object_and_no_partner_route(bankers, path):
    client = Client()
    client.force_login(
        User.objects.get(pk=bankers.reviewer.user_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    response = client.get(path)
    assert response.status_code < 500, path
    if "/cases/zz/" in path and response.status_code == 302:
        assert response.headers["Location"].startswith("/admin/cases/")  # GET on an act leads back to the case
    elif kind_of(path) in (PARTNER, SHUT):
        assert not opened(response), (path, response.status_code)


@pytest.mark.parametrize("path", [p for p in ALL if kind_of(p) in (PERSON, STAFF)])
def test_a_partners_token_opens_nothing_outside_the_api(defaults, path):
    from tests.test_api import Api

    api = Api(*factories.partner_client())
    response = Client().get(path, headers={"authorization": f"Bearer {api.token}"})
    assert not opened(response), (path, response.status_code)
