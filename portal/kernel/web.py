"""What every web view of people needs: the actor, and domain errors put back at their field."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, QueryDict

from portal.kernel.actors import Actor, ActorKind
from portal.kernel.errors import PortalError


def client_address(request: HttpRequest) -> str | None:
    """The caller's network address: the last hop that our own proxies did not add."""
    hops = [h.strip() for h in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if h.strip()]
    trusted = settings.TRUSTED_PROXIES
    return hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR") or None


def applicant(view):
    """Require a signed-in person and hand the view its actor."""

    @wraps(view)
    @login_required
    def wrapper(request: HttpRequest, *args: object, **kwargs: object):
        request.actor = Actor(ActorKind.APPLICANT, user_id=request.user.pk, address=client_address(request))
        return view(request, *args, **kwargs)

    return wrapper


def posted(request: HttpRequest) -> QueryDict | None:
    """The form data of a POST, an empty one included; None binds nothing."""
    return request.POST if request.method == "POST" else None


def put_error(form: BaseForm, error: PortalError) -> None:
    """Show a domain refusal at its field, or at the top when the form has no such field."""
    name = (error.field or "").lstrip("/")
    form.add_error(name if name in form.fields else None, error.message)


def is_done(request: HttpRequest, form: BaseForm, work: Callable[..., object], *, done: str) -> bool:
    """Whether the posted form led somewhere: it was done and is told, or refused as a whole and is told.

    False: the form has faults at its fields and is to be shown again. `work` takes the cleaned data and the actor.
    """
    if not form.is_valid():
        return False
    try:
        work(actor=request.actor, **form.cleaned_data)
    except PortalError as error:
        if error.field in form.fields:
            put_error(form, error)
            return False
        tell_error(request, error)
    else:
        messages.success(request, done)
    return True


def tell_error(request: HttpRequest, error: PortalError) -> None:
    messages.error(request, error.message)
