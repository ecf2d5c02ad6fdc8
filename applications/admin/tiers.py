"""Manual tiers on the case desk: what waits for a signature, and one firm with its tier's whole story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Banker, Enterprise, Membership
from applications.admin.desk import working_banker
from applications.queries import queues
from applications.queries.case import rung_rows
from portal.kernel.clock import today
from portal.kernel.web import is_done
from products.domain import overriding
from products.enums import Tier
from products.models import TierAssignment, TierOverride

SOON = timedelta(days=30)
LISTED = 100


class ProposeForm(forms.Form):
    tier = forms.ChoiceField(label="调为", choices=[(t, t.label if t == Tier.NONE else f"{t} {t.label}") for t in Tier])
    last_day = forms.DateField(
        label="到期日",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="最长一年；到期后回到自动分层的结果",
        error_messages={"required": "请填写到期日", "invalid": "日期要写成 2026-12-31 的样子"},
    )
    reason = forms.CharField(
        label="理由和依据",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明理由和依据"},
    )


class SeenForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)


class SaidForm(SeenForm):
    reason = forms.CharField(label="原因", max_length=200, error_messages={"required": "请写明原因"})


@dataclass(frozen=True, slots=True)
class Act:
    code: str
    label: str
    form: type[forms.Form]
    work: Callable[..., object]
    done: str
    danger: bool = False
    asks: str = ""  # said before it is done


ACTS = {
    a.code: a
    for a in (
        Act(
            "approve",
            "同意调级",
            SeenForm,
            overriding.approve,
            "已同意，从今天起生效",
            asks="从今天起，这家企业新提交的申请按这一层的额度、签字权限和时限办理，已经提交的不变",
        ),
        Act("refuse", "不同意", SaidForm, overriding.refuse, "已退回", danger=True),
        Act("end", "结束", SaidForm, overriding.end, "已结束，回到自动分层的结果", danger=True),
    )
}


@never_cache
@require_safe
def override_list(request: HttpRequest) -> HttpResponse:
    """Proposals that wait, and what is in force, the next to end first."""
    banker = working_banker(request)
    found = TierOverride.objects.filter(status__in=["proposed", "active"]).select_related("enterprise", "proposed_by")
    rows = list(found.order_by("-status", "last_day", "pk")[: LISTED + 1])
    context = {"title": "人工调级", "rows": rows[:LISTED], "is_cut": len(rows) > LISTED, "soon": today() + SOON}
    return _page(request, banker, "admin/overrides.html", context)


@never_cache
@require_safe
def tier(request: HttpRequest, uscc: str) -> HttpResponse:
    banker = working_banker(request)
    firm = get_object_or_404(Enterprise, uscc=uscc)
    if Membership.objects.filter(user_id=banker.user_id, enterprise=firm).exists():
        raise PermissionDenied  # one's own firm: what the bank thinks of it is for others to work on
    return _show(request, banker, firm)


def _show(
    request: HttpRequest, banker: Banker, firm: Enterprise, failed: tuple[str, forms.Form] | None = None
) -> HttpResponse:
    overrides = list(
        TierOverride.objects.filter(enterprise=firm).select_related("proposed_by", "decided_by").order_by("-pk")[:20]
    )
    history = list(
        TierAssignment.objects.filter(enterprise=firm)
        .select_related("evaluation__policy")
        .defer("evaluation__policy__document")
        .order_by("-valid_from")[:20]
    )
    active = overriding.in_force(firm.pk, today())
    open_one = next((o for o in overrides if o.status == "proposed"), None)
    proposing = failed[1] if failed and failed[0] == "propose" else ProposeForm(initial={"last_day": ""})
    context = {
        "title": f"{firm.name}：分层",
        "firm": firm,
        "overrides": overrides,
        "history": history,
        "rungs": rung_rows(history[0].evaluation) if history else [],
        "active": active,
        "now": active.tier if active else (history[0].tier if history and history[0].valid_to is None else ""),
        "labels": dict(Tier.choices),
        "form": proposing if banker.role in overriding.PROPOSERS and open_one is None else None,
        "acts": _acts(banker, open_one or active, failed),
        "subject": open_one or active,
        "why_not": overriding.why_not_decide(open_one, banker) if open_one else "",
    }
    return _page(request, banker, "admin/tier.html", context, status=422 if failed else 200)


def _acts(banker: Banker, subject: TierOverride | None, failed: tuple[str, forms.Form] | None) -> list[tuple]:
    if subject is None or banker.role not in overriding.PROPOSERS:
        return []
    names = ["end"]
    if subject.status == "proposed" and not overriding.why_not_decide(subject, banker):
        names = ["approve", "refuse"]
    out = []
    for name in names:
        is_failed = failed is not None and failed[0] == name
        form = failed[1] if is_failed else ACTS[name].form(initial={"seen": subject.version}, auto_id=f"{name}_%s")
        out.append((ACTS[name], form, is_failed))
    return out


@require_POST
def propose(request: HttpRequest, uscc: str) -> HttpResponse:
    banker = working_banker(request)
    firm = get_object_or_404(Enterprise, uscc=uscc)
    form = ProposeForm(request.POST)
    if is_done(request, form, partial(overriding.propose, enterprise_id=firm.pk), done="已提出，等另一位审批岗审批"):
        return redirect("admin:tier", uscc)
    return _show(request, banker, firm, failed=("propose", form))


@require_POST
def act(request: HttpRequest, uscc: str, override_id: int, name: str) -> HttpResponse:
    banker = working_banker(request)
    found = get_object_or_404(TierOverride.objects.select_related("enterprise"), pk=override_id, enterprise__uscc=uscc)
    pressed = ACTS.get(name)
    if pressed is None:
        raise Http404
    form = pressed.form(request.POST, auto_id=f"{name}_%s")
    if is_done(request, form, partial(pressed.work, override_id=found.pk), done=pressed.done):
        return redirect("admin:tier", uscc)
    return _show(request, banker, found.enterprise, failed=(name, form))


def _page(request: HttpRequest, banker: Banker, template: str, context: dict, status: int = 200) -> HttpResponse:
    shared = {"banker": banker, "queues": queues.QUEUES.values(), "counts": queues.counts(banker)}
    return TemplateResponse(request, template, {**admin.site.desk_context(request), **shared, **context}, status=status)


def urls(site: admin.AdminSite) -> list:
    guard = site.admin_view
    return [
        path("tiers/", guard(override_list), name="overrides"),
        path("tiers/<slug:uscc>/", guard(tier), name="tier"),
        path("tiers/<slug:uscc>/propose/", guard(propose), name="tier_propose"),
        path("tiers/<slug:uscc>/<int:override_id>/<slug:name>/", guard(act), name="tier_act"),
    ]
