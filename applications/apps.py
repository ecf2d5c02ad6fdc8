from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "applications"
    verbose_name = "申请"

    def ready(self) -> None:
        from accounts import tasks as _accounts  # noqa: F401, PLC0415  registers the jobs
        from applications import tasks  # noqa: F401, PLC0415  registers the jobs
        from applications.admin import data  # noqa: F401, PLC0415  registers the data pages
