"""What outside sources said, and what the machine found."""

from __future__ import annotations

from django.db import models

from applications.enums import EvidenceOutcome
from products.models import Evaluation


class Evidence(models.Model):
    """One answer of one outside source for one submission round. A dead source is a row too: it becomes a refer."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="evidence")
    round = models.PositiveSmallIntegerField()
    source = models.CharField("来源", max_length=20)
    outcome = models.CharField("结果", max_length=10, choices=EvidenceOutcome)
    value = models.JSONField(default=dict)
    fetched_at = models.DateTimeField("取得时间")

    class Meta:
        verbose_name = verbose_name_plural = "外部数据"
        constraints = [models.UniqueConstraint(fields=["application", "round", "source"], name="evidence_once")]

    def __str__(self) -> str:
        return f"{self.application} {self.source}"


class Screening(models.Model):
    """The machine's answer to one submission round: evaluations of one snapshot. It recommends, it never closes.

    `limits` and `routing` are None where no such policy was in force, and for services.
    """

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="screenings")
    round = models.PositiveSmallIntegerField()
    eligibility = models.ForeignKey("products.Evaluation", on_delete=models.PROTECT, related_name="+")
    tier = models.ForeignKey("products.Evaluation", on_delete=models.PROTECT, related_name="+")
    score = models.ForeignKey("products.Evaluation", on_delete=models.PROTECT, related_name="+")
    limits = models.ForeignKey("products.Evaluation", null=True, on_delete=models.PROTECT, related_name="+")
    routing = models.ForeignKey("products.Evaluation", null=True, on_delete=models.PROTECT, related_name="+")
    override = models.ForeignKey("products.TierOverride", null=True, on_delete=models.PROTECT, related_name="+")
    size_class = models.CharField("规模", max_length=6, blank=True)
    stage = models.CharField("阶段", max_length=8, blank=True)
    indicative_amount = models.DecimalField("参考额度（元）", max_digits=18, decimal_places=2, null=True)
    completed_at = models.DateTimeField("完成时间")

    class Meta:
        verbose_name = verbose_name_plural = "初筛"
        constraints = [models.UniqueConstraint(fields=["application", "round"], name="screening_once")]

    def __str__(self) -> str:
        return f"{self.application} 第 {self.round} 次初筛"

    @property
    def evaluations(self) -> list[Evaluation]:
        """All that were made, in one order."""
        kept = (self.eligibility, self.tier, self.score, self.limits, self.routing)
        return [evaluation for evaluation in kept if evaluation is not None]
