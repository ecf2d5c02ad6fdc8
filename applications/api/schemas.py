"""What the partner API takes and gives of an application, with examples."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from accounts.api import UsccField
from applications.models import Application, Document
from applications.queries import case
from portal.kernel.actors import ActorKind
from portal.kernel.api import CleanCharField, DecimalString, StrictInteger, StrictSerializer
from portal.kernel.money import MAX_AMOUNT
from products.api.schemas import FindingOut
from products.enums import Purpose, RepaymentMethod
from products.lifecycle import ALL_STATUSES

STATUSES = sorted(ALL_STATUSES)
KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="同一个键和内容 24 小时内只执行一次"
)
EXAMPLE = {
    "enterprise": "91110199MA0000015L",
    "product": "zhaochuangdai",
    "requested_amount": "3000000.00",
    "term_months": 24,
    "repayment_method": "interest_first",
    "purpose": "rd",
    "purpose_detail": "研发材料采购",
    "counterparties": ["示例供应商"],
}


ANSWER = {
    "reference": "SQ20261123-7F3K2M",
    "enterprise": EXAMPLE["enterprise"],
    "product": "zhaochuangdai",
    "allowed_moves": ["submit"],
    **{
        name: EXAMPLE[name]
        for name in (
            "requested_amount",
            "term_months",
            "repayment_method",
            "purpose",
            "purpose_detail",
            "counterparties",
        )
    },
    "created_at": "2026-11-23T09:30:00+08:00",
    "status": "draft",
    "updated_at": "2026-11-23T09:30:00+08:00",
    "submitted_at": None,
    "version": 1,
}
_FINDING = {
    "code": "score",
    "label": "科创评分",
    "outcome": "pass",
    "observed": "71",
    "required": "55 分以上",
    "unit": "point",
    "period": "",
    "source": "score",
    "reason": "",
    "advice": "",
}
DETAIL = {
    **ANSWER,
    "status": "screened",
    "allowed_moves": ["withdraw"],
    "submitted_at": "2026-11-23T10:24:00+08:00",
    "consent": True,
    "tier": "T3",
    "tier_outcome": "pass",
    "findings": [_FINDING],
    "missing_materials": [],
    "due_at": "2026-11-27T00:00:00+08:00",
    "due_is_provisional": False,
    "answer_by": None,
}
EVENT = {"type": "application.submitted", "title": "申请已提交", "actor": "partner", "at": "2026-11-23T10:24:00+08:00"}


def shown(value: object) -> OpenApiExample:
    return OpenApiExample("answer", value, response_only=True)


class AnswersField(serializers.DictField):
    """Answers by question code; what fits is the question's own affair."""

    child = serializers.JSONField(allow_null=True)


class ApplicationIn(StrictSerializer):
    """A draft. Everything but enterprise and product may be left out and added later."""

    enterprise = UsccField(max_length=40)
    product = CleanCharField(max_length=40)
    requested_amount = DecimalString(
        max_digits=15, decimal_places=2, min_value=0, max_value=MAX_AMOUNT, required=False, allow_null=True
    )
    term_months = StrictInteger(min_value=1, max_value=600, required=False, allow_null=True)
    repayment_method = serializers.ChoiceField(choices=RepaymentMethod.choices, required=False)
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False)
    purpose_detail = CleanCharField(max_length=500, required=False)
    counterparties = serializers.ListField(child=CleanCharField(max_length=100), max_length=10, required=False)
    answers = AnswersField(required=False, help_text="产品 questions 里的问题，代码 → 回答；null 清空")


class ApplicationChangeIn(StrictSerializer):
    """Only what is sent changes."""

    requested_amount = DecimalString(
        max_digits=15, decimal_places=2, min_value=0, max_value=MAX_AMOUNT, required=False, allow_null=True
    )
    term_months = StrictInteger(min_value=1, max_value=600, required=False, allow_null=True)
    repayment_method = serializers.ChoiceField(choices=RepaymentMethod.choices, required=False)
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False)
    purpose_detail = CleanCharField(max_length=500, required=False, allow_blank=True)
    counterparties = serializers.ListField(child=CleanCharField(max_length=100), max_length=10, required=False)
    answers = AnswersField(required=False, help_text="产品 questions 里的问题，代码 → 回答；null 清空")


class DocumentIn(StrictSerializer):
    kind = CleanCharField(max_length=40, help_text="产品 materials 里的 kind")
    file = serializers.FileField(max_length=200, help_text="PDF、XLSX、OFD、JPG、PNG，20 MB 以内")


class DocumentOut(serializers.Serializer):
    id = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    uploaded_at = serializers.DateTimeField()


