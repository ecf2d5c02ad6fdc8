"""A challenger beside the policy in force: what an open version would have answered on the cases that come in."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from products.models.policy import PolicyVersion


class ShadowRun(models.Model):
    """One run of one open version over live evaluations from its start on. It decides nothing and slows no screening."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="shadow_runs")
    sha256 = models.CharField("文档指纹", max_length=64)
    document = models.JSONField("文档")  # as it was when the run began
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField("开始时间")
    stopped_at = models.DateTimeField("停止时间", null=True)
    last_evaluation_id = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField("已比", default=0)
    result = models.JSONField("结果", default=dict)  # {matrix, changed} as of a back-test

    class Meta:
        verbose_name = verbose_name_plural = "影子运行"
        constraints = [
            models.UniqueConstraint(fields=["policy"], condition=models.Q(stopped_at=None), name="shadow_run_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.policy} 影子运行"
