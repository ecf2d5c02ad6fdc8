"""Lifecycle tables that products choose from: credit and programmes share one, services another."""

from __future__ import annotations

from portal.kernel.actors import ActorKind
from portal.kernel.lifecycle import Lifecycle, Move, Status

A, B, P, S = ActorKind.APPLICANT, ActorKind.BANKER, ActorKind.PARTNER, ActorKind.SYSTEM


def _move(
    name: str, label: str, sources: str, target: str, actors: set[ActorKind], event: str, *, needs_reason: bool = False
) -> Move:
    return Move(name, label, frozenset(sources.split()), target, frozenset(actors), event, needs_reason)


_DRAFT = Status("draft", "草稿", "填写中", turn="applicant", tone="turn")
_SUBMITTED = Status("submitted", "初筛中", "自动检查中", turn="system", is_open=True, tone="bank")
_SCREENED = Status("screened", "审查中", "客户经理审查中", turn="bank", is_open=True, tone="bank")
_RETURNED = Status("returned", "等企业补件", "请补充材料", turn="applicant", is_open=True, tone="turn")
_DECLINED = Status("declined", "婉拒", "本次未能通过", tone="fail")
_WITHDRAWN = Status("withdrawn", "已撤回", "已撤回")
_EXPIRED = Status("expired", "已过期", "已过期")

CREDIT = Lifecycle(
    name="credit",
    statuses=(
        _DRAFT,
        _SUBMITTED,
        _SCREENED,
        _RETURNED,
        Status("recommended", "待审批", "审批中", turn="bank", is_open=True, tone="bank"),
        Status("approved", "已同意", "已同意，方案准备中", turn="bank", is_open=True, tone="pass"),
        Status("offered", "已出方案", "方案已出，请确认", turn="applicant", is_open=True, tone="turn"),
        Status("accepted", "放款移交", "已接受，待放款", turn="bank", is_open=True, tone="bank"),
        Status("booked", "已放款", "已放款", tone="pass"),
        _DECLINED,
        _WITHDRAWN,
        _EXPIRED,
    ),
    moves=(
        _move("submit", "提交申请", "draft", "submitted", {A, P}, "submitted"),
        _move("screen", "完成自动检查", "submitted", "screened", {S}, "screened"),
        _move("return_for_changes", "退回补件", "screened recommended", "returned", {B}, "returned", needs_reason=True),
        _move("resubmit", "提交补充材料", "returned", "submitted", {A, P}, "submitted"),
        _move("recommend", "提交建议", "screened", "recommended", {B}, "recommended"),
        _move("send_back", "退回审查岗", "recommended", "screened", {B}, "sent_back", needs_reason=True),
        _move("approve", "同意", "recommended", "approved", {B}, "approved"),
        _move("decline", "婉拒", "recommended", "declined", {B}, "declined", needs_reason=True),
        _move("offer", "出具方案", "approved", "offered", {B, S}, "offered"),
        _move("accept", "接受方案", "offered", "accepted", {A}, "accepted"),
        _move("refuse", "不接受方案", "offered", "withdrawn", {A}, "withdrawn"),
        _move("book", "登记放款", "accepted", "booked", {B}, "booked"),
        _move(
            "withdraw",
            "撤回申请",
            "submitted screened returned recommended approved offered accepted",
            "withdrawn",
            {A, P},
            "withdrawn",
        ),
        _move("undo", "撤销提交", "submitted screened", "draft", {A}, "reopened"),
        _move("expire", "过期", "draft returned offered", "expired", {S}, "expired"),
        _move("reconsider", "申请复议", "declined", "screened", {A}, "reopened"),
    ),
)

SERVICE = Lifecycle(
    name="service",
    statuses=(
        _DRAFT,
        _SUBMITTED,
        Status("screened", "办理中", "办理中", turn="bank", is_open=True, tone="bank"),
        _RETURNED,
        Status("completed", "已办结", "已办结", tone="pass"),
        _DECLINED,
        _WITHDRAWN,
        _EXPIRED,
    ),
    moves=(
        _move("submit", "提交申请", "draft", "submitted", {A, P}, "submitted"),
        _move("screen", "完成自动检查", "submitted", "screened", {S}, "screened"),
        _move("return_for_changes", "退回补件", "screened", "returned", {B}, "returned", needs_reason=True),
        _move("resubmit", "提交补充材料", "returned", "submitted", {A, P}, "submitted"),
        _move("complete", "办结", "screened", "completed", {B}, "completed"),
        _move("decline", "婉拒", "screened", "declined", {B}, "declined", needs_reason=True),
        _move("withdraw", "撤回申请", "submitted screened returned", "withdrawn", {A, P}, "withdrawn"),
        _move("undo", "撤销提交", "submitted screened", "draft", {A}, "reopened"),
        _move("expire", "过期", "draft returned", "expired", {S}, "expired"),
    ),
)

