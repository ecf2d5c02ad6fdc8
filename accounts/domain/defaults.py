"""Consent texts and the branch of a fresh installation. The wording is a sample for the bank's lawyers to replace."""

from __future__ import annotations

from accounts.domain.consents import publish_text
from accounts.enums import ConsentKind
from accounts.models import Branch, ConsentText

TEXTS: list[tuple[ConsentKind, str, str]] = [
    (
        ConsentKind.TERMS,
        "服务条款与隐私说明（示例文本）",
        "一、我们为办理您提出的申请，收集企业登记信息、经营与研发数据、联系人信息和您上传的材料，不收集与办理无关的信息。\n"
        "二、上述信息只用于审查本次申请和贷后管理，保存期限按反洗钱和会计档案的规定执行，期满删除或匿名化。\n"
        "三、自动检查的结果只供客户经理参考。您可以要求解释，也可以申请人工复核。\n"
        "四、您可以随时查看、更正填写的内容；撤回同意不影响撤回前已办理的事项。",
    ),
    (
        ConsentKind.FIRM_CREDIT,
        "企业征信查询授权书（示例文本）",
        "本企业同意贵行为审查本次申请及贷后管理，通过金融信用信息基础数据库查询本企业的信用报告。\n"
        "授权期限：自签署之日起至本次申请办结；获得授信的，至债务结清。\n"
        "贵行不得将查询结果用于其他用途。本企业可以撤回授权；撤回后未办结的申请将转由人工说明处理。",
    ),
    (
        ConsentKind.PERSONAL_CREDIT,
        "个人征信查询授权书（示例文本）",
        "本人作为企业的法定代表人，同意贵行为审查本企业本次申请，查询本人的个人信用报告。\n"
        "授权期限：自签署之日起至本次申请办结；获得授信的，至债务结清。\n"
        "贵行不得将查询结果用于其他用途。本授权由本人单独作出，可以随时撤回。",
    ),
    (
        ConsentKind.TAX_DATA,
        "纳税与发票数据授权书（示例文本）",
        "本企业同意贵行为审查本次申请，取得本企业的纳税信用级别、纳税申报和发票汇总数据。\n"
        "授权后可以少填经营数据、少传报表。授权期限：自签署之日起至本次申请办结。本企业可以随时撤回。",
    ),
    (
        ConsentKind.PARTNER,
        "委托合作机构办理授权书（示例文本）",
        "本企业同意该合作机构代为填写、提交和跟踪融资申请，并同意贵行向其告知申请的状态、检查结果和进度。\n"
        "该机构填写的内容将作为本企业资料的一部分供贵行审查。本企业可以随时撤回，撤回后该机构不能再查看。",
    ),
    (
        ConsentKind.PRIVATE_BANKING,
        "私人银行个人信息授权书（示例文本）",
        "本人同意贵行的私人银行顾问为联系本人、了解本人的财富规划需要，使用本人的姓名、联系方式和在本次申请中填写的内容。\n"
        "上述信息只用于私人银行服务，不用于审查企业的任何申请，也不向企业的其他成员提供。\n"
        "本授权由本人单独作出，与企业的授权无关，可以随时撤回。",
    ),
]


def load_defaults() -> None:
    known = set(ConsentText.objects.values_list("kind", flat=True))
    for kind, title, body in TEXTS:
        if kind not in known:
            publish_text(kind=kind, title=title, body=body)
    Branch.objects.get_or_create(name="海淀支行", defaults={"phone": "010-0000-0126"})
