from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "portal.kernel"
    label = "kernel"
    verbose_name = "系统"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415  registers the jobs

        from portal.kernel import logs, tasks  # noqa: F401, PLC0415  registers the jobs
        from portal.kernel.immutability import install_triggers  # noqa: PLC0415  registers the jobs

        logs.configure()
        post_migrate.connect(install_triggers, dispatch_uid="kernel.immutability")