POLICY = Lifecycle(
    name="policy",
    statuses=(
        Status("draft", "草稿", "草稿", is_open=True, tone="bank"),
        Status("submitted", "待发布", "待发布", is_open=True, tone="turn"),
        Status("published", "已发布", "已发布", tone="pass"),
        Status("ending", "待停用", "待停用", turn="bank", tone="turn"),
        Status("retired", "已停用", "已停用"),
        Status("discarded", "已作废", "已作废"),
    ),
    moves=(
        _move("submit", "提交发布", "draft", "submitted", {B}, "submitted"),
        _move("send_back", "退回起草", "submitted", "draft", {B}, "sent_back", needs_reason=True),
        _move("publish", "发布", "submitted", "published", {B}, "published"),
        _move("install", "随系统安装", "draft", "published", {S}, "published"),
        _move("discard", "作废", "draft submitted", "discarded", {B}, "discarded"),
        _move("ask_end", "申请停用", "published", "ending", {B}, "end_asked", needs_reason=True),
        _move("keep", "继续使用", "ending", "published", {B}, "kept"),
        _move("retire", "停用", "ending", "retired", {B}, "retired"),
    ),
)

REGISTER_BATCH = Lifecycle(
    name="register_batch",
    statuses=(
        Status("reading", "读取中", "读取中", turn="system", is_open=True, tone="bank"),
        Status("staged", "待确认", "待确认", turn="bank", is_open=True, tone="turn"),
        Status("applying", "生效中", "生效中", turn="system", is_open=True, tone="bank"),
        Status("applied", "已生效", "已生效", tone="pass"),
        Status("recalled", "待撤销", "待撤销", turn="bank", is_open=True, tone="turn"),
        Status("reverting", "撤销中", "撤销中", turn="system", is_open=True, tone="bank"),
        Status("reverted", "已撤销", "已撤销"),
        Status("unreadable", "读不了", "读不了", tone="fail"),
        Status("discarded", "已作废", "已作废"),
    ),
    moves=(
        _move("stage", "读完", "reading", "staged", {S}, "staged"),
        _move("give_up", "读不了", "reading", "unreadable", {S}, "unreadable"),
        _move("confirm", "确认生效", "staged", "applying", {B}, "confirmed"),
        _move("apply", "生效", "applying", "applied", {S}, "applied"),
        _move("discard", "作废", "reading staged", "discarded", {B}, "discarded"),
        _move("ask_revert", "申请撤销", "applied", "recalled", {B}, "revert_asked", needs_reason=True),
        _move("keep", "继续使用", "recalled", "applied", {B}, "kept"),
        _move("revert", "撤销这一批", "recalled", "reverting", {B}, "revert_confirmed"),
        _move("restore", "恢复上一批", "reverting", "reverted", {S}, "reverted"),
    ),
)

# What counts, though somebody asked to end it: a second person has not agreed yet.
POLICY_FROZEN = ("published", "ending")
BATCH_IN_FORCE = ("applied", "recalled")

TIER_OVERRIDE = Lifecycle(
    name="tier_override",
    statuses=(
        Status("proposed", "待审批", "待审批", turn="bank", is_open=True, tone="turn"),
        Status("active", "生效中", "生效中", is_open=True, tone="pass"),
        Status("refused", "未同意", "未同意"),
        Status("ended", "已结束", "已结束"),
    ),
    moves=(
        _move("approve", "同意调级", "proposed", "active", {B}, "approved"),
        _move("refuse", "不同意", "proposed", "refused", {B}, "refused", needs_reason=True),
        _move("end", "结束", "proposed active", "ended", {B, S}, "ended", needs_reason=True),
    ),
)

BY_NAME: dict[str, Lifecycle] = {"credit": CREDIT, "service": SERVICE}
OPEN_STATUSES: frozenset[str] = CREDIT.open_statuses | SERVICE.open_statuses
ALL_STATUSES: dict[str, Status] = {s.code: s for table in (SERVICE, CREDIT) for s in table.statuses}
