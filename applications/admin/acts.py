"""Everything a banker can press on a case: one table of act → label, form, domain function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms as django_forms

from accounts.enums import BankerRole
from accounts.models import Banker
from applications import rules
from applications.admin import forms
from applications.domain import assigning, deciding, reviewing
from applications.models import Application, Recommendation


@dataclass(frozen=True, slots=True)
class Act:
    code: str
    label: str
    form: type[django_forms.Form]
    work: Callable[..., object]
    done: str
    key: str = ""
    danger: bool = False


ACTS: dict[str, Act] = {
    a.code: a
    for a in (
        Act("claim", "领取", forms.EmptyForm, assigning.claim, "已领取", "c"),
        Act("release", "放回队列", forms.EmptyForm, assigning.release, "已放回队列", "u"),
        Act("note", "写备注", forms.NoteForm, reviewing.add_note, "备注已保存"),
        Act("score", "保存评分", forms.ScoreForm, reviewing.score, "评分已保存"),
        Act(
            "return_for_changes",
            "退回补件",
            forms.ReturnForm,
            reviewing.return_for_changes,
            "已退回补件，办理时限暂停",
            "r",
        ),
        Act("recommend", "提交建议", forms.RecommendForm, reviewing.recommend, "建议已提交，等审批岗签字", "a"),
        Act("approve", "同意", forms.ApproveForm, deciding.approve, "已同意，方案已发给企业", "a"),
        Act("decline", "婉拒", forms.DeclineForm, deciding.decline, "已婉拒，原因已告知企业", "x", danger=True),
        Act("send_back", "退回审查岗", forms.SendBackForm, deciding.send_back, "已退回审查岗"),
        Act("complete", "办结", forms.CompleteForm, deciding.close_service, "已办结", "a"),
        Act(
            "decline_service",
            "婉拒",
            forms.DeclineServiceForm,
            deciding.close_service,
            "已婉拒，原因已告知企业",
            "x",
            danger=True,
        ),
        Act("book", "登记放款", forms.EmptyForm, deciding.book, "已登记放款"),
    )
}


@dataclass(frozen=True, slots=True)
class Offered:
    """An act on the screen: pressable, or with the reason why not."""

    act: Act
    why_not: str = ""


def offered(
    application: Application,
    banker: Banker,
    *,
    recommendation: Recommendation | None,
    scorer_ids: set[int],
    scores_left: list,
) -> list[Offered]:
    """Acts to show in the decision bar, in order; a blocked one says what blocks it."""
    status, rows = application.status, []
    working = rules.why_not_work_on(banker, application) or ""
    if status == "screened" and application.assignee_id is None and rules.has_role(banker, "claim", application):
        return [Offered(ACTS["claim"])]
    if status == "screened" and application.is_credit and banker.role == BankerRole.REVIEWER:
        left = f"还差{'、'.join(d.label for d in scores_left)}的评分，评完才能提交建议" if scores_left else ""
        rows = [
            Offered(ACTS["recommend"], working or left),
            Offered(ACTS["return_for_changes"], working),
            Offered(ACTS["release"], working),
        ]
    elif status == "screened" and not application.is_credit and rules.has_role(banker, "complete", application):
        rows = [
            Offered(ACTS["complete"], working),
            Offered(ACTS["return_for_changes"], working),
            Offered(ACTS["decline_service"], working),
            Offered(ACTS["release"], working),
        ]
    elif status == "recommended" and rules.has_role(banker, "approve", application) and recommendation:
        approving = recommendation.proposal == "approve"
        obstacle = (
            rules.why_not_sign(
                banker,
                reviewer_id=recommendation.made_by_id,
                scorer_ids=scorer_ids,
                amount=recommendation.amount if approving else None,
                signer_limit=application.signer_limit,
            )
            or ""
        )
        rows = [
            Offered(ACTS["approve" if approving else "decline"], obstacle),
            Offered(ACTS["send_back"]),
            Offered(ACTS["return_for_changes"]),
        ]
    elif status == "accepted" and rules.has_role(banker, "book", application):
        rows = [Offered(ACTS["book"])]
    elif status == "screened" and rules.has_role(banker, "return_for_changes", application):
        rows = [Offered(ACTS["return_for_changes"])]
    return rows
