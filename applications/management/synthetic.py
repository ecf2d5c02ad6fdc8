"""Any number of synthetic enterprises, deterministic, in the unassigned division 110199, by labelled default distributions."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from stdnum.cn import uscc as standard

from portal.kernel.money import WAN, floor_to

DIVISION = "110199"
AS_OF = date(2026, 11, 1)  # ages and years count from here, so that every day seeds the same firms
MOST = 900_000  # firms there are codes for; those above belong to the demonstration
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

TIERS = (("T1", 30), ("T2", 33), ("T3", 22), ("T4", 11), ("T5", 4))
INDUSTRIES = (("I65", 40), ("M73", 25), ("C39", 20), ("I64", 7), ("L72", 8))
DISTRICTS = (
    ("110108", 35),
    ("110105", 13),
    ("110114", 9),
    ("110115", 15),
    ("110106", 8),
    ("110102", 7),
    ("110112", 13),
)
MEDIAN_REVENUE = {"T1": 400, "T2": 1800, "T3": 5000, "T4": 9000, "T5": 20000}  # 万元
MEDIAN_STAFF = {"T1": 12, "T2": 30, "T3": 60, "T4": 90, "T5": 180}
PATENTS = {"T1": 1, "T2": 2, "T3": 5, "T4": 10, "T5": 22}
TITLES = {"T1": (), "T2": ("tech_sme",), "T3": ("hnte",), "T4": ("srdi_sme",), "T5": ("little_giant",)}
_HEADS, _TAILS = "云石青松竹兰梅星河川岳海风雪霜露晨曦朗澄", "科智芯光能航算图联谱析测控源材材器件络数"
_KINDS = ("科技", "智能", "生物技术", "半导体", "新材料", "工业软件", "光电", "机器人")


def demo_uscc(number: int) -> str:
    """A valid credit code of the unassigned division; `number` up to 999,999."""
    organisation = f"MA{number:06d}"
    total = sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(organisation, _ORG_WEIGHTS, strict=True))
    check = 11 - total % 11
    full = f"91{DIVISION}{organisation}" + ("X" if check == 10 else "0" if check == 11 else str(check))
    return full + standard.calc_check_digit(full)


def _pick(chance: random.Random, table: tuple[tuple[str, int], ...]) -> str:
    return chance.choices([k for k, _ in table], [w for _, w in table])[0]


def _poisson(chance: random.Random, mean: float) -> int:
    limit, product, n = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        n += 1
    return n


def firms(count: int, *, first: int = 1000, on: date = AS_OF) -> Iterator[dict]:
    """`count` firms: `{uscc, name, tier, titles, profile, amount, chance}`; the same call gives the same firms on any day.

    The first ones stand on the bounds of the rules (BOUNDARIES), the rest follow the distributions.
    """
    chance = random.Random(20260101)  # noqa: S311  sample data, not secrets
    for number in range(first, first + count):
        tier = _pick(chance, TIERS)
        revenue = Decimal(round(MEDIAN_REVENUE[tier] * math.exp(chance.gauss(0, 0.9)), 2)) * WAN
        revenue = revenue.quantize(Decimal("0.01"))
        intensity = chance.betavariate(2, 11 if tier in ("T1", "T2") else 20)
        if tier in ("T4", "T5") and chance.random() < 0.4:
            intensity = 0.15 + chance.random() * 0.2
        rd = (revenue * Decimal(str(round(intensity, 4)))).quantize(Decimal("0.01"))
        staff = max(2, round(MEDIAN_STAFF[tier] * math.exp(chance.gauss(0, 0.5))))
        patents = _poisson(chance, PATENTS[tier])
        year = on.year - 1
        name = (
            f"北京{chance.choice(_HEADS)}{chance.choice(_HEADS)}{chance.choice(_TAILS)}{chance.choice(_KINDS)}有限公司"
        )
        firm = {
            "uscc": demo_uscc(number),
            "name": name,
            "tier": tier,
            "titles": TITLES[tier],
            "profile": {
                "name": name,
                "established_on": (on - timedelta(days=chance.randint(200, 5500))).isoformat(),
                "district_code": _pick(chance, DISTRICTS),
                "industry_code": _pick(chance, INDUSTRIES),
                "employees": staff,
                "rd_employees": round(staff * chance.betavariate(3, 4)),
                "class_1_ip": patents,
                "class_1_ip_self_developed": round(patents * chance.random()),
                "class_2_ip": _poisson(chance, 6),
                "tax_grade": chance.choice("AABM"),
                "annual": [
                    {"year": year - 1, "revenue": f"{revenue * 85 / 100:.2f}", "rd_expense": f"{rd * 85 / 100:.2f}"},
                    {"year": year, "revenue": f"{revenue:.2f}", "rd_expense": f"{rd:.2f}"},
                ],
                "titles": [{"kind": kind, "region": "110000"} for kind in TITLES[tier]],
                "team": {
                    "doctorates_or_senior_titles": _poisson(chance, 2),
                    "core_members": 3 + _poisson(chance, 3),
                    "founder_doctorate": chance.random() < 0.35,
                },
                "market": {
                    "share_pct": f"{chance.betavariate(1, 12) * 100:.1f}",
                    "rank_national": 1 + _poisson(chance, 12),
                    "chain_leader_customers": _poisson(chance, 1),
                },
            },
            "amount": max(10 * WAN, min(200 * WAN, floor_to(revenue * chance.randint(20, 40) / 100, WAN))),
            "chance": chance.random(),
        }
        boundary = number - first
        if boundary < len(BOUNDARIES):
            _stand_on_the_bound(firm, BOUNDARIES[boundary])
        yield firm


def _stand_on_the_bound(firm: dict, boundary: dict) -> None:
    """Put one firm exactly on a bound of the rules; `registry` is what another source says of it."""
    firm["profile"] |= boundary.get("profile", {})
    if "last_year" in boundary:
        annual = firm["profile"]["annual"]
        annual[-1] = {k: v for k, v in {**annual[-1], **boundary["last_year"]}.items() if v is not None}
    firm["name"] = firm["profile"]["name"] = f"北京边界{boundary['name']}有限公司"
    firm["registry"] = boundary.get("registry")
    firm["title_ends"] = boundary.get("title_ends")
    if "titles" in boundary:
        firm["titles"] = boundary["titles"]


# Records on the bounds of the rules: each is a question that rounding or a missing figure would answer wrongly.
BOUNDARIES: tuple[dict, ...] = (
    {
        "name": "百人软件",
        "profile": {"industry_code": "I65", "employees": 100},
        "last_year": {"revenue": "10000000.00"},
    },
    {
        "name": "三百人软件",
        "profile": {"industry_code": "I65", "employees": 300},
        "last_year": {"revenue": "100000000.00"},
    },
    {
        "name": "五千万互联网",
        "profile": {"industry_code": "I64", "employees": 100},
        "last_year": {"revenue": "50000000.00"},
    },
    {
        "name": "同规模软件",
        "profile": {"industry_code": "I65", "employees": 100},
        "last_year": {"revenue": "50000000.00"},
    },
    {"name": "研发百分之三", "last_year": {"revenue": "10000000.00", "rd_expense": "300000.00"}},
    {"name": "研发百分之四", "last_year": {"revenue": "10000000.00", "rd_expense": "400000.00"}},
    {"name": "研发百分之五", "last_year": {"revenue": "10000000.00", "rd_expense": "500000.00"}},
    {"name": "研发差一分", "last_year": {"revenue": "10000000.00", "rd_expense": "499999.99"}},
    {"name": "证书今日到期", "titles": ("hnte",), "title_ends": AS_OF},
    {"name": "旧规证书", "titles": ("srdi_sme",), "title_ends": date(2028, 3, 31)},
    {"name": "研究机构", "profile": {"industry_code": "M73", "employees": 300}},
    {"name": "零收入初创", "last_year": {"revenue": "0.00", "rd_expense": "2000000.00"}},
    {"name": "缺研发年度", "last_year": {"rd_expense": None}},
    {"name": "人数不一", "profile": {"employees": 80, "rd_employees": 30}, "registry": {"employees": 120}},
)
