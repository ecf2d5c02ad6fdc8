"""The partner API's common ground: client authentication, scopes, limits, problem+json, ETag, idempotency."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from portal.kernel.actors import Actor, ActorKind
from portal.kernel.api_schema import PortalSchema
from portal.kernel.canonical import digest
from portal.kernel.crypto import sha256
from portal.kernel.errors import PortalError
from portal.kernel.idempotency import Answer, guard
from portal.kernel.problems import CONTENT_TYPE, problem_body


class ClientAuthentication(OAuth2Authentication):
    """Bearer tokens of the client-credentials grant. Sets `request.actor`; there is no user."""

    www_authenticate_realm = "partner-api"

    def authenticate(self, request: Request):
        if not request.META.get("HTTP_AUTHORIZATION"):
            return None  # a token in the address would end in logs
        found = super().authenticate(request)
        if found is None:
            return None
        _, token = found
        client = token.application
        partner = getattr(client, "partner", None)
        if partner is None or not partner.is_active:
            raise exceptions.AuthenticationFailed("这个客户端没有对应的合作机构", code="client_inactive")
        request.actor = Actor(
            ActorKind.PARTNER, partner_id=partner.pk, client_id=client.pk, is_sandbox=client.is_sandbox
        )
        return None, token


class HasScope(BasePermission):
    """The token must carry the view's scope for this method: `scopes = {"GET": "products:read"}`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise exceptions.NotAuthenticated
        scope = view.scopes.get(request.method)
        if scope is None:
            raise exceptions.MethodNotAllowed(request.method)
        if not request.auth.is_valid([scope]):
            raise exceptions.PermissionDenied(f"令牌缺少权限范围 {scope}", code="scope_missing")
        return True


class StrictJSONParser(JSONParser):
    """JSON objects up to 1 MiB; NaN, duplicate keys and null bytes are refused."""

    def parse(self, stream, media_type=None, parser_context=None):
        raw = stream.read(settings.API_BODY_LIMIT + 1)
        if len(raw) > settings.API_BODY_LIMIT:
            raise BodyTooLarge
        try:
            data = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
            json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError("请求体不是合法的 JSON") from error
        if not isinstance(data, dict):
            raise exceptions.ParseError("请求体要是一个 JSON 对象")
        return data


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("duplicate key")
    return out


def _no_constant(name: str) -> None:
    raise ValueError(name)


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code, default_detail = "body_too_large", "请求体超过 1 MiB"


class ClientThrottle(SimpleRateThrottle):
    """Requests per client; what is left is told in the RateLimit headers. Without a cache it lets everyone through."""

    scope = "client"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        actor = getattr(request, "actor", None)
        return f"throttle:{actor.client_id}" if actor else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        allowed = super().allow_request(request, view)
        if self.get_cache_key(request, view):
            left = max(self.num_requests - len(self.history), 0)
            reset = math.ceil(self.duration - (self.now - self.history[-1])) if self.history else self.duration
            request.rate_limit = {
                "RateLimit-Policy": f'"default";q={self.num_requests};w={self.duration}',
                "RateLimit": f'"default";r={left};t={reset}',
            }
        return allowed


