"""Row sets of the products app."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q


class ProductQuerySet(models.QuerySet):
    def offered(self) -> ProductQuerySet:
        return self.filter(is_active=True)

    def in_brief(self) -> ProductQuerySet:
        """Without the lists that only a product's own page and forms read."""
        return self.defer("description", "questions", "asks", "materials", "consents", "fees", "conditions")


class PolicyVersionQuerySet(models.QuerySet):
    def in_force(self, on: date) -> PolicyVersionQuerySet:
        """Published versions whose effective period covers `on`, newest first."""
        return (
            self.filter(status__in=["published", "retired"], effective_from__lte=on)
            .filter(Q(effective_to=None) | Q(effective_to__gte=on))
            .order_by("code", "-effective_from", "-number")
        )


class RegisterEntryQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> RegisterEntryQuerySet:
        return self.filter(valid_from__lte=day).filter(Q(valid_to=None) | Q(valid_to__gte=day))
