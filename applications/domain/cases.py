"""What every act on a case shares: the locked row, the person's membership, and word to the firm."""

from __future__ import annotations

from accounts.models import Membership
from applications.enums import Job
from applications.models import Application
from portal.kernel.actors import Actor
from portal.kernel.errors import NotPermitted, RuleRefused
from portal.kernel.jobs import enqueue

# Put together once: every act on a case begins here.
_LOCKED = Application.objects.select_for_update(of=("self",)).select_related("product", "enterprise")


def locked(application_id: int) -> Application:
    return _LOCKED.get(pk=application_id)


def locked_editable(application_id: int) -> Application:
    application = locked(application_id)
    if not application.is_editable:
        raise RuleRefused("not_editable", "申请已提交，不能再修改。需要更正请撤回，或等客户经理退回补件")
    return application


def membership_for(application: Application, actor: Actor) -> Membership:
    """The actor's membership in the application's enterprise. Raises NotPermitted when there is none left."""
    found = Membership.objects.of(actor).select_related("user").filter(enterprise_id=application.enterprise_id).first()
    if found is None:
        raise NotPermitted("not_a_member", "您已不再是这家企业的成员")
    found.enterprise = application.enterprise
    if application.is_personal and application.created_by_id != actor.user_id:
        raise NotPermitted("not_yours", "这是提出的人自己的事，只有本人能办理")
    if not found.is_verified and application.created_by_id != actor.user_id:
        raise NotPermitted("membership_unverified", "核验企业身份后才能办理别人填写的申请")
    return found


def mark_changed(application: Application, *fields: str) -> None:
    """Save `fields` of a locked case as one change: a new version, a new time of change."""
    application.version += 1
    application.save(update_fields=["version", "updated_at", *fields])


def announce(application: Application) -> None:
    """Have the firm's people told what is new on the case, after commit."""
    enqueue(Job.ANNOUNCE, key=application.reference, reference=application.reference)
