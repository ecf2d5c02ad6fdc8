"""Closed lists of the applications app."""

from enum import StrEnum

from django.db import models


class Job(StrEnum):
    """Background work of this app."""

    SCREEN = "applications.screen"
    ANNOUNCE = "applications.announce"
    FETCH_HOLDINGS = "applications.fetch_holdings"
    HOLDINGS = "applications.holdings"
    COVERAGE = "applications.coverage"
    OUTREACH = "applications.outreach"


class Section(models.TextChoices):
    """Steps of the form, in the order they are shown."""

    NEED = "need", "融资需求"
    ENTERPRISE = "enterprise", "企业信息"
    OPERATIONS = "operations", "经营与研发"
    TEAM = "team", "团队与市场"
    CONSENTS = "consents", "授权"
    DOCUMENTS = "documents", "申请材料"


class Dimension(models.TextChoices):
    """The three dimensions a banker scores; maxima follow the indicative score."""

    TECHNOLOGY = "technology_barrier", "技术壁垒"
    TEAM = "team_background", "团队背景"
    POSITION = "industry_position", "行业地位"


DIMENSION_MAX = {Dimension.TECHNOLOGY: 40, Dimension.TEAM: 30, Dimension.POSITION: 30}


class EvidenceOutcome(models.TextChoices):
    OK = "ok", "已取得"
    NOT_FOUND = "not_found", "查无记录"
    DOWN = "down", "暂时查不到"
    NO_CONSENT = "no_consent", "未授权"


class Proposal(models.TextChoices):
    APPROVE = "approve", "建议同意"
    DECLINE = "decline", "建议婉拒"


class ReturnReason(models.TextChoices):
    MISSING_DOCUMENT = "missing_document", "缺少材料"
    UNCLEAR_FIGURE = "unclear_figure", "数据需要说明"
    CONFLICT = "conflict", "两处数据不一致"
    PURPOSE = "purpose", "用途或交易对手需要补充"
    IDENTITY = "identity", "人员或授权需要补充"


class DeclineReason(models.TextChoices):
    """Internal wording; what the applicant reads is in DECLINE_WORDS."""

    PURPOSE_UNCLEAR = "purpose_unclear", "用途真实性不足"
    CASH_FLOW = "cash_flow", "还款来源不足"
    TECHNOLOGY_UNPROVEN = "technology_unproven", "技术先进性证据不足"
    CREDIT_RECORD = "credit_record", "征信记录"
    OUT_OF_SCOPE = "out_of_scope", "不属于产品服务范围"


# reason → (what the applicant reads, what would help, months until a new application makes sense; sample wording)
DECLINE_WORDS: dict[str, tuple[str, str, int]] = {
    "purpose_unclear": ("资金用途和交易对手还不能核实", "补充采购合同、订单或研发项目计划后可再申请", 1),
    "cash_flow": ("目前的还款来源不足以支持申请金额", "降低申请金额，或在取得新订单、新融资后再申请", 3),
    "technology_unproven": ("技术先进性的证据还不充分", "补充第三方检测、查新报告或客户验证材料后可再申请", 3),
    "credit_record": ("企业征信中有尚未结清的不良记录", "结清并取得证明后可再申请", 6),
    "out_of_scope": ("申请事项不在本产品的服务范围内", "可以看看其他产品，或请客户经理为您推荐", 0),
}


class MonitorBy(models.TextChoices):
    """What the monitor of outcomes groups by."""

    ALL = "all", "全部"
    DISTRICT = "district", "注册地"
    SIZE = "size", "规模"
    INDUSTRY = "industry", "行业门类"
    PRODUCT = "product", "产品"


class ShiftOf(models.TextChoices):
    OUTCOME = "outcome", "检查结果"
    TIER = "tier", "分层"
    MAKE_UP = "make_up", "申请构成"
    GAP = "gap", "通过率差距"


class ShiftLevel(models.TextChoices):
    WATCH = "watch", "关注"
    ALERT = "alert", "警示"


class HoldingKind(models.TextChoices):
    """What a firm holds at the bank."""

    ACCOUNT = "account", "结算账户"
    LOAN = "loan", "贷款"
    LINE = "line", "授信额度"


CREDIT_KINDS = (HoldingKind.LOAN, HoldingKind.LINE)


class LoanGrade(models.TextChoices):
    """Five-class risk grading (贷款五级分类)."""

    NORMAL = "normal", "正常"
    SPECIAL = "special", "关注"
    SUBSTANDARD = "substandard", "次级"
    DOUBTFUL = "doubtful", "可疑"
    LOSS = "loss", "损失"


class FirstLoan(models.TextChoices):
    YES = "yes", "是首贷"
    NO = "no", "不是首贷"
    UNKNOWN = "unknown", "待核实"


class Channel(models.TextChoices):
    """How a firm was contacted."""

    VISIT = "visit", "上门"
    PHONE = "phone", "电话"
    MESSAGE = "message", "微信或短信"
    EVENT = "event", "活动"


class ContactResult(models.TextChoices):
    UNREACHABLE = "unreachable", "联系不上"
    NO_NEED = "no_need", "暂无需求"
    LATER = "later", "以后再联系"
    INTERESTED = "interested", "有意向"
    APPLYING = "applying", "准备申请"


class CoverageBy(models.TextChoices):
    """What coverage is grouped by."""

    ALL = "all", "全部"
    DISTRICT = "district", "登记地"
    INDUSTRY = "industry", "行业门类"
    BRANCH = "branch", "支行"


class Reach(models.TextChoices):
    """How far the bank has come with a firm of a list: the furthest of these."""

    BOOKED = "booked", "在行客户"
    APPLIED = "applied", "申请过"
    CONTACTED = "contacted", "联系过"
    NEVER = "never", "没有联系过"