class PartnerView(APIView):
    """Base of every operation: `scopes` by method, headers, the actor, and idempotency for POSTs with an effect."""

    authentication_classes = [ClientAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [ClientThrottle]
    parser_classes = [StrictJSONParser]
    schema = PortalSchema()
    scopes: dict[str, str] = {}

    @property
    def actor(self) -> Actor:
        return self.request.actor

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        if len(request.META.get("HTTP_IDEMPOTENCY_KEY", "")) > 200:
            raise exceptions.ValidationError({"Idempotency-Key": ["不能超过 200 个字符"]})

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request, "rate_limit", {}).items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    def parsed(self, serializer: type[serializers.Serializer]) -> dict:
        checked = serializer(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def once(self, work: Callable[[], tuple[int, dict]], content: dict | None = None) -> Response:
        """Answer of `work`, remembered under the request's Idempotency-Key if there is one.

        `content` stands for the body where the body itself is not JSON.
        """
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        if not key:
            code, body = work()
            return Response(body, status=code)
        fingerprint = digest(
            {
                "method": self.request.method,
                "path": self.request.path,
                "body": self.request.data if content is None else content,
            }
        )
        answer = guard(actor=self.actor, key=key, fingerprint=fingerprint, work=lambda: Answer(*work()))
        response = Response(answer.body, status=answer.status)
        if answer.replayed:
            response["Idempotency-Replayed"] = "true"
        return response

    def tagged(self, body: dict, code: int = 200) -> Response:
        """A read with its ETag; 304 when the client has it already."""
        etag = f'"{sha256(json.dumps(body, sort_keys=True, default=str))[:32]}"'
        if code == 200 and etag in self.request.META.get("HTTP_IF_NONE_MATCH", "").split(", "):
            response = Response(status=304)
        else:
            response = Response(body, status=code)
        response["ETag"] = etag
        return response


class StrictSerializer(serializers.Serializer):
    """Refuses unknown fields with their names, and JSON numbers or blanks where a decimal string is asked."""

    is_strict = True  # for the schema

    def to_internal_value(self, data: object) -> dict:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name: [serializers.ErrorDetail("没有这个字段", code="unknown_field")] for name in unknown}
                )
        return super().to_internal_value(data)


class CleanCharField(serializers.CharField):
    """Text without control characters; never coerced from numbers or booleans."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class DecimalString(serializers.DecimalField):
    """A decimal as a JSON string; numbers, exponents and blanks are refused."""

    def validate_empty_values(self, data: object) -> tuple[bool, object]:
        if data == "":
            self._refuse()  # the library would read a blank as null
        return super().validate_empty_values(data)

    def _refuse(self) -> None:
        raise serializers.ValidationError('请用文本写数字，例如 "3000000.00"', code="decimal_string")

    def to_internal_value(self, data: object):
        if not isinstance(data, str) or not data.strip() or any(c in data for c in "eE_"):
            self._refuse()
        return super().to_internal_value(data)


class StrictInteger(serializers.IntegerField):
    def to_internal_value(self, data: object) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBoolean(serializers.BooleanField):
    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


def problem(request: Request, code: int, slug: str, detail: str, errors: list[dict] | None = None) -> Response:
    return Response(problem_body(request, code, slug, detail, errors), status=code, content_type=CONTENT_TYPE)


def problem_handler(error: Exception, context: dict) -> Response | None:
    """DRF's exception handler: every refusal becomes problem+json; anything unexpected stays a 500 for the log."""
    request = context["request"]
    if isinstance(error, PortalError):
        pointer = error.field and (error.field if error.field.startswith("/") else f"/{error.field}")
        errors = [{"pointer": pointer, "code": error.code, "detail": error.message}] if pointer else []
        response = problem(request, error.status, error.code, error.message, errors)
        if error.status == 503:
            response["Retry-After"] = "30"
        return response
    if isinstance(error, Http404):
        return problem(request, 404, "not_found", "没有找到，或贵机构没有查看权限")
    if isinstance(error, PermissionDenied):
        return problem(request, 403, "forbidden", "没有权限")
    if isinstance(error, RequestDataTooBig):
        return problem(request, 413, "body_too_large", "请求体超过 1 MiB")
    if isinstance(error, exceptions.ValidationError):
        return problem(request, 422, "validation", "有字段需要更正", list(_flatten(error.get_full_details(), "")))
    if isinstance(error, exceptions.APIException):
        detail = error.detail if isinstance(error.detail, str) else "请求没有完成"
        codes = error.get_codes()
        slug = codes if isinstance(codes, str) else error.default_code
        response = problem(request, error.status_code, slug, str(detail))
        if getattr(error, "wait", None):
            response["Retry-After"] = str(math.ceil(error.wait))
        if error.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="partner-api"'
        return response
    return None


def _flatten(details: object, pointer: str):
    """DRF's nested error details as `{pointer, code, detail}` items."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer or "/", "code": details["code"], "detail": str(details["message"])}
    elif isinstance(details, dict):
        for key, value in details.items():
            yield from _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
    elif isinstance(details, list):
        plain = all(isinstance(d, dict) and set(d) == {"message", "code"} for d in details)
        for i, value in enumerate(details):
            yield from _flatten(value, pointer if plain else f"{pointer}/{i}")
