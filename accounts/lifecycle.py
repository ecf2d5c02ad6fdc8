"""The referral's small table of statuses."""

from portal.kernel.actors import ActorKind
from portal.kernel.lifecycle import Lifecycle, Move, Status

REFERRAL = Lifecycle(
    name="referral",
    statuses=(
        Status("sent", "已发出", "等企业确认", turn="applicant"),
        Status("accepted", "企业已确认", "已确认", tone="pass"),
        Status("expired", "已过期", "已过期"),
    ),
    moves=(
        Move("accept", "确认推荐", frozenset({"sent"}), "accepted", frozenset({ActorKind.APPLICANT}), "accepted"),
        Move("expire", "过期", frozenset({"sent"}), "expired", frozenset({ActorKind.SYSTEM}), "expired"),
    ),
)
