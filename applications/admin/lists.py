"""What every page of the lists begins with: who may look, and the desk around it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.enums import BankerRole
from accounts.models import Banker
from accounts.web.staff import banker_of
from applications.queries import queues
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.web import client_address
from products.policy_desk.common import page


def onlooker(request: HttpRequest) -> Banker:
    """Any working person of the bank, and the request's actor; system administrators have no business here."""
    banker = banker_of(request)
    if banker is None or banker.role == BankerRole.ADMIN:
        raise PermissionDenied
    request.actor = Actor(ActorKind.BANKER, user_id=request.user.pk, address=client_address(request))
    return banker


def lists_page(request: HttpRequest, banker: Banker, template: str, context: dict, status: int = 200) -> HttpResponse:
    """Inside the desk the person works at: that of cases with its queues, or that of policies."""
    shell = {"base": "admin/lists_policy_desk.html"}
    if banker.role != BankerRole.POLICY:
        shell = {
            "base": "admin/lists_case_desk.html",
            "queues": queues.QUEUES.values(),
            "counts": queues.counts(banker),
        }
    return page(request, template, {**shell, "banker": banker, **context}, status=status)
