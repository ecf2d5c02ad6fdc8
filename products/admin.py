"""Products and registers, editable by administrators; policies and tiers, read-only until they have their own pages."""

from django.contrib import admin

from portal.kernel.admin import BankHistoryAdmin, BankModelAdmin
from products.models import PolicyVersion, Product, Register, RegisterEntry, TierAssignment


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
