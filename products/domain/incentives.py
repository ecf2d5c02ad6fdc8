"""Which public incentives fit an enterprise (政策对接): three answers, until when, and a reminder before the end.

The machine only sorts: whether an incentive is granted is for its authority to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.domain.telling import tell
from accounts.models import Enterprise
from portal.kernel.actors import Actor
from portal.kernel.clock import now, today
from portal.kernel.errors import RuleRefused
from portal.kernel.transactions import use_case
from products.domain.evaluating import compiled, policies_in_force
from products.domain.judging import Judged, judge_titles
from products.domain.outlook import judged_now
from products.models import Incentive, IncentiveReminder
from products.policy.engine import read
from products.policy.replaying import result_of

REMIND_BEFORE = timedelta(days=14)
_WINDOWS = ("closing", "open", "soon", "closed")
_ANSWERS = ("pass", "refer", "held", "fail")


@dataclass(frozen=True, slots=True)
class Matched:
    """`answer` pass, refer, fail, or held for a title the firm has; `gaps` what is open or missing, in words."""

    incentive: Incentive
    window: str
    days_left: int | None
    answer: str
    gaps: tuple[str, ...]


def matched(enterprise: Enterprise, on: date) -> list[Matched]:
    """Every incentive that is shown, those that close first and fit best before the others."""
    policies = policies_in_force(on)
    judged = judged_now(enterprise, on, policies)
    titles = {title.rule.kind: title for title in judge_titles(judged, on)}
    found = []
    for incentive in Incentive.objects.filter(is_active=True):
        answer, gaps = _answer(incentive, judged, policies, titles)
        if incentive.manual and answer == "pass":
            answer = "refer"
        left = (incentive.closes_on - on).days if incentive.closes_on else None
        found.append(Matched(incentive, incentive.window(on), left, answer, (*gaps, *incentive.manual)))
    return sorted(found, key=_place)


def _place(row: Matched) -> tuple:
    return (
        _WINDOWS.index(row.window),
        _ANSWERS.index(row.answer),
        row.incentive.closes_on or date.max,
        row.incentive.code,
    )


def _answer(incentive: Incentive, judged: Judged, policies: dict, titles: dict) -> tuple[str, list[str]]:
    if incentive.title_kind:
        if judged.states[incentive.title_kind].held:
            return "held", []
        title = titles.get(incentive.title_kind)
        return ("refer", []) if title is None else (title.outcome, [gap.criterion.label for gap in title.gaps])
    policy = policies.get(incentive.policy_code)
    if policy is None:
        return "refer", []
    document = compiled(policy)
    outcome, result = result_of(document, judged.facts)
    rules = {rule.code: rule for rule in document.rules}
    open_ones = (raw for raw in result["findings"] if raw["outcome"] in ("fail", "refer"))
    return outcome, [read(raw, rules[raw["code"]], wan=True)["reason"] for raw in open_ones]


@use_case
def remind(*, incentive_id: int, wanted: bool, actor: Actor) -> None:
    """Set or take back a person's reminder. Raises RuleRefused where there is no end to be reminded of."""
    incentive = Incentive.objects.get(pk=incentive_id)
    mine = IncentiveReminder.objects.filter(incentive=incentive, user_id=actor.user_id)
    if not wanted:
        mine.delete()
        return
    if incentive.closes_on is None or incentive.closes_on < today():
        raise RuleRefused("nothing_to_remind", "这项政策没有截止日期，或已经截止")
    IncentiveReminder.objects.get_or_create(incentive=incentive, user_id=actor.user_id, defaults={"asked_at": now()})


def reminded(actor: Actor) -> set[int]:
    """Incentives this person wants to be reminded of."""
    return set(IncentiveReminder.objects.filter(user_id=actor.user_id).values_list("incentive_id", flat=True))


def send_due() -> int:
    """Tell everybody whose incentive closes within two weeks; a gateway that is down is tried on the next round."""
    due = IncentiveReminder.objects.filter(
        sent_at=None, incentive__closes_on__gte=today(), incentive__closes_on__lte=today() + REMIND_BEFORE
    )
    sent = 0
    for reminder in due.select_related("incentive", "user").order_by("pk"):
        incentive = reminder.incentive
        text = f"您关注的「{incentive.title}」{incentive.closes_on:%Y-%m-%d} 截止：{settings.SITE_URL}{reverse('accounts:enterprises')}"
        tell(reminder.user, title=f"{incentive.title}快截止了", text=text)
        sent += IncentiveReminder.objects.filter(pk=reminder.pk, sent_at=None).update(sent_at=now())
    return sent


def calendar(rows: Iterable[Matched], made_at: datetime) -> str:
    """The deadlines that are still to come as an iCalendar file (RFC 5545), one whole day each."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//portal//incentives//ZH"]
    for row in rows:
        if row.window in ("closing", "open", "soon") and row.incentive.closes_on:
            lines += [
                "BEGIN:VEVENT",
                f"UID:{row.incentive.code}-{row.incentive.closes_on:%Y%m%d}@portal",
                f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
                f"DTSTART;VALUE=DATE:{row.incentive.closes_on:%Y%m%d}",
                f"SUMMARY:{_escaped(row.incentive.title)} 截止",
                "END:VEVENT",
            ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")
