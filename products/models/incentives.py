"""Public incentives (惠企政策): what an authority offers, until when, and on which conditions."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from products.enums import TitleKind

CLOSING = timedelta(days=30)


class Incentive(models.Model):
    """One incentive. Its conditions are a policy document or the rules of an official title; what no rule can say is `manual`."""

    code = models.SlugField("代码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=60)
    authority = models.CharField("主管部门", max_length=60)
    doc_no = models.CharField("文号", max_length=60, blank=True)
    url = models.URLField("网址", blank=True)
    benefit = models.CharField("能得到什么", max_length=200)
    opens_on = models.DateField("开始", null=True, blank=True)
    closes_on = models.DateField("截止", null=True, blank=True)  # counts; none: open until further notice
    policy_code = models.CharField("条件（政策代码）", max_length=40, blank=True)
    title_kind = models.CharField("对应的资质", max_length=24, blank=True, choices=TitleKind)
    manual = models.JSONField("要人工核对的", default=list, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    is_active = models.BooleanField("展示", default=True)
    history = HistoricalRecords(verbose_name="变更历史")

    class Meta:
        verbose_name = verbose_name_plural = "惠企政策"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens_on=None)
                | models.Q(closes_on=None)
                | models.Q(opens_on__lte=models.F("closes_on")),
                name="incentive_window",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def window(self, on: date) -> str:
        """`soon` before it opens, `open`, `closing` in its last thirty days, `closed`."""
        if self.opens_on and on < self.opens_on:
            return "soon"
        if self.closes_on is None:
            return "open"
        if on > self.closes_on:
            return "closed"
        return "closing" if on >= self.closes_on - CLOSING else "open"


class IncentiveReminder(models.Model):
    """One person's wish to be told before an incentive closes; told once."""

    incentive = models.ForeignKey(Incentive, on_delete=models.CASCADE, related_name="reminders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField("设置时间")
    sent_at = models.DateTimeField("提醒时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "政策提醒"
        constraints = [models.UniqueConstraint(fields=["incentive", "user"], name="incentive_reminder_once")]

    def __str__(self) -> str:
        return f"{self.incentive} {self.user}"
