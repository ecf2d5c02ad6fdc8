"""Partner API: applications and their timeline."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import Http404
from django.urls import path
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.domain import consents
from applications.api.schemas import (
    ANSWER,
    DETAIL,
    DOCUMENT,
    EVENT,
    EXAMPLE,
    KEY,
    STATUSES,
    ApplicationChangeIn,
    ApplicationDetailOut,
    ApplicationIn,
    ApplicationOut,
    ApplicationPage,
    DocumentIn,
    DocumentOut,
    TimelinePage,
    application_out,
    detail_out,
    document_out,
    shown,
)
from applications.domain import closing, drafting, submission
from applications.models import Application
from applications.queries import timeline
from portal.kernel.api import PartnerView
from portal.kernel.api_schema import Problem
from portal.kernel.crypto import sha256
from portal.kernel.errors import InvalidInput, StaleObject
from portal.kernel.pages import keyset
from portal.kernel.problems import CONTENT_TYPE
from products.lifecycle import ALL_STATUSES


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


class ApplicationListView(_CaseView):
    scopes = {"GET": "applications:read", "POST": "applications:write"}

    @extend_schema(
        operation_id="applications_list",
        examples=[shown({"results": [ANSWER], "next": None, "previous": None})],
        responses={200: ApplicationPage},
        tags=["applications"],
        summary="本机构的申请",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
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
        if "updated_since" in query:
            try:
                moment = parse_datetime(query["updated_since"])
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
        parameters=[KEY],
        examples=[OpenApiExample("draft", EXAMPLE, request_only=True), shown(ANSWER)],
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
    scopes = {"GET": "applications:read", "PATCH": "applications:write"}

    @extend_schema(
        operation_id="applications_get",
        examples=[shown(DETAIL)],
        responses={200: ApplicationDetailOut},
        tags=["applications"],
        summary="一件申请",
    )
    def get(self, request, reference: str) -> Response:
        application = self.case(reference)
        return self.tagged(detail_out(application, self.consented(application)))

    @extend_schema(
        operation_id="applications_change",
        request=ApplicationChangeIn,
        responses={
            200: ApplicationDetailOut,
            (412, CONTENT_TYPE): OpenApiResponse(Problem, "内容已变化"),
            (409, CONTENT_TYPE): OpenApiResponse(Problem, "与当前状态冲突"),
        },
        tags=["applications"],
        summary="修改草稿或被退回的申请；带 If-Match 时内容已变化返回 412",
        parameters=[OpenApiParameter("If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER)],
        examples=[OpenApiExample("change", {"term_months": 12}, request_only=True), shown(DETAIL)],
    )
    def patch(self, request, reference: str) -> Response:
        application = self.case(reference)
        data = self.parsed(ApplicationChangeIn)
        seen = self.tagged(detail_out(application, self.consented(application)))
        expected = request.META.get("HTTP_IF_MATCH", "*")
        if expected != "*" and seen["ETag"] not in expected.split(", "):
            raise StaleObject("application_changed", "申请内容已变化，请重新读取后再改")
        changed = drafting.change_by_partner(
            application_id=application.pk, request=data, expected_version=application.version, actor=self.actor
        )
        return self.tagged(detail_out(changed, self.consented(changed)))


class DocumentView(_CaseView):
    scopes = {"POST": "documents:write"}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="documents_create",
        request={"multipart/form-data": DocumentIn},
        responses={201: DocumentOut},
        tags=["applications"],
        summary="上传一份材料：检查类型、大小，做安全扫描",
        parameters=[KEY],
        examples=[shown(DOCUMENT)],
    )
    def post(self, request, reference: str) -> Response:
        application = self.case(reference)
        data = self.parsed(DocumentIn)
        fingerprint = {"kind": data["kind"], "file": sha256(data["file"].read())}
        data["file"].seek(0)

        arguments = {"application_id": application.pk, "kind": data["kind"], "actor": self.actor}
        stored = drafting.keep_file(upload=data["file"], **arguments)  # the scanner is asked before any transaction
        with drafting.dropped_when_refused(stored):
            response = self.once(
                lambda: (201, document_out(drafting.attach(stored=stored, **arguments))), content=fingerprint
            )
        if "Idempotency-Replayed" in response:
            default_storage.delete(stored.storage_key)
        return response


class SubmitView(_CaseView):
    scopes = {"POST": "applications:write"}

    @extend_schema(
        operation_id="applications_submit",
        examples=[shown({**ANSWER, "status": "submitted", "allowed_moves": ["withdraw"]})],
        request=None,
        responses={200: ApplicationOut},
        tags=["applications"],
        parameters=[KEY],
        summary="提交。企业授权人同意之前返回 409 consent_missing",
    )
    def post(self, request, reference: str) -> Response:
        pk = self.case(reference).pk
        return self.once(lambda: (200, application_out(submission.submit(application_id=pk, actor=self.actor))))


class WithdrawView(_CaseView):
    scopes = {"POST": "applications:write"}

    @extend_schema(
        operation_id="applications_withdraw",
        examples=[shown({**ANSWER, "status": "withdrawn", "allowed_moves": []})],
        request=None,
        responses={200: ApplicationOut},
        tags=["applications"],
        parameters=[KEY],
        summary="撤回",
    )
    def post(self, request, reference: str) -> Response:
        pk = self.case(reference).pk
        return self.once(lambda: (200, application_out(closing.withdraw(application_id=pk, actor=self.actor))))


class TimelineView(_CaseView):
    scopes = {"GET": "applications:read"}

    @extend_schema(
        operation_id="applications_timeline",
        examples=[shown({"results": [EVENT], "next": None, "previous": None})],
        responses={200: TimelinePage, (409, CONTENT_TYPE): OpenApiResponse(Problem, "没有企业的授权")},
        tags=["applications"],
        summary="公开事件，从早到晚",
    )
    def get(self, request, reference: str) -> Response:
        application = self.case(reference)
        consents.require_partner_consent(application.enterprise, self.actor)
        rows = [
            {"type": e.type, "title": timeline.TITLES[e.type][0], "actor": e.actor_kind, "at": e.at.isoformat()}
            for e in timeline.public_events(reference)
        ]
        return self.tagged({"results": rows, "next": None, "previous": None})


urlpatterns = [
    path("applications/", ApplicationListView.as_view()),
    path("applications/<str:reference>/", ApplicationView.as_view()),
    path("applications/<str:reference>/documents/", DocumentView.as_view()),
    path("applications/<str:reference>/submit/", SubmitView.as_view()),
    path("applications/<str:reference>/withdraw/", WithdrawView.as_view()),
    path("applications/<str:reference>/timeline/", TimelineView.as_view()),
]
