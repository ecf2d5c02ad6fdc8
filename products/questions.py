"""What a product asks for beside the common request: own questions and materials, some only for certain answers.

Plain data on the product. A question is `{code, label, type, choices?, required?, help?, unit?, when?}`, a material
`{kind, label, required?, why?, when?}`. `when` names what must have been answered, all of it:
`{"purpose": ["equipment"]}` one of these values, `{"requested_amount": {"over": "10000000.00"}}` more than this (元).
What is not asked is not kept: an answer behind a condition that no longer holds is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from portal.kernel.money import MAX_AMOUNT, wan

TYPES = ("choice", "text", "amount", "count", "yes_no", "date")
REQUEST_FIELDS = ("requested_amount", "term_months", "repayment_method", "purpose", "purpose_detail")
RESERVED = frozenset({*REQUEST_FIELDS, "counterparties", "answers"})
MAX_TEXT = 500
MAX_COUNT = 10_000_000

# Keys of the enterprise's profile that a form may ask: `last.` the last full year, `annual.` the last two.
ENTERPRISE_KEYS = ("name", "established_on", "district_code", "industry_code", "employees")
REGISTRY_KEYS = frozenset({"name", "established_on", "district_code", "industry_code"})
OPERATION_KEYS = (
    "annual.revenue",
    "annual.rd_expense",
    "annual.total_assets",
    "annual.total_liabilities",
    "annual.net_profit",
    "rd_employees",
    "technical_employees",
    "class_1_ip",
    "class_1_ip_self_developed",
    "class_2_ip",
    "institutional_equity_3y",
    "titles",
)
TEAM_KEYS = (
    "founder_doctorate",
    "doctorates_or_senior_titles",
    "core_members",
    "key_talent_programme",
    "share_pct",
    "rank_national",
    "chain_leader_customers",
    "standards_led",
)
ALL_KEYS = ("counterparties", *ENTERPRISE_KEYS, *OPERATION_KEYS, *TEAM_KEYS)
KNOWN_KEYS = frozenset({*ALL_KEYS, *(k.replace("annual.", "last.") for k in OPERATION_KEYS)})


class QuestionError(ValueError):
    """Questions or materials that cannot be used; `place` is a JSON pointer into them."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}：{message}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    label: str
    type: str
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    help: str = ""
    unit: str = ""
    when: Mapping[str, object] = field(default_factory=dict)


def parse(raw: object) -> tuple[Question, ...]:
    """The questions of a product. Raises QuestionError at the first thing wrong; conditions look back only."""
    if not isinstance(raw, list):
        raise QuestionError("/", "需要一个列表")
    found: list[Question] = []
    for i, item in enumerate(raw):
        question = _question(item, f"/{i}")
        earlier = {q.code for q in found} | RESERVED
        if question.code in earlier:
            raise QuestionError(f"/{i}/code", "代码重复或已被占用")
        _check_when(question.when, earlier, f"/{i}/when")
        found.append(question)
    return tuple(found)


_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _question(raw: object, place: str) -> Question:
    if not isinstance(raw, dict) or not all(isinstance(raw.get(k), str) and raw[k] for k in ("code", "label", "type")):
        raise QuestionError(place, "需要 code、label 和 type")
    if not _CODE.fullmatch(raw["code"]):
        raise QuestionError(f"{place}/code", "代码用小写字母开头，只有小写字母、数字和下划线")
    unknown = set(raw) - set(Question.__dataclass_fields__)
    if unknown:
        raise QuestionError(place, f"不认识：{'、'.join(sorted(unknown))}")
    if raw["type"] not in TYPES:
        raise QuestionError(f"{place}/type", f"只能是 {'、'.join(TYPES)}")
    choices = raw.get("choices") or []
    if (raw["type"] == "choice") != bool(choices):
        raise QuestionError(f"{place}/choices", "单选题需要选项，其他题没有选项")
    if not all(isinstance(c, list) and len(c) == 2 and all(isinstance(x, str) and x for x in c) for c in choices):
        raise QuestionError(f"{place}/choices", '选项写成 [["代码", "文字"], …]')
    given = {k: v for k, v in raw.items() if k != "choices"}
    return Question(**{**given, "when": raw.get("when") or {}}, choices=tuple((c[0], c[1]) for c in choices))


def _check_when(when: object, known: set[str] | frozenset[str], place: str) -> None:
    if not isinstance(when, dict):
        raise QuestionError(place, "需要一个对象")
    for name, wanted in when.items():
        if name not in known:
            raise QuestionError(f"{place}/{name}", "只能引用申请要素和前面的题")
        is_list = isinstance(wanted, list) and bool(wanted)
        is_over = isinstance(wanted, dict) and set(wanted) == {"over"} and _decimal(wanted["over"]) is not None
        if not (is_list or is_over):
            raise QuestionError(f"{place}/{name}", '写成 ["值", …] 或 {"over": "金额"}')


