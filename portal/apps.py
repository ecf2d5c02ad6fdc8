"""Loads our admin site and registers the start-up checks."""

from celery.signals import beat_init, worker_init
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin_site.PortalAdminSite"

    def ready(self) -> None:
        super().ready()
        from portal.checks import production_is_safe, refuse_unsafe_start  # noqa: PLC0415  registers the jobs

        register(production_is_safe)
        worker_init.connect(refuse_unsafe_start, weak=False)
        beat_init.connect(refuse_unsafe_start, weak=False)
