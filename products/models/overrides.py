"""A tier set by people, for a time, against what the ladder says."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models

from portal.kernel.lifecycle import Status
from products.enums import Tier
from products.lifecycle import TIER_OVERRIDE
from products.querysets import TierOverrideQuerySet


class TierOverride(models.Model):
    """One proposal to treat an enterprise as of another tier until `last_day` (which counts). Needs two people."""

    lifecycle = TIER_OVERRIDE
    stream_type = "tier_override"

    enterprise = models.ForeignKey(
        "accounts.Enterprise", on_delete=models.PROTECT, related_name="tier_overrides", verbose_name="企业"
    )
    tier = models.CharField("调为", max_length=4, choices=Tier)
    reason = models.CharField("理由", max_length=300)
    last_day = models.DateField("到期日")
    status = models.CharField("状态", max_length=10, default="proposed", editable=False)
    status_changed_at = models.DateTimeField("状态时间", auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="申请人"
    )
    proposed_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="审批人"
    )
    active_from = models.DateField("生效日", null=True)
    ended_on = models.DateField("提前结束日", null=True)  # no longer counts on this day; none where `last_day` ended it
    note = models.CharField("审批或结束的说明", max_length=200, blank=True)

    objects = TierOverrideQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "人工调级"
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=models.Q(status="proposed"), name="tier_override_one_proposed"
            ),
            models.UniqueConstraint(
                fields=["enterprise"], condition=models.Q(status="active"), name="tier_override_one_active"
            ),
        ]
        indexes = [models.Index(fields=["status", "last_day"], name="tier_override_due")]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.tier}"

    @property
    def reference(self) -> str:
        return f"tier-override:{self.pk}"

    @property
    def status_info(self) -> Status:
        return TIER_OVERRIDE.status(self.status)

    def is_due(self, on: date) -> bool:
        return self.last_day < on
