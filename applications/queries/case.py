"""One case as people read it: whose turn, timeline, findings, score."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from accounts.models import Banker
from applications.enums import DECLINE_WORDS
from applications.models import Application, Offer, Screening, Submission
from portal.kernel.clock import BEIJING, last_day, now, workdays_between
from portal.kernel.models import Event
from portal.kernel.prepared import Given, Prepared
from portal.kernel.wording import cn_day
from products.domain.evaluating import compiled
from products.domain.pricing import fees_of
from products.enums import ProductKind
from products.models import Evaluation
from products.policy.catalogue import FACTS
from products.policy.document import Rung
from products.policy.engine import BECAUSE_WORDS, read
from products.policy.repayment import Plan, due_dates, plan
from products.questions import words

SOURCE_LABELS = {
    "declared": "企业填报",
    "self": "企业填报",
    "registry": "工商登记",
    "tax": "纳税数据",
    "partner": "合作机构填报",
    "banker": "客户经理核实",
    "register": "名单",
    "override": "人工调级",
    "register_name": "名单（只有名称相同，待核对）",
    "certificate": "证书",
    "tiers": "五层规则",
    "score": "机评规则",
    "stage": "阶段规则",
    "application": "本次申请",
    "300号": "划型标准",
    "credit_bureau": "企业征信",
    "authority": "主管部门",
    "": "—",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is: who · what · by when."""

    who: str
    what: str
    more: str = ""
    by: str = ""
    by_label: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    outcome: str
    label: str
    tone: str
    items: list[dict] = field(default_factory=list)


def due_words(application: Application) -> str:
    if application.due_at is None:
        return ""
    provisional = "（暂定，节假日安排未发布）" if application.due_is_provisional else ""
    return f"{cn_day(last_day(application.due_at))}{provisional}前"


def left_words(application: Application) -> str:
    """`还剩 2 个工作日`, `今天到期`, `已超 1 个工作日`."""
    if application.due_at is None:
        return ""
    if now() >= application.due_at:
        return f"已超 {max(-workdays_between(now(), application.due_at), 1)} 个工作日"
    return days_left(application.due_at)


def days_left(end: datetime) -> str:
    """`还剩 9 个工作日` until a deadline that is still ahead."""
    left = workdays_between(now(), end)
    return f"还剩 {left} 个工作日" if left > 0 else "今天到期"


def turn_of(application: Application) -> Turn:
    """The strip at the top of the applicant's page."""
    status = application.status
    if status == "submitted":
        return Turn("系统", "正在自动检查", "通常 1 分钟内完成，页面会自己更新。您可以先离开")
    if status == "returned":
        open_items = sum(
            1 for s in application.supplements.all() if s.round == application.round and s.answered_at is None
        )
        return Turn(
            "轮到您",
            f"补充 {open_items} 项材料，然后我们继续审查" if open_items else "材料已补齐，请提交",
            "您补交前，银行的办理时限暂停计时",
            days_left(application.answer_by),
            f"{cn_day(last_day(application.answer_by))}前",
            "is-you",
        )
    if status == "offered":
        return Turn(
            "轮到您",
            "方案已出，请查看并确认",
            "不接受不收费，可以用原材料重新申请",
            days_left(application.offer.expires_at),
            f"{cn_day(application.offer.expires_at)}前",
            "is-you",
        )
    if status == "declined":
        return Turn("结论", "本次未能通过", "原因和改进办法见下方", css="is-other")
    if application.status_info.turn == "bank":
        what = {
            "screened": "客户经理正在审查" if application.assignee_id else "自动检查已完成，等客户经理领取",
            "recommended": "审批岗正在审批",
            "approved": "正在准备方案",
            "accepted": "已接受，等银行放款",
        }[status]
        more = "客户经理会联系您签署借款合同，签署后放款" if status == "accepted" else "需要您补充时会发消息给您"
        return Turn("轮到银行", what, more, left_words(application), due_words(application))
    return Turn("已结束", application.status_info.public_label, "", css="is-other")


