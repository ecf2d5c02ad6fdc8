"""API clients of partners: machine-made secrets, shown once, two valid at a time while one is rotated."""

from __future__ import annotations

import secrets
from datetime import timedelta

from accounts.models import ApiClient, Partner
from portal.kernel.clock import now
from portal.kernel.transactions import use_case

OVERLAP = timedelta(days=7)


@use_case
def issue(*, partner_id: int, is_sandbox: bool) -> tuple[ApiClient, str]:
    """Create a client; (client, secret in clear, for this once)."""
    partner = Partner.objects.get(pk=partner_id)
    secret = secrets.token_urlsafe(32)
    client = ApiClient.objects.create(
        name=partner.name,
        client_id=f"{'sandbox' if is_sandbox else 'client'}-{secrets.token_hex(8)}",
        client_secret=secret,
        partner=partner,
        is_sandbox=is_sandbox,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
    )
    return client, secret


@use_case
def rotate(*, client_pk: int) -> str:
    """Give a client a new secret; the old one works for seven more days. Returns the new secret in clear."""
    client = ApiClient.objects.select_for_update().get(pk=client_pk)
    secret = secrets.token_urlsafe(32)
    client.previous_secret, client.previous_until = client.client_secret, now() + OVERLAP
    client.client_secret = secret  # hashed by the library's field
    client.save()
    return secret
