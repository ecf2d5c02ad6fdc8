"""Partner API: token, enterprises, referrals."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from oauth2_provider.views import TokenView
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from accounts.domain import partners
from accounts.enums import ProfileSource
from accounts.models import EnterpriseProfile, Referral
from accounts.profile_rules import DISTRICT, INDUSTRY, check
from accounts.validators import normalise_uscc
from portal.kernel.api import CleanCharField, DecimalString, PartnerView, StrictBoolean, StrictInteger, StrictSerializer
from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.money import MAX_AMOUNT
from portal.kernel.web import client_address

REFERRAL_STATUSES = ["sent", "accepted", "expired"]
TITLE_KINDS = (
    "tech_sme",
    "hnte",
    "innovative_sme",
    "srdi_sme",
    "little_giant",
    "single_champion",
    "tech_innovation_demo",
    "ip_advantage",
    "listed",
)
EXAMPLE_PROFILE = {
    "uscc": "91110199MA0000015L",
    "name": "北京示例科技有限公司",
    "established_on": "2019-06-11",
    "district_code": "110108",
    "industry_code": "I65",
    "employees": 120,
    "rd_employees": 60,
    "annual": [{"year": 2025, "revenue": "52000000.00", "rd_expense": "9000000.00"}],
    "class_1_ip": 12,
    "class_1_ip_self_developed": 12,
    "titles": [
        {"kind": "hnte", "number": "GR2024", "region": "110000", "valid_from": "2024-10-29", "valid_to": "2027-10-28"}
    ],
    "team": {"core_members": 10, "founder_doctorate": True},
    "market": {"share_pct": "12.0", "rank_national": 3},
}


class _TokenThrottle(SimpleRateThrottle):
    scope = "token"

    def get_cache_key(self, request: HttpRequest, view: object) -> str:
        return f"token:{client_address(request)}"


@method_decorator(csrf_exempt, name="dispatch")
class PartnerTokenView(TokenView):
    """OAuth2 client credentials; tries are limited by network address."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        throttle = _TokenThrottle()
        if not throttle.allow_request(request, self):
            response = JsonResponse(
                {"error": "temporarily_unavailable", "error_description": "too many token requests"}, status=429
            )
            response["Retry-After"] = str(int(throttle.wait() or 1) + 1)
            return response
        return super().dispatch(request, *args, **kwargs)


def _amount(**kwargs: object) -> DecimalString:
    return DecimalString(
        max_digits=15, decimal_places=2, max_value=MAX_AMOUNT, allow_null=True, required=False, **kwargs
    )


def _count(**kwargs: object) -> StrictInteger:
    return StrictInteger(min_value=0, max_value=10_000_000, allow_null=True, required=False, **kwargs)


def _district() -> serializers.RegexField:
    return serializers.RegexField(
        DISTRICT, required=False, allow_null=True, error_messages={"invalid": "6 位行政区划代码，例如 110108"}
    )


class AnnualIn(StrictSerializer):
    year = StrictInteger(min_value=1990, max_value=2100)
    revenue = _amount(min_value=0)
    main_business_revenue = _amount(min_value=0)
    rd_expense = _amount(min_value=0)
    total_assets = _amount(min_value=0)
    total_liabilities = _amount(min_value=0)
    net_profit = _amount()
    high_tech_income = _amount(min_value=0)
    cost_and_expense = _amount(min_value=0)


class TitleIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=TITLE_KINDS)
    number = CleanCharField(max_length=60, required=False, allow_null=True)
    region = _district()
    issuer = CleanCharField(max_length=100, required=False, allow_null=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)


class TeamIn(StrictSerializer):
    doctorates_or_senior_titles = _count()
    core_members = _count()
    founder_doctorate = StrictBoolean(required=False, allow_null=True)
    key_talent_programme = StrictBoolean(required=False, allow_null=True)


class MarketIn(StrictSerializer):
    share_pct = DecimalString(
        max_digits=7, decimal_places=4, min_value=0, max_value=100, required=False, allow_null=True
    )
    rank_national = StrictInteger(min_value=1, max_value=1_000_000, required=False, allow_null=True)
    chain_leader_customers = _count()
    standards_led = _count()


class UsccField(CleanCharField):
    """A credit code, normalised and checked as the standard says."""

    def to_internal_value(self, data: object) -> str:
        try:
            return normalise_uscc(super().to_internal_value(data))
        except PortalError as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class ProfileIn(StrictSerializer):
    """The enterprise profile. All but uscc, name, established_on, industry_code may be missing; what is missing refers."""

    uscc = UsccField(max_length=40)
    name = CleanCharField(max_length=200)
    established_on = serializers.DateField()
    industry_code = serializers.RegexField(INDUSTRY, error_messages={"invalid": "门类字母加 2–4 位数字，例如 I65"})
    district_code = _district()
    employees = _count()
    technical_employees = _count()
    rd_employees = _count()
    annual = serializers.ListField(child=AnnualIn(), required=False, allow_null=True, max_length=20)
    class_1_ip = _count()
    class_2_ip = _count()
    class_1_ip_self_developed = _count()
    niche_years = _count()
    institutional_equity_2y = _amount(min_value=0)
    institutional_equity_3y = _amount(min_value=0)
    tax_grade = serializers.ChoiceField(choices=["A", "B", "M", "C", "D"], required=False, allow_null=True)
    titles = serializers.ListField(child=TitleIn(), required=False, allow_null=True, max_length=50)
    team = TeamIn(required=False, allow_null=True)
    market = MarketIn(required=False, allow_null=True)

    def validate(self, attrs: dict) -> dict:
        errors: dict = {}
        for pointer, code, message in check(to_json(attrs), today()):
            place = errors
            *parents, leaf = pointer.strip("/").split("/")
            for part in parents:
                place = place.setdefault(part, {})
            place.setdefault(leaf, []).append(serializers.ErrorDetail(message, code=code))
        if errors:
            raise serializers.ValidationError(errors)
        return attrs


