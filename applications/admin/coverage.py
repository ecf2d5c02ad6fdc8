"""Coverage on the bank's desks: how many firms of the lists are reached, and which are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from applications.admin.lists import lists_page, onlooker
from applications.domain import coverage
from applications.enums import CoverageBy, Reach
from applications.models import CoverageRun
from applications.queries import coverage as figures
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, PortalError
from portal.kernel.pages import keyset
from portal.kernel.sheets import stream_csv
from products.models import Register, RegisterEntry
from products.policy_desk.forms import DATE_INPUT

PAGE = 50
EXPORT_LIMIT = 20_000


class DayForm(forms.Form):
    on = forms.DateField(label="截至", widget=DATE_INPUT)


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Coverage of every list on a day, and of one list by a dimension."""
    banker = onlooker(request)
    on, by = _day(request), request.GET.get("by", CoverageBy.DISTRICT.value)
    code, of_credit = request.GET.get("list", figures.ANY), request.GET.get("of") == "credit"
    if by not in CoverageBy.values or by == CoverageBy.ALL:
        raise Http404
    run = CoverageRun.objects.filter(on=on).first()
    is_counted = run is not None and run.counted_at is not None
    rows = figures.lists(run, of_credit=of_credit) if is_counted else []
    if code != figures.ANY and code not in {register.code for register in coverage.covered()}:
        raise Http404
    context = {
        "title": "名单覆盖",
        "on": on,
        "run": run,
        "is_counted": is_counted,
        "is_slow": run is not None and coverage.is_lost(run),
        "is_stale": is_counted and coverage.is_stale(run),
        "rows": rows,
        "code": code,
        "chosen": next((row.label for row in rows if row.code == code), ""),
        "by": by,
        "by_label": CoverageBy(by).label,
        "tabs": [choice for choice in CoverageBy.choices if choice[0] != CoverageBy.ALL],
        "groups": figures.groups(run, code, by, of_credit=of_credit) if is_counted else [],
        "of_credit": of_credit,
        "legend": [(tone, reach.label) for reach, tone in figures.TONES],
    }
    return lists_page(request, banker, "admin/coverage.html", context)


def _day(request: HttpRequest) -> date:
    form = DayForm(request.GET)
    found = form.cleaned_data["on"] if form.is_valid() else today()
    if not coverage.FIRST_DAY <= found <= today():
        raise Http404
    return found


@require_POST
def count(request: HttpRequest) -> HttpResponse:
    onlooker(request)
    form = DayForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        run = coverage.ask(on=form.cleaned_data["on"], again=True)
    except PortalError as error:
        raise Http404 from error
    return redirect(reverse("admin:coverage", query={"on": run.on.isoformat()}))


@never_cache
@require_safe
def firm_list(request: HttpRequest, code: str) -> HttpResponse:
    """The firms of a list behind a figure; `csv` streams them."""
    banker = onlooker(request)
    register = get_object_or_404(Register.objects.exclude(code__in=coverage.NEGATIVE), code=code)
    on, reach = _day(request), request.GET.get("reach", "")
    if reach and reach not in Reach.values:
        raise Http404
    rows = figures.firms(register, on, reach)
    if "csv" in request.GET:
        return _export(rows, f"{code}-{reach or 'all'}-{on:%Y%m%d}.csv")
    try:
        found = keyset(rows, order=("id",), cursor=request.GET.get("cursor", ""), limit=PAGE)
    except InvalidInput:
        raise Http404 from None
    context = {
        "title": f"{register.name}：{Reach(reach).label if reach else '全部'}",
        "register": register,
        "on": on,
        "reach": reach,
        "tabs": [("", "全部"), *Reach.choices],
        "rows": found,
    }
    return lists_page(request, banker, "admin/coverage_firms.html", context)


def _export(rows: QuerySet[RegisterEntry], name: str) -> StreamingHttpResponse:
    def lines() -> Iterator[tuple]:
        for entry in rows.order_by("id")[:EXPORT_LIMIT].iterator(2000):
            yield entry.name, entry.uscc, entry.project, entry.round, entry.valid_from, entry.valid_to

    return stream_csv(name, ["企业名称", "统一社会信用代码", "项目名称", "公布批次", "自", "至"], lines())


@never_cache
@require_safe
def outside(request: HttpRequest) -> HttpResponse:
    """Firms with strong technology that stand on no list."""
    banker = onlooker(request)
    try:
        found = keyset(
            figures.outside(today()),
            order=("id",),
            cursor=request.GET.get("cursor", ""),
            limit=PAGE,
            descending=True,
        )
    except InvalidInput:
        raise Http404 from None
    context = {"title": "名单外的强技术企业", "rows": found, "points": figures.OUTSIDE_POINTS}
    return lists_page(request, banker, "admin/coverage_outside.html", context)


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    return [
        path("coverage/", guard(overview), name="coverage"),
        path("coverage/count/", guard(count), name="coverage_count"),
        path("coverage/outside/", guard(outside), name="coverage_outside"),
        path("coverage/<slug:code>/", guard(firm_list), name="coverage_firms"),
    ]
