"""Who of the bank looks at a page. Every desk asks here, so that a page asks the database once."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from accounts.models import Banker
from portal.kernel.prepared import Given, Prepared

# Every page of every desk begins here.
_AT_WORK = Prepared(
    Banker.objects.filter(user_id=Given("user"), is_active=True)
    .select_related("branch")
    .annotate(has_second_factor=Exists(Authenticator.objects.filter(user_id=OuterRef("user_id"))))
)


def banker_of(request: HttpRequest) -> Banker | None:
    """The signed-in person's active banker with the branch; None for others. Asked once a request."""
    if not hasattr(request, "banker"):
        request.banker = _AT_WORK.first(user=request.user.pk)
        if request.banker is not None:
            request.banker.user = request.user
    return request.banker


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the signed-in person has a second factor; asked once a request."""
    banker = banker_of(request)
    if banker is not None:
        return banker.has_second_factor
    if not hasattr(request, "has_second_factor"):
        request.has_second_factor = is_mfa_enabled(request.user)
    return request.has_second_factor