DOCUMENT = {
    "id": "3f6c0e9a1b2d4c58",
    "kind": "financial_statements",
    "name": "2025年度报表.pdf",
    "size": 248312,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_at": "2026-11-23T10:24:00+08:00",
}


class ApplicationOut(serializers.Serializer):
    reference = serializers.CharField()
    enterprise = serializers.CharField()
    product = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES, allow_null=True, help_text="没有企业的授权时为 null")
    allowed_moves = serializers.ListField(child=serializers.CharField())
    requested_amount = serializers.CharField(allow_null=True)
    term_months = serializers.IntegerField(allow_null=True)
    repayment_method = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(allow_blank=True)
    purpose_detail = serializers.CharField(allow_blank=True)
    counterparties = serializers.ListField(child=serializers.CharField())
    answers = serializers.DictField(help_text="对产品自有问题的回答")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class ApplicationDetailOut(ApplicationOut):
    """Findings, tier, score and deadlines need the enterprise's live consent; before it they are null."""

    consent = serializers.BooleanField()
    tier = serializers.CharField(allow_null=True)
    tier_outcome = serializers.CharField(allow_null=True)
    findings = FindingOut(many=True, allow_null=True)
    missing_materials = serializers.ListField(child=serializers.CharField())
    due_at = serializers.DateTimeField(allow_null=True)
    due_is_provisional = serializers.BooleanField()
    answer_by = serializers.DateTimeField(allow_null=True)


class TimelineItemOut(serializers.Serializer):
    type = serializers.CharField()
    title = serializers.CharField()
    actor = serializers.ChoiceField(choices=["applicant", "banker", "partner", "system"])
    at = serializers.DateTimeField()


class TimelinePage(serializers.Serializer):
    results = TimelineItemOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ApplicationPage(serializers.Serializer):
    results = ApplicationOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


_REQUEST = (
    "requested_amount",
    "term_months",
    "repayment_method",
    "purpose",
    "purpose_detail",
    "counterparties",
    "answers",
)


def application_out(a: Application, consented: bool = True) -> dict:
    """An application as a partner may see it: without consent only what the partner itself typed."""
    if consented:
        request = {name: getattr(a, name) for name in _REQUEST}
        seen = {
            "status": a.status,
            "updated_at": _iso(a.updated_at),
            "submitted_at": _iso(a.submitted_at),
            "version": a.version,
        }
    else:
        request = {**_BLANK, **a.partner_request}
        is_draft = a.status == "draft"
        seen = {
            "status": "draft" if is_draft else None,
            "updated_at": _iso(a.created_at),
            "submitted_at": None,
            "version": 1,
        }
    amount = request.pop("requested_amount")
    return {
        "reference": a.reference,
        "enterprise": a.enterprise.uscc,
        "product": a.product.code,
        "allowed_moves": [m.name for m in a.lifecycle.allowed(a.status, ActorKind.PARTNER)] if seen["status"] else [],
        "requested_amount": None if amount is None else f"{Decimal(amount):.2f}",
        **request,
        "created_at": _iso(a.created_at),
        **seen,
    }


_BLANK = {
    "requested_amount": None,
    "term_months": None,
    "repayment_method": "",
    "purpose": "",
    "purpose_detail": "",
    "counterparties": [],
    "answers": {},
}


def detail_out(a: Application, consented: bool) -> dict:
    blind = {
        "tier": None,
        "tier_outcome": None,
        "findings": None,
        "missing_materials": [],
        "due_at": None,
        "due_is_provisional": False,
        "answer_by": None,
    }
    return {**application_out(a, consented), "consent": consented, **(_insight(a) if consented else blind)}


def _insight(a: Application) -> dict:
    have = set(a.documents.filter(removed_at=None).values_list("kind", flat=True))
    screening = case.newest_screening(a)
    items = [item for group in case.finding_groups(screening, wan=False) for item in group.items]
    for item in items:
        item.pop("source_label", None)
    return {
        "tier": a.tier or None,
        "tier_outcome": a.tier_outcome or None,
        "findings": items if screening else None,
        "missing_materials": [m["kind"] for m in a.materials if m.get("required") and m["kind"] not in have],
        "due_at": _iso(a.due_at),
        "due_is_provisional": a.due_is_provisional,
        "answer_by": _iso(a.answer_by),
    }


def document_out(document: Document) -> dict:
    return {
        "id": document.public_id,
        "kind": document.kind,
        "name": document.name,
        "size": document.size,
        "sha256": document.sha256,
        "uploaded_at": document.uploaded_at.isoformat(),
    }
