"""Every answer carries `X-Request-Id`, so that a client and the log speak of the same request."""

import uuid

import structlog

from portal.kernel.errors_web import bad_request


class RequestIdHeader:
    """Copies the request id that django-structlog bound into the response header."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        request.trace_id = structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex
        response = self.get_response(request)
        response["X-Request-Id"] = request.trace_id
        return response


class RefuseNullBytes:
    """PostgreSQL text has no null byte: a path or query that carries one is nobody's honest request."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request)
        return self.get_response(request)
