"""Products: everything the bank can be asked for."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from portal.kernel.lifecycle import Lifecycle
from products.enums import Online, ProductKind, Purpose, RepaymentMethod
from products.lifecycle import BY_NAME
from products.querysets import ProductQuerySet


class Product(models.Model):
    """A loan, a programme or a service. Amounts are 元, rates basis points a year (simple interest), terms months."""

    code = models.SlugField("代码", max_length=40, unique=True)
    kind = models.CharField("种类", max_length=10, choices=ProductKind)
    name = models.CharField("名称", max_length=40)
    tagline = models.CharField("一句话", max_length=100)
    description = models.TextField("说明", blank=True)
    stage = models.CharField("服务阶段", max_length=20, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=100)
    is_active = models.BooleanField("开放申请", default=True)
    is_sample = models.BooleanField("示例口径", default=True)
    lifecycle_name = models.CharField("流程", max_length=10, choices=[("credit", "信贷"), ("service", "服务")])
    policy_code = models.CharField("准入政策", max_length=40)
    sla_days = models.PositiveSmallIntegerField("办理时限（工作日）")
    online = models.CharField("办理方式", max_length=10, choices=Online)
    min_amount = models.DecimalField("最低金额（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    max_amount = models.DecimalField("最高金额（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    min_rate_bp = models.PositiveIntegerField("最低年利率（基点）", null=True, blank=True)
    max_rate_bp = models.PositiveIntegerField("最高年利率（基点）", null=True, blank=True)
    max_term_months = models.PositiveSmallIntegerField("最长期限（月）", null=True, blank=True)
    methods = models.JSONField("还款方式", default=list, blank=True)
    purposes = models.JSONField("可用用途", default=list, blank=True)
    materials = models.JSONField(
        "材料", default=list, blank=True, help_text='[{"kind": "...", "label": "...", "required": true, "why": "..."}]'
    )
    consents = models.JSONField("需要的授权", default=list, blank=True)
    fees = models.JSONField(
        "利息以外的费用", default=list, blank=True, help_text='[{"label": "…", "payee": "…", "rate_bp": 50}]'
    )
    conditions = models.JSONField("主要条件（展示）", default=list, blank=True)
    history = HistoricalRecords(verbose_name="变更历史")

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "产品"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="service", max_amount=None)
                | models.Q(
                    min_amount__isnull=False,
                    max_amount__gte=models.F("min_amount"),
                    max_rate_bp__gte=models.F("min_rate_bp"),
                    min_rate_bp__isnull=False,
                    max_term_months__isnull=False,
                ),
                name="product_credit_columns",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("products:detail", args=[self.code])

    @property
    def is_credit(self) -> bool:
        return self.kind != ProductKind.SERVICE

    @property
    def lifecycle(self) -> Lifecycle:
        return BY_NAME[self.lifecycle_name]

    @property
    def method_labels(self) -> str:
        return "、".join(RepaymentMethod(m).label for m in self.methods)

    @property
    def purpose_choices(self) -> list[tuple[str, str]]:
        return [(p, Purpose(p).label) for p in self.purposes]

    @property
    def required_materials(self) -> list[dict]:
        return [m for m in self.materials if m.get("required")]
