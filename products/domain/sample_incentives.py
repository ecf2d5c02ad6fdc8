"""Incentives of a fresh installation, as published; figures and days by public sources, to be checked before use.

What was not found is left open, never filled in: a follow-up rule, a document number, a field list.
"""

from __future__ import annotations

from datetime import date

from products.enums import TitleKind

CHECK = "以主管部门最新公告为准"
INCENTIVES: list[dict] = [
    {
        "code": "tech-sme-2026",
        "title": "科技型中小企业评价入库（2026）",
        "authority": "科技、工信主管部门",
        "doc_no": "国科发政〔2017〕115号、工企函〔2026〕160号",
        "benefit": "取得入库登记编号，研发费用加计扣除和多项政策以它为条件",
        "opens_on": date(2026, 6, 1),
        "closes_on": date(2026, 8, 31),
        "title_kind": TitleKind.TECH_SME,
        "note": "每年申报一次，编号当年有效",
    },
    {
        "code": "hnte-2026",
        "title": "高新技术企业认定（北京，2026）",
        "authority": "北京市科学技术委员会",
        "doc_no": "国科发火〔2016〕32号、195号",
        "benefit": "资格三年，企业所得税按 15% 的税率缴纳",
        "opens_on": date(2026, 4, 28),
        "closes_on": date(2026, 9, 24),
        "title_kind": TitleKind.HNTE,
        "note": f"2026 年分三批，最后一批 9 月 24 日截止；{CHECK}",
    },
    {
        "code": "little-giant-2026",
        "title": "专精特新“小巨人”认定（第八批）",
        "authority": "工业和信息化部",
        "doc_no": "工信部企业〔2026〕2号、工信厅企业函〔2026〕117号",
        "benefit": "国家级资质三年，可进入小巨人专案",
        "opens_on": date(2026, 4, 25),
        "closes_on": date(2026, 5, 25),
        "title_kind": TitleKind.LITTLE_GIANT,
        "note": CHECK,
    },
    {
        "code": "first-loan-interest",
        "title": "北京市首贷贴息",
        "authority": "北京市经济和信息化局",
        "doc_no": "京经信发〔2025〕4号",
        "benefit": "第一笔银行贷款按利息的 20% 贴息，创新型中小企业 40%",
        "opens_on": date(2025, 2, 19),
        "closes_on": date(2026, 2, 18),
        "policy_code": "incentive-first-loan",
        "manual": ["放款时征信报告的中长期、短期借款都为零，单笔不超过 2,000 万元"],
        "note": f"后续办法没有查到，{CHECK}",
    },
    {
        "code": "sme-interest-2026",
        "title": "中小微企业贷款贴息",
        "authority": "财政部等",
        "benefit": "2026 年发放的固定资产贷款贴息 1.5 个百分点，最长两年，单户 5,000 万元以内",
        "opens_on": date(2026, 1, 1),
        "closes_on": date(2026, 12, 31),
        "policy_code": "incentive-sme-loan",
        "manual": ["民营企业，贷款用于规定的领域", "不和其他中央财政贴息同时享受"],
        "note": CHECK,
    },
    {
        "code": "renewal-without-repayment",
        "title": "无还本续贷",
        "authority": "国家金融监督管理总局",
        "doc_no": "金规〔2024〕13号",
        "benefit": "贷款到期前签好新合同，不用先筹资金还本；符合条件的不因续贷下调风险分类",
        "opens_on": date(2024, 9, 24),
        "policy_code": "incentive-renewal",
        "manual": ["依法合规、持续经营、信用良好，没有挪用贷款和欠息"],
    },
    {
        "code": "relending",
        "title": "科技创新和技术改造再贷款",
        "authority": "中国人民银行",
        "benefit": "进入备选清单的企业和项目由银行主动对接，是否贷款由银行自主决定",
        "opens_on": date(2024, 4, 1),
        "policy_code": "incentive-relending",
        "note": "清单由有关部门推荐，企业不能自行填报",
    },
]
