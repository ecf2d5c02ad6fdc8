"""The reviewer's work: notes, scores on three dimensions, return for changes, recommendation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from accounts.enums import BankerRole
from accounts.models import Banker
from applications import rules
from applications.domain.assigning import banker_of, refuse_own_firm
from applications.domain.cases import announce, locked
from applications.enums import DIMENSION_MAX, DeclineReason, Dimension, Proposal, ReturnReason
from applications.models import Application, Assessment, Note, Recommendation, Supplement
from portal.kernel.actors import Actor
from portal.kernel.clock import due_after, now, workdays_between
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused
from portal.kernel.events import record
from portal.kernel.lifecycle import move
from portal.kernel.transactions import use_case

ANSWER_DAYS = 10  # working days the applicant has for a supplement (sample setting)
MAX_ITEMS = 8


@dataclass(frozen=True, slots=True)
class Terms:
    """Proposed terms: 元, basis points a year, months."""

    amount: Decimal
    rate_bp: int
    term_months: int
    repayment_method: str


@dataclass(frozen=True, slots=True)
class Ask:
    title: str
    why: str = ""


def case_for(application_id: int, act: str, actor: Actor) -> tuple[Application, Banker]:
    """The locked case and the banker who may do `act` on it."""
    banker = banker_of(actor)
    application = locked(application_id)
    refuse_own_firm(banker, application)
    if not rules.has_role(banker, act, application):
        raise NotPermitted("role_cannot_act", "{role}不能做这一步", role=banker.get_role_display())
    return application, banker


def claimed_case_for(application_id: int, act: str, actor: Actor) -> tuple[Application, Banker]:
    """The same, for what only the banker who claimed the case may do."""
    application, banker = case_for(application_id, act, actor)
    obstacle = rules.why_not_work_on(banker, application)
    if obstacle:
        raise RuleRefused("not_claimed", obstacle)
    return application, banker


@use_case
def add_note(*, application_id: int, body: str, actor: Actor) -> Note:
    """Write an internal note. Every role on the case may."""
    application, banker = case_for(application_id, "note", actor)
    if not body.strip():
        raise InvalidInput("note_empty", "请写下备注内容", field="body")
    note = write_note(application, banker, body)
    record(stream=application.reference, type="note.added", actor=actor, payload={"note": note.pk})
    return note


def write_note(application: Application, banker: Banker, body: str) -> Note:
    return Note.objects.create(application=application, banker=banker, body=body.strip(), written_at=now())


@use_case
def score(*, application_id: int, points: dict[str, int], reasons: dict[str, str], actor: Actor) -> list[Assessment]:
    """Score dimensions (人评) with a reason each. Raises InvalidInput at the dimension's field."""
    application, banker = claimed_case_for(application_id, "score", actor)
    if application.status != "screened":
        raise RuleRefused("not_scorable", "只有审查中的申请可以评分")
    rows = []
    for dimension in Dimension:
        if dimension not in points:
            continue
        value, reason = points[dimension], reasons.get(dimension, "").strip()
        if not 0 <= value <= DIMENSION_MAX[dimension]:
            raise InvalidInput(
                "points_outside",
                "{label}是 0–{max} 分",
                field=f"points_{dimension}",
                label=dimension.label,
                max=DIMENSION_MAX[dimension],
            )
        if not reason:
            raise InvalidInput(
                "reason_required", "请写明{label}的依据", field=f"reason_{dimension}", label=dimension.label
            )
        row, _ = Assessment.objects.update_or_create(
            application=application,
            banker=banker,
            dimension=dimension,
            defaults={"scored_by_id": actor.user_id, "points": value, "reason": reason, "scored_at": now()},
        )
        rows.append(row)
    record(
        stream=application.reference,
        type="assessment.scored",
        actor=actor,
        payload={"points": {r.dimension: r.points for r in rows}},
    )
    return rows


