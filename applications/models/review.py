"""The bankers' work on a case: scores, notes, supplements, recommendation, decision, offer."""

from __future__ import annotations

from django.db import models

from applications.enums import DeclineReason, Dimension, Proposal, ReturnReason
from products.enums import RepaymentMethod


class Assessment(models.Model):
    """One banker's score of one dimension (人评), with the reason. One row each; changes overwrite before recommending."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="assessments")
    banker = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+")
    dimension = models.CharField("维度", max_length=20, choices=Dimension)
    scored_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField("分数")
    reason = models.CharField("依据", max_length=500)
    scored_at = models.DateTimeField("评分时间")

    class Meta:
        verbose_name = verbose_name_plural = "人评"
        constraints = [models.UniqueConstraint(fields=["application", "banker", "dimension"], name="assessment_once")]

    def __str__(self) -> str:
        return f"{self.application} {self.get_dimension_display()} {self.points}"


class Note(models.Model):
    """An internal note. Never shown to the applicant."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="notes")
    banker = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+")
    body = models.CharField("内容", max_length=1000)
    written_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "内部备注"

    def __str__(self) -> str:
        return f"{self.application} 备注"


class Supplement(models.Model):
    """One thing the bank asks for, answered in place with words or a file."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="supplements")
    round = models.PositiveSmallIntegerField()
    reason = models.CharField("原因", max_length=20, choices=ReturnReason)
    title = models.CharField("需要补充", max_length=100)
    why = models.CharField("为什么需要", max_length=300, blank=True)
    answer = models.CharField("说明", max_length=1000, blank=True)
    asked_by = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "补件"

    def __str__(self) -> str:
        return self.title


class Recommendation(models.Model):
    """The reviewer's proposal. Terms are filled for an approval: 元, basis points, months."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="recommendations"
    )
    banker = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+")
    proposal = models.CharField("建议", max_length=8, choices=Proposal)
    amount = models.DecimalField("额度（元）", max_digits=18, decimal_places=2, null=True)
    rate_bp = models.PositiveIntegerField("年利率（基点）", null=True)
    term_months = models.PositiveSmallIntegerField("期限（月）", null=True)
    repayment_method = models.CharField("还款方式", max_length=20, choices=RepaymentMethod, blank=True)
    reason_code = models.CharField("原因", max_length=24, choices=DeclineReason, blank=True)
    comment = models.CharField("意见", max_length=1000)
    made_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+"
    )  # the person: a post may change hands
    case_version = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "审查建议"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(proposal="decline")
                | models.Q(amount__isnull=False, rate_bp__isnull=False, term_months__isnull=False),
                name="recommendation_terms",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.get_proposal_display()}"


class Decision(models.Model):
    """The approver's signature under a recommendation: the second pair of eyes."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="decisions")
    recommendation = models.OneToOneField(Recommendation, on_delete=models.PROTECT, related_name="decision")
    banker = models.ForeignKey("accounts.Banker", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField("结论", max_length=8, choices=[("approve", "同意"), ("decline", "婉拒")])
    reason_code = models.CharField("原因", max_length=24, choices=DeclineReason, blank=True)
    comment = models.CharField("意见", max_length=1000, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "审批结论"

    def __str__(self) -> str:
        return f"{self.application} {self.get_outcome_display()}"


class Offer(models.Model):
    """The terms put before the applicant; the decision's terms, copied and dated."""

    application = models.OneToOneField("applications.Application", on_delete=models.PROTECT, related_name="offer")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="offer")
    amount = models.DecimalField("额度（元）", max_digits=18, decimal_places=2)
    rate_bp = models.PositiveIntegerField("年利率（基点）")
    term_months = models.PositiveSmallIntegerField("期限（月）")
    repayment_method = models.CharField("还款方式", max_length=20, choices=RepaymentMethod)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField("有效至")
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "授信方案"

    def __str__(self) -> str:
        return f"{self.application} 方案"
