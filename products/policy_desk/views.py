"""The policy desk: policies, their versions, the editor and tests. Each act is one call into the domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.web import is_done, put_error
from products.domain import authoring, backtesting, shadowing, workbooks
from products.lifecycle import POLICY_FROZEN
from products.models import PolicyVersion
from products.policy.document import compile_document
from products.policy.tables import COLUMNS, TableError, to_document, to_rows
from products.policy.wording import changes
from products.policy_desk import files, pages, trials
from products.policy_desk.common import desk, page, version_of
from products.policy_desk.forms import (
    MAX_ROWS,
    DraftForm,
    FileForm,
    PlainForm,
    ReasonForm,
    RetireForm,
    lines_of,
    put_cell_errors,
    table_formset,
)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do; `press` is the last button: what is only asked for is handed in."""

    code: str
    label: str
    form: type[forms.Form]
    work: Callable[..., object]
    done: str
    sources: tuple[str, ...]
    danger: bool = False
    asks: str = ""  # said before it is done for good

    @property
    def press(self) -> str:
        return "提交申请" if self.label.startswith("申请") else f"确认{self.label.removeprefix('确认')}"


ACTS: dict[str, Act] = {
    a.code: a
    for a in (
        Act("submit", "提交发布", PlainForm, authoring.submit, "已提交，等另一位政策管理岗发布", ("draft",)),
        Act(
            "publish",
            "发布",
            PlainForm,
            authoring.publish,
            "已发布，从生效日期起使用",
            ("submitted",),
            asks="发布后不能修改",
        ),
        Act("send_back", "退回起草", ReasonForm, authoring.send_back, "已退回起草", ("submitted",)),
        Act(
            "discard",
            "作废",
            PlainForm,
            authoring.discard,
            "已作废",
            ("draft", "submitted"),
            danger=True,
            asks="作废后不能恢复，可以从任何一版重新起草",
        ),
        Act(
            "ask_end",
            "申请停用",
            RetireForm,
            authoring.ask_end,
            "已提交，等另一位政策管理岗确认停用，在这以前照常使用",
            ("published",),
            danger=True,
            asks="由另一位政策管理岗确认。最后一天过后，这项政策没有生效的版本，申请一律转人工；更早的版本不会自己恢复",
        ),
        Act(
            "retire",
            "停用",
            PlainForm,
            authoring.retire,
            "已停用，最后一天过后相关申请转人工",
            ("ending",),
            danger=True,
            asks="最后一天过后，这项政策没有生效的版本，申请一律转人工；更早的版本不会自己恢复",
        ),
        Act("keep", "继续使用", PlainForm, authoring.keep, "停用申请已撤下，这一版照常使用", ("ending",)),
    )
}


@never_cache
@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    desk(request)
    rows = pages.all_policies()
    return page(request, "admin/policies.html", {"title": "政策", "rows": rows, "kinds": workbooks.KINDS})


@never_cache
@require_safe
def policy(request: HttpRequest, code: str) -> HttpResponse:
    """One policy: its versions and its golden cases."""
    may_write = desk(request)
    versions = list(PolicyVersion.objects.filter(code=code).order_by("-number").defer("document"))
    if not versions:
        raise Http404
    context = {
        "title": versions[0].title,
        "code": code,
        "versions": pages.with_people(versions),
        "newest": next((v.pk for v in versions if v.frozen_at and v.status in POLICY_FROZEN), None),
        "open": next((v for v in versions if v.is_open), None),
        "may_write": may_write,
        "file_form": FileForm(),
    }
    return page(request, "admin/policy.html", context)


@never_cache
@require_safe
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    may_write = desk(request)
    return _show_version(request, version_of(code, number), may_write)


def _show_version(
    request: HttpRequest, found: PolicyVersion, may_write: bool, failed: tuple[str, forms.Form] | None = None
) -> HttpResponse:
    acts = []
    for act in ACTS.values() if may_write else ():
        if found.status in act.sources:
            is_failed = failed is not None and failed[0] == act.code
            form = failed[1] if is_failed else act.form(initial={"seen": found.version}, auto_id=f"{act.code}_%s")
            acts.append((act, form, is_failed))
    context = {
        "title": f"{found.title} 第 {found.number} 版",
        "version": found,
        "acts": acts,
        **pages.version_page(found, request.actor, may_write=may_write),
    }
    return page(request, "admin/policy_version.html", context, status=422 if failed else 200)


@require_POST
def act(request: HttpRequest, code: str, number: int, name: str) -> HttpResponse:
    desk(request, writes=True)
    found = version_of(code, number)
    pressed = ACTS.get(name)
    if pressed is None:
        raise Http404
    form = pressed.form(request.POST, auto_id=f"{name}_%s")
    if is_done(request, form, partial(pressed.work, version_id=found.pk), done=pressed.done):
        return redirect("admin:policy_version", code, number)
    return _show_version(request, found, may_write=True, failed=(name, form))


