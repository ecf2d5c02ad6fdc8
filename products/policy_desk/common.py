"""What every page of the policy desk begins with: who may come in, and which version is meant."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from accounts.enums import BankerRole
from accounts.web.staff import banker_of
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.web import client_address
from products.models import PolicyVersion


def desk(request: HttpRequest, *, writes: bool = False) -> bool:
    """Let the policy desk in, and administrators to look. Returns whether this person may write."""
    banker = banker_of(request)
    may_write = banker is not None and banker.role == BankerRole.POLICY
    if not may_write and (writes or not request.user.is_superuser):
        raise PermissionDenied
    request.actor = Actor(ActorKind.BANKER, user_id=request.user.pk, address=client_address(request))
    return may_write


def version_of(code: str, number: int) -> PolicyVersion:
    return get_object_or_404(PolicyVersion, code=code, number=number)


def page(request: HttpRequest, template: str, context: dict, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.desk_context(request), **context}, status=status)
