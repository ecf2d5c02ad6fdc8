"""The products of a fresh installation. Every number is a labelled sample (示例口径), editable in the admin."""

from __future__ import annotations

from portal.kernel.money import WAN
from products.enums import Purpose

LOAN_PURPOSES = [
    Purpose.WORKING_CAPITAL.value,
    Purpose.RD.value,
    Purpose.EQUIPMENT.value,
    Purpose.EXPANSION.value,
    Purpose.OTHER.value,
]
CREDIT_CONSENTS = ["terms", "firm_credit", "personal_credit", "tax_data"]
_COMMON_CONDITIONS = ["企业未列入失信被执行人名单", "企业征信无当前逾期", "资金不用于股权投资"]
_ALL_BUT_REVOLVING = ["equal_installment", "equal_principal", "interest_first"]


def _material(kind: str, label: str, why: str, *, required: bool = False, when: dict | None = None) -> dict:
    return {"kind": kind, "label": label, "required": required, "why": why, **({"when": when} if when else {})}


def _choice(code: str, label: str, choices: dict[str, str], **more: object) -> dict:
    return {"code": code, "label": label, "type": "choice", "choices": [list(c) for c in choices.items()], **more}


_STATEMENTS = _material("financial_statements", "上一年度财务报表", "有纳税数据授权时可以不传")
_STATEMENTS_NEEDED = _material("financial_statements", "上一年度财务报表", "由人审查，核对两年数据", required=True)
_EQUIPMENT_CONTRACT = _material(
    "purchase_contract", "设备采购合同或报价单", "核对用途和付款对象", when={"purpose": ["equipment"]}
)
# A single payment over 1,000 万元 to one counterparty is paid by the bank to the counterparty (受托支付).
_SINGLE_PAYMENT = {
    "code": "single_payment_over",
    "label": "是否有一笔付款超过 1,000 万元、付给同一对象",
    "type": "yes_no",
    "help": "超过的部分由银行按合同直接付给对方（受托支付），需要采购合同",
    "when": {"requested_amount": {"over": "10000000.00"}},
}
_TRUSTEE_CONTRACT = _material(
    "payment_contract", "受托支付的合同", "银行按合同付款", when={"single_payment_over": [True]}
)

