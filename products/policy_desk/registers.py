"""Registers on the policy desk: the lists, who is on them at a date, and files on their way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from portal.kernel.actors import Actor
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, PortalError
from portal.kernel.models import Event
from portal.kernel.pages import Page, capped_counts, keyset
from portal.kernel.sheets import stream_csv
from portal.kernel.web import is_done, put_error
from products.domain.registering import importing
from products.domain.registering.files import TEMPLATE
from products.domain.registering.rows import plain_name
from products.enums import BatchMode, RowChange
from products.lifecycle import BATCH_IN_FORCE
from products.models import Register, RegisterBatch, RegisterEntry, RegisterRow
from products.policy_desk.common import desk, page
from products.policy_desk.forms import DATE_INPUT, PlainForm, ReasonForm

PAGE = 50
WARN_AT = 5  # percent of a list that a file takes off: most often the wrong file
_SHOWN = {
    "name": "名称",
    "number": "证书或编号",
    "valid_from": "有效期起",
    "valid_to": "有效期止",
    "round": "批次",
    "project": "项目",
    "amount": "金额",
}
_HISTORY = {
    "uploaded": "上传",
    "staged": "读完，待确认",
    "unreadable": "读不了",
    "confirmed": "确认生效",
    "applied": "已生效",
    "discarded": "作废",
    "revert_asked": "申请撤销",
    "kept": "继续使用",
    "revert_confirmed": "确认撤销",
    "reverted": "已恢复上一批",
}


class UploadForm(forms.Form):
    file = forms.FileField(label="文件（.xlsx 或 .csv）", error_messages={"required": "请选择文件"})
    mode = forms.ChoiceField(label="方式", choices=BatchMode.choices)
    as_of = forms.DateField(
        label="名单日期",
        widget=DATE_INPUT,
        help_text="名单从哪天起算，一般是公布日期",
        error_messages={"required": "请填写名单日期", "invalid": "日期要写成 2026-12-31 的样子"},
    )
    note = forms.CharField(label="来源说明", max_length=200, required=False, help_text="例如公告文号")


class SearchForm(forms.Form):
    q = forms.CharField(max_length=60, required=False)
    on = forms.DateField(widget=DATE_INPUT, required=False)
    cursor = forms.CharField(max_length=400, required=False)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do; `press` is the last button: what is only asked for is handed in."""

    code: str
    label: str
    form: type[forms.Form]
    work: Callable[..., object]
    done: str
    sources: tuple[str, ...]
    asks: str
    danger: bool = False

    @property
    def press(self) -> str:
        return "提交申请" if self.label.startswith("申请") else f"确认{self.label.removeprefix('确认')}"


ACTS = {
    a.code: a
    for a in (
        Act(
            "confirm",
            "确认生效",
            PlainForm,
            importing.confirm,
            "已确认，正在生效",
            ("staged",),
            "生效后按名单日期计入，当晚重新分层",
        ),
        Act(
            "discard",
            "作废",
            PlainForm,
            importing.discard,
            "已作废",
            ("reading", "staged"),
            "作废后要重新上传",
            danger=True,
        ),
        Act(
            "ask_revert",
            "申请撤销",
            ReasonForm,
            importing.ask_revert,
            "已提交，等另一位政策管理岗确认撤销，在这以前名单不变",
            ("applied",),
            "由另一位政策管理岗确认后，名单恢复到这一批生效以前的样子，已经做出的评估不变",
            danger=True,
        ),
        Act(
            "revert",
            "撤销这一批",
            PlainForm,
            importing.confirm_revert,
            "正在撤销，恢复到上一批",
            ("recalled",),
            "名单恢复到这一批生效以前的样子，已经做出的评估不变",
            danger=True,
        ),
        Act(
            "keep",
            "继续使用",
            PlainForm,
            importing.keep,
            "撤销申请已撤下，名单不变",
            ("recalled",),
            "这一批照常计入，撤销申请作罢",
        ),
    )
}


@never_cache
@require_safe
def register_list(request: HttpRequest) -> HttpResponse:
    desk(request)
    newest = RegisterBatch.objects.filter(register=OuterRef("pk"), status__in=BATCH_IN_FORCE).order_by("-number")
    registers = list(
        Register.objects.annotate(
            day=Subquery(newest.values("as_of")[:1]),
            counts=Subquery(newest.values("counts")[:1]),
        ).order_by("pk")
    )
    waiting = {
        batch.register_id: batch
        for batch in RegisterBatch.objects.filter(status__in=RegisterBatch.lifecycle.open_statuses)
    }
    bare = {r.code: r.entries.current().order_by("id") for r in registers if not r.counts}
    seen = capped_counts(bare, cap=9999) if bare else {}
    rows = [(r, r.counts["after"] if r.counts else seen[r.code], waiting.get(r.pk)) for r in registers]
    return page(request, "admin/registers.html", {"title": "名单", "rows": rows})


