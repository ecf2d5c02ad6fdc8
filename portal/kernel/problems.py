"""The one shape of an error answer (RFC 9457): for the API's views and for what goes wrong before one is reached."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

CONTENT_TYPE = "application/problem+json"

_TITLES = {
    400: "请求格式不对",
    401: "没有通过身份验证",
    403: "没有权限",
    404: "没有找到",
    405: "不支持的方法",
    409: "与当前状态冲突",
    412: "内容已变化",
    413: "请求体过大",
    415: "不支持的内容类型",
    422: "内容有误",
    429: "请求太频繁",
    500: "服务器出错",
    503: "暂时不可用",
}


def problem_body(
    request: HttpRequest, status: int, code: str, detail: str, errors: list[dict] | None = None
) -> dict[str, object]:
    """The members of a problem; `errors` are `{pointer, code, detail}` of fields."""
    return {
        "type": f"{settings.SITE_URL}/api/v1/problems/{code}/",
        "title": _TITLES.get(status, "请求没有完成"),
        "status": status,
        "code": code,
        "detail": detail,
        "errors": errors or [],
        "trace_id": getattr(request, "trace_id", ""),
    }