PRODUCTS: list[dict] = [
    {
        "code": "zhaojiedai",
        "kind": "credit",
        "name": "招捷贷",
        "tagline": "小额流动资金，材料最少",
        "stage": "育苗",
        "order": 10,
        "description": "面向成立满一年的科创企业，用于日常周转。工商登记查得到的企业只需补填少量信息，不要求上传材料。",
        "online": "full",
        "sla_days": 1,
        "min_amount": 10 * WAN,
        "max_amount": 200 * WAN,
        "min_rate_bp": 300,
        "max_rate_bp": 460,
        "max_term_months": 12,
        "methods": ["interest_first", "revolving"],
        "asks": [
            *("counterparties", "name", "established_on", "district_code", "industry_code", "employees"),
            *("last.revenue", "last.rd_expense", "rd_employees", "class_1_ip", "class_2_ip", "titles"),
            *("founder_doctorate", "core_members"),
        ],
        "conditions": ["成立满 1 年", "达到五层之一：从潜力层起，有专利、有研发或有团队即可", *_COMMON_CONDITIONS],
        "materials": [_STATEMENTS, _EQUIPMENT_CONTRACT],
    },
    {
        "code": "zhaoqidai",
        "kind": "credit",
        "name": "招企贷",
        "tagline": "看纳税和经营，循环使用",
        "stage": "育苗",
        "order": 15,
        "description": "面向成立满两年、纳税记录良好的小微科创企业。额度有效期 24 个月，每笔用款最长 12 个月，随借随还。",
        "online": "full",
        "sla_days": 1,
        "min_amount": 10 * WAN,
        "max_amount": 500 * WAN,
        "min_rate_bp": 300,
        "max_rate_bp": 460,
        "max_term_months": 12,
        "methods": ["equal_installment", "interest_first", "revolving"],
        "asks": [
            *("counterparties", "name", "established_on", "district_code", "industry_code", "employees"),
            *("annual.revenue", "last.rd_expense", "last.total_assets", "last.net_profit"),
            *("rd_employees", "class_1_ip", "class_2_ip", "titles", "founder_doctorate", "core_members"),
        ],
        "conditions": ["成立满 2 年", "国标小型、微型企业", "纳税信用 A、B、M 级", *_COMMON_CONDITIONS],
        "materials": [_STATEMENTS, _EQUIPMENT_CONTRACT],
    },
    {
        "code": "zhaochuangdai",
        "kind": "credit",
        "name": "招创贷",
        "tagline": "看技术、团队、行业地位",
        "stage": "壮苗",
        "order": 20,
        "description": "不以营业收入和利润为门槛，看技术壁垒、团队背景和行业地位。科创评分 55 分以上按标准流程办理，不到的由客户经理评审。",
        "online": "partly",
        "sla_days": 3,
        "min_amount": 50 * WAN,
        "max_amount": 1000 * WAN,
        "min_rate_bp": 280,
        "max_rate_bp": 420,
        "max_term_months": 36,
        "methods": ["interest_first", "equal_principal"],
        "conditions": [
            "科创层（T2）及以上：科技型中小企业、创新型中小企业等",
            "科创评分 55 分以上",
            *_COMMON_CONDITIONS,
        ],
        "materials": [
            _STATEMENTS,
            _material("ip_list", "知识产权清单", "件数较多时比逐件填写方便"),
            _EQUIPMENT_CONTRACT,
        ],
    },
    {
        "code": "zhaobaodai",
        "kind": "credit",
        "name": "招宝贷",
        "tagline": "用知识产权、房产、设备作押",
        "stage": "壮苗",
        "order": 25,
        "description": "以知识产权质押，或以房产、设备、应收账款抵质押，额度随押品。先线上说明押品，再由客户经理安排核实和登记。",
        "online": "hybrid",
        "sla_days": 7,
        "min_amount": 50 * WAN,
        "max_amount": 1000 * WAN,
        "min_rate_bp": 280,
        "max_rate_bp": 400,
        "max_term_months": 36,
        "methods": ["equal_installment", "equal_principal"],
        "questions": [
            _choice(
                "collateral_kind",
                "用什么作押",
                {"ip": "知识产权", "real_estate": "房产、土地", "machinery": "设备", "receivables": "应收账款"},
                help="还没有定可以先不选，由客户经理和您商量",
            ),
            {
                "code": "collateral_detail",
                "label": "押品情况",
                "type": "text",
                "required": True,
                "help": "例如：发明专利 3 件，用于主营产品；或昌平区厂房 1,200 平方米",
                "when": {"collateral_kind": ["ip", "real_estate", "machinery", "receivables"]},
            },
            {
                "code": "collateral_value",
                "label": "自己估的价值",
                "type": "amount",
                "help": "不清楚可以不填，以评估为准",
                "when": {"collateral_kind": ["ip", "real_estate", "machinery", "receivables"]},
            },
            {
                "code": "collateral_is_pledged",
                "label": "现在是否已抵押或质押给别人",
                "type": "yes_no",
                "when": {"collateral_kind": ["ip", "real_estate", "machinery", "receivables"]},
            },
        ],
        "conditions": ["达到五层之一", "押品权属清楚、可以登记", *_COMMON_CONDITIONS],
        "materials": [
            _STATEMENTS,
            _material(
                "ip_certificate", "专利证书或登记簿副本", "核对权属", required=True, when={"collateral_kind": ["ip"]}
            ),
            _material(
                "property_certificate",
                "不动产权证",
                "核对权属",
                required=True,
                when={"collateral_kind": ["real_estate"]},
            ),
            _material(
                "machinery_list",
                "设备清单和购置发票",
                "核对权属",
                required=True,
                when={"collateral_kind": ["machinery"]},
            ),
            _material(
                "receivables_contract",
                "形成应收账款的合同",
                "核对付款人和账期",
                required=True,
                when={"collateral_kind": ["receivables"]},
            ),
            _EQUIPMENT_CONTRACT,
        ],
    },
    {
        "code": "zhaojindai",
        "kind": "credit",
        "name": "招金贷",
        "tagline": "较大额，一企一策",
        "stage": "壮苗",
        "order": 30,
        "description": "面向研发投入大的高新技术企业及专精特新企业，线上申请，由人审查，一企一策。",
        "online": "apply",
        "sla_days": 22,
        "min_amount": 100 * WAN,
        "max_amount": 3000 * WAN,
        "min_rate_bp": 260,
        "max_rate_bp": 420,
        "max_term_months": 36,
        "methods": ["interest_first", "equal_principal"],
        "questions": [_SINGLE_PAYMENT],
        "conditions": ["高新层（T3）及以上：高新技术企业、专精特新企业等", "近两年研发费用齐全", *_COMMON_CONDITIONS],
        "materials": [
            _material("financial_statements", "上一年度财务报表", "核对两年研发费用", required=True),
            _material("rd_ledger", "研发费用明细账", "研发费用与纳税数据不一致时用来说明"),
            _EQUIPMENT_CONTRACT,
            _TRUSTEE_CONTRACT,
        ],
    },
    {
        "code": "tech-ma-loan",
        "kind": "credit",
        "name": "科技并购贷",
        "tagline": "买下上下游，取得控制权",
        "stage": "壮苗",
        "order": 40,
        "description": "用于支付并购交易价款和费用。控制型并购贷款占交易价款的上限高于参股型；试点期内，试点城市的科技企业控制型并购上限更高。",
        "online": "lead",
        "sla_days": 22,
        "min_amount": 500 * WAN,
        "max_amount": None,
        "limit_note": "按交易价款的比例定，控制型高于参股型",
        "min_rate_bp": 260,
        "max_rate_bp": 420,
        "max_term_months": 120,
        "methods": ["equal_principal"],
        "purposes": [Purpose.ACQUISITION.value],
        "questions": [
            _choice(
                "deal_kind",
                "交易类型",
                {"control": "取得控制权", "minority": "参股"},
                required=True,
                help="取得控制权：并购后能决定对方的经营；参股：一次买入 20% 以上，但不控制",
            ),
            {"code": "target_name", "label": "并购对象", "type": "text", "required": True, "help": "企业全称"},
            {"code": "deal_price", "label": "交易价款", "type": "amount", "required": True},
            {"code": "deal_closes_on", "label": "预计交割日期", "type": "date"},
            {
                "code": "holding_before",
                "label": "现在已持有的股权比例",
                "type": "count",
                "unit": "%",
                "required": True,
                "help": "没有请填 0；已持有 20% 以上的，每次增持 5% 以上",
                "when": {"deal_kind": ["minority"]},
            },
        ],
        "conditions": [
            "高新层（T3）及以上；其他企业由客户经理核实",
            "贷款占交易价款的比例在上限以内，按申请当天生效的规定判断",
            "企业未列入失信被执行人名单",
            "企业征信无当前逾期",
        ],
        "materials": [
            _material("deal_agreement", "并购协议或意向书", "核对交易价款和双方", required=True),
            _STATEMENTS_NEEDED,
            _material("target_statements", "并购对象的财务报表", "由人审查交易时使用"),
            _material(
                "holding_proof",
                "现有持股的证明",
                "核对增持条件",
                required=True,
                when={"deal_kind": ["minority"], "holding_before": {"over": "0"}},
            ),
        ],
    },
    {
        "code": "srdi-programme",
        "kind": "programme",
        "name": "专精特新专案",
        "tagline": "北京市专精特新中小企业",
        "stage": "壮苗",
        "order": 50,
        "description": "为名单内的北京市专精特新中小企业安排专人，统一安排额度、利率和办理时限。",
        "online": "lead",
        "sla_days": 22,
        "min_amount": 100 * WAN,
        "max_amount": 3000 * WAN,
        "min_rate_bp": 260,
        "max_rate_bp": 400,
        "max_term_months": 36,
        "methods": _ALL_BUT_REVOLVING,
        "questions": [_SINGLE_PAYMENT],
        "conditions": ["在北京市专精特新中小企业或“小巨人”名单中", *_COMMON_CONDITIONS],
        "materials": [_STATEMENTS, _EQUIPMENT_CONTRACT, _TRUSTEE_CONTRACT],
    },
    {
        "code": "little-giant-programme",
        "kind": "programme",
        "name": "小巨人专案",
        "tagline": "国家级专精特新“小巨人”企业",
        "stage": "结果",
        "order": 55,
        "description": "为名单内的专精特新“小巨人”企业安排专人，统一安排额度、利率和办理时限。",
        "online": "lead",
        "sla_days": 22,
        "min_amount": 100 * WAN,
        "max_amount": 5000 * WAN,
        "min_rate_bp": 260,
        "max_rate_bp": 400,
        "max_term_months": 36,
        "methods": _ALL_BUT_REVOLVING,
        "questions": [_SINGLE_PAYMENT],
        "conditions": ["在专精特新“小巨人”企业名单中", *_COMMON_CONDITIONS],
        "materials": [_STATEMENTS, _EQUIPMENT_CONTRACT, _TRUSTEE_CONTRACT],
    },
    {
        "code": "account-opening",
        "kind": "service",
        "name": "开户服务",
        "tagline": "对公账户，线上预填",
        "stage": "育苗",
        "order": 90,
        "description": "先在线上填好开户信息、传好证照，到网点一次办完。需要开多个账户可以一次提出。",
        "online": "apply",
        "sla_days": 2,
        "conditions": ["已完成工商登记"],
        "consents": ["terms"],
        "questions": [
            _choice(
                "account_kind",
                "账户种类",
                {"basic": "基本存款账户（企业第一个账户）", "general": "一般存款账户"},
                required=True,
            ),
            {
                "code": "accounts",
                "label": "需要开几个",
                "type": "count",
                "unit": "个",
                "when": {"account_kind": ["general"]},
            },
        ],
        "materials": [
            _material("licence", "营业执照", "到网点前先核对", required=True),
            _material(
                "basic_account_proof",
                "基本存款账户信息",
                "开一般账户时核对",
                when={"account_kind": ["general"]},
            ),
        ],
    },
]
