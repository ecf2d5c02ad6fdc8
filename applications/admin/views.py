"""Own views of the admin site: queues, case, members. Each act is one call into the domain."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain import memberships
from accounts.enums import BankerRole
from accounts.models import Banker, Membership
from applications.admin import coverage, holdings, monitor, outreach, screen, tiers
from applications.admin.acts import ACTS
from applications.admin.desk import working_banker
from applications.admin.screen import Failed
from applications.models import Application
from applications.queries import case, queues
from applications.queries.sealing import sealed_case
from portal.kernel.access import mask_address, mask_name, note_access
from portal.kernel.errors import PortalError
from portal.kernel.files import as_attachment
from portal.kernel.sheets import stream_csv
from portal.kernel.web import put_error
from products.enums import Tier
from products.models import Product
from products.policy.sealed import problems

EXPORT_LIMIT = 5000
_CASES = Application.objects.with_screen()  # put together once


@require_safe
def queue(request: HttpRequest, code: str) -> HttpResponse:
    banker = working_banker(request)
    if code not in queues.QUEUES:
        raise Http404
    found = queues.QUEUES[code]
    filters = {
        "product": request.GET.get("product", ""),
        "tier": request.GET.get("tier", ""),
        "search": request.GET.get("q", "").strip()[:60].replace("\x00", ""),
    }
    rows = queues.rows_of(found, banker, **filters)
    if "csv" in request.GET:
        return _export(rows)
    try:
        page = queues.page_of(rows, cursor=request.GET.get("cursor", ""))
    except PortalError as error:
        raise Http404 from error
    context = {
        **admin.site.desk_context(request),
        "title": found.label,
        "queue": found,
        "queues": queues.QUEUES.values(),
        "counts": queues.counts(banker),
        "rows": queues.with_clocks(page.rows),
        "page": page,
        "filters": filters,
        "products": Product.objects.offered().in_brief(),
        "tiers": Tier.choices,
        "banker": banker,
    }
    return TemplateResponse(request, "admin/queue.html", context)


def _export(rows) -> HttpResponse:
    header = [
        "编号",
        "企业",
        "统一社会信用代码",
        "产品",
        "申请金额（元）",
        "分层",
        "机评下限",
        "状态",
        "期限",
        "领取人",
    ]
    found = rows.order_by(*queues.ORDER)[:EXPORT_LIMIT].iterator(chunk_size=500)
    lines = (
        [
            a.reference,
            a.enterprise_name,
            a.enterprise_uscc,
            a.product_name,
            a.requested_amount,
            a.tier,
            a.score_low,
            a.status_info.label,
            a.due_at and f"{a.due_at:%Y-%m-%d}",
            a.holder_name,
        ]
        for a in found
    )
    return stream_csv("queue.csv", header, lines)


def _case(request: HttpRequest, reference: str) -> Application:
    return get_object_or_404(_CASES.visible_to(request.actor), reference=reference)


@never_cache
@require_safe
def case_page(request: HttpRequest, reference: str) -> HttpResponse:
    banker = working_banker(request)
    return _render_case(request, _case(request, reference), banker)


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """Do one act: a wrong form comes back on the same screen with what was typed."""
    banker = working_banker(request)
    if request.method != "POST":
        return redirect("admin:case", reference)
    application = _case(request, reference)
    pressed = ACTS.get(code)
    if pressed is None:
        raise Http404
    form = pressed.form(request.POST)
    if form.is_valid():
        try:
            pressed.work(application_id=application.pk, actor=request.actor, **form.arguments())
        except PortalError as error:
            if form.fields and error.field:
                put_error(form, error)
            else:
                messages.error(request, error.message)
                return redirect("admin:case", reference)
        else:
            messages.success(request, pressed.done)
            return redirect("admin:case", reference)
    application.refresh_from_db()
    return _render_case(request, application, banker, failed=Failed(code, form))


def _render_case(
    request: HttpRequest, application: Application, banker: Banker, failed: Failed | None = None
) -> HttpResponse:
    context = {**admin.site.desk_context(request), **screen.context(application, banker, failed)}
    return TemplateResponse(request, "admin/case.html", context, status=422 if failed else 200)


@never_cache
@require_safe
def download(request: HttpRequest, reference: str, public_id: str) -> HttpResponse:
    working_banker(request)
    application = _case(request, reference)
    document = get_object_or_404(application.documents, public_id=public_id, removed_at=None)
    note_access(actor=request.actor, subject=application.reference, field=f"document:{document.public_id}")
    return as_attachment(document.storage_key, document.name)


@never_cache
@require_POST
def replay_case(request: HttpRequest, reference: str) -> HttpResponse:
    """Evaluate the stored snapshot again and compare by hash."""
    working_banker(request)
    application = _case(request, reference)
    screening = case.newest_screening(application)
    if screening is None:
        raise Http404
    found = problems(sealed_case(application))
    if found:
        messages.error(request, f"重放不一致，请联系政策管理员：{'；'.join(found)}")
    else:
        messages.success(request, "重放一致：同一快照、同一政策版本，结果指纹相同")
    return redirect("admin:case", reference)


@never_cache
@require_POST
def export_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The case as one sealed file. Taking it out is written down, as a look at a document is."""
    working_banker(request)
    application = _case(request, reference)
    note_access(actor=request.actor, subject=application.reference, field="sealed_case")
    response = JsonResponse(sealed_case(application), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{application.reference}.json"'
    return response


def _contact(membership: Membership) -> str:
    return membership.user.phone or membership.user.email or ""


@never_cache
@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    """Members waiting for a relationship manager's word; contact details masked."""
    banker = working_banker(request)
    revealed = request.session.pop("revealed", None)
    waiting = (
        Membership.objects.current().filter(verified_at=None).select_related("user", "enterprise").order_by("-pk")[:100]
    )
    rows = [
        {
            "membership": m,
            "name": mask_name(m.user.name) or "未填写",
            "contact": _contact(m) if m.pk == revealed else mask_address(_contact(m)),
            "is_clear": m.pk == revealed,
        }
        for m in waiting
    ]
    context = {
        **admin.site.desk_context(request),
        "title": "待核验成员",
        "rows": rows,
        "banker": banker,
        "queues": queues.QUEUES.values(),
        "counts": queues.counts(banker),
        "may_verify": banker.role == BankerRole.RM,
    }
    return TemplateResponse(request, "admin/members.html", context)


@never_cache
@require_POST
def reveal_member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Show one contact in clear once; who looked is written down."""
    working_banker(request)
    get_object_or_404(Membership.objects.current().filter(verified_at=None), pk=membership_id)
    note_access(actor=request.actor, subject=f"membership:{membership_id}", field="contact", reason="核验成员")
    request.session["revealed"] = membership_id
    return redirect("admin:members")


@require_POST
def verify_member(request: HttpRequest, membership_id: int) -> HttpResponse:
    working_banker(request)
    get_object_or_404(Membership.objects.current(), pk=membership_id)
    try:
        memberships.verify_by_banker(membership_id=membership_id, actor=request.actor)
    except PortalError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "已核实")
    return redirect("admin:members")


def urls(site: admin.AdminSite) -> list:
    """Routes of these views, each behind the site's own guard."""
    guard = site.admin_view
    return [
        path("queues/<slug:code>/", guard(queue), name="queue"),
        path("cases/<str:reference>/", guard(case_page), name="case"),
        path("cases/<str:reference>/replay/", guard(replay_case), name="case_replay"),
        path("cases/<str:reference>/export/", guard(export_case), name="case_export"),
        path("cases/<str:reference>/documents/<str:public_id>/", guard(download), name="case_document"),
        path("cases/<str:reference>/<slug:code>/", guard(act), name="case_act"),
        *tiers.urls(site),
        *monitor.urls(site),
        *holdings.urls(site),
        *coverage.urls(site),
        *outreach.urls(site),
        path("members/", guard(member_list), name="members"),
        path("members/<int:membership_id>/reveal/", guard(reveal_member), name="member_reveal"),
        path("members/<int:membership_id>/verify/", guard(verify_member), name="member_verify"),
    ]
