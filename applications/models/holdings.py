"""What firms hold at the bank (在行业务), as core banking tells it: accounts, loans, credit lines."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from applications.enums import FirstLoan, HoldingKind, LoanGrade
from applications.lifecycle import HOLDING_STATEMENT
from applications.querysets import HoldingQuerySet
from portal.kernel.lifecycle import Status


class HoldingStatement(models.Model):
    """One statement of core banking, by file or fetched. It is booked whole or not at all; its file stays as evidence."""

    lifecycle = HOLDING_STATEMENT
    stream_type = "holding_statement"

    as_of = models.DateField("数据日期")
    status = models.CharField("状态", max_length=10, default="reading", editable=False)
    status_changed_at = models.DateTimeField("状态时间", auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    file_name = models.CharField("文件", max_length=120)
    storage_key = models.CharField(max_length=200)
    sha256 = models.CharField("文件指纹", max_length=64)
    size = models.PositiveBigIntegerField("大小")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("时间")
    rows_read = models.PositiveIntegerField("已读", default=0)
    rows_new = models.PositiveIntegerField("新增", default=0)
    problem = models.CharField("没有入账的原因", max_length=300, blank=True)
    faults = models.JSONField("有问题的行", default=list)  # [[line, what is wrong], …], the first of them

    class Meta:
        verbose_name = verbose_name_plural = "在行业务数据"
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="reading"), name="holding_statement_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d} {self.file_name}"

    @property
    def reference(self) -> str:
        return f"holdings:{self.pk}"

    @property
    def status_info(self) -> Status:
        return HOLDING_STATEMENT.status(self.status)


class Holding(models.Model):
    """One account or credit facility of one firm. It counts from `started_on` until the day before `closed_on`."""

    number = models.CharField("业务编号", max_length=40, unique=True)  # core banking's own
    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("企业名称", max_length=200)
    kind = models.CharField("业务种类", max_length=8, choices=HoldingKind)
    branch = models.ForeignKey(
        "accounts.Branch", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="经办支行"
    )
    industry = models.CharField("行业门类", max_length=1, blank=True)  # section of GB/T 4754
    application = models.ForeignKey(
        "applications.Application",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="holdings",
        verbose_name="申请",
    )
    amount = models.DecimalField("合同金额", max_digits=18, decimal_places=2, null=True, blank=True)  # 元
    balance = models.DecimalField("余额", max_digits=18, decimal_places=2, null=True, blank=True)  # 元
    grade = models.CharField("五级分类", max_length=11, choices=LoanGrade, blank=True)
    started_on = models.DateField("起始日")
    closed_on = models.DateField("结清或销户日", null=True, blank=True)
    first_loan = models.CharField("首贷", max_length=7, choices=FirstLoan, blank=True)  # empty: no loan
    first_loan_findings = models.JSONField("首贷依据", default=list)  # of `first_loans.judge`
    statement = models.ForeignKey(
        HoldingStatement, on_delete=models.PROTECT, related_name="holdings", verbose_name="数据批次"
    )

    objects = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "在行业务"
        indexes = [
            models.Index(fields=["uscc", "started_on"], name="holding_uscc"),
            models.Index(fields=["first_loan", "id"], name="holding_first_loan"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
