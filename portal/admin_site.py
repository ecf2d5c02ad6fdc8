"""The bank's side: Django's admin with queues instead of model lists, behind allauth's login and a second factor."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.enums import BankerRole
from accounts.web.staff import banker_of, has_second_factor
from applications.admin import views as case_desk
from applications.admin.desk import WORKING_ROLES
from products.policy_desk import registers
from products.policy_desk import views as policy_desk


class PortalAdminSite(admin.AdminSite):
    site_header = site_title = "科创融资后台"
    index_title = "数据"
    enable_nav_sidebar = True

    def get_urls(self) -> list:
        data = path("data/", self.admin_view(super().index), name="data")
        return [*case_desk.urls(self), *policy_desk.urls(self), *registers.urls(self), data, *super().get_urls()]

    def desk_context(self, request: HttpRequest) -> dict:
        """What the base template needs on the desk: the stock context without its list of models and their permissions."""
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": "/",
            "has_permission": True,
            "available_apps": [],
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
        }

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Bankers land in their queue, policy managers among their policies, administrators on the data pages."""
        banker = banker_of(request)
        works = banker.role if banker else None
        if works == BankerRole.POLICY:
            return redirect("admin:policies")
        if works not in WORKING_ROLES:
            return super().index(request, extra_context)
        return redirect("admin:queue", "signature" if works == BankerRole.APPROVER else "unclaimed")

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Staff sign in on the site's password page, second factor included; a signed-in stranger is refused."""
        if request.user.is_authenticated:
            if not request.user.is_staff:
                raise PermissionDenied
            return redirect("admin:index")
        target = request.GET.get("next", "")
        inside = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return redirect_to_login(target if inside else reverse("admin:index"), reverse("account_login"))

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and (
            not settings.STAFF_NEEDS_SECOND_FACTOR or has_second_factor(request)
        )

    def admin_view(self, view, cacheable=False):
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            needs = settings.STAFF_NEEDS_SECOND_FACTOR and request.user.is_authenticated and request.user.is_staff
            if needs and not has_second_factor(request):
                return redirect("mfa_index")
            return inner(request, *args, **kwargs)

        return guarded