@require_POST
def start_draft(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A new draft with this version's text: to change it, or to bring it back."""
    desk(request, writes=True)
    found = version_of(code, number)
    try:
        made = authoring.draft_from(
            version_id=found.pk, effective_from=today() + timedelta(days=1), actor=request.actor
        )
    except PortalError as error:
        messages.error(request, error.message)
        return redirect("admin:policy", code)
    return redirect("admin:policy_edit", code, made.number)


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The table of a draft, every cell a field."""
    desk(request, writes=True)
    found = version_of(code, number)
    if found.status != "draft":
        messages.error(request, "只有草稿可以修改")
        return redirect("admin:policy_version", code, number)
    kind, rows = found.document["kind"], to_rows(found.document)
    if len(rows) > MAX_ROWS:
        messages.error(request, f"超过 {MAX_ROWS} 行的政策请下载工作簿修改")
        return redirect("admin:policy_version", code, number)
    head = {name: getattr(found, name) for name in ("title", "effective_from", "summary")} | {"seen": found.version}
    if request.method != "POST":
        return _show_editor(request, found, DraftForm(initial=head), table_formset(kind)(initial=rows))
    form, table = DraftForm(request.POST), table_formset(kind)(request.POST, initial=rows)
    if form.is_valid() and table.is_valid() and _save_table(request, found, form, table):
        messages.success(request, "草稿已保存")
        return redirect("admin:policy_version", code, number)
    return _show_editor(request, found, form, table)


def _save_table(request: HttpRequest, found: PolicyVersion, form: DraftForm, table: forms.BaseFormSet) -> bool:
    rows, lines = lines_of(table)
    data = form.cleaned_data
    if not rows and to_rows(found.document):
        form.add_error(None, "一条都没有：这样所有企业都会通过。草稿没有保存")
        return False
    try:
        document = to_document(code=found.code, kind=found.document["kind"], title=data["title"], rows=rows)
        authoring.change_draft(
            version_id=found.pk,
            seen=data["seen"],
            document=document,
            effective_from=data["effective_from"],
            summary=data["summary"],
            actor=request.actor,
        )
    except TableError as error:
        put_cell_errors(error.errors, lines, form)
        return False
    except PortalError as error:
        put_error(form, error)
        return False
    return True


def _show_editor(request: HttpRequest, found: PolicyVersion, form: DraftForm, table: forms.BaseFormSet) -> HttpResponse:
    context = {
        "title": f"修改 {found.title} 第 {found.number} 版",
        "version": found,
        "form": form,
        "table": table,
        "columns": COLUMNS[found.document["kind"]],
        "faults": sum(len(line.errors) for line in table.forms) + len(form.errors) if form.is_bound else 0,
    }
    return page(request, "admin/policy_edit.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Any two versions of a policy, the older one first."""
    desk(request)
    asked = [request.GET.get(name, "") for name in ("a", "b")]
    if not all(number.isascii() and number.isdigit() and len(number) < 6 for number in asked):
        messages.error(request, "请选两个版本")
        return redirect("admin:policy", code)
    old, new = (version_of(code, number) for number in sorted(map(int, asked)))
    words = [change.words for change in changes(compile_document(old.document), compile_document(new.document))]
    context = {
        "title": f"{new.title}：第 {old.number} 版与第 {new.number} 版",
        "old": old,
        "new": new,
        "changes": words,
    }
    return page(request, "admin/policy_compare.html", {**context, "code": code})


@require_POST
def back_test(request: HttpRequest, code: str, number: int) -> HttpResponse:
    desk(request, writes=True)
    try:
        backtesting.start(version_id=version_of(code, number).pk, actor=request.actor)
    except PortalError as error:
        messages.error(request, error.message)
    return redirect("admin:policy_version", code, number)


@require_POST
def shadow(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Start the shadow run of a version, or stop the one that is on."""
    desk(request, writes=True)
    found = version_of(code, number)
    work = shadowing.stop if request.POST.get("act") == "stop" else shadowing.start
    try:
        work(version_id=found.pk, actor=request.actor)
    except PortalError as error:
        messages.error(request, error.message)
    return redirect("admin:policy_version", code, number)


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    one = "policies/<slug:code>/<int:number>"
    return [
        path("policies/", guard(policy_list), name="policies"),
        path("policies/<slug:code>/", guard(policy), name="policy"),
        path("policies/<slug:code>/compare/", guard(compare), name="policy_compare"),
        path("policies/<slug:code>/upload/", guard(files.upload), name="policy_upload"),
        path("policies/<slug:code>/save/", guard(files.save_upload), name="policy_save"),
        path(f"{one}/", guard(version), name="policy_version"),
        path(f"{one}/draft/", guard(start_draft), name="policy_draft"),
        path(f"{one}/edit/", guard(edit), name="policy_edit"),
        path(f"{one}/workbook/", guard(files.workbook), name="policy_workbook"),
        path(f"{one}/file/", guard(files.policy_file), name="policy_file"),
        path(f"{one}/back-test/", guard(back_test), name="policy_back_test"),
        path(f"{one}/shadow/", guard(shadow), name="policy_shadow"),
        path(f"{one}/trial/", guard(trials.trial), name="policy_trial"),
        path(f"{one}/golden/", guard(trials.save_golden), name="policy_golden"),
        path(f"{one}/golden/<int:case_id>/remove/", guard(trials.remove_golden), name="policy_golden_remove"),
        path(f"{one}/<slug:name>/", guard(act), name="policy_act"),
    ]