def desk_turn(application: Application, *, may_act: bool, scores_left: int) -> Turn:
    """The strip on the bank's desk for a case of `with_screen()`: yellow only when this reader can do the next thing."""
    info = application.status_info
    if info.turn == "applicant":
        return Turn("轮到企业", info.label, css="is-other")
    if info.turn != "bank":
        return Turn("系统" if info.turn == "system" else "已结束", info.label, css="is-other")
    owner = application.holder_name
    what = {
        "screened": "待领取"
        if application.assignee_id is None
        else f"{owner}：还差 {scores_left} 项评分"
        if scores_left and application.is_credit
        else f"{owner}审查中",
        "recommended": "等审批岗签字",
        "approved": "出具方案",
        "accepted": "等登记放款",
    }[application.status]
    return Turn("轮到您" if may_act else "轮到银行", what, css="is-you" if may_act else "")


# event type → (title, icon); an event without a title is not shown to applicants
def programme_owner(application: Application) -> Banker | None:
    """Who answers for a programme (专案): the firm's contact from the first day, whoever holds the case."""
    if application.product.kind != ProductKind.PROGRAMME:
        return None
    plans = application.product.plans.select_related("owner__user", "owner__branch").filter(owner__is_active=True)
    return next((plan.owner for plan in plans), None)


_ORDER = (
    ("fail", "未通过", "fail"),
    ("refer", "转人工", "refer"),
    ("pass", "通过", "pass"),
    ("not_applicable", "不适用", "na"),
)


def finding_groups(screening: Screening | None, *, wan: bool = True, for_bank: bool = False) -> list[Group]:
    """Findings of eligibility, grouped by outcome, words rendered now from the frozen rules.

    That a tier was set by hand is the bank's own business: others read it as any tier.
    """
    if screening is None:
        return []
    rules = {rule.code: rule for rule in compiled(screening.eligibility.policy).rules}
    items = [read(raw, rules.get(raw["code"]), wan=wan) for raw in screening.eligibility.result["findings"]]
    for item in items:
        if item["source"] == "override" and not for_bank:
            item["source"] = "tiers"
        item["source_label"] = SOURCE_LABELS.get(item["source"], item["source"])
    return [
        Group(outcome, label, tone, found)
        for outcome, label, tone in _ORDER
        if (found := [i for i in items if i["outcome"] == outcome])
    ]


_RUNG_WORDS = {"pass": "符合", "fail": "不符合", "refer": "待核实"}


def rung_rows(evaluation: Evaluation) -> list[dict]:
    """What a ladder saw on its way down, in words: every rung up to the one assigned. Needs the evaluation's policy."""
    rungs = {rung.code: rung for rung in compiled(evaluation.policy).rungs}
    return [_rung_row(raw, rungs.get(raw["code"])) for raw in evaluation.result["findings"]]


def _rung_row(raw: dict, rung: Rung | None) -> dict:
    """One rung; a lone bound is said with the name of its fact, as groups say theirs."""
    row, name = read(raw, rung, wan=True), FACTS[raw["fact"]].label
    asked = f"{name} {row['required']}" if rung and len(rung.condition.facts) == 1 else row["required"]
    seen = f"{name} {row['observed'] or '未知'}"
    return {**row, "word": _RUNG_WORDS.get(row["outcome"], "—"), "observed": seen, "required": asked}


def score_rows(screening: Screening | None) -> list[dict]:
    """The three dimensions with their range, and items inside."""
    if screening is None:
        return []
    document = compiled(screening.score.policy)
    labels = {d.code: d for d in document.dimensions}
    rows = []
    for raw in screening.score.result["dimensions"]:
        spec = labels[raw["code"]]
        names = {item.code: item.label for item in spec.items}
        rows.append(
            {
                "code": raw["code"],
                "label": spec.label,
                "points": raw["points"],
                "points_max": raw["points_max"],
                "max": raw["max"],
                "open": raw["points_max"] - raw["points"],
                "width": round(raw["points"] * 100 / raw["max"]),
                "open_width": round(raw["points_max"] * 100 / raw["max"]),
                "items": [
                    {
                        **item,
                        "label": names[item["code"]],
                        "why": BECAUSE_WORDS[item["because"]].format(label=names[item["code"]])
                        if item["because"]
                        else "",
                    }
                    for item in raw["items"]
                ],
            }
        )
    return rows


