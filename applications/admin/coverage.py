"""Coverage and outreach on the bank's desks: how many firms of the lists are reached, which are not, and who talks to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.enums import BankerRole
from accounts.models import Banker
from applications.domain import coverage, outreach
from applications.enums import Channel, ContactResult, CoverageBy, Reach
from applications.models import Application, CoverageRun, Holding, Outreach, OutreachPlan
from applications.queries import coverage as figures
from applications.queries import queues
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, PortalError
from portal.kernel.pages import capped_counts, keyset
from portal.kernel.sheets import stream_csv
from portal.kernel.web import client_address, is_done
from products.models import Register, RegisterEntry
from products.policy_desk.common import page
from products.policy_desk.forms import DATE_INPUT, PlainForm

PAGE = 50
EXPORT_LIMIT = 20_000
_SHOW = {"mine": "我的", "due": "到期要联系", "free": "待认领", "open": "还没联系上", "all": "全部"}


class DayForm(forms.Form):
    on = forms.DateField(label="截至", widget=DATE_INPUT)


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


def onlooker(request: HttpRequest) -> Banker:
    """Any working person of the bank, and the request's actor; system administrators have no business here."""
    banker = Banker.objects.select_related("branch").filter(user_id=request.user.pk, is_active=True).first()
    if banker is None or banker.role == BankerRole.ADMIN:
        raise PermissionDenied
    banker.user = request.user
    request.actor = Actor(ActorKind.BANKER, user_id=request.user.pk, address=client_address(request))
    return banker


def _page(request: HttpRequest, banker: Banker, template: str, context: dict, status: int = 200) -> HttpResponse:
    """Inside the desk the person works at: that of cases with its queues, or that of policies."""
    shell = {"base": "admin/lists_policy_desk.html"}
    if banker.role != BankerRole.POLICY:
        shell = {
            "base": "admin/lists_case_desk.html",
            "queues": queues.QUEUES.values(),
            "counts": queues.counts(banker),
        }
    return page(request, template, {**shell, "banker": banker, **context}, status=status)


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
    if code != figures.ANY and rows and code not in {row.code for row in rows}:
        get_object_or_404(Register, code=code)
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
    return _page(request, banker, "admin/coverage.html", context)


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
    return _page(request, banker, "admin/coverage_firms.html", context)


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
    return _page(request, banker, "admin/coverage_outside.html", context)


@never_cache
@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    banker = onlooker(request)
    rows = [
        (plan, figures.share(plan.reached, plan.total), plan.touch_target_bp and f"{plan.touch_target_bp / 100:.1f}%")
        for plan in figures.progress(today())
    ]
    return _page(request, banker, "admin/outreach_plans.html", {"title": "名单触达", "rows": rows})


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
    return _page(request, banker, "admin/outreach.html", context, status=422 if failed else 200)


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
    return _page(request, banker, "admin/outreach_task.html", context, status=422 if failed else 200)


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
        path("coverage/", guard(overview), name="coverage"),
        path("coverage/count/", guard(count), name="coverage_count"),
        path("coverage/outside/", guard(outside), name="coverage_outside"),
        path("coverage/<slug:code>/", guard(firm_list), name="coverage_firms"),
        path("outreach/", guard(plan_list), name="outreach_plans"),
        path("outreach/<slug:code>/", guard(task_list), name="outreach"),
        path("outreach/<slug:code>/assign/", guard(assign), name="outreach_assign"),
        path(f"{one}/", guard(task), name="outreach_task"),
        path(f"{one}/take/", guard(take), name="outreach_take"),
        path(f"{one}/contact/", guard(write_contact), name="outreach_contact"),
    ]
