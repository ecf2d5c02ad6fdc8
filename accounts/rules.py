"""Who may do what to an enterprise: pure questions to a membership."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.enums import Role

if TYPE_CHECKING:
    from accounts.models import Membership


def may_edit(membership: Membership) -> bool:
    """Fill in forms. An unverified member may, for their own draft."""
    return membership.role != Role.VIEWER or not membership.is_verified


def may_act(membership: Membership) -> bool:
    """Consent and submit in the enterprise's name."""
    return membership.is_verified and membership.role in (Role.LEGAL_REP, Role.AGENT)


def may_invite(membership: Membership) -> bool:
    return membership.is_verified and membership.role == Role.LEGAL_REP
