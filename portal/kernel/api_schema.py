"""How drf-spectacular describes our operations: security with scopes, and the error answers every one has."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from portal.kernel.problems import CONTENT_TYPE


class ProblemItem(serializers.Serializer):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemItem(many=True)
    trace_id = serializers.CharField()


_ALWAYS = {
    400: "请求格式不对",
    401: "没有令牌或令牌失效",
    403: "令牌缺少权限范围",
    422: "字段或参数有误，见 errors[]",
    429: "请求太频繁，见 Retry-After",
}
_WITH_BODY = {413: "请求体过大", 415: "不支持的内容类型"}


class ClientScheme(OpenApiAuthenticationExtension):
    target_class = "portal.kernel.api.ClientAuthentication"
    name = "oauth2"

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict:
        return {self.name: [auto_schema.view.scopes[auto_schema.method]]}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict | None:
        from drf_spectacular.settings import spectacular_settings  # noqa: PLC0415  slow import

        return spectacular_settings.APPEND_COMPONENTS["securitySchemes"]["oauth2"]


class PortalSchema(AutoSchema):
    """Adds the common problem answers, so that no view repeats them, and that strict bodies take no other field."""

    def _map_basic_serializer(self, serializer, direction):
        schema = super()._map_basic_serializer(serializer, direction)
        if getattr(serializer, "is_strict", False):
            schema["additionalProperties"] = False
        return schema

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        extra = dict(_ALWAYS)
        if self.method in ("POST", "PUT", "PATCH"):
            extra |= _WITH_BODY
            if self.method == "POST":
                extra[409] = "与当前状态冲突"
        if "{" in self.path:
            extra[404] = "没有找到"
        for code, text in extra.items():
            bodies.setdefault(
                str(code), self._get_response_for_code(OpenApiResponse(Problem, text), str(code), [CONTENT_TYPE])
            )
        return bodies
