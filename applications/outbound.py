"""The only fan-out: events of a case, in order, become notices, mails and short messages."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.domain.telling import tell
from accounts.models import Membership
from applications.models import Application, Notice
from portal.kernel.clock import now
from portal.kernel.models import Event, StreamHead

# event type → what the applicant is told; an event without words is not announced
WORDS = {
    "application.submitted": "{product}申请已提交，正在自动检查",
    "application.returned": "请补充材料：{product}申请",
    "application.offered": "{product}方案已出，请确认",
    "application.declined": "{product}申请本次未能通过，可查看原因",
    "application.completed": "{product}已办结",
    "application.booked": "{product}已放款",
    "application.expired": "{product}申请已过期",
    "application.withdrawn": "{product}申请已撤回",
}


def announce(*, reference: str) -> int:
    """Tell the enterprise's people what is new on a case. Returns the number of notices written.

    Notices are written once (unique key), then sent; a gateway that is down raises TransientError and is tried again.
    """
    written = _write_notices(reference)
    for notice in Notice.objects.filter(application__reference=reference, sent_at=None).select_related(
        "user", "application"
    ):
        _send(notice)
        Notice.objects.filter(pk=notice.pk).update(sent_at=now())
    return written


@transaction.atomic
def _write_notices(reference: str) -> int:
    application = Application.objects.select_related("product").filter(reference=reference).first()
    head = StreamHead.objects.select_for_update().filter(stream=reference).first()
    if application is None or head is None or application.is_sandbox:
        return 0
    events = Event.objects.filter(stream=reference, seq__gt=head.announced, public=True, type__in=WORDS).order_by("seq")
    members = Membership.objects.current().verified().filter(enterprise_id=application.enterprise_id)
    if application.is_personal:
        members = members.filter(user_id=application.created_by_id)
    people = list(members.values_list("user_id", flat=True))
    rows = [
        Notice(
            user_id=user,
            application=application,
            event_seq=event.seq,
            title=WORDS[event.type].format(product=application.product.name),
        )
        for event in events
        for user in people
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    head.announced = head.seq
    head.save(update_fields=["announced"])
    return len(rows)


def _send(notice: Notice) -> None:
    link = f"{settings.SITE_URL}{notice.application.get_absolute_url()}"
    text = f"{notice.title}。编号 {notice.application.reference}：{link}"
    tell(notice.user, title=notice.title, text=text)
