"""Row sets of cases. Doors fetch through `visible_to`, queues through the named adjectives."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Consent, Membership
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now, today
from products.lifecycle import ALL_STATUSES, OPEN_STATUSES

OPEN = OPEN_STATUSES
BANK_TURN = frozenset(code for code, status in ALL_STATUSES.items() if status.turn == "bank")

ROW = (
    *("reference", "status", "lifecycle_name", "requested_amount", "due_at", "due_is_provisional", "paused_days"),
    *("answer_by", "tier", "tier_outcome", "score_low", "score_high", "outcome", "passed", "referred", "failed"),
    *("assignee_id",),
)
SCREEN = (
    *("enterprise__name", "enterprise__uscc", "partner__name", "assignee__user__name", "offer__expires_at"),
    *(f"product__{name}" for name in ("name", "sla_days", "questions", "min_rate_bp", "max_rate_bp")),
)
LINE = (
    *("reference", "status", "lifecycle_name", "requested_amount", "assignee_id"),
    *("created_at", "submitted_at", "updated_at"),
)
ROW_NAMES = {
    "enterprise_name": F("enterprise__name"),
    "enterprise_uscc": F("enterprise__uscc"),
    "product_name": F("product__name"),
    "sla_days": F("product__sla_days"),
    "partner_name": F("partner__name"),
    "holder_name": F("assignee__user__name"),
    "offer_ends": F("offer__expires_at"),
}


@lru_cache(maxsize=2)
def _shared(on: date) -> Q:
    """What all verified members of a firm see of it: all but the drafts of people who are not verified for it.

    A draft is its writer's own until the writer is verified: a stranger's draft is never the firm's.
    """
    writers = Membership.objects.current(on).verified()
    by_the_firm = writers.filter(enterprise_id=OuterRef("enterprise_id"), user_id=OuterRef("created_by_id"))
    consents = Consent.objects.live().filter(kind="partner", partner_id=OuterRef("partner_id"))
    by_a_partner = Q(created_by=None) & Exists(consents.filter(enterprise_id=OuterRef("enterprise_id")))
    return ~Q(status="draft") | by_a_partner | Exists(by_the_firm)


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> ApplicationQuerySet:
        """Applicants: all of an enterprise they are verified for but others' personal matters, else only their own drafts. Partners: their own. Bankers: all submitted."""
        if actor.kind is ActorKind.APPLICANT:
            # The person's few firms are read first: by EXISTS the database reads every application there is.
            seats = list(Membership.objects.of(actor).values_list("enterprise_id", "verified_at"))
            firms, verified = {firm for firm, _ in seats}, {firm for firm, verified_at in seats if verified_at}
            own = Q(created_by_id=actor.user_id)
            of_the_firm = Q(enterprise_id__in=verified) & _shared(today()) & (Q(is_personal=False) | own)
            return self.filter(of_the_firm | (own & Q(status="draft")), is_sandbox=False, enterprise_id__in=firms)
        if actor.kind is ActorKind.PARTNER:
            return self.filter(partner_id=actor.partner_id, is_sandbox=actor.is_sandbox)
        if actor.kind is ActorKind.BANKER:
            return self.exclude(status="draft").filter(is_sandbox=False)
        return self if actor.kind is ActorKind.SYSTEM else self.none()

    def live(self) -> ApplicationQuerySet:
        """In bankers' queues: open, and no sandbox case."""
        return self.filter(is_sandbox=False, status__in=sorted(OPEN))

    def unclaimed(self) -> ApplicationQuerySet:
        return self.filter(is_sandbox=False, status="screened", assignee=None)

    def claimed_by(self, banker_id: int) -> ApplicationQuerySet:
        return self.filter(status__in=sorted(OPEN), assignee_id=banker_id)

    def waiting_for_firm(self) -> ApplicationQuerySet:
        return self.filter(is_sandbox=False, status="returned")

    def being_screened(self) -> ApplicationQuerySet:
        """With the machine. A case that stays here has a job that needs a look."""
        return self.filter(is_sandbox=False, status="submitted")

    def awaiting_signature(self) -> ApplicationQuerySet:
        return self.filter(is_sandbox=False, status="recommended")

    def overdue(self, at: datetime | None = None) -> ApplicationQuerySet:
        return self.filter(is_sandbox=False, status__in=sorted(BANK_TURN), due_at__lt=at or now())

    def with_line(self) -> ApplicationQuerySet:
        """What a line of the applicant's list shows."""
        return self.only(*LINE).annotate(**{name: ROW_NAMES[name] for name in ("enterprise_name", "product_name")})

    def with_screen(self) -> ApplicationQuerySet:
        """Whole cases with what the case screen shows of their firm, product, partner, holder and offer."""
        own = (field.name for field in self.model._meta.concrete_fields)
        return self.select_related("enterprise", "product", "assignee__user", "partner", "offer").only(*own, *SCREEN)

    def with_row(self) -> ApplicationQuerySet:
        """What a list row shows, and no more, as one object a row: names come as columns (ROW_NAMES), not as rows of theirs."""
        return self.only(*ROW).annotate(**ROW_NAMES)


class HoldingQuerySet(models.QuerySet):
    def in_force(self, day: date) -> HoldingQuerySet:
        """What counted on a day; an account closed on it no longer did."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day), started_on__lte=day)


class OutreachQuerySet(models.QuerySet):
    def listed(self) -> OutreachQuerySet:
        return self.filter(is_listed=True)
