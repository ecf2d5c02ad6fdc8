"""The questions of the web pre-check and the answers a visitor gave: plain data, nothing that names a firm or a person.

Answers are kept in JSON form by question; a question that was skipped is absent, one answered with 不确定 is `{}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from products.policy.facts import Request

SESSION_KEY = "precheck"  # {step: answer}


@dataclass(frozen=True, slots=True)
class Step:
    code: str
    title: str
    hint: str
    why: str


STEPS: tuple[Step, ...] = (
    Step(
        "founded",
        "企业是哪一天成立的？",
        "营业执照上的成立日期，大概的日期也可以。",
        "有的产品要求成立满 1 年或 2 年。",
    ),
    Step("industry", "企业属于哪个行业？", "按主要收入来源选。", "企业规模按行业划分，同样的收入在不同行业规模不同。"),
    Step("people", "现在有多少员工？", "按上月末缴纳社保的人数。", "用来划分企业规模，并计算研发人员占比。"),
    Step("sales", "上一年的经营情况", "没有收入请填 0，亏损不影响判断。", "收入只用来估算额度和规模，不设门槛。"),
    Step(
        "research",
        "花了多少研发费用？",
        "按账上的研发费用，不含资本化部分也可以。",
        "研发强度是技术壁垒里分值最高的一项。",
    ),
    Step("property", "有多少知识产权？", "只算已经授权、归企业所有的。", "一件发明专利就可能进入五层。"),
    Step(
        "titles",
        "现在持有哪些科技资质？",
        "可以多选，只选还在有效期内的。",
        "资质决定所在的层级，也是招创贷、招金贷和两个专案的条件。",
    ),
    Step("team", "团队背景", "包括创始人和核心技术人员。", "团队背景占科创评分 30 分。"),
    Step("market", "行业地位", "按主要产品所在的细分市场。", "行业地位占科创评分 30 分。"),
    Step("wish", "想借多少、用在哪里？", "还没想好可以跳过，之后随时能改。", "用来判断金额和用途是否在产品范围内。"),
)
BY_CODE: dict[str, Step] = {step.code: step for step in STEPS}

# A visitor's words for the industry, and the code that stands for it where the size rule needs no more digits.
INDUSTRIES: tuple[tuple[str, str], ...] = (
    ("I65", "软件和信息技术服务"),
    ("I64", "互联网平台和相关服务"),
    ("C39", "制造业"),
    ("M73", "科学研究和技术服务"),
    ("F51", "批发"),
    ("A01", "农业"),
    ("L72", "商务服务"),
    ("E48", "建筑"),
)


def kept_answers(raw: object) -> dict[str, dict]:
    """What a session holds, without what has another shape than it should."""
    given = raw if isinstance(raw, dict) else {}
    return {step: answer for step, answer in given.items() if step in BY_CODE and isinstance(answer, dict)}


def profile_of(answers: Mapping[str, dict], last_year: int) -> dict:
    """The answers as an enterprise profile (the schema of the partner API), without a name or a code."""
    merged = {key: value for step in STEPS for key, value in (answers.get(step.code) or {}).items()}
    plain = ("established_on", "industry_code", "employees", "rd_employees", "tax_grade", "class_1_ip", "class_2_ip")
    profile: dict = {key: merged[key] for key in (*plain, "class_1_ip_self_developed") if key in merged}
    years = {
        last_year: {"revenue": merged.get("revenue"), "rd_expense": merged.get("rd_expense")},
        last_year - 1: {"rd_expense": merged.get("rd_expense_before")},
    }
    annual = [{"year": y, **given} for y, row in sorted(years.items()) if (given := _given(row))]
    team = _given({k: merged.get(k) for k in ("founder_doctorate", "doctorates_or_senior_titles", "core_members")})
    market = _given({k: merged.get(k) for k in ("share_pct", "rank_national", "chain_leader_customers")})
    if "titles" in merged:
        profile["titles"] = [{"kind": kind, "region": "110000"} for kind in merged["titles"]]
    return {**profile, **_given({"annual": annual or None, "team": team or None, "market": market or None})}


def _given(values: dict) -> dict:
    return {key: value for key, value in values.items() if value is not None}


def wish_of(answers: Mapping[str, dict]) -> Request:
    """What the visitor would ask for."""
    wish = answers.get("wish") or {}
    amount = wish.get("requested_amount")
    return Request(Decimal(amount) if amount else None, wish.get("term_months"), wish.get("purpose") or None)
