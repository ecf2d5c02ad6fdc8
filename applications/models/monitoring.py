"""What the monitor of outcomes counts and what it noticed. Made anew by a job, read by one page."""

from __future__ import annotations

from django.db import models

from applications.enums import MonitorBy, ShiftLevel, ShiftOf


class OutcomeTally(models.Model):
    """Newest outcomes of the applications submitted in one week, for one value of one dimension."""

    week = models.DateField("周")  # its Monday, Beijing time
    by = models.CharField("维度", max_length=10, choices=MonitorBy)
    value = models.CharField("取值", max_length=40, blank=True)  # empty: unknown
    total = models.PositiveIntegerField("件数")
    passed = models.PositiveIntegerField("通过", default=0)
    referred = models.PositiveIntegerField("转人工", default=0)
    failed = models.PositiveIntegerField("未通过", default=0)
    tiers = models.JSONField("层级", default=dict)  # {T1: n, …, none: n}

    class Meta:
        verbose_name = verbose_name_plural = "结果周计数"
        constraints = [models.UniqueConstraint(fields=["week", "by", "value"], name="outcome_tally_once")]

    def __str__(self) -> str:
        return f"{self.week:%Y-%m-%d} {self.by} {self.value}"


class Shift(models.Model):
    """A change or a gap that is larger than chance would make it: for people to look into."""

    week = models.DateField("发现于")  # Monday after the weeks that were compared
    of = models.CharField("什么", max_length=10, choices=ShiftOf)
    by = models.CharField("维度", max_length=10, choices=MonitorBy)
    value = models.CharField("取值", max_length=40, blank=True)
    level = models.CharField("程度", max_length=6, choices=ShiftLevel)
    index = models.DecimalField("指数", max_digits=8, decimal_places=4)
    before = models.JSONField("此前", default=dict)  # counts that were compared
    after = models.JSONField("现在", default=dict)
    found_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "结果变化"
        constraints = [models.UniqueConstraint(fields=["week", "of", "by", "value"], name="shift_once")]

    def __str__(self) -> str:
        return f"{self.week:%Y-%m-%d} {self.of} {self.by} {self.value}"
