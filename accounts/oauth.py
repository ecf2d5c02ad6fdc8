"""Client credentials with two secrets at once, so that a partner can rotate without an outage."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from oauth2_provider.oauth2_validators import OAuth2Validator

from accounts.models import ApiClient
from portal.kernel.clock import now


class ClientValidator(OAuth2Validator):
    """Accepts the previous secret until its end. Only the client-credentials grant exists here."""

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        if super()._check_secret(provided_secret, stored_secret):
            return True
        # The library passes the stored secret only; it is salted, so it names its client.
        client = (
            ApiClient.objects.filter(client_secret=stored_secret, previous_until__gt=now())
            .exclude(previous_secret="")
            .first()
        )
        return client is not None and check_password(provided_secret, client.previous_secret)
