"""Reference data of the accounts app. Personal data is masked; secrets are shown once."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.domain import clients
from accounts.models import ApiClient, Banker, Branch, Consent, ConsentText, Enterprise, Partner, Referral, User
from portal.kernel.access import mask_email, mask_name, mask_phone
from portal.kernel.admin import BankHistoryAdmin, BankModelAdmin


@admin.register(User)
class UserAdmin(BankModelAdmin):
    list_display = ("masked_name", "masked_address", "is_staff", "is_active", "date_joined")
    fields = ("masked_name", "masked_address", "is_staff", "is_active", "date_joined")
    readonly_fields = ("masked_name", "masked_address")
    ordering = ("-date_joined",)

    @admin.display(description="姓名")
    def masked_name(self, user: User) -> str:
        return mask_name(user.name) or f"用户 {user.pk}"

    @admin.display(description="登录地址")
    def masked_address(self, user: User) -> str:
        return mask_email(user.email) if user.email else mask_phone(user.phone or "")


@admin.register(Branch)
class BranchAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("name", "phone")


@admin.register(Banker)
class BankerAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("user", "role", "branch", "approval_limit", "is_active")
    list_select_related = ("user", "branch")
    raw_id_fields = ("user",)

    def get_readonly_fields(self, request: HttpRequest, obj: Banker | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Banker | None = None) -> bool:
        """Nobody changes their own post or limit."""
        return super().has_change_permission(request, obj) and (obj is None or obj.user_id != request.user.pk)


@admin.register(Partner)
class PartnerAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("name", "kind", "is_active")
    actions = ("issue_client", "issue_sandbox")

    @admin.action(description="新建接口客户端", permissions=["change"])
    def issue_client(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._issue(request, queryset, is_sandbox=False)

    @admin.action(description="新建沙箱客户端", permissions=["change"])
    def issue_sandbox(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._issue(request, queryset, is_sandbox=True)

    def _issue(self, request: HttpRequest, queryset: QuerySet, *, is_sandbox: bool) -> None:
        for partner in queryset:
            client, secret = clients.issue(partner_id=partner.pk, is_sandbox=is_sandbox)
            messages.success(request, f"{partner}：客户端 {client.client_id}，密钥 {secret}。密钥只显示这一次")


# Third parties' own pages write to their tables directly; ours go through the domain.
for _model in [m for m in admin.site._registry if m._meta.app_label in ("oauth2_provider", "account", "mfa")] + [
    ApiClient
]:
    admin.site.unregister(_model)


@admin.register(ApiClient)
class ApiClientAdmin(BankModelAdmin):
    list_display = ("client_id", "partner", "is_sandbox", "created", "previous_until")
    list_select_related = ("partner",)
    fields = ("client_id", "partner", "is_sandbox", "created", "previous_until")
    actions = ("rotate",)

    @admin.action(description="轮换密钥（旧密钥保留 7 天）", permissions=["operate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet) -> None:
        for client in queryset:
            secret = clients.rotate(client_pk=client.pk)
            messages.success(request, f"{client.client_id} 的新密钥：{secret}。只显示这一次，旧密钥 7 天内仍可用")


@admin.register(Enterprise)
class EnterpriseAdmin(BankModelAdmin):
    list_display = ("uscc", "name", "registry_checked_at", "is_demo")
    search_fields = ("=uscc", "name__contains")
    ordering = ("-pk",)


@admin.register(ConsentText)
class ConsentTextAdmin(BankModelAdmin):
    list_display = ("kind", "version", "title", "effective_from", "sha256")


@admin.register(Consent)
class ConsentAdmin(BankModelAdmin):
    list_display = ("enterprise", "kind", "given_at", "revoked_at")
    list_select_related = ("enterprise",)
    ordering = ("-given_at",)


@admin.register(Referral)
class ReferralAdmin(BankModelAdmin):
    list_display = ("reference", "partner", "uscc", "status", "created_at")
    fields = ("reference", "partner", "uscc", "name", "product_code", "status", "created_at", "expires_at")
    list_select_related = ("partner",)
    ordering = ("-created_at",)
