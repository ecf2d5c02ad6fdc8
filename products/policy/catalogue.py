"""The fact catalogue: every code a policy document may name, with its type and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from products.policy.values import FactType


@dataclass(frozen=True, slots=True)
class FactSpec:
    code: str
    label: str
    type: FactType
    source: str  # the profile fields or registers it is built from
    choices: tuple[str, ...] = ()  # of a code: what it can be; empty when the set is not closed

    @property
    def period(self) -> str:
        """What time a value speaks of."""
        if self.code in ("revenue", "rd_expense", "rd_ratio"):
            return "上一个完整年度"
        return {"rd_expense_before": "前一个完整年度", "institutional_equity_3y": "近三年"}.get(self.code, "口径日期")

    @property
    def sensitivity(self) -> str:
        """`public` anyone may know, `business` the firm's own figures, `personal` about its people, `credit` under consent."""
        if self.code == "bureau_overdue":
            return "credit"
        if self.source.startswith("team."):
            return "personal"
        return "public" if self.source in _PUBLIC or "名单" in self.source else "business"


_PUBLIC = frozenset(
    {"established_on", "district_code", "日历", "工信部联企业〔2011〕300号", "五层规则", "机评规则", "阶段规则"}
)
_CHOICES: dict[str, tuple[str, ...]] = {
    "tax_grade": ("A", "B", "M", "C", "D"),
    "size_class": ("large", "medium", "small", "micro"),
    "tier": ("T1", "T2", "T3", "T4", "T5", "none"),
    "stage": ("startup", "growth", "mature"),
    "purpose": ("working_capital", "rd", "equipment", "expansion", "acquisition", "other"),
    "collateral_kind": ("ip", "real_estate", "machinery", "receivables"),
    "deal_kind": ("control", "minority"),
}


def _specs(*rows: tuple[str, str, FactType, str]) -> dict[str, FactSpec]:
    return {code: FactSpec(code, label, type, source, _CHOICES.get(code, ())) for code, label, type, source in rows}


T = FactType
FACTS: dict[str, FactSpec] = _specs(
    ("age", "成立年限", T.MONTHS, "established_on"),
    ("revenue", "上年营业收入", T.AMOUNT, "annual.revenue"),
    ("rd_expense", "上年研发费用", T.AMOUNT, "annual.rd_expense"),
    ("rd_expense_before", "前年研发费用", T.AMOUNT, "annual.rd_expense"),
    ("rd_ratio", "上年研发费用占营业收入", T.RATIO, "annual.rd_expense, annual.revenue"),
    ("employees", "员工人数", T.COUNT, "employees"),
    ("rd_staff_ratio", "研发人员占员工", T.RATIO, "rd_employees, employees"),
    ("class_1_ip", "Ⅰ类知识产权", T.COUNT, "class_1_ip"),
    ("class_2_ip", "Ⅱ类知识产权", T.COUNT, "class_2_ip"),
    ("class_1_ip_self_developed", "自主研发的Ⅰ类知识产权", T.COUNT, "class_1_ip_self_developed"),
    ("institutional_equity_3y", "近三年机构股权融资", T.AMOUNT, "institutional_equity_3y"),
    ("founder_doctorate", "创始人博士或正高职称", T.BOOLEAN, "team.founder_doctorate"),
    ("doctorates", "博士或高级职称人数", T.COUNT, "team.doctorates_or_senior_titles"),
    ("core_members", "核心团队人数", T.COUNT, "team.core_members"),
    ("key_talent_programme", "入选重点人才计划", T.BOOLEAN, "team.key_talent_programme"),
    ("market_rank", "细分市场全国排名", T.COUNT, "market.rank_national"),
    ("market_share", "细分市场占有率", T.RATIO, "market.share_pct"),
    ("chain_leader_customers", "链主企业客户数", T.COUNT, "market.chain_leader_customers"),
    ("standards_led", "主导制定标准数", T.COUNT, "market.standards_led"),
    ("tax_grade", "纳税信用级别", T.CODE, "tax_grade"),
    ("size_class", "企业规模", T.CODE, "工信部联企业〔2011〕300号"),
    ("city", "注册城市", T.CODE, "district_code"),
    ("district", "注册区县", T.CODE, "district_code"),
    ("as_of", "口径日期", T.DATE, "日历"),
    ("title_little_giant", "专精特新“小巨人”", T.BOOLEAN, "名单、证书"),
    ("title_single_champion", "制造业单项冠军", T.BOOLEAN, "名单、证书"),
    ("title_srdi_beijing", "北京市专精特新中小企业", T.BOOLEAN, "名单、证书"),
    ("title_srdi_elsewhere", "外省市专精特新中小企业", T.BOOLEAN, "名单、证书"),
    ("title_hnte", "高新技术企业", T.BOOLEAN, "名单、证书"),
    ("title_tech_sme", "科技型中小企业", T.BOOLEAN, "名单、证书"),
    ("title_innovative_sme", "创新型中小企业", T.BOOLEAN, "名单、证书"),
    ("register_little_giant", "专精特新“小巨人”名单", T.BOOLEAN, "名单"),
    ("register_srdi_beijing", "北京市专精特新中小企业名单", T.BOOLEAN, "名单"),
    ("on_dishonest_list", "列入失信被执行人名单", T.BOOLEAN, "名单"),
    ("on_abnormal_list", "列入经营异常名录", T.BOOLEAN, "名单"),
    ("on_relending_list", "列入科技创新和技术改造再贷款备选清单", T.BOOLEAN, "名单"),
    ("tier", "分层", T.CODE, "五层规则"),
    ("stage", "发展阶段", T.CODE, "阶段规则"),
    ("score", "科创评分下限", T.POINTS, "机评规则"),
    ("product", "产品", T.CODE, "申请"),
    ("requested_amount", "申请金额", T.AMOUNT, "申请"),
    ("term_months", "申请期限", T.COUNT, "申请"),
    ("purpose", "资金用途", T.CODE, "申请"),
    ("collateral_kind", "押品种类", T.CODE, "申请"),
    ("deal_kind", "并购交易类型", T.CODE, "申请"),
    ("price_share", "申请金额占交易价款", T.RATIO, "申请"),
    ("bureau_overdue", "企业征信当前逾期", T.BOOLEAN, "企业征信"),
)

