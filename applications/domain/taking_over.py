"""A new draft starts from what the firm said in its last application."""

from __future__ import annotations

from accounts.models import Membership
from applications.checklist import request_problems
from applications.models import Application
from products import questions

_FRAME = {
    "requested_amount": "amount",
    "term_months": "term_months",
    "repayment_method": "method",
    "purpose": "purpose",
}


def take_over_earlier(application: Application, membership: Membership) -> None:
    """Fill a new draft from the firm's newest submitted application. Runs inside the caller's transaction.

    The same product gives the whole request, another one the purpose in words, the counterparties and the answers to
    questions both ask. Nothing that leaves the product's frame is taken. An unverified member sees nothing of the firm's.
    """
    if not membership.is_verified:
        return
    earlier = (
        Application.objects.filter(
            enterprise=application.enterprise, is_sandbox=False, is_personal=False, submitted_at__isnull=False
        )
        .exclude(pk=application.pk)
        .order_by("-submitted_at")
        .first()
    )
    if earlier is None:
        return
    names = ["purpose_detail", "counterparties"]
    if earlier.product_id == application.product_id:
        names = [*_FRAME, *names]
    taken = fill_blanks(application, {name: getattr(earlier, name) for name in names}, earlier.answers)
    if taken:
        application.taken_over = {"from": earlier.reference, "fields": taken}
        application.save(update_fields=["taken_over", "answers", *names])


def fill_blanks(application: Application, values: dict, answers: dict) -> list[str]:
    """Put `values` and `answers` where the draft is blank and the product takes them; the names of what was put."""
    taken = []
    for name, value in values.items():
        if value in (None, "", []) or getattr(application, name) not in (None, "", []):
            continue
        if not application.is_credit and name in (*_FRAME, "counterparties"):
            continue  # a service asks for none of it
        asked = {"amount": None, "term_months": None, "method": "", "purpose": ""}
        if name in _FRAME and request_problems(application.product, **{**asked, _FRAME[name]: value}):
            continue
        setattr(application, name, value)
        taken.append(name)
    own = application.product.own_questions
    fitting = {q.code: answers[q.code] for q in own if q.code in answers and not questions.problem(q, answers[q.code])}
    before = dict(application.answers)
    application.answers = questions.kept(own, {**application.given, **fitting, **before})
    return taken + [code for code in application.answers if code not in before]
