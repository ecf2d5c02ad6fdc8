"""What every page of the case desk begins with: which banker looks."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.enums import BankerRole
from accounts.models import Banker
from accounts.web.staff import banker_of
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.web import client_address

WORKING_ROLES = (BankerRole.RM, BankerRole.REVIEWER, BankerRole.APPROVER)


def working_banker(request: HttpRequest) -> Banker:
    """The banker on the case desk, and the request's actor. Policy and system administrators have no cases."""
    banker = banker_of(request)
    if banker is None or banker.role not in WORKING_ROLES:
        raise PermissionDenied
    request.actor = Actor(ActorKind.BANKER, user_id=request.user.pk, address=client_address(request))
    return banker
