"""The bank's side: branches and bankers."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from accounts.enums import BankerRole


class Branch(models.Model):
    """A branch (支行) that owns cases."""

    name = models.CharField("名称", max_length=60, unique=True)
    phone = models.CharField("电话", max_length=20, blank=True)
    history = HistoricalRecords(verbose_name="变更历史")

    class Meta:
        verbose_name = verbose_name_plural = "支行"

    def __str__(self) -> str:
        return self.name


class Banker(models.Model):
    """A banker and the one role that decides what they may do. Limits are 元 per case."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="banker", verbose_name="用户"
    )
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="bankers", verbose_name="支行")
    role = models.CharField("岗位", max_length=10, choices=BankerRole)
    approval_limit = models.DecimalField("单笔审批限额（元）", max_digits=18, decimal_places=2, default=Decimal(0))
    is_active = models.BooleanField("在岗", default=True)
    history = HistoricalRecords(verbose_name="变更历史")

    class Meta:
        verbose_name = verbose_name_plural = "银行人员"

    def __str__(self) -> str:
        return f"{self.user}（{self.get_role_display()}）"