@use_case
def return_for_changes(*, application_id: int, reason: ReturnReason, items: list[Ask], actor: Actor) -> Application:
    """Ask the applicant for something, item by item. The bank's clock stops until they answer."""
    application, banker = case_for(application_id, "return_for_changes", actor)
    obstacle = rules.why_not_work_on(banker, application)
    if obstacle and banker.role != BankerRole.APPROVER:
        raise RuleRefused("not_claimed", obstacle)
    wanted = [item for item in items if item.title.strip()]
    if not wanted:
        raise InvalidInput("items_required", "请至少写一项需要补充的内容", field="items")
    if len(wanted) > MAX_ITEMS:
        raise InvalidInput("too_many_items", "一次最多 {n} 项", field="items", n=MAX_ITEMS)
    moment = now()
    application.paused_days = max(workdays_between(moment, application.due_at), 0) if application.due_at else None
    answer_by = due_after(moment, ANSWER_DAYS)
    application.answer_by = answer_by.at
    move(
        application,
        "return_for_changes",
        actor=actor,
        reason=ReturnReason(reason).value,
        payload={"items": len(wanted), "round": application.round},
        save=("paused_days", "answer_by"),
    )
    Supplement.objects.bulk_create(
        Supplement(
            application=application,
            round=application.round,
            reason=reason,
            title=item.title.strip()[:100],
            why=item.why.strip()[:300],
            asked_by=banker,
            asked_at=moment,
        )
        for item in wanted
    )
    announce(application)
    return application


@use_case
def recommend(
    *,
    application_id: int,
    proposal: Proposal,
    comment: str,
    actor: Actor,
    terms: Terms | None = None,
    reason: DeclineReason | None = None,
) -> Recommendation:
    """Propose approval with terms, or a decline with a coded reason. All three dimensions must be scored first."""
    application, banker = claimed_case_for(application_id, "recommend", actor)
    left = missing_dimensions(application, banker)
    if left:
        raise RuleRefused("scores_missing", "还差{what}的评分，评完才能提交建议", what="、".join(d.label for d in left))
    if not comment.strip():
        raise InvalidInput("comment_required", "请写明审查意见", field="comment")
    if proposal == Proposal.APPROVE:
        _check_terms(application, terms)
    elif reason is None:
        raise InvalidInput("reason_required", "请选择婉拒原因", field="reason_code")
    move(application, "recommend", actor=actor, payload={"proposal": proposal})
    given = terms if proposal == Proposal.APPROVE else None
    return Recommendation.objects.create(
        application=application,
        banker=banker,
        proposal=proposal,
        amount=given.amount if given else None,
        rate_bp=given.rate_bp if given else None,
        term_months=given.term_months if given else None,
        repayment_method=given.repayment_method if given else "",
        reason_code=reason or "",
        comment=comment.strip(),
        made_by_id=actor.user_id,
        case_version=application.version,
        made_at=now(),
    )


def missing_dimensions(application: Application, banker: Banker) -> list[Dimension]:
    scored = set(application.assessments.filter(banker=banker).values_list("dimension", flat=True))
    return [d for d in Dimension if d not in scored]


def _check_terms(application: Application, terms: Terms | None) -> None:
    product = application.product
    if terms is None:
        raise InvalidInput("terms_required", "请填写建议的额度、利率、期限和还款方式", field="amount")
    ceiling = product.max_amount or application.requested_amount or 0  # a share of a price: never over what was asked
    limit = application.limit_amount
    if limit is not None and terms.amount > limit:
        raise InvalidInput(
            "amount_over_limit", "超出所在层级的授信上限 {max} 万元", field="amount", max=f"{limit / 10000:,.0f}"
        )
    if not 0 < terms.amount <= ceiling:
        raise InvalidInput("amount_outside", "额度要在 {max} 万元以内", field="amount", max=f"{ceiling / 10000:,.0f}")
    lowest, highest = application.rate_range
    if lowest > highest:
        raise InvalidInput("rates_contradict", "授信上限表和产品的利率没有交集，请政策管理岗核对", field="rate")
    if not lowest <= terms.rate_bp <= highest:
        low, high = lowest / 100, highest / 100
        raise InvalidInput("rate_outside", "年化利率要在 {low:.2f}%–{high:.2f}% 之间", field="rate", low=low, high=high)
    if not 1 <= terms.term_months <= product.max_term_months:
        raise InvalidInput("term_outside", "期限最长 {max} 个月", field="term_months", max=product.max_term_months)
    if terms.repayment_method not in product.methods:
        raise InvalidInput(
            "method_not_offered", "可选：{methods}", field="repayment_method", methods=product.method_labels
        )
