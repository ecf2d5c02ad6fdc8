"""Error pages: what happened, whose fault, what to do next."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from portal.kernel.problems import CONTENT_TYPE, problem_body


def _for_machines(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse | None:
    """The API's error shape for what goes wrong before a view of it is reached."""
    if not request.path_info.startswith("/api/"):
        return None
    return JsonResponse(problem_body(request, status, code, detail), status=status, content_type=CONTENT_TYPE)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_machines(request, 400, "bad_request", "请求看不懂") or render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _for_machines(request, 404, "not_found", "没有找到") or render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    trace = getattr(request, "trace_id", "")
    machine = _for_machines(request, 500, "server_error", "我们这边出了问题，已记录编号")
    return machine or render(request, "errors/500.html", {"trace": trace[:8].upper()}, status=500)
