"""Closed lists of the products app."""

from enum import StrEnum

from django.db import models


class ProductKind(models.TextChoices):
    CREDIT = "credit", "贷款"
    PROGRAMME = "programme", "专案"
    SERVICE = "service", "服务"


class Online(models.TextChoices):
    FULL = "full", "线上全程"
    PARTLY = "partly", "线上预审与签署"
    HYBRID = "hybrid", "线上线下结合"
    APPLY = "apply", "线上申请，人工审查"
    LEAD = "lead", "线上提交意向，专人对接"


class RepaymentMethod(models.TextChoices):
    EQUAL_INSTALLMENT = "equal_installment", "等额本息"
    EQUAL_PRINCIPAL = "equal_principal", "等额本金"
    INTEREST_FIRST = "interest_first", "先息后本"
    REVOLVING = "revolving", "随借随还"


class Purpose(models.TextChoices):
    WORKING_CAPITAL = "working_capital", "日常经营周转"
    RD = "rd", "研发投入"
    EQUIPMENT = "equipment", "购置设备"
    EXPANSION = "expansion", "扩大产能"
    ACQUISITION = "acquisition", "并购"
    OTHER = "other", "其他"


class TitleKind(models.TextChoices):
    TECH_SME = "tech_sme", "科技型中小企业"
    HNTE = "hnte", "高新技术企业"
    INNOVATIVE_SME = "innovative_sme", "创新型中小企业"
    SRDI_SME = "srdi_sme", "专精特新中小企业"
    LITTLE_GIANT = "little_giant", "专精特新“小巨人”"
    SINGLE_CHAMPION = "single_champion", "制造业单项冠军"
    TECH_INNOVATION_DEMO = "tech_innovation_demo", "国家技术创新示范企业"
    IP_ADVANTAGE = "ip_advantage", "知识产权优势或示范企业"
    LISTED = "listed", "上市公司"


class Tier(models.TextChoices):
    T5 = "T5", "领航层"
    T4 = "T4", "专精层"
    T3 = "T3", "高新层"
    T2 = "T2", "科创层"
    T1 = "T1", "潜力层"
    NONE = "none", "未入层"


class Stage(models.TextChoices):
    STARTUP = "startup", "初创期"
    GROWTH = "growth", "成长期"
    MATURE = "mature", "成熟期"


class BatchMode(models.TextChoices):
    FULL = "full", "全量名单"
    ADDITIONS = "additions", "新增或变更"
    REMOVALS = "removals", "除名"


class RowChange(models.TextChoices):
    NEW = "new", "新增"
    CHANGED = "changed", "变更"
    REMOVED = "removed", "移出"
    INVALID = "invalid", "有问题"


class Job(StrEnum):
    """Background work of this app."""

    BACK_TEST = "products.back_test"
    RETIER = "products.retier_slice"
    SHADOW = "products.shadow_slice"
    REGISTER_READ = "products.register_read"
    REGISTER_FORGET = "products.register_forget"
    REGISTER_APPLY = "products.register_apply"
    REGISTER_REVERT = "products.register_revert"


SIZE_LABELS = {"large": "大型", "medium": "中型", "small": "小型", "micro": "微型"}
# Register codes that are no title.
DISHONEST = "dishonest"  # 失信被执行人
ABNORMAL = "abnormal"  # 经营异常
RELENDING = "relending"  # 科技创新和技术改造再贷款备选清单
