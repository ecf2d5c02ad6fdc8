"""The enterprise profile: one schema for the wizard, the partner API and stored rows.

Stored as JSON with decimal strings and ISO dates. `check()` finds contradictions between plausible figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from portal.kernel.money import MAX_AMOUNT

# The whole text, ASCII digits only: a serializer's field looks for its pattern anywhere in the text.
INDUSTRY = re.compile(r"\A[A-T][0-9]{2,4}\Z")
DISTRICT = re.compile(r"\A[0-9]{6}\Z")

COUNTS = (
    "employees",
    "technical_employees",
    "rd_employees",
    "class_1_ip",
    "class_2_ip",
    "class_1_ip_self_developed",
    "niche_years",
)
EQUITY = ("institutional_equity_2y", "institutional_equity_3y")
ANNUAL_AMOUNTS = (
    "revenue",
    "main_business_revenue",
    "rd_expense",
    "total_assets",
    "total_liabilities",
    "net_profit",
    "high_tech_income",
    "cost_and_expense",
)
MAY_BE_NEGATIVE = frozenset({"net_profit"})
TEAM = ("doctorates_or_senior_titles", "core_members", "founder_doctorate", "key_talent_programme")
MARKET = ("share_pct", "rank_national", "chain_leader_customers", "standards_led")
SCALARS = ("established_on", "district_code", "industry_code", "tax_grade", *COUNTS, *EQUITY)
# Beijing division codes; 110302 is what firms of the development area carry in their credit codes.
DISTRICT_NAMES = {
    "110101": "东城区",
    "110102": "西城区",
    "110105": "朝阳区",
    "110106": "丰台区",
    "110107": "石景山区",
    "110108": "海淀区",
    "110109": "门头沟区",
    "110111": "房山区",
    "110112": "通州区",
    "110113": "顺义区",
    "110114": "昌平区",
    "110115": "大兴区",
    "110116": "怀柔区",
    "110117": "平谷区",
    "110118": "密云区",
    "110119": "延庆区",
    "110302": "经济技术开发区",
}
LABELS = {
    "name": "企业名称",
    "established_on": "成立日期",
    "district_code": "注册地",
    "industry_code": "行业",
    "employees": "员工人数",
    "technical_employees": "科技人员人数",
    "rd_employees": "研发人员人数",
    "class_1_ip": "Ⅰ类知识产权",
    "class_2_ip": "Ⅱ类知识产权",
    "class_1_ip_self_developed": "自主研发的Ⅰ类知识产权",
    "niche_years": "专注细分市场年数",
    "institutional_equity_2y": "近两年机构股权融资",
    "institutional_equity_3y": "近三年机构股权融资",
    "tax_grade": "纳税信用级别",
    "revenue": "营业收入",
    "main_business_revenue": "主营业务收入",
    "rd_expense": "研发费用",
    "total_assets": "资产总额",
    "total_liabilities": "负债总额",
    "net_profit": "净利润",
    "high_tech_income": "高新技术产品（服务）收入",
    "cost_and_expense": "成本费用总额",
    "doctorates_or_senior_titles": "博士或高级职称人数",
    "core_members": "核心团队人数",
    "founder_doctorate": "创始人博士或正高职称",
    "key_talent_programme": "入选重点人才计划",
    "share_pct": "市场占有率",
    "rank_national": "全国排名",
    "chain_leader_customers": "链主企业客户数",
    "standards_led": "主导制定标准数",
}


def flatten(data: dict) -> dict[str, object]:
    """Flat keys → parsed values (`annual.2025.revenue` → Decimal, `established_on` → date); None and absent are left out."""
    out: dict[str, object] = {}
    for key in ("name", *SCALARS):
        _put(out, key, key, data.get(key))
    for row in data.get("annual") or []:
        for key in ANNUAL_AMOUNTS:
            _put(out, f"annual.{row['year']}.{key}", key, row.get(key))
    for group, keys in (("team", TEAM), ("market", MARKET)):
        for key in keys:
            _put(out, f"{group}.{key}", key, (data.get(group) or {}).get(key))
    if isinstance(data.get("bureau_overdue"), bool):
        out["bureau_overdue"] = data["bureau_overdue"]
    return out


def _put(out: dict, flat: str, key: str, value: object) -> None:
    if value is None or value == "":
        return
    if key in ANNUAL_AMOUNTS or key in EQUITY or key == "share_pct":
        out[flat] = Decimal(str(value))
    elif key == "established_on":
        out[flat] = date.fromisoformat(str(value))
    else:
        out[flat] = value


def is_readable(data: dict) -> bool:
    """Whether an outside source's part of a profile can be taken as it is: known types, finite numbers, real dates."""
    try:
        flat = flatten(data)
    except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        return False
    years = [row.get("year") for row in data.get("annual") or []]
    if not all(isinstance(year, int) and 1990 <= year <= 2100 for year in years) or len(set(years)) != len(years):
        return False
    for key, value in flat.items():
        name = key.rpartition(".")[2]
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) <= MAX_AMOUNT):
            return False
        if name in COUNTS and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            return False
        if name in ("name", "district_code", "industry_code", "tax_grade") and not (
            isinstance(value, str) and len(value) <= 200
        ):
            return False
    return True


def check(data: dict, today: date) -> Iterator[tuple[str, str, str]]:
    """Contradictions as (JSON pointer, code, message). Types and single-field bounds are the caller's form or serializer."""
    established = data.get("established_on")
    if established and date.fromisoformat(str(established)) > today:
        yield "/established_on", "future_date", "成立日期不能晚于今天"
    staff = data.get("employees")
    for key in ("technical_employees", "rd_employees"):
        if staff is not None and data.get(key) is not None and data[key] > staff:
            yield f"/{key}", "more_than_staff", f"{LABELS[key]}不能多于员工人数 {staff}"
    ip, own = data.get("class_1_ip"), data.get("class_1_ip_self_developed")
    if ip is not None and own is not None and own > ip:
        yield "/class_1_ip_self_developed", "more_than_total", f"自主研发的件数不能多于Ⅰ类知识产权 {ip} 件"
    yield from _check_annual(data.get("annual") or [], today)
    for i, title in enumerate(data.get("titles") or []):
        if title.get("valid_from") and title.get("valid_to") and str(title["valid_to"]) < str(title["valid_from"]):
            yield f"/titles/{i}/valid_to", "ends_before_start", "有效期止不能早于有效期起"


def _check_annual(rows: list[dict], today: date) -> Iterator[tuple[str, str, str]]:
    seen: set[int] = set()
    for i, row in enumerate(rows):
        year = row["year"]
        if year > today.year:
            yield f"/annual/{i}/year", "future_year", "年份不能晚于今年"
        if year in seen:
            yield f"/annual/{i}/year", "duplicate_year", f"{year} 年出现了两次"
        seen.add(year)
        amounts = {}
        for key in ANNUAL_AMOUNTS:
            try:
                amounts[key] = None if row.get(key) in (None, "") else Decimal(str(row[key]))
            except InvalidOperation:
                continue
            if amounts[key] is not None and amounts[key] < 0 and key not in MAY_BE_NEGATIVE:
                yield f"/annual/{i}/{key}", "negative", f"{LABELS[key]}不能小于 0"
        revenue = amounts.get("revenue")
        for key in ("main_business_revenue", "high_tech_income"):
            if revenue is not None and amounts.get(key) is not None and amounts[key] > revenue:
                yield f"/annual/{i}/{key}", "more_than_revenue", f"{LABELS[key]}不能大于当年营业收入"
