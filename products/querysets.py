"""Row sets of the products app."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from products.enums import RowChange
from products.lifecycle import POLICY_FROZEN


class ProductQuerySet(models.QuerySet):
    def offered(self) -> ProductQuerySet:
        return self.filter(is_active=True)

    def in_brief(self) -> ProductQuerySet:
        """Without the lists that only a product's own page and forms read."""
        return self.defer("description", "questions", "asks", "materials", "consents", "fees", "conditions")


class PolicyVersionQuerySet(models.QuerySet):
    def begun(self, on: date) -> PolicyVersionQuerySet:
        """Versions that took effect by `on`, ended ones too, the newest of each policy first.

        The first of a policy decides alone: what it covered does not come back when it ends. One that was called off
        before its day (it ends before it begins) never took effect.
        """
        return (
            self.filter(status__in=[*POLICY_FROZEN, "retired"], effective_from__lte=on)
            .exclude(effective_to__lt=F("effective_from"))
            .order_by("code", "-effective_from", "-number")
        )


class RegisterEntryQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> RegisterEntryQuerySet:
        """Entries that counted on `day`: in validity, listed by then, not yet removed."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gte=day),
            Q(listed_from=None) | Q(listed_from__lte=day),
            Q(removed_from=None) | Q(removed_from__gt=day),
            valid_from__lte=day,
        )

    def touched_by(self, batch_id: int, change: str) -> RegisterEntryQuerySet:
        """What a batch in force did: entries it added, entries it removed, or (CHANGED) the older ones it replaced."""
        same = self.model.objects.filter(
            register=OuterRef("register"), uscc=OuterRef("uscc"), key=OuterRef("key")
        )  # the code for its index
        came, went = same.filter(batch_in=batch_id), same.filter(batch_out=batch_id)
        if change == RowChange.NEW:
            return self.filter(~Exists(went), batch_in=batch_id)
        return self.filter(Exists(came) if change == RowChange.CHANGED else ~Exists(came), batch_out=batch_id)

    def current(self) -> RegisterEntryQuerySet:
        """Entries that no later batch took out."""
        return self.filter(batch_out=None)


class TierOverrideQuerySet(models.QuerySet):
    def in_force(self, day: date) -> TierOverrideQuerySet:
        """What counted on a day, also one that is past: an override that ended since counted until then."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=day), active_from__lte=day, last_day__gte=day)
