"""Outreach (触达): tasks made from the lists, shared out, and every contact written down."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef

from accounts.enums import BankerRole
from accounts.models import Banker
from applications.enums import Channel, ContactResult, Job
from applications.models import Contact, Outreach, OutreachPlan
from portal.kernel.actors import Actor
from portal.kernel.clock import now, today
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused, StaleObject
from portal.kernel.events import record
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.models import Product, Register, RegisterEntry

PART = 2_000
MOST_AT_ONCE = 500  # tasks handed to one person in one go
BACKDATED = timedelta(days=31)  # a contact is written down within a month
AHEAD = timedelta(days=366)
WORKING = (BankerRole.RM, BankerRole.REVIEWER, BankerRole.APPROVER)

# (register, programme, coverage reference, contact target, where the lines come from); basis points.
PLANS = (
    ("little_giant", "little-giant-programme", 8180, None, "参照线：公开披露的北京地区小巨人覆盖率 81.8%（2025-06-30），非目标"),
    ("srdi_sme", "srdi-programme", 5860, None, "参照线：公开披露的北京地区专精特新覆盖率 58.6%（2025-06-30），非目标"),
    ("relending", None, None, 10_000, "再贷款备选清单企业和项目全覆盖触达"),
)  # fmt: skip


def load_defaults() -> None:
    """Plans of a fresh installation; what an administrator changed stays."""
    for code, product, cover, touch, source in PLANS:
        register = Register.objects.filter(code=code).first()
        if register is not None:
            wanted = {"cover_target_bp": cover, "touch_target_bp": touch, "target_source": source}
            programme = Product.objects.filter(code=product).first()
            OutreachPlan.objects.get_or_create(register=register, defaults={**wanted, "product": programme})


@use_case
def refresh_all() -> None:
    """Queue every plan whose tasks follow its list."""
    for pk in OutreachPlan.objects.filter(makes_tasks=True).values_list("pk", flat=True):
        enqueue(Job.OUTREACH, key=pk, plan_id=pk)


@use_case
def refresh(*, plan_id: int) -> int:
    """Make the tasks that a list of today lacks, and say of every task whether it is still listed. Returns how many are new."""
    plan = OutreachPlan.objects.select_for_update().get(pk=plan_id)
    entries = RegisterEntry.objects.valid_on(today()).filter(register=plan.register_id).exclude(key="")
    on_list = Exists(entries.filter(key=OuterRef("key")))
    tasks = Outreach.objects.filter(plan=plan)
    tasks.filter(~on_list, is_listed=True).update(is_listed=False)
    tasks.filter(on_list, is_listed=False).update(is_listed=True)
    lacking = entries.filter(~Exists(tasks.filter(key=OuterRef("key")))).order_by("pk")
    made, at = 0, now()
    rows = lacking.values_list("key", "uscc", "name", "project")
    part: list[Outreach] = []
    for key, uscc, name, project in rows.iterator(PART):
        part.append(Outreach(plan=plan, key=key, uscc=uscc, name=name, project=project, created_at=at))
        if len(part) == PART:
            made += len(Outreach.objects.bulk_create(part, ignore_conflicts=True))
            part = []
    return made + len(Outreach.objects.bulk_create(part, ignore_conflicts=True))


def may_assign(plan: OutreachPlan, banker: Banker) -> bool:
    """Whoever answers for the plan shares it out; so do policy managers, who load the lists."""
    return banker.is_active and (banker.role == BankerRole.POLICY or plan.owner_id == banker.pk)


@use_case
def assign(*, plan_id: int, banker_id: int, count: int, actor: Actor) -> int:
    """Hand the first `count` listed tasks that nobody has to a banker. Returns how many there were."""
    plan = OutreachPlan.objects.select_for_update().get(pk=plan_id)
    who = _banker(actor)
    if not may_assign(plan, who):
        raise NotPermitted("may_not_assign", "由计划负责人或政策管理岗分派")
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInput("count_outside", "一次分派 1 到 {most} 家", field="count", most=MOST_AT_ONCE)
    banker = Banker.objects.filter(pk=banker_id, is_active=True, role__in=WORKING).first()
    if banker is None:
        raise InvalidInput("banker_unknown", "请选择在岗的客户经理、审查岗或审批岗", field="banker")
    free = Outreach.objects.listed().filter(plan=plan, assignee=None).order_by("pk").values_list("pk", flat=True)
    taken = list(free[:count])
    if not taken:
        raise RuleRefused("nothing_to_assign", "没有待分派的企业了")
    Outreach.objects.filter(pk__in=taken).update(assignee=banker, version=F("version") + 1)
    payload = {"banker": banker.pk, "count": len(taken), "first": taken[0], "last": taken[-1]}
    record(stream=f"outreach-plan:{plan.pk}", type="outreach.assigned", actor=actor, payload=payload)
    return len(taken)


@use_case
def take(*, outreach_id: int, seen: int, actor: Actor) -> Outreach:
    """Take a task nobody has."""
    task = _locked(outreach_id, seen)
    banker = _banker(actor)
    if banker.role not in WORKING:
        raise NotPermitted("role_cannot_act", "您的岗位不办理触达")
    if task.assignee_id is not None:
        raise RuleRefused("already_taken", "这家企业已经有人联系")
    task.assignee, task.version = banker, task.version + 1
    task.save(update_fields=["assignee", "version"])
    record(stream=f"outreach:{task.pk}", type="outreach.taken", actor=actor, payload={"banker": banker.pk})
    return task


def why_not_write(task: Outreach, banker: Banker) -> str:
    """Why this banker may not write a contact down; empty when nothing stands in the way."""
    if banker.pk in (task.assignee_id, task.plan.owner_id) and banker.is_active:
        return ""
    return "先认领这家企业，再登记联系" if task.assignee_id is None else "由认领的同事登记联系"


@use_case
def write_contact(
    *, outreach_id: int, seen: int, on: date, channel: str, result: str, note: str, next_on: date | None, actor: Actor
) -> Contact:
    """Write a contact down. Raises InvalidInput at `on`, `channel`, `result`, `note` or `next_on`."""
    task, banker = _locked(outreach_id, seen), _banker(actor)
    if obstacle := why_not_write(task, banker):
        raise NotPermitted("may_not_write", obstacle)
    if not today() - BACKDATED <= on <= today():
        raise InvalidInput("on_outside", "联系日期要在最近一个月内、不晚于今天", field="on")
    if channel not in Channel.values:
        raise InvalidInput("channel_unknown", "请选择联系方式", field="channel")
    if result not in ContactResult.values:
        raise InvalidInput("result_unknown", "请选择结果", field="result")
    if len(note.strip()) > 300:
        raise InvalidInput("note_long", "说明最多 300 个字", field="note")
    if next_on is not None and not today() <= next_on <= today() + AHEAD:
        raise InvalidInput("next_outside", "下次联系要在今天以后、一年以内", field="next_on")
    contact = Contact.objects.create(
        outreach=task,
        banker=banker,
        written_by_id=actor.user_id,
        on=on,
        channel=channel,
        result=result,
        note=note.strip(),
        written_at=now(),
    )
    task.result, task.next_on, task.version = result, next_on, task.version + 1
    if result != ContactResult.UNREACHABLE:
        task.reached_on = min(on, task.reached_on or on)
    task.save(update_fields=["result", "next_on", "reached_on", "version"])
    payload = {"on": on.isoformat(), "channel": channel, "result": result}
    record(stream=f"outreach:{task.pk}", type="outreach.contacted", actor=actor, payload=payload)
    return contact


def _banker(actor: Actor) -> Banker:
    banker = Banker.objects.filter(user_id=actor.user_id, is_active=True).first()
    if banker is None:
        raise NotPermitted("role_cannot_act", "您的岗位不办理触达")
    return banker


def _locked(outreach_id: int, seen: int) -> Outreach:
    task = Outreach.objects.select_for_update(of=("self",)).select_related("plan").get(pk=outreach_id)
    if task.version != seen:
        raise StaleObject("outreach_changed", "这家企业在您打开以后有变化，请刷新后再办理")
    return task
