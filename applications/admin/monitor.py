"""The monitor of outcomes on the policy desk: rates by week and group, and what moved."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from applications.domain import monitoring
from applications.enums import MonitorBy
from applications.queries import monitor
from portal.kernel.clock import today
from products.policy_desk.common import desk, page


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    desk(request)
    by = request.GET.get("by", MonitorBy.DISTRICT.value)
    if by not in MonitorBy.values or by == MonitorBy.ALL:
        raise Http404
    this_week = monitoring.monday(today())
    weeks = monitor.weeks(since=today() - timedelta(weeks=26))
    context = {
        "title": "监测",
        "by": by,
        "tabs": [choice for choice in MonitorBy.choices if choice[0] != MonitorBy.ALL],
        "by_label": MonitorBy(by).label,
        "weeks": weeks,
        "chart_width": len(weeks) * 10,
        "groups": monitor.groups(by, since=today() - timedelta(weeks=16)),
        "shifts": monitor.shifts(this_week),
        "is_compared": monitoring.can_compare(this_week),
    }
    return page(request, "admin/monitor.html", context)


def urls(site: admin.AdminSite) -> list:
    return [path("monitor/", site.admin_view(overview), name="monitor")]
