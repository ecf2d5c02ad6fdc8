"""The pre-check without an account: one question a page, an answer for every product. The session keeps the answers alone."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.profile_rules import flatten
from portal.kernel.clock import today
from portal.kernel.web import posted
from products.domain.judging import Judged
from products.domain.prechecking import ProductAnswer, precheck_nameless
from products.policy.engine import read
from products.policy.facts import Known
from products.prechecks import BY_CODE, SESSION_KEY, STEPS, kept_answers, profile_of, wish_of
from products.web.ladder import ladder_of
from products.web.precheck_forms import FORMS

OUTCOMES = (
    ("pass", "可能符合", "pass"),
    ("refer", "转人工", "refer"),
    ("fail", "暂不符合", "fail"),
)
_FINDING_TONES = {"pass": ("通过", "pass"), "refer": ("转人工", "refer"), "fail": ("未通过", "fail")}
_RANK = {"fail": 0, "refer": 1, "pass": 2, "not_applicable": 3}


def answers_of(request: HttpRequest) -> dict[str, dict]:
    return kept_answers(request.session.get(SESSION_KEY))


def _judge(answers: dict[str, dict]) -> tuple[Judged, list[ProductAnswer]]:
    profile = profile_of(answers, today().year - 1)
    values = flatten(profile)
    return precheck_nameless(
        known=Known(values, dict.fromkeys(values, "declared")),
        declared_titles=profile.get("titles"),
        wish=wish_of(answers),
        as_of=today(),
    )


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Where one left off, or the first question."""
    answers = answers_of(request)
    open_steps = [s.code for s in STEPS if s.code not in answers]
    if not open_steps and any(answers.values()):
        return redirect("products:precheck_result")
    return redirect("products:precheck_question", (open_steps or [STEPS[0].code])[0])


@never_cache
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, step: str) -> HttpResponse:
    if step not in BY_CODE:
        raise Http404
    answers = answers_of(request)
    cls = FORMS[step]
    form = cls(posted(request), initial=cls.initial_from(answers.get(step) or {}))
    number = [s.code for s in STEPS].index(step) + 1
    if request.method == "POST" and ("skip" in request.POST or form.is_valid()):
        request.session[SESSION_KEY] = {**answers, step: {} if "skip" in request.POST else form.cleaned()}
        if number == len(STEPS) or request.GET.get("back") == "result":
            return redirect("products:precheck_result")
        return redirect("products:precheck_question", STEPS[number].code)
    context = {
        "step": BY_CODE[step],
        "form": form,
        "number": number,
        "steps": STEPS,
        "previous": STEPS[number - 2].code if number > 1 else "",
        "back": request.GET.get("back", ""),
        "so_far": _so_far(answers),
        "nav": "precheck",
    }
    return render(request, "products/precheck_question.html", context, status=422 if form.errors else 200)


def _so_far(answers: dict[str, dict]) -> list[tuple[ProductAnswer, str, str]]:
    """Products that can be judged already; those that wait for an answer are not named yet."""
    if not answers:
        return []
    labels = {code: (label, tone) for code, label, tone in OUTCOMES}
    _, found = _judge(answers)
    return [(answer, *labels[answer.outcome]) for answer in found if answer.outcome != "refer"]


@never_cache
@require_safe
def result(request: HttpRequest) -> HttpResponse:
    answers = answers_of(request)
    if not any(answers.values()):
        if answers:
            messages.info(request, "您还没有回答任何一题，至少答一题才能计算")
        return redirect("products:precheck_question", STEPS[0].code)
    judged, found = _judge(answers)
    order = [code for code, _, _ in OUTCOMES]
    found.sort(key=lambda answer: order.index(answer.outcome))
    counts = Counter(answer.outcome for answer in found)
    context = {
        "groups": [
            {"label": label, "tone": tone, "count": counts[code], "names": _names(found, code)}
            for code, label, tone in OUTCOMES
        ],
        "likely": [_card(answer) for answer in found if answer.outcome != "fail"],
        "unlikely": [_card(answer) for answer in found if answer.outcome == "fail"],
        "first": found[0].product,
        "total": len(found),
        "given": sum(bool(a) for a in answers.values()),
        "blank": [s for s in STEPS if not answers.get(s.code)],
        "tier": judged.tier,
        "ladder": ladder_of(judged),
        "score": judged.score,
        "nav": "precheck",
    }
    return render(request, "products/precheck_result.html", context)


def _names(found: list[ProductAnswer], outcome: str) -> str:
    return "、".join(a.product.name for a in found if a.outcome == outcome)


def _card(answer: ProductAnswer) -> dict:
    """One product's answer with its findings, the ones that decide first."""
    rules = answer.rules
    findings = [read(raw, rules.get(raw["code"]), wan=True) for raw in answer.result["findings"]]
    label, tone = {code: (label, tone) for code, label, tone in OUTCOMES}[answer.outcome]
    deciding = [f for f in findings if f["outcome"] in ("fail", "refer")]
    passed = [f for f in findings if f["outcome"] == "pass"]
    for finding in findings:
        finding["word"], finding["tone"] = _FINDING_TONES.get(finding["outcome"], ("申请时再查", "na"))
    return {
        "product": answer.product,
        "label": label,
        "tone": tone,
        "amount": answer.amount,
        "deciding": sorted(deciding, key=lambda f: _RANK[f["outcome"]]),
        "passed": passed,
        "later": [f for f in findings if f["outcome"] == "not_applicable"],
        "advice": list(dict.fromkeys(f["advice"] or f["reason"] for f in deciding if f["advice"] or f["reason"])),
    }


@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    request.session.pop(SESSION_KEY, None)
    return redirect("products:precheck")
