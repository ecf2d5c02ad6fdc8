"""The applicant's pages after submitting: status, supplements, offer, withdraw, undo, messages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from applications.domain import closing, drafting, submission
from applications.models import Application, Notice
from applications.queries import case, timeline
from applications.web.views import editable_case, visible_case, visible_key
from portal.kernel.actors import ActorKind
from portal.kernel.addresses import address
from portal.kernel.clock import now
from portal.kernel.errors import PortalError
from portal.kernel.web import applicant, tell_error


def _act(request: HttpRequest, reference: str, work, done: str) -> HttpResponse:
    """Run one domain function on a visible case, tell how it went, go to the status page."""
    key = visible_key(request, reference)
    try:
        work(application_id=key, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
        return redirect(Application.objects.get(pk=key).get_absolute_url())
    messages.success(request, done)
    return redirect(address("applications:status", reference))


@applicant
@require_POST
def submit(request: HttpRequest, reference: str) -> HttpResponse:
    return _act(request, reference, submission.submit, "已提交。10 分钟内、银行开始审查前，可以撤回修改")


@applicant
@require_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    return _act(request, reference, closing.withdraw, "申请已撤回，可用原材料重新申请")


@applicant
@require_POST
def undo(request: HttpRequest, reference: str) -> HttpResponse:
    key = visible_key(request, reference)
    try:
        closing.undo(application_id=key, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
        return redirect("applications:status", reference)
    return redirect("applications:tasks", reference)


@applicant
@require_POST
def answer_offer(request: HttpRequest, reference: str) -> HttpResponse:
    accepted = request.POST.get("answer") == "accept"
    if accepted and request.POST.get("read") != "yes":
        messages.error(request, "请先勾选「我已阅读方案、费用和还款计划」")
        return redirect("applications:status", reference)

    def work(*, application_id: int, actor) -> None:
        closing.answer_offer(application_id=application_id, accepted=accepted, actor=actor)

    return _act(request, reference, work, "已接受方案，银行将安排放款" if accepted else "已放弃这份方案")


@applicant
@require_POST
def discard(request: HttpRequest, reference: str) -> HttpResponse:
    key = visible_key(request, reference)
    try:
        drafting.discard(application_id=key, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
        return redirect("applications:tasks", reference)
    messages.success(request, "草稿已删除")
    return redirect("applications:list")


@never_cache
@applicant
@require_safe
def status(request: HttpRequest, reference: str) -> HttpResponse:
    application = visible_case(request, reference)
    if application.status == "draft":
        return redirect("applications:tasks", reference)
    template = "applications/_status_live.html" if request.htmx else "applications/status.html"
    return render(request, template, _status_context(application))


def _status_context(application: Application) -> dict:
    screening = case.newest_screening(application)
    moves = {m.name for m in application.lifecycle.allowed(application.status, ActorKind.APPLICANT)}
    offer = getattr(application, "offer", None)
    asked = application.supplements.filter(round=application.round).prefetch_related("documents").order_by("pk")
    supplements = list(asked) if application.status == "returned" else []
    return {
        "application": application,
        "turn": case.turn_of(application),
        "steps": timeline.timeline(application),
        "groups": case.finding_groups(screening),
        "screening": screening,
        "score": case.score_rows(screening),
        "declined": case.decline_words(application),
        "may_undo": "undo" in moves and closing.undo_obstacle(application) is None,
        "supplements": supplements,
        "supplements_left": sum(s.answered_at is None for s in supplements),
        "offer": offer,
        "plan": offer and case.offer_plan(application, offer),
        "nav": "applications",
        "polling": application.status == "submitted",
        "may_withdraw": "withdraw" in moves,
        "programme_owner": case.programme_owner(application),
    }


@applicant
@require_POST
def answer_supplement(request: HttpRequest, reference: str, supplement_id: int) -> HttpResponse:
    """Answer one item in place: with a file, with words, or with both."""
    application = editable_case(request, reference)
    get_object_or_404(application.supplements, pk=supplement_id, round=application.round)
    try:
        if request.FILES.get("file"):
            drafting.upload(
                application_id=application.pk,
                kind="supplement",
                upload=request.FILES["file"],
                actor=request.actor,
                supplement_id=supplement_id,
            )
        drafting.answer_supplement(
            application_id=application.pk,
            supplement_id=supplement_id,
            answer=request.POST.get("answer", "")[:1000],
            actor=request.actor,
        )
    except PortalError as error:
        tell_error(request, error)
    return redirect("applications:status", reference)


@applicant
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    rows = list(
        Notice.objects.filter(user=request.user).select_related("application").order_by("-created_at", "-id")[:50]
    )
    Notice.objects.filter(pk__in=[r.pk for r in rows if r.read_at is None]).update(read_at=now())
    return render(request, "applications/notices.html", {"rows": rows, "nav": "notices"})
