"""Enterprises, what is known of them and by whom, and who may act for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.enums import ProfileSource, Role, VerifiedBy
from accounts.querysets import EnterpriseQuerySet, MembershipQuerySet
from portal.kernel.crypto import EncryptedTextField


class Enterprise(models.Model):
    """A legal entity, one row per 统一社会信用代码 (GB 32100-2015)."""

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=200)
    is_demo = models.BooleanField("演示企业", default=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    registry_checked_at = models.DateTimeField("工商核对时间", null=True, blank=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业"

    def __str__(self) -> str:
        return self.name


class EnterpriseProfile(models.Model):
    """What one source says of an enterprise: the profile schema of the partner API, as JSON with decimal strings.

    One row per source; per partner for `partner`; per person for `claimed` (an unverified member's own words).
    """

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="profiles", verbose_name="企业")
    source = models.CharField("来源", max_length=10, choices=ProfileSource)
    partner = models.ForeignKey(
        "accounts.Partner", null=True, blank=True, on_delete=models.PROTECT, verbose_name="合作机构"
    )
    claimant = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, verbose_name="填写人"
    )
    is_sandbox = models.BooleanField(default=False)
    data = models.JSONField("内容", default=dict)
    updated_at = models.DateTimeField("更新时间", auto_now=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "企业画像"
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "source"],
                condition=models.Q(partner=None, claimant=None),
                name="profile_source_once",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "partner", "is_sandbox"],
                condition=models.Q(source="partner"),
                name="profile_partner_once",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "claimant"], condition=models.Q(source="claimed"), name="profile_claimant_once"
            ),
            models.CheckConstraint(
                condition=models.Q(source="partner", partner__isnull=False, claimant=None)
                | models.Q(source="claimed", claimant__isnull=False, partner=None)
                | (~models.Q(source__in=["partner", "claimed"]) & models.Q(partner=None, claimant=None)),
                name="profile_owner_fits_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_source_display()}"


class Membership(models.Model):
    """A person acting for an enterprise. Unverified until `verified_at`: own drafts only, nothing others stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name="用户"
    )
    enterprise = models.ForeignKey(
        Enterprise, on_delete=models.CASCADE, related_name="memberships", verbose_name="企业"
    )
    role = models.CharField("角色", max_length=10, choices=Role)
    verified_at = models.DateTimeField("核验时间", null=True, blank=True)
    verified_by = models.CharField("核验方式", max_length=10, choices=VerifiedBy, blank=True)
    valid_until = models.DateField("授权至", null=True, blank=True)
    revoked_at = models.DateTimeField("解除时间", null=True, blank=True)
    created_at = models.DateTimeField("加入时间", auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "成员"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "enterprise"], condition=models.Q(revoked_at=None), name="membership_once"
            ),
            models.UniqueConstraint(
                fields=["enterprise"],
                condition=models.Q(role="legal_rep", revoked_at=None, verified_at__isnull=False),
                name="membership_one_legal_rep",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


class Invitation(models.Model):
    """A one-time link by which a verified legal representative brings in a colleague."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(
        "角色", max_length=10, choices=[(Role.AGENT.value, Role.AGENT.label), (Role.VIEWER.value, Role.VIEWER.label)]
    )
    address = EncryptedTextField("手机号或邮箱")
    address_index = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "邀请"

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_role_display()}"


class RegistryRecord(models.Model):
    """A row of the local business registry: what the `local` adapter answers in demonstrations and tests."""

    uscc = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=200)
    legal_rep_name = models.CharField(max_length=60)
    legal_rep_id_index = models.CharField(max_length=64, blank=True)
    profile = models.JSONField(default=dict)
    tax = models.JSONField(default=dict, blank=True)
    credit = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "演示登记数据"

    def __str__(self) -> str:
        return self.name
