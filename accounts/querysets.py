"""Row sets that speak the domain. Doors fetch through `visible_to` only."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q

from accounts.enums import OWN_PERSON
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import today


class MembershipQuerySet(models.QuerySet):
    def current(self, on: date | None = None) -> MembershipQuerySet:
        """Neither revoked nor past its end `on` a day, today unless said otherwise."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=on or today()), revoked_at=None)

    def verified(self) -> MembershipQuerySet:
        return self.filter(verified_at__isnull=False)

    def of(self, actor: Actor) -> MembershipQuerySet:
        return self.current().filter(user_id=actor.user_id)


class EnterpriseQuerySet(models.QuerySet):
    def known_as(self, uscc: str, name: str) -> models.Model:
        """The enterprise of a checked code, entered under `name` when it is new. Division 110199 is demonstration."""
        return self.get_or_create(uscc=uscc, defaults={"name": name, "is_demo": uscc[2:8] == "110199"})[0]

    def visible_to(self, actor: Actor) -> EnterpriseQuerySet:
        """Enterprises this actor may know of at all; what of them, `accounts.domain.profiles` decides."""
        if actor.kind is ActorKind.APPLICANT:
            return self.filter(
                Q(memberships__valid_until=None) | Q(memberships__valid_until__gte=today()),
                memberships__user_id=actor.user_id,
                memberships__revoked_at=None,
            ).distinct()
        if actor.kind is ActorKind.PARTNER:
            return self.filter(profiles__partner_id=actor.partner_id, profiles__is_sandbox=actor.is_sandbox).distinct()
        if actor.kind in (ActorKind.BANKER, ActorKind.SYSTEM):
            return self
        return self.none()


class ConsentQuerySet(models.QuerySet):
    def live(self) -> ConsentQuerySet:
        return self.filter(revoked_at=None)

    def shared_with(self, person_id: int | None) -> ConsentQuerySet:
        """The enterprise's consents and the person's own; what others gave for themselves is theirs alone."""
        return self.filter(~Q(kind__in=OWN_PERSON) | Q(given_by_id=person_id))
