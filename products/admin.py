"""Products and registers, editable by administrators; policies and tiers, read-only until they have their own pages."""

import json

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from portal.kernel.admin import BankHistoryAdmin, BankModelAdmin
from products.domain.evaluating import compiled
from products.models import PolicyVersion, Product, Register, RegisterEntry, TierAssignment
from products.policy.wording import changes, lines


@admin.register(Product)
class ProductAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("name", "kind", "max_amount", "max_term_months", "sla_days", "is_active")
    readonly_fields = ("code", "lifecycle_name", "policy_code")

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(PolicyVersion)
class PolicyVersionAdmin(BankModelAdmin):
    list_display = ("code", "number", "title", "status", "effective_from", "sha256")
    exclude = ("document", "version", "status_changed_at")
    change_form_template = "admin/policy_version.html"

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: object, obj: PolicyVersion | None = None, **kwargs: object
    ) -> HttpResponse:
        if obj is not None:
            context |= self._in_words(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _in_words(self, version: PolicyVersion) -> dict:
        """The document as lines, and what it does otherwise than the version before it."""
        document = compiled(version)
        before = PolicyVersion.objects.filter(code=version.code, number__lt=version.number).order_by("-number").first()
        return {
            "lines": lines(document),
            "before": before,
            "changes": [change.words for change in changes(compiled(before), document)] if before else [],
            "document_text": json.dumps(version.document, ensure_ascii=False, indent=2),
        }


@admin.register(Register)
class RegisterAdmin(BankModelAdmin):
    editable = True
    list_display = ("name", "code", "loaded_from", "loaded_to")


@admin.register(RegisterEntry)
class RegisterEntryAdmin(BankModelAdmin):
    editable = True
    list_display = ("uscc", "name", "register", "valid_from", "valid_to")
    list_select_related = ("register",)
    list_filter = ("register",)
    search_fields = ("=uscc", "name__contains")


@admin.register(TierAssignment)
class TierAssignmentAdmin(BankModelAdmin):
    list_display = ("enterprise", "tier", "outcome", "valid_from", "valid_to")
    list_select_related = ("enterprise",)
    ordering = ("-valid_from",)
