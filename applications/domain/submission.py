"""Submit: lock, check, freeze, move, queue the screening. One transaction."""

from __future__ import annotations

from django.db import IntegrityError

from accounts import rules as account_rules
from accounts.domain import consents, profiles
from accounts.domain.profiles import Merged
from accounts.enums import ConsentKind
from accounts.models import Consent, EnterpriseProfile
from applications.checklist import tasks
from applications.domain.cases import announce, locked, membership_for
from applications.enums import Job
from applications.models import Application, Document, Submission
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.canonical import digest
from portal.kernel.clock import due_after, now, today
from portal.kernel.errors import NotPermitted, RuleRefused
from portal.kernel.jobs import enqueue
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case
from products.domain.evaluating import snapshot
from products.domain.judging import facts_at
from products.policy import facts as build
from products.policy.facts import Known

# Put together once.
_DOCUMENTS = Document.objects.filter(removed_at=None).order_by("pk")
_CONSENTS = Consent.objects.live().order_by("pk").values_list("text__sha256", flat=True)
_OPEN = Application.objects.live().order_by("pk").values_list("reference", flat=True)

_SUBMIT_WRITES = ("round", "submitted_at", "due_at", "due_is_provisional", "paused_days", "answer_by")


@use_case
def submit(*, application_id: int, actor: Actor) -> Application:
    """Submit a draft. Raises RuleRefused with what is missing, NotPermitted, IllegalTransition; the second of two racers gets the latter."""
    application = locked(application_id)
    move_name = "resubmit" if application.status == "returned" else "submit"
    application.lifecycle.get(move_name)
    _refuse_unless_allowed(application, actor)
    said = profiles.usable_rows(application.enterprise)
    profile = profiles.merge(said)
    if application.status in ("draft", "returned"):
        _refuse_incomplete(application, actor, profile)
        _refuse_second_open(application)
    moment = now()
    application.round += 1
    application.submitted_at = moment
    if application.paused_days is None:
        due = due_after(moment, application.product.sla_days)
    else:
        due = due_after(moment, max(application.paused_days, 1))
    application.due_at, application.due_is_provisional = due.at, due.provisional
    application.paused_days = application.answer_by = None
    try:
        move(application, move_name, actor=actor, payload={"round": application.round}, save=_SUBMIT_WRITES)
    except IntegrityError as error:
        raise RuleRefused("already_open", "这家企业的这款产品已有一件在办理") from error
    _freeze(application, actor, said, profile)
    enqueue(Job.SCREEN, key=f"{application.pk}.{application.round}", application_id=application.pk)
    announce(application)
    return application


def _refuse_unless_allowed(application: Application, actor: Actor) -> None:
    if actor.kind is ActorKind.PARTNER:
        consents.require_partner_consent(application.enterprise, actor)
        return
    membership = membership_for(application, actor)
    if not membership.is_verified:
        raise NotPermitted("membership_unverified", "请先核验企业身份，再提交申请。已填写的内容会保留")
    if not account_rules.may_act(membership):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，请让法定代表人或经办人提交")


def _refuse_incomplete(application: Application, actor: Actor, profile: Merged) -> None:
    left = what_is_left(application, profile)
    only_consents = [labels for section, labels in left.items() if section == "consents"]
    if left and actor.kind is ActorKind.PARTNER and only_consents and len(left) == 1:
        raise RuleRefused("consent_missing", "还缺企业授权：{what}", what="、".join(only_consents[0]))
    if left:
        raise RuleRefused(
            "incomplete", "还有内容没有填完：{what}", what="；".join("、".join(v) for v in left.values()), left=left
        )
    if application.status == "returned" and (unanswered := _unanswered(application)):
        raise RuleRefused("supplements_open", "还有 {n} 项补充材料没有答复", n=unanswered)


def _unanswered(application: Application) -> int:
    """How many items of this round's return have neither words nor a file."""
    asked = application.supplements.filter(round=application.round, answered_at=None)
    return asked.exclude(documents__removed_at=None, documents__isnull=False).count()


def what_is_left(application: Application, merged: Merged) -> dict[str, tuple[str, ...]]:
    """Section → labels still missing, by the same checklist the task list shows."""
    profile = {key: value for key, value in merged.values.items() if "." not in key}
    profile.setdefault("name", application.enterprise.name)
    missing = consents.missing_kinds(application.enterprise, application.product.consents, application.created_by_id)
    kinds = set(_DOCUMENTS.filter(application=application.pk).values_list("kind", flat=True))
    found = tasks(
        application, profile=profile, missing_consents=[ConsentKind(k).label for k in missing], document_kinds=kinds
    )
    return {task.section.value: task.missing for task in found if task.is_open}


def _refuse_second_open(application: Application) -> None:
    """A friendly word before the unique constraint, which stays the guard against races."""
    if not application.is_credit or application.is_sandbox or application.status != "draft":
        return
    others = _OPEN.filter(enterprise=application.enterprise_id, product=application.product_id)
    other = others.exclude(pk=application.pk).first()
    if other is not None:
        raise RuleRefused(
            "already_open",
            "这家企业已有一件{product}申请在办理，编号 {reference}",
            product=application.product.name,
            reference=other,
        )


def _freeze(application: Application, actor: Actor, said: list[EnterpriseProfile], merged: Merged) -> None:
    content = {
        "profiles": [{"source": row.source, "data": row.data} for row in said],
        "request": {
            "product": application.product.code,
            "amount": None if application.requested_amount is None else str(application.requested_amount),
            "term_months": application.term_months,
            "repayment_method": application.repayment_method,
            "purpose": application.purpose,
            "purpose_detail": application.purpose_detail,
            "counterparties": application.counterparties,
            "answers": application.answers,
        },
        "documents": list(_DOCUMENTS.filter(application=application.pk).values_list("sha256", flat=True)),
        "consents": list(_CONSENTS.filter(enterprise=application.enterprise_id)),
    }
    known = Known(merged.values, merged.sources, merged.conflicts)
    facts = {
        **facts_at(
            uscc=application.enterprise.uscc,
            name=application.enterprise.name,
            known=known,
            declared_titles=merged.titles,
            verified_titles=merged.verified_titles,
            as_of=today(),
        ),
        **build.with_request(application.wish),
    }
    taken = snapshot(subject=application.reference, as_of=today(), facts=facts)
    Submission.objects.create(
        application=application,
        round=application.round,
        content=content,
        sha256=digest(content),
        snapshot=taken,
        submitted_by=actor.key,
        submitted_at=application.submitted_at,
    )
