"""The demonstration's lists at work: firms nobody knows yet, what some hold at the bank, and who has been talked to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Banker, Enterprise
from applications.domain import coverage, holdings, outreach
from applications.integrations.core_banking import LAYOUT
from applications.models import Application, OutreachPlan
from portal.kernel.actors import Actor
from portal.kernel.clock import today
from products.domain.registering.rows import entry, key_of
from products.models import Register

FIRST = 990_000  # numbers of demonstration codes from here on are firms that are on a list alone; the seed stays below
_WORDS = (
    "青芽",
    "云帆",
    "晨序",
    "砺石",
    "远瞳",
    "知微",
    "融芯",
    "澄观",
    "拓野",
    "恒脉",
    "启衡",
    "明澈",
    "极光",
    "星桥",
    "朗讯达",
    "博衍",
)
_PROJECTS = ("产线智能化改造", "数字化车间", "节能设备更新")
_KINDS = ("智能装备", "生物医药", "新材料", "集成电路", "工业软件")


def build(people: dict[str, Actor], uscc_of: Callable[[int], str], run_jobs: Callable[[], None]) -> None:
    """Fill three lists, book a statement of core banking, hand out and talk to some, count today."""
    firms = [(uscc_of(FIRST + n), f"北京{_WORDS[n % 16]}{_KINDS[n % 5]}有限公司") for n in range(48)]
    _list("little_giant", firms[:16], "第七批")
    _list("srdi_sme", firms[8:40], "2025 年第二批")
    _list("relending", firms[20:48], "第三批")
    _hold(firms, people["policy"])
    run_jobs()
    rm = Banker.objects.get(user_id=people["rm"].user_id)
    OutreachPlan.objects.filter(register__code__in=("little_giant", "srdi_sme", "relending")).update(owner=rm)
    outreach.refresh_all()
    run_jobs()
    plan = OutreachPlan.objects.get(register__code="relending")
    outreach.assign(plan_id=plan.pk, banker_id=rm.pk, count=20, actor=people["policy"])
    said = (
        ("visit", "interested", 30),
        ("phone", "unreachable", None),
        ("phone", "no_need", None),
        ("event", "later", 0),
    )
    for task in plan.tasks.filter(assignee=rm).order_by("pk")[:14]:
        channel, result, again = said[task.pk % 4]
        outreach.write_contact(
            outreach_id=task.pk, seen=task.version, on=today() - timedelta(days=task.pk % 20), channel=channel,
            result=result, note="", next_on=None if again is None else today() + timedelta(days=again), actor=people["rm"],
        )  # fmt: skip
    coverage.ask(on=today())
    run_jobs()


def _list(code: str, firms: list[tuple[str, str]], named_in: str) -> None:
    register = Register.objects.get(code=code)
    since = today() - timedelta(days=200)
    for n, (uscc, name) in enumerate(firms):
        row = entry(register, uscc=uscc, name=name, valid_from=since, valid_to=since + timedelta(days=1095))
        row.round = named_in
        if register.names_projects and n % 4 == 0:
            row.project = _PROJECTS[n // 4 % 3]
            row.key = key_of(uscc, row.plain_name, row.project)
        row.save()


def _hold(firms: list[tuple[str, str]], actor: Actor) -> None:
    booked = Application.objects.filter(status="booked").select_related("enterprise").order_by("pk").first()
    lines = [",".join(LAYOUT.template)]
    for n, (uscc, name) in enumerate(firms[:30]):
        if n % 3 == 0:
            lines.append(f"A{n:04d},{uscc},{name},结算账户,海淀支行,C,,,,,{today() - timedelta(days=400 - n)},,,,,")
        elif n % 5 == 0:
            counts = ("0,0,是,否", "0,1,是,否", ",,,")[n // 5 % 3]
            lines.append(
                f"L{n:04d},{uscc},{name},贷款,海淀支行,I,,{300 + 20 * n},{200 + 10 * n},正常,{today() - timedelta(days=90 + n)},,{counts}"
            )
    if booked:
        firm: Enterprise = booked.enterprise
        wan = int(booked.requested_amount / 10_000)
        lines.append(
            f"L9001,{firm.uscc},{firm.name},贷款,海淀支行,C,{booked.reference},{wan},{wan},正常,{today()},,0,0,是,否"
        )
    text = "\n".join(lines) + "\n"
    holdings.upload(file=SimpleUploadedFile("在行业务.csv", text.encode()), as_of=today(), actor=actor)
