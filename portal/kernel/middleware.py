"""What every request passes: an id for client and log, and refusals of what no honest client sends whole."""

import uuid

import structlog
from django.conf import settings

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


class RefuseCutOffForms:
    """A form whose connection broke on the way is shorter than it said: taken for whole, it would blank what it left out."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        said = request.META.get("CONTENT_LENGTH") or "0"
        is_form = request.content_type == "application/x-www-form-urlencoded" and said.isdigit()
        # Longer than Django reads is refused by Django.
        if is_form and int(said) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE and len(request.body) < int(said):
            return bad_request(request)
        return self.get_response(request)


class RefuseNullBytes:
    """PostgreSQL text has no null byte: a path or query that carries one is nobody's honest request."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request):
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request)
        return self.get_response(request)
