"""The services of a fresh installation, by stage: 育苗, 壮苗, 结果. Asked for, checked and timed like any product."""

from __future__ import annotations


def material(kind: str, label: str, why: str, *, required: bool = False, when: dict | None = None) -> dict:
    return {"kind": kind, "label": label, "required": required, "why": why, **({"when": when} if when else {})}


def choice(code: str, label: str, choices: dict[str, str], **more: object) -> dict:
    return {"code": code, "label": label, "type": "choice", "choices": [list(c) for c in choices.items()], **more}


SERVICES: list[dict] = [
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
            choice(
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
            {"code": "account_use", "label": "主要用途", "type": "text", "help": "例如：日常结算、发放工资、缴税"},
        ],
        "materials": [
            material("licence", "营业执照", "到网点前先核对", required=True),
            material(
                "basic_account_proof",
                "基本存款账户信息",
                "开一般账户时核对",
                when={"account_kind": ["general"]},
            ),
        ],
    },
    {
        "code": "basic-credit",
        "kind": "service",
        "name": "基础授信",
        "tagline": "第一笔授信，先约客户经理",
        "stage": "育苗",
        "order": 91,
        "description": "还没有和银行打过交道，不知道该申请哪一款：留下大致需要，客户经理按企业的技术和团队给出办法。",
        "online": "lead",
        "sla_days": 5,
        "conditions": ["主要面向初创期和成长期企业"],
        "consents": ["terms"],
        "questions": [
            {"code": "wanted_amount", "label": "大约需要多少", "type": "amount", "unit": "万元", "required": True},
            {"code": "wanted_by", "label": "希望什么时候用上", "type": "date"},
            {"code": "used_for", "label": "主要用来做什么", "type": "text", "required": True},
        ],
        "materials": [],
    },
    {
        "code": "policy-matching",
        "kind": "service",
        "name": "政策对接",
        "tagline": "资质认定、贴息和再贷款，一起看看能享受哪些",
        "stage": "育苗",
        "order": 92,
        "description": "客户经理按企业的情况核对能申请的资质和优惠政策，说明条件、时间和受理部门。是否认定由主管部门决定。",
        "online": "lead",
        "sla_days": 5,
        "conditions": ["不限阶段和层级"],
        "consents": ["terms"],
        "questions": [
            choice(
                "policy_topic",
                "想了解哪一类",
                {"titles": "资质认定", "interest": "贴息", "relending": "再贷款备选清单", "all": "都看看"},
                required=True,
            ),
            {"code": "policy_question", "label": "具体问题", "type": "text"},
        ],
        "materials": [],
    },
    {
        "code": "capital-matching",
        "kind": "service",
        "name": "资本对接",
        "tagline": "需要股权融资时，介绍合适的投资机构",
        "stage": "壮苗",
        "order": 93,
        "description": "客户经理了解融资计划后介绍投资机构，是否投资由双方自行决定。这项服务不含投资建议，也不与贷款捆绑。",
        "online": "lead",
        "sla_days": 10,
        "conditions": ["主要面向成长期企业", "对外介绍企业以前，逐家征得您的同意"],
        "consents": ["terms"],
        "questions": [
            choice(
                "round",
                "融资轮次",
                {"seed": "种子、天使轮", "a": "A 轮", "b": "B 轮", "c": "C 轮及以后", "pre_ipo": "上市前"},
                required=True,
            ),
            {"code": "raise_amount", "label": "计划融资", "type": "amount", "unit": "万元", "required": True},
            {"code": "raise_for", "label": "资金用途", "type": "text", "required": True},
        ],
        "materials": [material("business_plan", "商业计划书", "有的话可以上传，便于介绍")],
    },
    {
        "code": "cross-border",
        "kind": "service",
        "name": "跨境金融",
        "tagline": "国际结算、结售汇、跨境人民币",
        "stage": "结果",
        "order": 94,
        "description": "先在线上说明业务，客户经理备好单据清单，一般一到两个工作日办成。",
        "online": "apply",
        "sla_days": 2,
        "conditions": ["主要面向有跨境业务的成长期和成熟期企业", "交易背景真实，单据齐全"],
        "consents": ["terms"],
        "questions": [
            choice(
                "cross_border_kind",
                "业务种类",
                {"settlement": "国际结算", "exchange": "结售汇", "rmb": "跨境人民币", "debt": "外债或跨境融资"},
                required=True,
            ),
            {"code": "foreign_amount", "label": "金额（折合人民币）", "type": "amount", "unit": "万元"},
            {"code": "counter_country", "label": "对方国家或地区", "type": "text", "required": True},
            {
                "code": "debt_registered",
                "label": "外债是否已登记",
                "type": "yes_no",
                "when": {"cross_border_kind": ["debt"]},
            },
        ],
        "materials": [
            material("trade_contract", "合同或订单", "核对交易背景"),
            material("debt_filing", "外债登记凭证", "已登记的上传", when={"debt_registered": [True]}),
        ],
    },
    {
        "code": "wealth-management",
        "kind": "service",
        "name": "财富管理",
        "tagline": "闲置资金的现金管理",
        "stage": "结果",
        "order": 95,
        "description": "说明资金什么时候要用、能不能承受波动，客户经理按适当性要求介绍存款和理财安排。理财不是存款，不保证收益。",
        "online": "lead",
        "sla_days": 3,
        "conditions": ["主要面向成熟期企业", "购买理财前按规定完成风险评估"],
        "consents": ["terms"],
        "questions": [
            {"code": "idle_amount", "label": "大约多少闲置资金", "type": "amount", "unit": "万元"},
            choice(
                "idle_for",
                "多久不用",
                {"weeks": "几周", "months": "几个月", "year": "一年以上", "unsure": "不确定"},
                required=True,
            ),
            choice(
                "risk_wish",
                "能不能承受波动",
                {"none": "不能", "some": "可以承受小的波动", "unsure": "要听介绍"},
                required=True,
            ),
        ],
        "materials": [],
    },
    {
        "code": "private-banking",
        "kind": "service",
        "name": "核心团队私人银行",
        "tagline": "家族财富传承、子女教育",
        "stage": "结果",
        "order": 96,
        "description": "面向创始人和核心团队本人。是本人与银行之间的事，只由私人银行顾问联系本人，企业的其他成员看不到内容。",
        "online": "lead",
        "sla_days": 5,
        "conditions": ["主要面向高新层以上或成熟期企业的核心团队", "须本人单独授权，可以随时撤回"],
        "consents": ["terms", "private_banking"],
        "is_personal": True,
        "questions": [
            choice(
                "private_topic",
                "想聊什么",
                {"succession": "家族财富传承", "education": "子女教育", "other": "其他"},
                required=True,
            ),
            choice(
                "call_at",
                "什么时候方便联系",
                {"workday": "工作日白天", "evening": "工作日晚上", "weekend": "周末"},
                required=True,
            ),
        ],
        "materials": [],
    },
]