def check_materials(raw: object, questions: Iterable[Question]) -> None:
    """Raise QuestionError at the first material that cannot be used."""
    if not isinstance(raw, list):
        raise QuestionError("/", "需要一个列表")
    known = {q.code for q in questions} | RESERVED
    for i, item in enumerate(raw):
        if not isinstance(item, dict) or not all(isinstance(item.get(k), str) and item[k] for k in ("kind", "label")):
            raise QuestionError(f"/{i}", "需要 kind 和 label")
        _check_when(item.get("when") or {}, known, f"/{i}/when")


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def holds(when: Mapping[str, object], given: Mapping[str, object]) -> bool:
    """Whether everything a condition names was answered so. Nothing answered yet: it does not hold."""
    for name, wanted in when.items():
        value = given.get(name)
        if isinstance(wanted, dict):
            number = _decimal(value) if value not in (None, "") else None
            if number is None or number <= Decimal(wanted["over"]):
                return False
        elif value not in wanted:  # type: ignore[operator]
            return False
    return True


def asked(questions: Iterable[Question], given: Mapping[str, object]) -> list[Question]:
    """The questions that these answers lead to. An answer to a question that is not asked leads nowhere."""
    seen = {k: v for k, v in given.items() if k in RESERVED}
    out = []
    for question in questions:
        if holds(question.when, seen):
            out.append(question)
            seen[question.code] = given.get(question.code)
    return out


def kept(questions: Iterable[Question], given: Mapping[str, object]) -> dict[str, object]:
    """The answers that count: asked, and not blank."""
    return {q.code: given[q.code] for q in asked(questions, given) if given.get(q.code) not in (None, "")}


def materials_for(raw: Iterable[dict], given: Mapping[str, object]) -> list[dict]:
    """The materials that these answers call for."""
    return [m for m in raw if holds(m.get("when") or {}, given)]


def words(question: Question, value: object) -> str:
    """An answer for reading."""
    if value in (None, ""):
        return ""
    if question.type == "choice":
        return dict(question.choices).get(str(value), str(value))
    if question.type == "yes_no":
        return "是" if value else "否"
    if question.type == "amount":
        return f"{wan(Decimal(str(value)))} 万元"
    return f"{value}{' ' + question.unit if question.unit else ''}"


def condition_words(when: Mapping[str, object], names: Mapping[str, str]) -> str:
    """`资金用途为购置设备`, `申请金额超过 1,000 万元`, `已选“用什么作押”` where any answer will do.

    `names` has a label for every field and for every `field=value`, and the unit of counts as `field unit`.
    """
    parts = []
    for name, wanted in when.items():
        if isinstance(wanted, dict):
            bound = Decimal(wanted["over"])
            shown = f"{wan(bound)} 万元" if name == "requested_amount" else f"{bound:f}{names.get(f'{name} unit', '')}"
            parts.append(f"{names[name]}超过 {shown}")
        elif {key for key in names if key.startswith(f"{name}=")} == {f"{name}={value}" for value in wanted}:  # type: ignore[attr-defined]
            parts.append(f"已选“{names[name]}”")
        else:
            parts.append(f"{names[name]}为{'、'.join(names.get(f'{name}={v}', str(v)) for v in wanted)}")
    return "，且".join(parts)


def problem(question: Question, value: object) -> str:
    """What is wrong with a stored-form answer (amounts decimal strings in 元, dates ISO); empty when nothing is."""
    if value in (None, ""):
        return ""
    if question.type == "choice":
        fits = isinstance(value, str) and value in dict(question.choices)
        return "" if fits else f"可选：{'、'.join(code for code, _ in question.choices)}"
    if question.type == "yes_no":
        return "" if isinstance(value, bool) else "只能是 true 或 false"
    if question.type == "count":
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT
        return "" if fits else "需要一个不小于 0 的整数"
    if question.type == "amount":
        number = _decimal(value) if isinstance(value, str) else None
        fits = number is not None and 0 < number <= MAX_AMOUNT and number == round(number, 2)
        return "" if fits else '金额要写成元的文本，例如 "5000000.00"'
    if question.type == "date":
        try:
            date.fromisoformat(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return "日期要写成 2026-12-31 的样子"
        return ""
    if not isinstance(value, str) or any(ord(c) < 32 and c not in "\n\t" for c in value):
        return "需要一段文字"
    return "" if len(value) <= MAX_TEXT else f"最多 {MAX_TEXT} 个字"
