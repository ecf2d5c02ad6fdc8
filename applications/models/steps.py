"""When each step of the form was opened and saved: where applicants stop (funnel), kept when a draft is thrown away."""

from __future__ import annotations

from django.db import models


class Step(models.Model):
    """One section of one draft. `saved_at` counts autosaves too, `completed_at` is the applicant's own save."""

    application = models.ForeignKey(
        "applications.Application", null=True, on_delete=models.SET_NULL, related_name="steps"
    )
    product = models.ForeignKey("products.Product", on_delete=models.PROTECT, related_name="+")
    section = models.CharField("步骤", max_length=12)
    opened_at = models.DateTimeField("打开时间")
    saved_at = models.DateTimeField("最近保存", null=True)
    completed_at = models.DateTimeField("完成时间", null=True)
    saves = models.PositiveIntegerField("保存次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "填写步骤"
        constraints = [models.UniqueConstraint(fields=["application", "section"], name="step_once")]
        indexes = [models.Index(fields=["product", "section", "opened_at"], name="step_of_product")]

    def __str__(self) -> str:
        return f"{self.application} {self.section}"
