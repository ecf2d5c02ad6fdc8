"""`manage.py setup_defaults`: products, policies, registers, consent texts of a fresh installation."""

from django.core.management.base import BaseCommand

from accounts.domain import defaults as account_defaults
from applications.domain import outreach
from products.domain import defaults as product_defaults


class Command(BaseCommand):
    help = "Create the default products, policies, registers and consent texts (existing ones are kept)."

    def handle(self, *args: object, **options: object) -> None:
        account_defaults.load_defaults()
        product_defaults.load_defaults()
        outreach.load_defaults()
        self.stdout.write("defaults ready")
