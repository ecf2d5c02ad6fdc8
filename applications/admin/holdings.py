"""在行业务 on the policy desk: core banking's statements on their way in, and what firms hold."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from applications.domain import holdings
from applications.integrations.core_banking import LAYOUT
from applications.models import Holding, HoldingStatement
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, PortalError
from portal.kernel.pages import capped_counts, keyset
from portal.kernel.sheets import stream_csv
from portal.kernel.web import put_error, tell_error
from products.policy_desk.common import desk, page
from products.policy_desk.forms import DATE_INPUT

PAGE = 50
_SHOW = {"": "全部", "first": "首贷", "verify": "首贷待核实"}


class StatementForm(forms.Form):
    file = forms.FileField(label="文件（.xlsx 或 .csv）", error_messages={"required": "请选择文件"})
    as_of = forms.DateField(
        label="数据日期",
        widget=DATE_INPUT,
        help_text="核心系统导出的是哪一天的数据",
        error_messages={"required": "请填写数据日期", "invalid": "日期要写成 2026-12-31 的样子"},
    )


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return _show(request, desk(request))


def _show(request: HttpRequest, may_write: bool, form: StatementForm | None = None) -> HttpResponse:
    show, wanted = request.GET.get("show", ""), request.GET.get("q", "").strip()[:40]
    if show not in _SHOW:
        raise Http404
    try:
        rows = keyset(_rows(show, wanted), order=("id",), cursor=request.GET.get("cursor", ""), limit=PAGE)
    except InvalidInput:
        raise Http404 from None
    statements = list(HoldingStatement.objects.select_related("uploaded_by").order_by("-pk")[:10])
    is_reading = any(statement.status == "reading" for statement in statements)
    counts = capped_counts({name: _rows(name, "").order_by("id") for name in _SHOW}, cap=9999)
    context = {
        "title": "在行业务",
        "rows": rows,
        "q": wanted,
        "show": show,
        "tabs": [(name, label, counts[name]) for name, label in _SHOW.items()],
        "statements": statements,
        "is_reading": is_reading,
        "may_write": may_write,
        "form": form or (StatementForm(initial={"as_of": today()}) if may_write and not is_reading else None),
    }
    return page(request, "admin/holdings.html", context, status=422 if form else 200)


def _rows(show: str, wanted: str) -> QuerySet[Holding]:
    rows = Holding.objects.select_related("branch")
    if show:
        rows = rows.filter(first_loan="yes" if show == "first" else "unknown")
    if wanted:
        rows = rows.filter(uscc=wanted.upper()) if len(wanted) == 18 else rows.filter(number=wanted)
    return rows


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    desk(request, writes=True)
    form = StatementForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            holdings.upload(actor=request.actor, **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("admin:holdings")
    return _show(request, may_write=True, form=form)


@require_POST
def discard(request: HttpRequest, statement_id: int) -> HttpResponse:
    desk(request, writes=True)
    get_object_or_404(HoldingStatement, pk=statement_id)
    try:
        holdings.discard(statement_id=statement_id, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
    return redirect("admin:holdings")


@require_safe
def template_file(request: HttpRequest) -> StreamingHttpResponse:
    desk(request)
    return stream_csv("holdings.csv", LAYOUT.template, [])


@require_safe
def faults(request: HttpRequest, statement_id: int) -> StreamingHttpResponse:
    desk(request)
    found = get_object_or_404(HoldingStatement, pk=statement_id)
    return stream_csv(f"holdings-{statement_id}-faults.csv", ["行", "问题"], found.faults)


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    return [
        path("holdings/", guard(overview), name="holdings"),
        path("holdings/upload/", guard(upload), name="holdings_upload"),
        path("holdings/template.csv", guard(template_file), name="holdings_template"),
        path("holdings/<int:statement_id>/discard/", guard(discard), name="holdings_discard"),
        path("holdings/<int:statement_id>/faults.csv", guard(faults), name="holdings_faults"),
    ]
