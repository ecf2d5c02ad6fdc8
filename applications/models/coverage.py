"""Counted coverage of the lists (名单覆盖) on a day. Made anew by a job, read by one page."""

from __future__ import annotations

from django.db import models

from applications.enums import CoverageBy


class CoverageRun(models.Model):
    """One day that was counted, or is being counted."""

    on = models.DateField("截至", unique=True)
    asked_at = models.DateTimeField("发起时间")
    counted_at = models.DateTimeField("统计时间", null=True)  # empty while it is being counted

    class Meta:
        verbose_name = verbose_name_plural = "覆盖统计"

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class CoverageTally(models.Model):
    """Firms of one list, or of any (no register), for one value of one dimension. Booked, applied, contacted, never: one each."""

    run = models.ForeignKey(CoverageRun, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    register = models.ForeignKey(
        "products.Register", null=True, on_delete=models.PROTECT, related_name="+", verbose_name="名单", db_index=False
    )
    by = models.CharField("维度", max_length=8, choices=CoverageBy)
    value = models.CharField("取值", max_length=40, blank=True)  # empty: unknown
    listed = models.PositiveIntegerField("名单企业")
    booked = models.PositiveIntegerField("在行客户")
    credit = models.PositiveIntegerField("其中有授信")
    applied = models.PositiveIntegerField("申请过")
    contacted = models.PositiveIntegerField("联系过")
    never = models.PositiveIntegerField("没有联系过")
    nameless = models.PositiveIntegerField("没有信用代码")  # on the list by name alone: matched by nothing

    class Meta:
        verbose_name = verbose_name_plural = "覆盖计数"
        constraints = [
            models.UniqueConstraint(fields=["run", "register", "by", "value"], name="coverage_tally_once"),
            models.UniqueConstraint(
                fields=["run", "by", "value"], condition=models.Q(register=None), name="coverage_tally_once_any"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.register} {self.by} {self.value}"
