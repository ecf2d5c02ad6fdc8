"""Base of reference-data pages, and the kernel's own tables in the admin."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

from portal.kernel import jobs
from portal.kernel.models import AccessRecord, Event, QueuedJob, SealedDigest, WorkdayOverride


class BankModelAdmin(admin.ModelAdmin):
    """Read-only unless `editable`, never deletes, never counts a whole table."""

    editable = False
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.editable and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self.editable and super().has_change_permission(request, obj)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Actions with an effect are for administrators, whatever one may look at."""
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class BankHistoryAdmin(BankModelAdmin, SimpleHistoryAdmin):
    """Reference data with its history of changes."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        if not object_id.isdigit():
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict | None = None
    ) -> HttpResponse:
        if not (object_id.isdigit() and str(version_id).isdigit()):
            raise Http404
        return super().history_form_view(request, object_id, version_id, extra_context)


@admin.register(WorkdayOverride)
class WorkdayOverrideAdmin(BankModelAdmin):
    editable = True
    list_display = ("day", "is_workday", "note")


@admin.register(Event)
class EventAdmin(BankModelAdmin):
    list_display = ("stream", "seq", "type", "actor", "at")
    search_fields = ("=stream",)
    ordering = ("-at",)


@admin.register(AccessRecord)
class AccessRecordAdmin(BankModelAdmin):
    list_display = ("actor", "subject", "field", "reason", "at")
    search_fields = ("=subject", "=actor")
    ordering = ("-at",)


@admin.register(SealedDigest)
class SealedDigestAdmin(BankModelAdmin):
    list_display = ("day", "streams", "digest", "sealed_at")
    ordering = ("-day",)


@admin.register(QueuedJob)
class QueuedJobAdmin(BankModelAdmin):
    list_display = ("name", "key", "attempts", "created_at", "finished_at", "parked_at", "error")
    list_filter = ("name",)
    ordering = ("-created_at",)
    actions = ("run_again",)

    @admin.action(description="重新执行", permissions=["operate"])
    def run_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        rows = list(queryset.filter(finished_at=None).values_list("pk", flat=True))
        QueuedJob.objects.filter(pk__in=rows).update(parked_at=None, attempts=0)
        for job_id in rows:
            jobs.send(job_id)
        messages.success(request, f"已重新提交 {len(rows)} 个任务")
