"""Getting in touch with the firms of a list (触达): whose list it is, one task a firm or project, and every contact made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from applications.enums import Channel, ContactResult
from applications.querysets import OutreachQuerySet


class OutreachPlan(models.Model):
    """What the bank wants with one list. Shares are basis points of the firms on it."""

    register = models.OneToOneField(
        "products.Register", on_delete=models.PROTECT, related_name="plan", verbose_name="名单"
    )
    product = models.ForeignKey(
        "products.Product",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="plans",
        verbose_name="专案",
        help_text="名单对应的专案；没有就不填",
    )
    owner = models.ForeignKey(
        "accounts.Banker",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="负责人",
        help_text="企业看到的专案联系人，也是分派触达任务的人",
    )
    cover_target_bp = models.PositiveIntegerField("覆盖率目标线（万分之）", null=True, blank=True)
    touch_target_bp = models.PositiveIntegerField("触达率目标线（万分之）", null=True, blank=True)
    target_source = models.CharField("目标的出处", max_length=200, blank=True)
    makes_tasks = models.BooleanField("每天为名单上的企业建触达任务", default=True)
    history = HistoricalRecords(verbose_name="变更历史")

    class Meta:
        verbose_name = verbose_name_plural = "名单触达计划"

    def __str__(self) -> str:
        return f"{self.register}触达"


class Outreach(models.Model):
    """One firm of a list, or one project of one, for somebody to get in touch with. What came of it is its newest contact."""

    plan = models.ForeignKey(
        OutreachPlan, on_delete=models.PROTECT, related_name="tasks", verbose_name="计划", db_index=False
    )
    key = models.CharField(max_length=420)  # of the register's entry
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    name = models.CharField("企业名称", max_length=200)
    project = models.CharField("项目名称", max_length=200, blank=True)
    is_listed = models.BooleanField("现在在名单上", default=True)
    assignee = models.ForeignKey(
        "accounts.Banker", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="客户经理"
    )
    result = models.CharField("最近结果", max_length=11, choices=ContactResult, blank=True)  # empty: nobody asked yet
    reached_on = models.DateField("首次联系上", null=True)
    next_on = models.DateField("下次联系", null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField("建立时间")

    objects = OutreachQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "触达任务"
        constraints = [models.UniqueConstraint(fields=["plan", "key"], name="outreach_once")]
        indexes = [
            models.Index(fields=["plan", "id"], name="outreach_page"),
            models.Index(fields=["uscc"], name="outreach_uscc"),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """One contact, made or tried. Never changed: a correction is another contact."""

    outreach = models.ForeignKey(Outreach, on_delete=models.PROTECT, related_name="contacts", verbose_name="任务")
    banker = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+", verbose_name="经办")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="登记人"
    )
    on = models.DateField("联系日期")
    channel = models.CharField("方式", max_length=7, choices=Channel)
    result = models.CharField("结果", max_length=11, choices=ContactResult)
    note = models.CharField("说明", max_length=300, blank=True)
    written_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "联系记录"
        indexes = [models.Index(fields=["outreach", "on"], name="contact_of_outreach")]

    def __str__(self) -> str:
        return f"{self.outreach} {self.on:%Y-%m-%d}"
