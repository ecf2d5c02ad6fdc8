"""Public incentives for an enterprise's own people: what fits, until when, and a reminder."""

from __future__ import annotations

from datetime import UTC

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Membership
from portal.kernel.clock import now, today
from portal.kernel.errors import PortalError
from portal.kernel.web import applicant, tell_error
from products.domain import incentives
from products.models import Incentive

_ANSWERS = {
    "pass": ("pass", "条件符合"),
    "refer": ("refer", "待核对"),
    "held": ("pass", "已持有"),
    "fail": ("na", "暂不符合"),
}
_GROUPS = (
    ("现在可以办", ("closing", "open")),
    ("还没有开始", ("soon",)),
    ("已经截止", ("closed",)),
)


def _member(request: HttpRequest, uscc: str) -> Membership:
    mine = Membership.objects.of(request.actor).verified().select_related("enterprise")
    return get_object_or_404(mine, enterprise__uscc=uscc)


@never_cache
@applicant
@require_safe
def incentive_page(request: HttpRequest, uscc: str) -> HttpResponse:
    """Only for verified members: conditions are checked with what registers and the tax office say of the firm."""
    firm = _member(request, uscc).enterprise
    rows = incentives.matched(firm, today())
    groups = [
        (label, [(row, *_ANSWERS[row.answer]) for row in rows if row.window in windows]) for label, windows in _GROUPS
    ]
    context = {
        "enterprise": firm,
        "as_of": today(),
        "groups": [group for group in groups if group[1]],
        "reminded": incentives.reminded(request.actor),
        "nav": "enterprises",
    }
    return render(request, "products/incentives.html", context)


@never_cache
@applicant
@require_safe
def calendar(request: HttpRequest, uscc: str) -> HttpResponse:
    rows = incentives.matched(_member(request, uscc).enterprise, today())
    answer = HttpResponse(incentives.calendar(rows, now().astimezone(UTC)), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="incentives.ics"'
    return answer


@require_POST
@applicant
def remind(request: HttpRequest, uscc: str, code: str) -> HttpResponse:
    _member(request, uscc)
    incentive = get_object_or_404(Incentive, code=code, is_active=True)
    try:
        incentives.remind(incentive_id=incentive.pk, wanted=request.POST.get("wanted") == "1", actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
    return redirect("products:incentives", uscc)
