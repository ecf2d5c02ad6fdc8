"""Loads our admin site and registers the start-up checks."""

from django.contrib.admin.apps import AdminConfig
from django.core.checks import register


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin_site.PortalAdminSite"

    def ready(self) -> None:
        super().ready()
        from portal.checks import production_is_safe  # noqa: PLC0415  registers the jobs

        register(production_is_safe)
