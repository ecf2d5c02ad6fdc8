"""Products and registers, editable by administrators; tiers read-only. Policies have their own desk (`policy_desk`)."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.kernel.admin import BankHistoryAdmin, BankModelAdmin
from products.models import Incentive, PolicyVersion, Product, Register, RegisterEntry, TierAssignment


@admin.register(Product)
class ProductAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("name", "kind", "max_amount", "max_term_months", "sla_days", "is_active")
    readonly_fields = ("code", "lifecycle_name", "policy_code")

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(Incentive)
class IncentiveAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("title", "authority", "doc_no", "opens_on", "closes_on", "is_active")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(BankModelAdmin):
    """The table of all versions; each opens on the policy desk."""

    list_display = ("code", "number", "title", "status", "effective_from", "sha256")
    list_filter = ("status",)

    def change_view(self, request: HttpRequest, object_id: str, *args: object, **kwargs: object) -> HttpResponse:
        version = self.get_object(request, object_id)
        if version is None:
            raise Http404
        return redirect("admin:policy_version", version.code, version.number)


@admin.register(Register)
class RegisterAdmin(BankModelAdmin):
    editable = True
    list_display = ("name", "code", "loaded_from", "loaded_to")


@admin.register(RegisterEntry)
class RegisterEntryAdmin(BankModelAdmin):
    """Entries come in batches only (`policy_desk.registers`); here they are looked at."""

    list_display = ("uscc", "name", "register", "valid_from", "valid_to")
    list_select_related = ("register",)
    list_filter = ("register",)
    search_fields = ("=uscc", "name__contains")


@admin.register(TierAssignment)
class TierAssignmentAdmin(BankModelAdmin):
    list_display = ("enterprise", "tier", "outcome", "valid_from", "valid_to")
    list_select_related = ("enterprise",)
    ordering = ("-valid_from",)