def to_json(data: dict) -> dict:
    """Validated data in stored form: decimal strings, ISO dates."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        if hasattr(value, "isoformat"):
            return value.isoformat()
        return value if value is None or isinstance(value, bool | int | str) else f"{value:f}"

    return plain(data)  # type: ignore[return-value]


_PROFILE_ANSWER = {
    "profile": EXAMPLE_PROFILE,
    "provenance": {"name": "partner", "employees": "partner"},
    "version": 1,
    "updated_at": "2026-11-23T09:30:00+08:00",
}
_REFERRAL_ANSWER = {
    "id": "TJ20261123-6CK6YN",
    "uscc": EXAMPLE_PROFILE["uscc"],
    "name": "北京示例科技有限公司",
    "product": "zhaochuangdai",
    "status": "sent",
    "created_at": "2026-11-23T09:30:00+08:00",
    "expires_at": "2026-12-23T09:30:00+08:00",
}


class ProfileOut(serializers.Serializer):
    profile = serializers.DictField()
    provenance = serializers.DictField(
        child=serializers.CharField(), help_text="每个字段的来源；合作机构只读回自己写的内容"
    )
    version = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class EnterpriseView(PartnerView):
    """The profile of an enterprise that this partner serves."""

    scopes = {"GET": "enterprises:read", "PUT": "enterprises:write"}

    @extend_schema(
        operation_id="enterprises_get",
        examples=[OpenApiExample("answer", _PROFILE_ANSWER, response_only=True)],
        responses={200: ProfileOut},
        tags=["enterprises"],
        summary="读取本机构写的企业画像",
    )
    def get(self, request, uscc: str) -> Response:
        row = get_object_or_404(
            EnterpriseProfile.objects.select_related("enterprise"),
            enterprise__uscc=uscc,
            source=ProfileSource.PARTNER,
            partner_id=self.actor.partner_id,
            is_sandbox=self.actor.is_sandbox,
        )
        return self.tagged(_profile_out(row))

    @extend_schema(
        operation_id="enterprises_put",
        request=ProfileIn,
        responses={200: ProfileOut, 201: ProfileOut},
        tags=["enterprises"],
        summary="创建或替换企业画像",
        examples=[
            OpenApiExample("profile", EXAMPLE_PROFILE, request_only=True),
            OpenApiExample("answer", _PROFILE_ANSWER, response_only=True),
        ],
    )
    def put(self, request, uscc: str) -> Response:
        data = to_json(self.parsed(ProfileIn))
        if data["uscc"] != uscc:
            raise serializers.ValidationError(
                {"uscc": [serializers.ErrorDetail("与地址中的代码不一致", code="uscc_differs")]}
            )
        row, created = partners.put_profile(uscc=uscc, data=data, actor=self.actor)
        return self.tagged(_profile_out(row), 201 if created else 200)


def _profile_out(row: EnterpriseProfile) -> dict:
    return {
        "profile": row.data,
        "provenance": dict.fromkeys(row.data, "partner"),
        "version": row.version,
        "updated_at": row.updated_at.isoformat(),
    }


class ReferralIn(StrictSerializer):
    uscc = UsccField(max_length=40)
    name = CleanCharField(max_length=200)
    contact_name = CleanCharField(max_length=60)
    contact_phone = CleanCharField(max_length=30)
    product = CleanCharField(max_length=40, required=False)


class ReferralOut(serializers.Serializer):
    id = serializers.CharField()
    uscc = serializers.CharField()
    name = serializers.CharField()
    product = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=REFERRAL_STATUSES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


def _referral_out(row: Referral) -> dict:
    return {
        "id": row.reference,
        "uscc": row.uscc,
        "name": row.name,
        "product": row.product_code,
        "status": row.status,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
    }


class ReferralListView(PartnerView):
    scopes = {"POST": "applications:write"}

    @extend_schema(
        operation_id="referrals_create",
        request=ReferralIn,
        responses={201: ReferralOut},
        tags=["referrals"],
        summary="推荐一家企业，联系人收到邀请链接",
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
        examples=[
            OpenApiExample(
                "referral",
                {
                    "uscc": "91110199MA0000015L",
                    "name": "北京示例科技有限公司",
                    "contact_name": "方桂",
                    "contact_phone": "13800138000",
                    "product": "zhaochuangdai",
                },
                request_only=True,
            ),
            OpenApiExample("answer", _REFERRAL_ANSWER, response_only=True),
        ],
    )
    def post(self, request) -> Response:
        data = self.parsed(ReferralIn)
        data["product_code"] = data.pop("product", "")
        return self.once(lambda: (201, _referral_out(partners.refer(**data, actor=self.actor))))


class ReferralView(PartnerView):
    scopes = {"GET": "applications:read"}

    @extend_schema(
        operation_id="referrals_get",
        examples=[OpenApiExample("answer", _REFERRAL_ANSWER, response_only=True)],
        responses={200: ReferralOut},
        tags=["referrals"],
        summary="读取一个推荐",
    )
    def get(self, request, reference: str) -> Response:
        own = Referral.objects.filter(partner_id=self.actor.partner_id, is_sandbox=self.actor.is_sandbox)
        row = get_object_or_404(own, reference=reference)
        return self.tagged(_referral_out(row))


urlpatterns = [
    path("enterprises/<str:uscc>/", EnterpriseView.as_view()),
    path("referrals/", ReferralListView.as_view()),
    path("referrals/<str:reference>/", ReferralView.as_view()),
]
