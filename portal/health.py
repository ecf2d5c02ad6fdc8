"""`/healthz`: can this process serve? `/readyz`: what of the queue? (staff only: it tells of the inside)"""

from django.db import connection
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from portal.kernel.models import QueuedJob


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    if not request.user.is_staff:
        raise Http404
    waiting = QueuedJob.objects.filter(finished_at=None, parked_at=None)
    return JsonResponse(
        {
            "status": "ok",
            "jobs_open": waiting.count(),
            "jobs_parked": QueuedJob.objects.filter(parked_at__isnull=False).count(),
        }
    )
