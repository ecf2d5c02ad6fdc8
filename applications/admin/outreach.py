"""Outreach on the bank's desks: who talks to which firm of a list, and what came of it."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Banker
from applications.admin.lists import lists_page, onlooker
from applications.domain import outreach
from applications.enums import Channel, ContactResult
from applications.models import Application, Holding, Outreach, OutreachPlan
from applications.queries import coverage as figures
from portal.kernel.actors import Actor
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput
from portal.kernel.pages import capped_counts, keyset
from portal.kernel.web import is_done
from products.policy_desk.forms import DATE_INPUT, PlainForm

PAGE = 50
_SHOW = {"mine": "我的", "due": "到期要联系", "free": "待认领", "open": "还没联系上", "all": "全部"}


class AssignForm(forms.Form):
    banker = forms.ModelChoiceField(
        label="分给",
        queryset=Banker.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择同事", "invalid_choice": "请选择在岗的同事"},
    )
    count = forms.IntegerField(
        label="家数",
        min_value=1,
        max_value=outreach.MOST_AT_ONCE,
        initial=20,
        error_messages={"required": "请填写家数", "invalid": "家数要是整数"},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        working = Banker.objects.filter(is_active=True, role__in=outreach.WORKING)
        self.fields["banker"].queryset = working.select_related("user", "branch").order_by("branch_id", "pk")


class ContactForm(PlainForm):
    on = forms.DateField(
        label="联系日期",
        widget=DATE_INPUT,
        error_messages={"required": "请填写联系日期", "invalid": "日期要写成 2026-12-31 的样子"},
    )
    channel = forms.ChoiceField(
        label="方式", choices=[("", "请选择"), *Channel.choices], error_messages={"required": "请选择联系方式"}
    )
    result = forms.ChoiceField(
        label="结果", choices=[("", "请选择"), *ContactResult.choices], error_messages={"required": "请选择结果"}
    )
    next_on = forms.DateField(label="下次联系", widget=DATE_INPUT, required=False, help_text="不再联系就不填")
    note = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不写联系人的证件号、手机号",
    )


@never_cache
@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    banker = onlooker(request)
    rows = [
        (plan, figures.share(plan.reached, plan.total), plan.touch_target_bp and f"{plan.touch_target_bp / 100:.1f}%")
        for plan in figures.progress(today())
    ]
    return lists_page(request, banker, "admin/outreach_plans.html", {"title": "名单触达", "rows": rows})


@never_cache
@require_safe
def task_list(request: HttpRequest, code: str) -> HttpResponse:
    banker = onlooker(request)
    return _show_plan(request, banker, _plan(code))


def _plan(code: str) -> OutreachPlan:
    found = OutreachPlan.objects.select_related("register", "product", "owner__user", "owner__branch")
    return get_object_or_404(found, register__code=code)


def _show_plan(
    request: HttpRequest, banker: Banker, plan: OutreachPlan, failed: AssignForm | None = None
) -> HttpResponse:
    show = request.GET.get("show") or ("mine" if banker.role in outreach.WORKING else "all")
    if show not in _SHOW:
        raise Http404
    try:
        found = keyset(_tasks(plan, banker, show), order=("id",), cursor=request.GET.get("cursor", ""), limit=PAGE)
    except InvalidInput:
        raise Http404 from None
    counts = capped_counts({name: _tasks(plan, banker, name).order_by("id") for name in _SHOW}, cap=9999)
    context = {
        "title": f"{plan.register.name}触达",
        "plan": plan,
        "show": show,
        "tabs": [(name, label, counts[name]) for name, label in _SHOW.items()],
        "rows": found,
        "form": failed or (AssignForm() if outreach.may_assign(plan, banker) else None),
        "may_take": banker.role in outreach.WORKING,
    }
    return lists_page(request, banker, "admin/outreach.html", context, status=422 if failed else 200)


def _tasks(plan: OutreachPlan, banker: Banker, show: str) -> QuerySet[Outreach]:
    tasks = Outreach.objects.listed().filter(plan=plan).select_related("assignee__user")
    if show == "mine":
        return tasks.filter(assignee=banker)
    if show == "due":
        return tasks.filter(assignee=banker, next_on__lte=today())
    if show == "free":
        return tasks.filter(assignee=None)
    return tasks.filter(reached_on=None) if show == "open" else tasks


@require_POST
def assign(request: HttpRequest, code: str) -> HttpResponse:
    banker, plan = onlooker(request), _plan(code)
    form = AssignForm(request.POST)

    def work(*, banker: Banker, count: int, actor: Actor) -> int:
        return outreach.assign(plan_id=plan.pk, banker_id=banker.pk, count=count, actor=actor)

    if is_done(request, form, work, done="已分派"):
        return redirect("admin:outreach", code)
    return _show_plan(request, banker, plan, failed=form)


@never_cache
@require_safe
def task(request: HttpRequest, code: str, task_id: int) -> HttpResponse:
    banker = onlooker(request)
    return _show_task(request, banker, _task(code, task_id))


def _task(code: str, task_id: int) -> Outreach:
    found = Outreach.objects.select_related("plan__register", "plan__owner", "assignee__user")
    return get_object_or_404(found, plan__register__code=code, pk=task_id)


def _show_task(
    request: HttpRequest, banker: Banker, found: Outreach, failed: ContactForm | None = None
) -> HttpResponse:
    known = {"uscc": found.uscc} if found.uscc else None
    seen = {"seen": found.version}
    context = {
        "title": found.name,
        "task": found,
        "contacts": list(found.contacts.select_related("banker__user").order_by("-on", "-pk")[:50]),
        "holdings": list(Holding.objects.in_force(today()).filter(**known)[:20]) if known else [],
        "applications": list(
            Application.objects.filter(enterprise__uscc=found.uscc, is_sandbox=False)
            .exclude(submitted_at=None)
            .select_related("product")
            .order_by("-pk")[:10]
        )
        if known
        else [],
        "may_open_cases": banker.role in outreach.WORKING,
        "take_form": PlainForm(initial=seen) if found.assignee_id is None and banker.role in outreach.WORKING else None,
        "why_not": outreach.why_not_write(found, banker),
        "form": failed or ContactForm(initial={"on": today(), **seen}),
    }
    return lists_page(request, banker, "admin/outreach_task.html", context, status=422 if failed else 200)


@require_POST
def take(request: HttpRequest, code: str, task_id: int) -> HttpResponse:
    onlooker(request)
    found = _task(code, task_id)
    if not is_done(request, PlainForm(request.POST), partial(outreach.take, outreach_id=found.pk), done="已认领"):
        raise Http404
    return redirect("admin:outreach_task", code, task_id)


@require_POST
def write_contact(request: HttpRequest, code: str, task_id: int) -> HttpResponse:
    banker, found = onlooker(request), _task(code, task_id)
    form = ContactForm(request.POST)
    if is_done(request, form, partial(outreach.write_contact, outreach_id=found.pk), done="已登记"):
        return redirect("admin:outreach_task", code, task_id)
    return _show_task(request, banker, found, failed=form)


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    one = "outreach/<slug:code>/<int:task_id>"
    return [
        path("outreach/", guard(plan_list), name="outreach_plans"),
        path("outreach/<slug:code>/", guard(task_list), name="outreach"),
        path("outreach/<slug:code>/assign/", guard(assign), name="outreach_assign"),
        path(f"{one}/", guard(task), name="outreach_task"),
        path(f"{one}/take/", guard(take), name="outreach_take"),
        path(f"{one}/contact/", guard(write_contact), name="outreach_contact"),
    ]