_REQUEST_LABELS = {
    "requested_amount": "申请金额",
    "term_months": "期限",
    "repayment_method": "还款方式",
    "purpose": "资金用途",
    "purpose_detail": "具体用途",
    "counterparties": "交易对手",
}


def taken_over_words(application: Application) -> str:
    """What a draft did not have to be told again, and where it came from."""
    taken = application.taken_over
    if not taken or application.status != "draft":
        return ""
    if taken["from"] == "precheck":
        return f"预检的 {len(taken['fields'])} 项回答已带入，请逐项核对。"
    own = {q.code: q.label for q in application.product.own_questions}
    labels = [{**_REQUEST_LABELS, **own}.get(name, name) for name in taken["fields"]]
    return f"{'、'.join(labels)}沿用自 {taken['from']}，请核对。"


def answer_rows(application: Application) -> list[tuple[str, str]]:
    """(label, words) of the answers to the product's own questions."""
    given = application.answers
    return [(q.label, words(q, given[q.code])) for q in application.product.own_questions if q.code in given]


def decline_words(application: Application) -> dict | None:
    """What a declined applicant reads: reason, what helps, when a new application makes sense."""
    if application.status != "declined":
        return None
    event = Event.objects.filter(stream=application.reference, type="application.declined").order_by("-seq").first()
    reason = (event.payload.get("reason") if event else "") or "out_of_scope"
    words, advice, months = DECLINE_WORDS[reason]
    when = ""
    if months and event:
        local = event.at.astimezone(BEIJING)
        month = local.month - 1 + months
        when = f"{local.year + month // 12}年{month % 12 + 1}月起可再申请"
    return {"reason": words, "advice": advice, "when": when}


def offer_plan(application: Application, offer: Offer) -> Plan:
    """What an offer costs: its plan from the day it was made, with the product's fees (贷款明白纸)."""
    made_on = offer.made_at.astimezone(BEIJING).date()
    return plan(
        amount=offer.amount,
        term_months=offer.term_months,
        method=offer.repayment_method,
        first_date=due_dates(made_on, 2)[1],
        annual_rate=Decimal(offer.rate_bp) / 100,
        fees=fees_of(application.product, offer.amount),
    )


# What pages show of a screening; a policy's document stays where it is, compiled once a process.
_SHOWN = (
    *(field.name for field in Screening._meta.concrete_fields),
    *("eligibility__result", "eligibility__digest", "eligibility__policy", "tier__result"),
    *("score__result", "score__policy", "eligibility__policy__number", "eligibility__policy__title"),
    *(f"{part}__policy__{name}" for part in ("eligibility", "score") for name in ("sha256", "frozen_at")),
)


# Put together once: on a page that is read all day that takes longer than the database does.
_SCREENINGS = (
    Screening.objects.select_related("eligibility__policy", "score__policy", "tier").only(*_SHOWN).order_by("-round")
)
_JUDGED = Submission.objects.filter(application=OuterRef("application_id"), round=OuterRef("round"))
_DESK_SCREENINGS = Prepared(
    _SCREENINGS.annotate(content=Subquery(_JUDGED.values("content"))).filter(application=Given("case"))[:1]
)


def newest_screening(application: Application) -> Screening | None:
    """With its evaluations and their policies, as far as pages show them."""
    return _SCREENINGS.filter(application=application.pk).first()


def desk_screening(application: Application) -> Screening | None:
    """The newest screening, with the content it judged in `content`."""
    return _DESK_SCREENINGS.first(case=application.pk)


def submitted_content(application: Application, screening: Screening | None) -> dict | None:
    """What was submitted last; taken from `desk_screening` when that is what it judged."""
    if screening is not None and screening.round == application.round:
        return screening.content
    return application.submissions.order_by("-round").values_list("content", flat=True).first()
