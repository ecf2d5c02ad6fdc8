"""Registers (名单): who is on an official list, and for which dates a list is known at all.

Entries come in batches and are append-only: a new batch adds rows and marks the rows it replaces or takes out
(`batch_out`, `removed_from`); everything else of a row stays as it was read.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse

from portal.kernel.clock import now
from portal.kernel.lifecycle import Status
from products.enums import BatchMode, RowChange
from products.lifecycle import REGISTER_BATCH
from products.querysets import RegisterEntryQuerySet

# How long a reading may be silent: longer than a large workbook takes to open, longer than the sweep waits.
BEAT = timedelta(seconds=150)


class Register(models.Model):
    """One list. A date outside `loaded_from … loaded_to` is unknown, never "not on it"."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    region = models.CharField("地区代码", max_length=6, blank=True)
    names_projects = models.BooleanField("按项目列名", default=False)
    loaded_from = models.DateField("数据起", null=True, blank=True)
    loaded_to = models.DateField("数据止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "名单"

    def __str__(self) -> str:
        return self.name

    def is_loaded(self, on: date) -> bool:
        return (
            self.loaded_from is not None and self.loaded_from <= on and (self.loaded_to is None or on <= self.loaded_to)
        )


class RegisterBatch(models.Model):
    """One file of a register on its way in: read, looked at, confirmed by a second person, in force, maybe taken back."""

    lifecycle = REGISTER_BATCH
    stream_type = "register_batch"

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="batches", verbose_name="名单")
    number = models.PositiveIntegerField("批次")
    status = models.CharField("状态", max_length=10, default="reading", editable=False)
    status_changed_at = models.DateTimeField("状态时间", auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    mode = models.CharField("方式", max_length=10, choices=BatchMode)
    as_of = models.DateField("名单日期")
    note = models.CharField("说明", max_length=200, blank=True)
    file_name = models.CharField("文件", max_length=120)
    storage_key = models.CharField(max_length=200)
    sha256 = models.CharField("文件指纹", max_length=64)
    size = models.PositiveBigIntegerField("大小")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="复核人"
    )
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="申请撤销的人"
    )
    recall_reason = models.CharField("撤销的原因", max_length=200, blank=True)
    rows_read = models.PositiveIntegerField("已读", default=0)
    run = models.PositiveIntegerField(default=0)  # which reading is under way; an overtaken one stops
    beat_at = models.DateTimeField(null=True)  # last sign of life of that reading
    problem = models.CharField("不能读取的原因", max_length=300, blank=True)
    read_as = models.CharField("读取方式", max_length=200, blank=True)  # encoding, sheet, columns that were not used
    counts = models.JSONField("计数", default=dict)  # {new, changed, removed, same, invalid, before, after}
    loaded_before = models.JSONField(default=list)  # [loaded_from, loaded_to] of the register before it came into force

    class Meta:
        verbose_name = verbose_name_plural = "名单批次"
        constraints = [
            models.UniqueConstraint(fields=["register", "number"], name="register_batch_number"),
            models.UniqueConstraint(
                fields=["register"],
                condition=models.Q(status__in=sorted(REGISTER_BATCH.open_statuses)),
                name="register_batch_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register.code}/{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("admin:register_batch", args=[self.register.code, self.number])

    @property
    def reference(self) -> str:
        return f"register:{self.register.code}/{self.number}"

    @property
    def status_info(self) -> Status:
        return REGISTER_BATCH.status(self.status)

    @property
    def is_running(self) -> bool:
        """A job is at work on it."""
        return self.status in ("reading", "applying", "reverting")

    @property
    def is_alive(self) -> bool:
        return self.beat_at is not None and now() - self.beat_at < BEAT


class RegisterRow(models.Model):
    """What a row of a register says, in a file or in force.

    `key` is the credit code, or `~` and the plain name where the file gives none, and the project where there is one;
    `digest` covers everything beside it.
    """

    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    name = models.CharField("名称", max_length=200)
    plain_name = models.CharField(max_length=200, blank=True)  # `registering.plain_name`
    number = models.CharField("证书或编号", max_length=60, blank=True)
    round = models.CharField("公布批次", max_length=60, blank=True)
    project = models.CharField("项目名称", max_length=200, blank=True)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2, null=True, blank=True)  # 元
    valid_to = models.DateField("至", null=True, blank=True)
    key = models.CharField(max_length=420, blank=True)
    digest = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class RegisterEntry(RegisterRow):
    """One enterprise, or one project of one, on one list over a period. All ends count but `removed_from`."""

    register = models.ForeignKey(
        Register, on_delete=models.PROTECT, related_name="entries", verbose_name="名单", db_index=False
    )
    valid_from = models.DateField("自")
    listed_from = models.DateField(
        "列入", null=True, blank=True
    )  # a row that replaces another speaks from then on only
    removed_from = models.DateField("移出", null=True, blank=True)
    batch_in = models.ForeignKey(
        RegisterBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="entries", verbose_name="列入批次"
    )
    batch_out = models.ForeignKey(
        RegisterBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name="移出批次"
    )

    objects = RegisterEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单条目"
        constraints = [
            models.UniqueConstraint(
                fields=["register", "key"],
                condition=models.Q(batch_out=None) & ~models.Q(key=""),
                name="register_entry_once",
            )
        ]
        indexes = [
            models.Index(fields=["uscc"], name="register_entry_uscc"),
            models.Index(fields=["register", "id"], name="register_entry_page"),
            models.Index(fields=["plain_name"], opclasses=["varchar_pattern_ops"], name="register_entry_name"),
        ]

    def __str__(self) -> str:
        return f"{self.register} {self.name}"


class StagedRow(RegisterRow):
    """A row of a batch that is not in force yet, and what it would do. Gone when the batch is in force or called off."""

    # Not checked by the database row by row, half a million times: the batch is locked while rows come, and goes after them.
    batch = models.ForeignKey(
        RegisterBatch, on_delete=models.CASCADE, related_name="rows", db_index=False, db_constraint=False
    )
    line = models.PositiveIntegerField("行")  # of the file; 0 for a row that the file leaves out
    valid_from = models.DateField("自", null=True)
    change = models.CharField("变化", max_length=7, choices=RowChange, default=RowChange.NEW)
    problem = models.CharField("问题", max_length=200, blank=True)
    entry_id = models.BigIntegerField(null=True)  # the entry it replaces or takes out

    class Meta:
        verbose_name = verbose_name_plural = "待确认的名单行"
        indexes = [
            models.Index(fields=["batch", "key"], name="staged_row_key"),
            models.Index(fields=["batch", "change", "line", "id"], name="staged_row_page"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} 第 {self.line} 行"
