"""Policies by file: workbooks and policy files, in and out. What comes in is looked at before it is kept."""

from __future__ import annotations

import json
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, PortalError, StaleObject
from portal.kernel.web import put_error
from portal.kernel.workbooks import XLSX
from products.domain import authoring, exchange, workbooks
from products.models import PolicyVersion
from products.policy.document import compile_document
from products.policy.wording import changes
from products.policy_desk.common import desk, page, version_of
from products.policy_desk.forms import FileForm, SaveForm


@never_cache
@require_POST
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Read a workbook or a policy file and show what it would change. Nothing is kept yet."""
    desk(request, writes=True)
    newest = PolicyVersion.objects.filter(code=code).order_by("-number").first()
    if newest is None:
        raise Http404
    form = FileForm(request.POST, request.FILES)
    lines: list[str] = []
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.name.lower().endswith(".json"):
                document, cases = exchange.read(file, file.size, code=code)
            else:
                document, cases = workbooks.read(file, file.size, code=code, kind=newest.document["kind"]), []
        except InvalidInput as error:
            lines = list(getattr(error, "lines", [error.message]))
        else:
            return _preview(request, newest, document, cases)
    context = {
        "title": "文件没有通过检查",
        "code": code,
        "policy_title": newest.title,
        "lines": lines or [error for errors in form.errors.values() for error in errors],
        "file_form": FileForm(),
    }
    return page(request, "admin/policy_upload.html", context, status=422)


def _preview(
    request: HttpRequest, newest: PolicyVersion, document: dict, cases: list[dict], form: SaveForm | None = None
) -> HttpResponse:
    published = PolicyVersion.objects.filter(code=newest.code, frozen_at__isnull=False).order_by("-number").first()
    base = newest if newest.status == "draft" or published is None else published
    compiled = compile_document(document)
    initial = {
        "document": document,
        "cases": cases,
        "effective_from": base.effective_from if base.status == "draft" else today() + timedelta(days=1),
        "summary": base.summary if base.status == "draft" else "",
        "seen": base.version if base.status == "draft" else None,
        "number": base.number if base.status == "draft" else None,
    }
    context = {
        "title": f"{compiled.title}：核对改动",
        "code": newest.code,
        "base": base,
        "cases": cases,
        "changes": [change.words for change in changes(compile_document(base.document), compiled)],
        "blocked": newest.status == "submitted",
        "form": form or SaveForm(initial=initial),
    }
    return page(request, "admin/policy_preview.html", context, status=422 if form else 200)


@require_POST
def save_upload(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a read document as the draft: the open one changed, or a new one."""
    desk(request, writes=True)
    newest = PolicyVersion.objects.filter(code=code).order_by("-number").first()
    form = SaveForm(request.POST)
    if newest is None or {"document", "cases"} & set(form.errors):
        raise Http404
    if form.is_valid():
        data = form.cleaned_data
        wanted = {key: data[key] for key in ("document", "effective_from", "summary", "cases")}
        try:
            if data["document"].get("code") != code:
                raise InvalidInput("code_changed", "这份文件属于另一项政策", field="document")
            if data["seen"] is not None:
                if (newest.number, newest.status) != (data["number"], "draft"):
                    raise StaleObject("policy_changed", "您核对时的草稿已经办完或作废，请重新上传")
                saved = authoring.change_draft(version_id=newest.pk, seen=data["seen"], actor=request.actor, **wanted)
            else:
                saved = authoring.draft(actor=request.actor, **wanted)
        except PortalError as error:
            if error.field not in ("effective_from", "summary"):
                messages.error(request, error.message)
                return redirect("admin:policy", code)
            put_error(form, error)
        else:
            messages.success(request, f"已存为第 {saved.number} 版草稿")
            return redirect("admin:policy_version", code, saved.number)
    sent = {name: json.loads(form[name].value() or "[]") for name in ("document", "cases")}
    return _preview(request, newest, sent["document"], sent["cases"], form)


@require_safe
def workbook(request: HttpRequest, code: str, number: int) -> HttpResponse:
    desk(request)
    response = HttpResponse(workbooks.write(version_of(code, number).document), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{code}-{number}.xlsx"'
    return response


@require_safe
def policy_file(request: HttpRequest, code: str, number: int) -> HttpResponse:
    desk(request)
    response = JsonResponse(
        exchange.write(version_of(code, number)), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = f'attachment; filename="{code}-{number}.json"'
    return response
