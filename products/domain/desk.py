"""Who may work on policies."""

from __future__ import annotations

from accounts.enums import BankerRole
from accounts.models import Banker
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.errors import NotPermitted


def check_author(actor: Actor) -> None:
    """Raises NotPermitted unless the actor sits on the policy desk."""
    desk = Banker.objects.filter(user_id=actor.user_id, role=BankerRole.POLICY, is_active=True)
    if actor.kind is not ActorKind.BANKER or not desk.exists():
        raise NotPermitted("policy_desk_only", "只有政策管理岗可以办理")
