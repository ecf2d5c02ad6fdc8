"""Tables of the kernel: events, jobs, idempotency, access records, the working-day override."""

from __future__ import annotations

from django.core.cache import cache
from django.db import models, transaction


class Event(models.Model):
    """One thing that happened to one stream (a public reference). Append-only, hash-chained within the stream.

    The payload holds codes, references and numbers only; free text and personal data stay in their own rows.
    """

    stream = models.CharField("对象编号", max_length=40)
    seq = models.PositiveIntegerField("序号")
    type = models.CharField("事件", max_length=60)
    actor_kind = models.CharField("身份", max_length=12)
    actor = models.CharField("操作者", max_length=40)
    payload = models.JSONField("内容", default=dict)
    public = models.BooleanField("对申请人可见", default=False)
    at = models.DateTimeField("时间")
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField("指纹", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "事件"
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="event_stream_seq")]
        indexes = [models.Index(fields=["at"], name="event_at")]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.type}"


class StreamHead(models.Model):
    """The newest event of a stream. Its row lock orders the writers of one stream; nothing global is locked."""

    stream = models.CharField(primary_key=True, max_length=40)
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")
    announced = models.PositiveIntegerField(default=0)  # seq up to which the notices went out

    class Meta:
        verbose_name = verbose_name_plural = "事件链"

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq}"


class SealedDigest(models.Model):
    """A signed hash over all stream heads of one day: later changes of any chain become visible."""

    day = models.DateField("日期", unique=True)
    streams = models.PositiveIntegerField("对象数")
    digest = models.CharField("总指纹", max_length=64)
    signature = models.CharField("签名", max_length=64)
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "每日封存"

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class QueuedJob(models.Model):
    """One piece of background work. The row is the truth, the broker only carries its number."""

    name = models.CharField("任务", max_length=60)
    key = models.CharField("对象", max_length=80)
    arguments = models.JSONField("参数", default=dict)
    generation = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    next_attempt_at = models.DateTimeField("下次执行", null=True)
    created_at = models.DateTimeField("登记时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    parked_at = models.DateTimeField("搁置时间", null=True)
    error = models.CharField("最近错误", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        constraints = [
            models.UniqueConstraint(
                fields=["name", "key"], condition=models.Q(finished_at=None, parked_at=None), name="queuedjob_one_open"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(finished_at=None, parked_at=None), name="queuedjob_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class IdempotencyKey(models.Model):
    """A remembered answer of the partner API, kept 24 hours."""

    client = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "幂等记录"
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="idempotency_client_key")]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"


class AccessRecord(models.Model):
    """Someone looked at sensitive data: who, what, why, when."""

    actor = models.CharField("查看人", max_length=40)
    subject = models.CharField("对象", max_length=60)
    field = models.CharField("内容", max_length=40)
    reason = models.CharField("事由", max_length=100, default="", blank=True)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "查看留痕"

    def __str__(self) -> str:
        return f"{self.actor} {self.subject} {self.field}"


OVERRIDES_KEY = "workday-overrides"


class WorkdayOverride(models.Model):
    """The bank's own word on one day; goes before every calendar library. Read through `kernel.clock.load_overrides`."""

    day = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("是工作日")
    note = models.CharField("依据", max_length=100)

    class Meta:
        verbose_name = verbose_name_plural = "工作日调整"

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {'上班' if self.is_workday else '放假'}"

    def save(self, *args: object, **kwargs: object) -> None:
        super().save(*args, **kwargs)
        self._forget_kept()

    def delete(self, *args: object, **kwargs: object) -> tuple:
        gone = super().delete(*args, **kwargs)
        self._forget_kept()
        return gone

    @staticmethod
    def _forget_kept() -> None:
        cache.delete(OVERRIDES_KEY)
        transaction.on_commit(lambda: cache.delete(OVERRIDES_KEY))
