"""Partner API: applications and their timeline."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Q
from django.http import Http404
from django.urls import path
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api import UsccField
from accounts.domain import consents
from applications.domain import closing, drafting, submission
from applications.models import Application
from applications.queries import case
from portal.kernel.actors import ActorKind
from portal.kernel.api import CleanCharField, DecimalString, PartnerView, StrictInteger, StrictSerializer
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.money import MAX_AMOUNT
from portal.kernel.pages import keyset
from products.api import FindingOut
from products.enums import Purpose, RepaymentMethod
from products.lifecycle import ALL_STATUSES

STATUSES = sorted(ALL_STATUSES)
_KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="同一个键和内容 24 小时内只执行一次"
)
EXAMPLE = {
    "enterprise": "91110199MA0000017D",
    "product": "zhaochuangdai",
    "requested_amount": "3000000.00",
    "term_months": 24,
    "repayment_method": "interest_first",
    "purpose": "rd",
    "purpose_detail": "研发材料采购",
    "counterparties": ["示例供应商"],
}


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


_REQUEST = ("requested_amount", "term_months", "repayment_method", "purpose", "purpose_detail", "counterparties")


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
        "missing_materials": [m["kind"] for m in a.product.required_materials if m["kind"] not in have],
        "due_at": _iso(a.due_at),
        "due_is_provisional": a.due_is_provisional,
        "answer_by": _iso(a.answer_by),
    }


class _CaseView(PartnerView):
    def case(self, reference: str) -> Application:
        row = (
            Application.objects.visible_to(self.actor)
            .select_related("enterprise", "product")
            .filter(reference=reference)
            .first()
        )
        if row is None:
            raise Http404
        return row

    def consented(self, application: Application) -> bool:
        return consents.partner_may_act(application.enterprise, self.actor.partner_id or 0)

    def require_consent(self, application: Application) -> None:
        if not self.consented(application):
            raise RuleRefused("consent_missing", "企业的授权人还没有同意由贵机构办理")


class ApplicationListView(_CaseView):
    scopes = {"GET": "applications:read", "POST": "applications:write"}

    @extend_schema(
        operation_id="applications_list",
        responses={200: ApplicationPage},
        tags=["applications"],
        summary="本机构的申请",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR),
            OpenApiParameter("limit", OpenApiTypes.INT, description="1–200，默认 50"),
            OpenApiParameter("status", OpenApiTypes.STR, enum=STATUSES),
            OpenApiParameter("product", OpenApiTypes.STR),
            OpenApiParameter("enterprise", OpenApiTypes.STR),
            OpenApiParameter("updated_since", OpenApiTypes.DATETIME),
        ],
    )
    def get(self, request) -> Response:
        page = keyset(
            self._filtered(request.query_params).select_related("enterprise", "product"),
            order=("created_at", "id"),
            cursor=request.query_params.get("cursor", ""),
            limit=_limit(request.query_params.get("limit", "50")),
        )
        live = _consented_enterprises(self.actor.partner_id, [a.enterprise_id for a in page.rows])
        return self.tagged(
            {
                "results": [application_out(a, a.enterprise_id in live) for a in page.rows],
                "next": page.next,
                "previous": page.previous,
            }
        )

    def _filtered(self, query):
        rows = Application.objects.visible_to(self.actor)
        live = _consented_enterprises(self.actor.partner_id, None)
        if status := query.get("status"):
            if status not in ALL_STATUSES:
                raise InvalidInput("status_unknown", "没有这个状态", field="status")
            # A status filter must not tell what the answer itself keeps back.
            rows = rows.filter(status=status).filter(Q(status="draft") | Q(enterprise_id__in=live))
        if product := query.get("product"):
            rows = rows.filter(product__code=_clean(product, "product"))
        if enterprise := query.get("enterprise"):
            rows = rows.filter(enterprise__uscc=_clean(enterprise, "enterprise"))
        if since := query.get("updated_since"):
            try:
                moment = parse_datetime(since)
            except ValueError:
                moment = None
            if moment is None or moment.tzinfo is None or not 2000 <= moment.year <= 2100:
                raise InvalidInput("updated_since_invalid", "请用带时区的 ISO 8601 时间", field="updated_since")
            rows = rows.filter(Q(updated_at__gte=moment, enterprise_id__in=live) | Q(created_at__gte=moment))
        return rows

    @extend_schema(
        operation_id="applications_create",
        request=ApplicationIn,
        responses={201: ApplicationOut},
        tags=["applications"],
        summary="创建草稿",
        parameters=[_KEY],
        examples=[OpenApiExample("draft", EXAMPLE, request_only=True)],
    )
    def post(self, request) -> Response:
        data = self.parsed(ApplicationIn)
        uscc, product = data.pop("enterprise"), data.pop("product")
        return self.once(
            lambda: (
                201,
                application_out(
                    drafting.start_by_partner(uscc=uscc, product_code=product, request=data, actor=self.actor)
                ),
            )
        )


def _consented_enterprises(partner_id: int | None, among: list[int] | None):
    rows = consents.Consent.objects.live().filter(kind="partner", partner_id=partner_id)
    if among is None:
        return rows.values("enterprise_id")
    return set(rows.filter(enterprise_id__in=among).values_list("enterprise_id", flat=True))


def _limit(raw: str) -> int:
    if len(raw) > 3 or not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 200:
        raise InvalidInput("limit_invalid", "limit 是 1 到 200 的整数", field="limit")
    return int(raw)


def _clean(raw: str, field: str) -> str:
    if "\x00" in raw or len(raw) > 60:
        raise InvalidInput(f"{field}_invalid", "参数无效", field=field)
    return raw


class ApplicationView(_CaseView):
    scopes = {"GET": "applications:read"}

    @extend_schema(
        operation_id="applications_get",
        responses={200: ApplicationDetailOut},
        tags=["applications"],
        summary="一件申请",
    )
    def get(self, request, reference: str) -> Response:
        application = self.case(reference)
        return self.tagged(detail_out(application, self.consented(application)))


class SubmitView(_CaseView):
    scopes = {"POST": "applications:write"}

    @extend_schema(
        operation_id="applications_submit",
        request=None,
        responses={200: ApplicationOut},
        tags=["applications"],
        parameters=[_KEY],
        summary="提交。企业授权人同意之前返回 409 consent_missing",
    )
    def post(self, request, reference: str) -> Response:
        pk = self.case(reference).pk
        return self.once(lambda: (200, application_out(submission.submit(application_id=pk, actor=self.actor))))


class WithdrawView(_CaseView):
    scopes = {"POST": "applications:write"}

    @extend_schema(
        operation_id="applications_withdraw",
        request=None,
        responses={200: ApplicationOut},
        tags=["applications"],
        parameters=[_KEY],
        summary="撤回",
    )
    def post(self, request, reference: str) -> Response:
        pk = self.case(reference).pk
        return self.once(lambda: (200, application_out(closing.withdraw(application_id=pk, actor=self.actor))))


class TimelineView(_CaseView):
    scopes = {"GET": "applications:read"}

    @extend_schema(
        operation_id="applications_timeline",
        responses={200: TimelinePage},
        tags=["applications"],
        summary="公开事件，从早到晚",
    )
    def get(self, request, reference: str) -> Response:
        application = self.case(reference)
        self.require_consent(application)
        rows = [
            {"type": e.type, "title": case.TITLES[e.type][0], "actor": e.actor_kind, "at": e.at.isoformat()}
            for e in case.public_events(reference)
        ]
        return self.tagged({"results": rows, "next": None, "previous": None})


urlpatterns = [
    path("applications/", ApplicationListView.as_view()),
    path("applications/<str:reference>/", ApplicationView.as_view()),
    path("applications/<str:reference>/submit/", SubmitView.as_view()),
    path("applications/<str:reference>/withdraw/", WithdrawView.as_view()),
    path("applications/<str:reference>/timeline/", TimelineView.as_view()),
]
