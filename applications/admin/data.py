"""Reference data of this app on the data pages, for administrators."""

from django.contrib import admin

from applications.models import OutreachPlan
from portal.kernel.admin import BankHistoryAdmin


@admin.register(OutreachPlan)
class OutreachPlanAdmin(BankHistoryAdmin):
    editable = True
    list_display = ("register", "product", "owner", "cover_target_bp", "touch_target_bp", "makes_tasks")
    list_select_related = ("register", "product", "owner__user")