@never_cache
@require_safe
def register(request: HttpRequest, code: str) -> HttpResponse:
    """One register: who is on it at a date, its batches, the next file."""
    may_write = desk(request)
    return _show_register(request, get_object_or_404(Register, code=code), may_write)


def _show_register(
    request: HttpRequest, found: Register, may_write: bool, form: UploadForm | None = None
) -> HttpResponse:
    search = SearchForm(request.GET)
    asked = search.cleaned_data if search.is_valid() else {}
    on, wanted = asked.get("on") or today(), asked.get("q", "").strip()
    try:
        entries = keyset(_entries(found, on, wanted), order=("id",), cursor=asked.get("cursor", ""), limit=PAGE)
    except InvalidInput:
        raise Http404 from None
    batches = list(found.batches.select_related("uploaded_by", "confirmed_by").order_by("-number")[:20])
    is_open = any(batch.status in RegisterBatch.lifecycle.open_statuses for batch in batches)
    context = {
        "title": found.name,
        "register": found,
        "entries": entries,
        "on": on,
        "q": wanted,
        "batches": batches,
        "counts": capped_counts({"all": _entries(found, on, "").order_by("id")}, cap=9999),
        "form": form or (UploadForm(initial={"as_of": today()}) if may_write and not is_open else None),
        "may_write": may_write,
    }
    return page(request, "admin/register.html", context, status=422 if form else 200)


def _entries(found: Register, on: date, wanted: str) -> QuerySet[RegisterEntry]:
    entries = RegisterEntry.objects.valid_on(on).filter(register=found)
    plain = plain_name(wanted)
    if not plain:
        return entries
    return (
        entries.filter(uscc=plain)
        if len(plain) == 18 and plain.isascii()
        else entries.filter(plain_name__startswith=plain)
    )


