"""Closed lists of the accounts app. Values are stored, labels are shown."""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What a member may do for an enterprise."""

    LEGAL_REP = "legal_rep", "法定代表人"
    AGENT = "agent", "经办人"
    VIEWER = "viewer", "仅查看"


class VerifiedBy(models.TextChoices):
    IDENTITY = "identity", "身份核验"
    INVITATION = "invitation", "法定代表人邀请"
    BANKER = "banker", "客户经理核实"


class ProfileSource(models.TextChoices):
    """Where a profile came from. `claimed` is what an unverified member typed: it is never merged."""

    SELF = "self", "企业填报"
    CLAIMED = "claimed", "未核验填报"
    PARTNER = "partner", "合作机构填报"
    REGISTRY = "registry", "工商登记"
    TAX = "tax", "纳税数据"
    BANKER = "banker", "客户经理核实"


class BankerRole(models.TextChoices):
    RM = "rm", "客户经理"
    REVIEWER = "reviewer", "审查岗"
    APPROVER = "approver", "审批岗"
    POLICY = "policy", "政策管理"
    ADMIN = "admin", "系统管理"


class ConsentKind(models.TextChoices):
    """Separate consents, one purpose each (PIPL 14, 29; 征信业管理条例 18, 28; domain rules on consent objects)."""

    TERMS = "terms", "服务条款与隐私政策"
    FIRM_CREDIT = "firm_credit", "企业征信查询授权"
    PERSONAL_CREDIT = "personal_credit", "个人征信查询授权"
    TAX_DATA = "tax_data", "纳税与发票数据授权"
    PARTNER = "partner", "委托合作机构办理"
    PRIVATE_BANKING = "private_banking", "私人银行个人信息授权"


# Given by a person for that person alone: another member's consent does not stand in for it.
OWN_PERSON = frozenset({ConsentKind.PRIVATE_BANKING})


class PartnerKind(models.TextChoices):
    INCUBATOR = "incubator", "孵化器"
    SCIENCE_PARK = "science_park", "大学科技园"
    MAKERSPACE = "makerspace", "众创空间"
    GUARANTOR = "guarantor", "担保机构"


class Job(StrEnum):
    """Background work of this app."""

    DELIVER_REFERRAL = "accounts.deliver_referral"
