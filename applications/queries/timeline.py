"""What happened to a case, in words: for its applicant, for the bank, for the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from applications.enums import ReturnReason
from applications.models import Application
from portal.kernel.models import Event
from portal.kernel.prepared import Given, Prepared


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the timeline; `icon` names a glyph, `at` is None for the future."""

    title: str
    who: str
    at: datetime | None
    icon: str
    note: str = ""
    is_now: bool = False  # the applicant must act here


TITLES = {
    "application.started": ("开始填写", "pass"),
    "application.submitted": ("申请已提交", "pass"),
    "application.screened": ("自动检查完成", "pass"),
    "application.claimed": ("客户经理开始审查", "pass"),
    "application.returned": ("请您补充材料", "turn"),
    "application.recommended": ("审查完成，进入审批", "pass"),
    "application.sent_back": ("审批岗请审查岗再看一次", "bank"),
    "application.approved": ("审批同意", "pass"),
    "application.offered": ("方案已出", "turn"),
    "application.accepted": ("您已接受方案", "pass"),
    "application.booked": ("已放款", "pass"),
    "application.completed": ("已办结", "pass"),
    "application.declined": ("本次未能通过", "fail"),
    "application.withdrawn": ("已撤回", "na"),
    "application.reopened": ("重新打开", "na"),
    "application.expired": ("已过期", "na"),
    "document.added": ("上传了材料", "file"),
}
STAFF_TITLES = {code: title for code, (title, _) in TITLES.items()} | {
    "application.returned": "退回补件",
    "application.offered": "出具方案",
    "application.accepted": "企业接受方案",
    "application.released": "放回队列",
    "application.claimed": "领取",
    "application.recommended": "提交审查建议",
    "application.declined": "婉拒",
    "application.screened": "初筛完成",
    "assessment.scored": "评分",
    "application.changed": "合作机构修改",
    "note.added": "写了备注",
    "document.removed": "移除了材料",
}
_ACTORS = {"applicant": "企业", "banker": "银行", "partner": "合作机构", "system": "系统"}


_NEWEST = Prepared(
    Event.objects.filter(stream=Given("stream")).order_by("-seq").values_list("type", "actor_kind", "actor", "at")[:30]
)


def staff_timeline(reference: str, known: Mapping[int, str]) -> list[Step]:
    """Everything on the case, newest first, with bankers' names; `known` names, by user, need no look-up."""
    rows = _NEWEST(stream=reference)
    events = [(code, kind, actor.partition(":")[2], at) for code, kind, actor, at in rows]
    ids = {int(number) for _, kind, number, _ in events if kind == "banker"}
    names = dict(known)
    if unknown := ids - names.keys():
        names |= dict(User.objects.filter(pk__in=unknown).values_list("pk", "name"))
    return [
        Step(STAFF_TITLES.get(code, code), names.get(int(number)) if kind == "banker" else _ACTORS[kind], at, "todo")
        for code, kind, number, at in events
    ]


_OUTCOME_NOTES = {"pass": "各项均通过", "refer": "有事项转人工核实", "fail": "有不符合的事项，由客户经理复核"}


def public_events(reference: str) -> list[Event]:
    return list(Event.objects.filter(stream=reference, public=True, type__in=TITLES).order_by("seq"))


def timeline(application: Application) -> list[Step]:
    """What happened, oldest first, then who acts next. Only the step that waits for the applicant is marked."""
    events = [e for e in public_events(application.reference) if e.type != "document.added"]
    yours = application.status_info.turn == "applicant"
    steps = []
    for event in events:
        title, icon = TITLES[event.type]
        is_now = yours and event is events[-1]
        steps.append(
            Step(
                title,
                _ACTORS[event.actor_kind],
                event.at,
                icon if is_now or icon != "turn" else "pass",
                _note_of(event),
                is_now,
            )
        )
    future = {
        "submitted": [("自动检查", "系统"), ("客户经理审查", "银行"), ("审批结论", "银行")],
        "screened": [("审批结论", "银行"), ("确认方案", "您")] if application.is_credit else [("办结", "银行")],
        "returned": [("提交补充材料", "您"), ("继续审查", "银行")],
        "recommended": [("审批结论", "银行"), ("确认方案", "您")],
        "offered": [("确认方案", "您"), ("放款", "银行")],
        "accepted": [("放款", "银行")],
    }.get(application.status, [])
    return steps + [Step(title, f"由{who}办理", None, "todo") for title, who in future]


def _note_of(event: Event) -> str:
    if event.type == "application.screened":
        return _OUTCOME_NOTES.get(event.payload.get("outcome", ""), "")
    if event.type == "application.returned":
        return ReturnReason(event.payload["reason"]).label if event.payload.get("reason") in ReturnReason.values else ""
    return ""
