from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "products"
    verbose_name = "产品与政策"

    def ready(self) -> None:
        from products import tasks  # noqa: F401, PLC0415  registers the jobs
