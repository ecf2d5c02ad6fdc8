"""Products, policies and registers of a fresh installation. Every number is a labelled sample, editable in the admin."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import Group, Permission

from portal.kernel.actors import SYSTEM
from portal.kernel.money import WAN
from products.domain.authoring import SEEDED_FROM, default_documents, publish_document
from products.enums import DISHONEST, Purpose, TitleKind
from products.models import PolicyVersion, Product, Register

POLICY_GROUP = "政策管理"
_PURPOSES = [
    Purpose.WORKING_CAPITAL.value,
    Purpose.RD.value,
    Purpose.EQUIPMENT.value,
    Purpose.EXPANSION.value,
    Purpose.OTHER.value,
]
_COMMON_CONDITIONS = ["企业未列入失信被执行人名单", "企业征信无当前逾期", "资金不用于股权投资"]
_CREDIT_CONSENTS = ["terms", "firm_credit", "personal_credit", "tax_data"]
_STATEMENTS = {
    "kind": "financial_statements",
    "label": "上一年度财务报表",
    "required": False,
    "why": "有纳税数据授权时可以不传",
}


def _material(kind: str, label: str, why: str, *, required: bool = False) -> dict:
    return {"kind": kind, "label": label, "required": required, "why": why}


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
        "conditions": ["成立满 1 年", "达到五层之一：从潜力层起，有专利、有研发或有团队即可", *_COMMON_CONDITIONS],
        "materials": [_STATEMENTS],
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
        "materials": [_STATEMENTS, _material("ip_list", "知识产权清单", "件数较多时比逐件填写方便")],
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
        "conditions": ["高新层（T3）及以上：高新技术企业、专精特新企业等", "近两年研发费用齐全", *_COMMON_CONDITIONS],
        "materials": [
            _material("financial_statements", "上一年度财务报表", "核对两年研发费用", required=True),
            _material("rd_ledger", "研发费用明细账", "研发费用与纳税数据不一致时用来说明"),
        ],
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
        "materials": [_material("licence", "营业执照", "到网点前先核对", required=True)],
    },
]

REGISTERS: list[tuple[str, str, str]] = [
    (TitleKind.LITTLE_GIANT, "专精特新“小巨人”企业名单", ""),
    (TitleKind.SINGLE_CHAMPION, "制造业单项冠军名单", ""),
    (TitleKind.SRDI_SME, "北京市专精特新中小企业名单", "110000"),
    (TitleKind.HNTE, "高新技术企业名单", ""),
    (TitleKind.TECH_SME, "科技型中小企业入库名单", ""),
    (TitleKind.INNOVATIVE_SME, "创新型中小企业名单", ""),
    (DISHONEST, "失信被执行人名单", ""),
]


def load_defaults() -> None:
    """Create what is missing; what an administrator changed stays as it is."""
    known = set(PolicyVersion.objects.values_list("code", flat=True))
    for document in default_documents():
        if document["code"] in known:
            continue  # what the bank published since is not ours to replace
        publish_document(document=document, effective_from=SEEDED_FROM, actor=SYSTEM)
    for row in PRODUCTS:
        fields = {
            "lifecycle_name": "service" if row["kind"] == "service" else "credit",
            "policy_code": row["code"],
            "purposes": [] if row["kind"] == "service" else _PURPOSES,
            "consents": _CREDIT_CONSENTS,
            **row,
        }
        Product.objects.get_or_create(code=row["code"], defaults=fields)
    readers, _ = Group.objects.get_or_create(name=POLICY_GROUP)
    readers.permissions.set(Permission.objects.filter(content_type__app_label="products", codename__startswith="view_"))
    for code, name, region in REGISTERS:
        Register.objects.get_or_create(code=code, defaults={"name": name, "region": region})


def open_registers_for_demo(first: date) -> None:
    """Mark the demonstration registers as known from `first` on."""
    Register.objects.filter(loaded_from=None).update(loaded_from=first)
