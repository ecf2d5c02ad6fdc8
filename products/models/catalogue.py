"""Products: everything the bank can be asked for."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from portal.kernel.lifecycle import Lifecycle
from portal.kernel.money import WAN
from products import questions
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
    is_personal = models.BooleanField(
        "本人事务", default=False, help_text="只有提出的人自己看得到，企业的其他成员看不到"
    )
    is_sample = models.BooleanField("示例口径", default=True)
    lifecycle_name = models.CharField("流程", max_length=10, choices=[("credit", "信贷"), ("service", "服务")])
    policy_code = models.CharField("准入政策", max_length=40)
    sla_days = models.PositiveSmallIntegerField("办理时限（工作日）")
    online = models.CharField("办理方式", max_length=10, choices=Online)
    min_amount = models.DecimalField("最低金额（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    max_amount = models.DecimalField("最高金额（元）", max_digits=18, decimal_places=2, null=True, blank=True)
    limit_note = models.CharField("没有固定上限时的说明", max_length=60, blank=True)
    min_rate_bp = models.PositiveIntegerField("最低年利率（基点）", null=True, blank=True)
    max_rate_bp = models.PositiveIntegerField("最高年利率（基点）", null=True, blank=True)
    max_term_months = models.PositiveSmallIntegerField("最长期限（月）", null=True, blank=True)
    methods = models.JSONField("还款方式", default=list, blank=True)
    purposes = models.JSONField("可用用途", default=list, blank=True)
    questions = models.JSONField(
        "产品自己的问题",
        default=list,
        blank=True,
        help_text='[{"code": "…", "label": "…", "type": "choice", "choices": [["a", "甲"]], "required": true, "when": {"purpose": ["rd"]}}]',
    )
    asks = models.JSONField("要填的企业信息（空为全部）", default=list, blank=True)
    materials = models.JSONField(
        "材料",
        default=list,
        blank=True,
        help_text='[{"kind": "…", "label": "…", "required": true, "why": "…", "when": {"purpose": ["equipment"]}}]',
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
                    models.Q(max_amount__isnull=True) | models.Q(max_amount__gte=models.F("min_amount")),
                    min_amount__isnull=False,
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
    def amount_words(self) -> str:
        """`10–200 万元`, or `500 万元起` where the most is not a fixed sum."""
        if self.min_amount is None:
            return ""
        if self.max_amount is None:
            return f"{self.min_amount / WAN:,.0f} 万元起"
        return f"{self.min_amount / WAN:,.0f}–{self.max_amount / WAN:,.0f} 万元"

    def takes_amount(self, amount: Decimal) -> bool:
        """Whether an amount lies in the product's frame; a service has none."""
        if self.min_amount is None:
            return True
        return self.min_amount <= amount and (self.max_amount is None or amount <= self.max_amount)

    @property
    def always_required(self) -> list[dict]:
        """Materials that every applicant must upload, whatever they answer."""
        return [m for m in self.materials if m.get("required") and not m.get("when")]

    @cached_property
    def own_questions(self) -> tuple[questions.Question, ...]:
        return questions.parse(self.questions)

    def condition_words(self, when: dict) -> str:
        """A condition of a question or a material in words; empty for none."""
        names = {
            "requested_amount": "申请金额",
            "term_months": "期限",
            "repayment_method": "还款方式",
            "purpose": "资金用途",
        }
        names |= {f"purpose={p}": Purpose(p).label for p in Purpose.values}
        names |= {f"repayment_method={m}": RepaymentMethod(m).label for m in RepaymentMethod.values}
        for question in self.own_questions:
            names |= {
                question.code: question.label,
                f"{question.code} unit": f" {question.unit}" if question.unit else "",
            }
            choices = question.choices or ((True, "是"), (False, "否"))
            names |= {f"{question.code}={code}": label for code, label in choices}
        return questions.condition_words(when, names)

    @property
    def material_rows(self) -> list[dict]:
        """Materials for reading, each with the words of its condition."""
        return [{**m, "when_words": self.condition_words(m.get("when") or {})} for m in self.materials]

    @property
    def asked_keys(self) -> tuple[str, ...]:
        """Profile keys that its forms ask for."""
        return tuple(self.asks) or questions.ALL_KEYS

    @property
    def typed_answers(self) -> int:
        """How many answers an applicant types at most when the registry knows the firm and no condition adds one."""
        if not self.is_credit:
            return len([q for q in self.own_questions if not q.when]) + 2  # what for, and the staff
        keys = [k for k in self.asked_keys if k not in questions.REGISTRY_KEYS]
        two_years = sum(k.startswith("annual.") for k in keys)
        own = sum(not q.when for q in self.own_questions)
        return len(questions.REQUEST_FIELDS) + len(keys) + two_years + own

    def clean(self) -> None:
        """Questions and materials are checked when they are saved, so that no form can fail on them later."""
        try:
            own = questions.parse(self.questions)
        except questions.QuestionError as error:
            raise ValidationError({"questions": str(error)}) from error
        try:
            questions.check_materials(self.materials, own)
        except questions.QuestionError as error:
            raise ValidationError({"materials": str(error)}) from error
        unknown = set(self.asks) - questions.KNOWN_KEYS if isinstance(self.asks, list) else {"?"}
        if unknown:
            raise ValidationError({"asks": f"不认识：{'、'.join(sorted(unknown))}"})
