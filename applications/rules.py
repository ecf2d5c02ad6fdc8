"""May this banker do this to this case? Pure questions; the domain asks before it acts, templates ask to explain."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.enums import BankerRole

if TYPE_CHECKING:
    from accounts.models import Banker
    from applications.models import Application

# move or act → roles that may ever do it, for credit and for services
ROLES: dict[str, dict[str, frozenset[str]]] = {
    "claim": {"credit": frozenset({BankerRole.REVIEWER}), "service": frozenset({BankerRole.RM, BankerRole.REVIEWER})},
    "score": {"credit": frozenset({BankerRole.REVIEWER}), "service": frozenset()},
    "recommend": {"credit": frozenset({BankerRole.REVIEWER}), "service": frozenset()},
    "return_for_changes": {
        "credit": frozenset({BankerRole.REVIEWER, BankerRole.RM, BankerRole.APPROVER}),
        "service": frozenset({BankerRole.RM, BankerRole.REVIEWER}),
    },
    "approve": {"credit": frozenset({BankerRole.APPROVER}), "service": frozenset()},
    "decline": {"credit": frozenset({BankerRole.APPROVER}), "service": frozenset({BankerRole.RM, BankerRole.REVIEWER})},
    "send_back": {"credit": frozenset({BankerRole.APPROVER}), "service": frozenset()},
    "complete": {"credit": frozenset(), "service": frozenset({BankerRole.RM, BankerRole.REVIEWER})},
    "book": {"credit": frozenset({BankerRole.RM, BankerRole.REVIEWER}), "service": frozenset()},
    "note": {
        "credit": frozenset({BankerRole.RM, BankerRole.REVIEWER, BankerRole.APPROVER}),
        "service": frozenset({BankerRole.RM, BankerRole.REVIEWER, BankerRole.APPROVER}),
    },
}


def has_role(banker: Banker, act: str, application: Application) -> bool:
    return banker.is_active and banker.role in ROLES[act][application.lifecycle_name]


def why_not_work_on(banker: Banker, application: Application) -> str | None:
    """Why this banker cannot work on a claimed case, in words; None when nothing stands in the way."""
    if application.assignee_id is None:
        return "请先领取这件申请"
    if application.assignee_id != banker.pk:
        return f"这件申请由{application.holder_name}办理"
    return None


def why_not_sign(
    banker: Banker,
    *,
    reviewer_id: int,
    scorer_ids: set[int],
    amount: Decimal | None,
    signer_limit: Decimal | None = None,
) -> str | None:
    """Four eyes: not the reviewer, not a scorer, within the approver's limit, and of the level the routing asks.

    Ids are people's, not posts'; `amount` None for a decline, which no limit stands against.
    """
    if banker.role != BankerRole.APPROVER or not banker.is_active:
        return "需由审批岗签字"
    if banker.user_id == reviewer_id or banker.user_id in scorer_ids:
        return "不能审批自己审查或评分的申请，需由另一位审批岗签字"
    if amount is not None and amount > banker.approval_limit:
        return f"建议额度超出您的单笔审批限额 {banker.approval_limit / 10000:,.0f} 万元，需由限额更高的审批岗签字"
    if amount is not None and signer_limit is not None and banker.approval_limit < signer_limit:
        return f"按审批权限，需由单笔限额不低于 {signer_limit / 10000:,.0f} 万元的审批岗签字"
    return None
