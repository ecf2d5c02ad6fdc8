"""Consents: the exact text, who gave it, when, from where, and whether it was withdrawn."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.enums import ConsentKind
from accounts.querysets import ConsentQuerySet


class ConsentText(models.Model):
    """One version of one consent text. Never changed: a new wording is a new version."""

    kind = models.CharField("种类", max_length=16, choices=ConsentKind)
    version = models.PositiveSmallIntegerField("版本")
    title = models.CharField("标题", max_length=100)
    body = models.TextField("正文")
    sha256 = models.CharField("指纹", max_length=64)
    effective_from = models.DateField("启用日期")

    class Meta:
        verbose_name = verbose_name_plural = "授权书文本"
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="consenttext_kind_version")]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.version} 版"


class Consent(models.Model):
    """One person's consent on behalf of an enterprise (or of themselves, for personal credit)."""

    enterprise = models.ForeignKey(
        "accounts.Enterprise", on_delete=models.PROTECT, related_name="consents", verbose_name="企业"
    )
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, verbose_name="文本")
    kind = models.CharField("种类", max_length=16, choices=ConsentKind)
    partner = models.ForeignKey(
        "accounts.Partner",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="consents",
        verbose_name="合作机构",
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="授权人"
    )
    given_at = models.DateTimeField("授权时间")
    given_from = models.GenericIPAddressField("网络地址", null=True)
    revoked_at = models.DateTimeField("撤回时间", null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "授权记录"
        indexes = [models.Index(fields=["enterprise", "kind"], name="consent_enterprise_kind")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="partner", partner__isnull=False)
                | (~models.Q(kind="partner") & models.Q(partner=None)),
                name="consent_partner_fits_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_kind_display()}"