@require_POST
def upload(request: HttpRequest, code: str) -> HttpResponse:
    desk(request, writes=True)
    found = get_object_or_404(Register, code=code)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            batch = importing.upload(register_id=found.pk, actor=request.actor, **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect(batch)
    return _show_register(request, found, may_write=True, form=form)


@require_safe
def template_file(request: HttpRequest) -> StreamingHttpResponse:
    desk(request)
    return stream_csv("register.csv", TEMPLATE, [])


@never_cache
@require_safe
def batch(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One batch: how far it is, what it would change, what may be done."""
    may_write = desk(request)
    return _show_batch(request, _batch_of(code, number), may_write)


def _batch_of(code: str, number: int) -> RegisterBatch:
    found = RegisterBatch.objects.select_related("register", "uploaded_by", "confirmed_by", "recalled_by")
    return get_object_or_404(found, register__code=code, number=number)


def _show_batch(
    request: HttpRequest, found: RegisterBatch, may_write: bool, failed: tuple[str, forms.Form] | None = None
) -> HttpResponse:
    counts, in_force = found.counts, found.status in BATCH_IN_FORCE
    changes = ("removed", "changed", "new") if in_force else ("invalid", "removed", "changed", "new")
    tabs = [(change, RowChange(change).label, counts.get(change, 0)) for change in changes]
    shown = request.GET.get("show") or next((change for change, _, count in tabs if count), "new")
    if shown not in changes:
        raise Http404
    try:
        rows, said = (_done if in_force else _staged)(found, shown, request.GET.get("cursor", ""))
    except InvalidInput:
        raise Http404 from None
    acts = []
    for act in ACTS.values() if may_write else ():
        if found.status in act.sources:
            is_failed = failed is not None and failed[0] == act.code
            form = failed[1] if is_failed else act.form(initial={"seen": found.version}, auto_id=f"{act.code}_%s")
            acts.append((act, form, is_failed))
    taken = counts.get("removed", 0) * 100 / counts["before"] if counts.get("before") else 0
    context = {
        "title": f"{found.register.name} 第 {found.number} 批",
        "batch": found,
        "tabs": tabs,
        "shown": shown,
        "rows": rows,
        "said": said,
        "in_force": in_force,
        "acts": acts,
        "blocked": _blocked(found, request.actor),
        "taken": f"{taken:.1f}%" if taken >= WARN_AT else "",
        "history": _history(found),
        "may_write": may_write,
    }
    return page(request, "admin/register_batch.html", context, status=422 if failed else 200)


def _blocked(found: RegisterBatch, actor: Actor) -> dict[str, str]:
    """Acts that this person cannot do now, with the reason."""
    if found.status == "staged" and (why := importing.why_not_confirm(found, actor)):
        return {"confirm": why}
    if found.status == "recalled" and (why := importing.why_not_revert(found, actor)):
        return {"revert": why}
    return {}


def _staged(found: RegisterBatch, shown: str, cursor: str) -> tuple[Page, dict[int, list[str]]]:
    """A page of what a batch would do, with what each changed row says anew. Raises InvalidInput for a forged cursor."""
    rows = keyset(found.rows.filter(change=shown), order=("line", "id"), cursor=cursor, limit=PAGE)
    old = RegisterEntry.objects.in_bulk([row.entry_id for row in rows.rows if row.change == RowChange.CHANGED])
    return rows, {row.pk: _said(old[row.entry_id], row) for row in rows.rows if row.entry_id in old}


def _done(found: RegisterBatch, shown: str, cursor: str) -> tuple[Page, dict[int, list[str]]]:
    """The same of what a batch in force did."""
    rows = keyset(RegisterEntry.objects.touched_by(found.pk, shown), order=("id",), cursor=cursor, limit=PAGE)
    if shown != RowChange.CHANGED:
        return rows, {}
    codes, keys = {row.uscc for row in rows.rows}, {row.key for row in rows.rows}
    new = {row.key: row for row in found.entries.filter(uscc__in=codes, key__in=keys)}
    said = {new[row.key].pk: _said(row, new[row.key]) for row in rows.rows}
    return replace(rows, rows=[new[row.key] for row in rows.rows]), said


def _said(old: RegisterRow, new: RegisterRow) -> list[str]:
    """What one row says otherwise than the other: `名称：旧 → 新`."""
    return [
        f"{label}：{getattr(old, name) or '无'} → {getattr(new, name) or '无'}"
        for name, label in _SHOWN.items()
        if getattr(old, name) != getattr(new, name)
    ]


def _history(found: RegisterBatch) -> list[dict]:
    events = list(Event.objects.filter(stream=found.reference).order_by("-seq").values("type", "actor", "at"))
    ids = {event["actor"].partition(":")[2] for event in events if event["actor"].startswith("banker:")}
    names = {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")}
    return [
        {
            "what": _HISTORY.get(event["type"].partition(".")[2], event["type"]),
            "who": names.get(event["actor"].partition(":")[2], "系统"),
            "at": event["at"],
        }
        for event in events
    ]


@require_safe
def faults(request: HttpRequest, code: str, number: int) -> StreamingHttpResponse:
    """The rows that cannot be used, with their lines and what is wrong."""
    desk(request)
    found = _batch_of(code, number)

    def lines() -> Iterator[tuple]:
        rows = found.rows.filter(change=RowChange.INVALID).order_by("line", "id")
        yield from rows.values_list("line", "problem", "name", "uscc", "number").iterator(2000)

    return stream_csv(
        f"{code}-{number}-faults.csv", ["行", "问题", "企业名称", "统一社会信用代码", "证书编号"], lines()
    )


@require_POST
def act(request: HttpRequest, code: str, number: int, name: str) -> HttpResponse:
    desk(request, writes=True)
    found = _batch_of(code, number)
    pressed = ACTS.get(name)
    if pressed is None:
        raise Http404
    form = pressed.form(request.POST, auto_id=f"{name}_%s")
    if is_done(request, form, partial(pressed.work, batch_id=found.pk), done=pressed.done):
        return redirect("admin:register", code) if name == "discard" else redirect(found)  # to upload it again
    return _show_batch(request, found, may_write=True, failed=(name, form))


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    one = "registers/<slug:code>/<int:number>"
    return [
        path("registers/", guard(register_list), name="registers"),
        path("registers/template.csv", guard(template_file), name="register_template"),
        path("registers/<slug:code>/", guard(register), name="register"),
        path("registers/<slug:code>/upload/", guard(upload), name="register_upload"),
        path(f"{one}/", guard(batch), name="register_batch"),
        path(f"{one}/faults.csv", guard(faults), name="register_faults"),
        path(f"{one}/<slug:name>/", guard(act), name="register_act"),
    ]