# What the rules of official titles ask beside these. No policy of the bank may: screening does not build them.
TITLE_FACTS: dict[str, FactSpec] = _specs(
    ("registered_days", "注册天数", T.COUNT, "established_on"),
    ("total_assets", "上年末资产总额", T.AMOUNT, "annual.total_assets"),
    ("tech_staff_ratio", "科技人员占员工", T.RATIO, "technical_employees, employees"),
    ("rd_ratio_before", "前年研发费用占营业收入", T.RATIO, "annual.rd_expense, annual.revenue"),
    ("rd_total_2y", "近两年研发费用合计", T.AMOUNT, "annual.rd_expense"),
    ("rd_ratio_3y", "近三年研发费用占营业收入", T.RATIO, "annual.rd_expense, annual.revenue"),
    ("rd_cost_ratio", "上年研发费用占成本费用", T.RATIO, "annual.rd_expense, annual.cost_and_expense"),
    ("high_tech_income_ratio", "上年高新技术收入占营业收入", T.RATIO, "annual.high_tech_income, annual.revenue"),
    ("main_business_share", "上年主营业务收入占营业收入", T.RATIO, "annual.main_business_revenue, annual.revenue"),
    ("debt_ratio", "上年末资产负债率", T.RATIO, "annual.total_liabilities, annual.total_assets"),
    ("main_growth", "上年主营业务收入增长率", T.RATIO, "annual.main_business_revenue"),
    ("main_growth_2y", "近两年主营业务收入平均增长率", T.RATIO, "annual.main_business_revenue"),
    ("revenue_multiple_2y", "上年营业收入是两年前的", T.RATIO, "annual.revenue"),
    ("niche_years", "专注细分市场年数", T.COUNT, "niche_years"),
    ("institutional_equity_2y", "近两年机构股权融资", T.AMOUNT, "institutional_equity_2y"),
    ("title_tech_innovation_demo", "国家技术创新示范企业", T.BOOLEAN, "名单、证书"),
    ("title_ip_advantage", "知识产权优势或示范企业", T.BOOLEAN, "名单、证书"),
    ("expert_judgement", "专家认定", T.BOOLEAN, "主管部门"),
)
BANK_FACTS = dict(FACTS)
FACTS |= TITLE_FACTS

# What the two values of a yes-or-no fact are called.
BOOLEAN_WORDS: dict[str, tuple[str, str]] = {
    "on_dishonest_list": ("已列入", "未列入"),
    "on_abnormal_list": ("已列入", "未列入"),
    "on_relending_list": ("已列入", "未列入"),
    "register_little_giant": ("在名单中", "不在名单中"),
    "register_srdi_beijing": ("在名单中", "不在名单中"),
    "bureau_overdue": ("有逾期", "无逾期"),
}
ALL_TIERS = frozenset({"T1", "T2", "T3", "T4", "T5"})

# Codes with words of their own, for reading.
CODE_LABELS: dict[str, str] = {
    "large": "大型",
    "medium": "中型",
    "small": "小型",
    "micro": "微型",
    "T1": "T1 潜力层",
    "T2": "T2 科创层",
    "T3": "T3 高新层",
    "T4": "T4 专精层",
    "T5": "T5 领航层",
    "none": "未入层",
    "startup": "初创期",
    "growth": "成长期",
    "mature": "成熟期",
    "working_capital": "日常经营周转",
    "rd": "研发投入",
    "equipment": "购置设备",
    "expansion": "扩大产能",
    "acquisition": "并购",
    "other": "其他",
    "ip": "知识产权",
    "real_estate": "房产、土地",
    "machinery": "设备",
    "receivables": "应收账款",
    "control": "取得控制权",
    "minority": "参股",
}
