"""Policy as data: versions, fact snapshots, evaluations, tiers. Snapshot + version + engine version = the same answer, always."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from portal.kernel.clock import now
from portal.kernel.lifecycle import Status
from products.enums import Tier
from products.lifecycle import POLICY
from products.querysets import PolicyVersionQuerySet


class PolicyVersion(models.Model):
    """One version of one policy document. Frozen with its hash when published; the database refuses changes then."""

    lifecycle = POLICY
    stream_type = "policy"

    code = models.CharField("政策", max_length=40)
    number = models.PositiveIntegerField("版本")
    version = models.PositiveIntegerField(default=1)
    title = models.CharField("名称", max_length=100)
    document = models.JSONField("文档")
    sha256 = models.CharField("指纹", max_length=64, blank=True)
    status = models.CharField("状态", max_length=10, default="draft", editable=False)
    status_changed_at = models.DateTimeField("状态时间", auto_now_add=True)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    end_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="申请停用的人"
    )
    end_asked_for = models.DateField("申请的最后一天", null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="起草人"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="发布人"
    )
    frozen_at = models.DateTimeField("定稿时间", null=True)
    summary = models.CharField("为什么改", max_length=300, blank=True)
    note = models.CharField("退回或停用的原因", max_length=200, blank=True)
    editors = models.JSONField("改过草稿的人", default=list)  # user ids: none of them may publish
    changed_at = models.DateTimeField("修改时间", null=True)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "政策版本"
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="policy_code_number"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(status__in=sorted(POLICY.open_statuses)), name="policy_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}@{self.number}"

    @property
    def status_info(self) -> Status:
        return POLICY.status(self.status)

    @property
    def is_open(self) -> bool:
        return self.status_info.is_open

    @property
    def reference(self) -> str:
        return f"policy:{self}"


class GoldenCase(models.Model):
    """Facts with the answer a policy must give on them, whatever its version: checked before a version is published."""

    policy_code = models.CharField("政策", max_length=40)
    name = models.CharField("名称", max_length=60)
    facts = models.JSONField("指标")  # as in a snapshot: {code: {"v": …, "s": …}}
    expected = models.CharField("应得的结果", max_length=100)  # an outcome, a tier, points, or what a table sets
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "标准样例"
        constraints = [models.UniqueConstraint(fields=["policy_code", "name"], name="golden_case_name")]

    def __str__(self) -> str:
        return f"{self.policy_code} {self.name}"


class BackTest(models.Model):
    """What a document would have answered on all past screenings of its policy. Filled by a job, `done` as it copies."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="back_tests")
    sha256 = models.CharField("文档指纹", max_length=64)  # of the document as it was when the test began
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("开始时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    total = models.PositiveIntegerField("历史评估", default=0)
    done = models.PositiveIntegerField("已测", default=0)
    result = models.JSONField("结果", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "回测"

    def __str__(self) -> str:
        return f"{self.policy} 回测"

    @property
    def is_stuck(self) -> bool:
        """Asked a while ago and not done: its job was given up, or is still far from its end."""
        return self.finished_at is None and self.asked_at < now() - timedelta(minutes=10)

    @property
    def percent(self) -> int:
        return 100 if self.finished_at else min(self.done * 100 // max(self.total, 1), 99)


class FactSnapshot(models.Model):
    """The facts of one subject at one date: canonical JSON and its SHA-256. Never changed."""

    subject = models.CharField("对象", max_length=40)
    as_of = models.DateField("口径日期")
    facts = models.JSONField("指标")
    sha256 = models.CharField("指纹", max_length=64)
    taken_at = models.DateTimeField("取得时间")
    is_sandbox = models.BooleanField("沙箱", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "指标快照"
        indexes = [models.Index(fields=["subject", "taken_at"], name="snapshot_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.as_of:%Y-%m-%d}"


class Evaluation(models.Model):
    """One policy version applied to one snapshot by one engine version."""

    snapshot = models.ForeignKey(FactSnapshot, on_delete=models.PROTECT, related_name="evaluations")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="evaluations")
    engine_version = models.PositiveSmallIntegerField()
    outcome = models.CharField("结果", max_length=14)
    result = models.JSONField("检查结果")
    digest = models.CharField("指纹", max_length=64)
    evaluated_at = models.DateTimeField("评估时间")

    class Meta:
        verbose_name = verbose_name_plural = "评估"
        constraints = [models.UniqueConstraint(fields=["snapshot", "policy", "engine_version"], name="evaluation_once")]

    def __str__(self) -> str:
        return f"{self.policy} {self.outcome}"


class TierAssignment(models.Model):
    """The tier of an enterprise over a period. A new row only when the result changes."""

    enterprise = models.ForeignKey(
        "accounts.Enterprise", on_delete=models.CASCADE, related_name="tiers", verbose_name="企业"
    )
    tier = models.CharField("分层", max_length=4, choices=Tier)
    outcome = models.CharField("结论", max_length=14)
    could_be = models.JSONField("可能的层级", default=list)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField("自")
    valid_to = models.DateTimeField("至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "分层记录"
        constraints = [
            models.UniqueConstraint(fields=["enterprise"], condition=models.Q(valid_to=None), name="tier_one_current")
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.tier}"
