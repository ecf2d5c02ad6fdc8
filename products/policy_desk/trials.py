"""Trying a policy on made-up facts, and the golden cases that come of it."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.kernel.access import note_access
from portal.kernel.actors import Actor
from portal.kernel.errors import PortalError
from portal.kernel.web import put_error
from products.domain import golden
from products.models import FactSnapshot, GoldenCase
from products.policy.catalogue import FACTS
from products.policy.document import compile_document
from products.policy.fact_text import FactTextError, read_facts, show_facts
from products.policy.replaying import facts_from_json, result_of
from products.policy_desk import pages
from products.policy_desk.common import desk, page, version_of
from products.policy_desk.forms import GoldenForm, TrialForm

_REFERENCE = re.compile(r"[A-Z]{2}[0-9]{8}-[0-9A-Z]{6}")


@never_cache
@require_http_methods(["GET", "POST"])
def trial(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Try a version on made-up facts; an answer worth keeping becomes a golden case."""
    may_write = desk(request)
    found = version_of(code, number)
    document = compile_document(found.document)
    context = {"title": f"{found.title} 第 {found.number} 版：试算", "version": found, "may_write": may_write}
    if request.method != "POST":
        wanted = "\n".join(f"{FACTS[name].label} = " for name in FACTS if name in document.facts)
        subject = request.GET.get("subject", "").strip()
        facts, told = _facts_of(subject, request.actor) if subject else ("", "")
        context |= {"form": TrialForm(initial={"facts": facts}), "wanted": wanted, "subject": subject, "told": told}
        return page(request, "admin/policy_trial.html", context, status=404 if told else 200)
    form = TrialForm(request.POST)
    if form.is_valid():
        try:
            facts = read_facts(form.cleaned_data["facts"])
        except FactTextError as error:
            form.add_error("facts", f"第 {error.line} 行：{error.message}")
        else:
            outcome, result = result_of(document, facts)
            answer = golden.answer_of(document, outcome, result)
            context |= {
                "answer": golden.answer_words(document.kind, answer),
                "findings": pages.trial_findings(document, result),
                "keep": GoldenForm(
                    initial={"facts": form.cleaned_data["facts"], "expected": answer},
                    choices=golden.choices(document),
                    auto_id="keep_%s",
                ),
            }
    return page(request, "admin/policy_trial.html", {**context, "form": form}, status=422 if form.errors else 200)


def _facts_of(subject: str, actor: Actor) -> tuple[str, str]:
    """(the facts a case was last judged on, what is wrong instead). Whoever looks is written down."""
    taken = None
    if _REFERENCE.fullmatch(subject):
        kept = FactSnapshot.objects.filter(subject=subject, is_sandbox=False).order_by("-taken_at", "-pk")
        taken = kept.first()
    if taken is None:
        return "", "没有这件申请，或它还没有初筛过。请填申请编号，例如 SQ20261126-AB12CD"
    note_access(actor=actor, subject=subject, field="facts", reason="政策试算")
    return show_facts(facts_from_json(taken.facts)), ""


@require_POST
def save_golden(request: HttpRequest, code: str, number: int) -> HttpResponse:
    desk(request, writes=True)
    found = version_of(code, number)
    form = GoldenForm(request.POST, choices=golden.choices(compile_document(found.document)), auto_id="keep_%s")
    if form.is_valid():
        try:
            golden.save(policy_code=code, actor=request.actor, **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, "标准样例已保存，以后每一版都要得这个结果")
            return redirect("admin:policy_version", code, number)
    context = {
        "title": "保存标准样例",
        "version": found,
        "keep": form,
        "form": TrialForm(request.POST),
        "may_write": True,
    }
    return page(request, "admin/policy_trial.html", context, status=422)


@require_POST
def remove_golden(request: HttpRequest, code: str, number: int, case_id: int) -> HttpResponse:
    desk(request, writes=True)
    golden.remove(case_id=get_object_or_404(GoldenCase, pk=case_id, policy_code=code).pk, actor=request.actor)
    messages.success(request, "标准样例已删除")
    return redirect("admin:policy_version", code, number)
