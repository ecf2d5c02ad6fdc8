"""The application and its frozen submissions."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from applications.querysets import BANK_TURN, OPEN, ApplicationQuerySet
from portal.kernel.addresses import address
from portal.kernel.lifecycle import Face, Lifecycle, Status
from products import questions
from products.enums import Purpose, RepaymentMethod, Tier
from products.lifecycle import ALL_STATUSES, BY_NAME
from products.policy.facts import Request


class Application(models.Model):
    """One request for one product by one enterprise. Amounts are 元, terms months."""

    stream_type = "application"

    reference = models.CharField("申请编号", max_length=20, unique=True)
    enterprise = models.ForeignKey(
        "accounts.Enterprise", on_delete=models.PROTECT, related_name="applications", verbose_name="企业"
    )
    product = models.ForeignKey(
        "products.Product", on_delete=models.PROTECT, related_name="applications", verbose_name="产品"
    )
    lifecycle_name = models.CharField(max_length=10)
    status = models.CharField("状态", max_length=12, default="draft", editable=False)
    status_changed_at = models.DateTimeField("状态时间", auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    is_sandbox = models.BooleanField("沙箱", default=False)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="创建人"
    )
    partner = models.ForeignKey(
        "accounts.Partner",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="applications",
        verbose_name="合作机构",
    )
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("保存时间", auto_now=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    round = models.PositiveSmallIntegerField("提交次数", default=0)

    requested_amount = models.DecimalField(
        "申请金额（元）", max_digits=18, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    term_months = models.PositiveSmallIntegerField("期限（月）", null=True, blank=True)
    repayment_method = models.CharField("还款方式", max_length=20, choices=RepaymentMethod, blank=True)
    purpose = models.CharField("用途", max_length=20, choices=Purpose, blank=True)
    purpose_detail = models.CharField("用途说明", max_length=500, blank=True)
    counterparties = models.JSONField("交易对手", default=list, blank=True)
    answers = models.JSONField("其他回答", default=dict, blank=True)
    partner_request = models.JSONField("合作机构填写的需求", default=dict, blank=True)
    sections_saved = models.JSONField(default=list, blank=True)
    taken_over = models.JSONField("沿用的内容", default=dict, blank=True)

    is_personal = models.BooleanField("本人事务", default=False)  # its writer's own, no other member's

    # What screening found, copied here so that a queue row needs no join.
    tier = models.CharField("分层", max_length=4, choices=Tier, blank=True)
    tier_outcome = models.CharField(max_length=14, blank=True)
    score_low = models.PositiveSmallIntegerField("机评下限", null=True)
    score_high = models.PositiveSmallIntegerField("机评上限", null=True)
    outcome = models.CharField("初筛结论", max_length=14, blank=True)
    passed = models.PositiveSmallIntegerField(default=0)
    referred = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    size_class = models.CharField("规模", max_length=6, blank=True)
    district_code = models.CharField("注册地", max_length=6, blank=True)
    industry = models.CharField("行业门类", max_length=1, blank=True)
    # What the limit table and the routing set for it; None: not set, the product's own bounds hold.
    limit_amount = models.DecimalField("授信上限", max_digits=18, decimal_places=2, null=True)
    limit_min_rate_bp = models.PositiveIntegerField("利率下限（基点）", null=True)
    limit_max_rate_bp = models.PositiveIntegerField("利率上限（基点）", null=True)
    signer_limit = models.DecimalField("签字人限额不低于", max_digits=18, decimal_places=2, null=True)

    assignee = models.ForeignKey(
        "accounts.Banker", null=True, blank=True, on_delete=models.PROTECT, related_name="cases", verbose_name="领取人"
    )
    claimed_at = models.DateTimeField("领取时间", null=True)
    due_at = models.DateTimeField("办理期限", null=True)
    due_is_provisional = models.BooleanField("期限暂定", default=False)
    paused_days = models.SmallIntegerField("暂停时剩余工作日", null=True)
    answer_by = models.DateTimeField("补件期限", null=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "申请"
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "product"],
                condition=Q(status__in=sorted(OPEN), lifecycle_name="credit", is_sandbox=False),
                name="application_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(submitted_at__isnull=False) | Q(status="expired"),
                name="application_submitted_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "due_at", "id"],
                condition=Q(status__in=sorted(OPEN), is_sandbox=False),
                name="queue_by_status",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(status__in=sorted(BANK_TURN), is_sandbox=False),
                name="queue_by_due",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(status="screened", assignee=None, is_sandbox=False),
                name="queue_unclaimed",
            ),
            models.Index(
                fields=["assignee", "due_at", "id"], condition=Q(status__in=sorted(OPEN)), name="queue_by_assignee"
            ),
            models.Index(fields=["enterprise", "-created_at", "id"], name="application_of_enterprise"),
            models.Index(fields=["partner", "created_at", "id"], name="application_of_partner"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return address("applications:tasks" if self.status == "draft" else "applications:status", self.reference)

    @property
    def lifecycle(self) -> Lifecycle:
        return BY_NAME[self.lifecycle_name]

    @property
    def status_info(self) -> Status:
        return ALL_STATUSES[self.status] if self.lifecycle_name == "credit" else self.lifecycle.status(self.status)

    @cached_property
    def holder_name(self) -> str:
        """The banker who holds the case; rows of a desk bring it along as a column."""
        return str(self.assignee.user) if self.assignee else ""

    @property
    def waits_for_claim(self) -> bool:
        return self.status == "screened" and self.assignee_id is None

    @property
    def desk_status(self) -> Face:
        """The status on the bank's desk."""
        info = self.status_info
        return Face("待领取" if self.waits_for_claim else info.label, info.desk_tone)

    @property
    def public_status(self) -> Face:
        """The status on the applicant's pages."""
        info = self.status_info
        return Face("等客户经理领取" if self.waits_for_claim else info.public_label, info.tone)

    @property
    def is_credit(self) -> bool:
        return self.lifecycle_name == "credit"

    @property
    def rate_range(self) -> tuple[int, int]:
        """Lowest and highest rate a banker may propose, basis points: the product's, narrowed by the limit table.

        The lowest may come out above the highest: then the two contradict and nothing may be proposed.
        """
        lowest, highest = self.product.min_rate_bp, self.product.max_rate_bp
        return max(lowest, self.limit_min_rate_bp or lowest), min(highest, self.limit_max_rate_bp or highest)

    @property
    def given(self) -> dict[str, object]:
        """The request and the answers to the product's own questions: what conditions look at."""
        return {**{name: getattr(self, name) for name in questions.REQUEST_FIELDS}, **self.answers}

    @property
    def wish(self) -> Request:
        """The request as policy sees it."""
        return Request(
            self.requested_amount, self.term_months, self.purpose or None, self.answers, product=self.product.code
        )

    @property
    def materials(self) -> list[dict]:
        """The materials that the present answers call for."""
        return questions.materials_for(self.product.materials, self.given)

    @property
    def is_editable(self) -> bool:
        return self.status in ("draft", "returned")


class Submission(models.Model):
    """What was submitted, frozen: profile rows by source and the request, with their hash. May become loan evidence."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    snapshot = models.ForeignKey("products.FactSnapshot", on_delete=models.PROTECT, related_name="+")
    submitted_by = models.CharField(max_length=40)
    submitted_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "提交记录"
        constraints = [models.UniqueConstraint(fields=["application", "round"], name="submission_round")]

    def __str__(self) -> str:
        return f"{self.application} 第 {self.round} 次"
