"""Row sets of cases. Doors fetch through `visible_to`, queues through the named adjectives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import lru_cache

from django.db import models
from django.db.models import BooleanField, DateField, F, Func, Q, Value

from accounts.models import Membership
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
    *("enterprise__name", "enterprise__uscc"),
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
}
WHO = {
    "partner_name": F("partner__name"),
    "holder_name": F("assignee__user__name"),
    "offer_ends": F("offer__expires_at"),
}


class SeenByMember(Func):
    """What a person sees, on a day, among the applications of the firms they are a member of.

    - their own drafts;
    - of a firm they are verified for, what its members share, but not what a colleague asks for themselves. Shared is all
      that is no draft, a draft of somebody who is verified for the firm too, a partner's draft with the firm's live consent.

    So a draft is its writer's own until the writer is verified: a stranger's draft is never the firm's. By hand, because
    every page of an applicant asks: with Q and EXISTS of the ORM it costs more to build than to run.
    """

    output_field = BooleanField()
    sql = """(({status} = 'draft' AND {writer} = {person})
        OR ({firm} IN ({verified}) AND (NOT {personal} OR {writer} = {person}) AND ({status} <> 'draft'
            OR ({writer} IS NULL AND EXISTS (SELECT 1 FROM accounts_consent AS given
                WHERE given.kind = 'partner' AND given.partner_id = {partner} AND given.enterprise_id = {firm}
                  AND given.revoked_at IS NULL))
            OR EXISTS (SELECT 1 FROM accounts_membership AS seat
                WHERE seat.user_id = {writer} AND seat.enterprise_id = {firm} AND seat.verified_at IS NOT NULL
                  AND seat.revoked_at IS NULL AND (seat.valid_until IS NULL OR seat.valid_until >= {day})))))"""

    def __init__(self, *, person_id: int, verified: Collection[int], on: date) -> None:
        """`verified`: the firms this person is verified for."""
        self.person_id, self.verified = person_id, sorted(verified)
        day = Value(on, output_field=DateField())
        super().__init__("status", "created_by_id", "partner_id", "enterprise_id", "is_personal", day)

    def as_sql(self, compiler, connection, **extra) -> tuple[str, list]:
        *columns, (day, day_params) = [compiler.compile(part) for part in self.get_source_expressions()]
        names = ("status", "writer", "partner", "firm", "personal")
        sql = self.sql.format(
            **{name: column for name, (column, _) in zip(names, columns, strict=True)},
            person="%s",
            verified=", ".join(["%s"] * len(self.verified)) or "NULL",
            day=day,
        )
        return sql, [self.person_id, *self.verified, self.person_id, *day_params]


@lru_cache(maxsize=2)
def _seats(day: date) -> models.QuerySet:
    """Firm and verification of everybody's memberships on a day; put together once a day."""
    return Membership.objects.current(day).values_list("enterprise_id", "verified_at")


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> ApplicationQuerySet:
        """Applicants: all of an enterprise they are verified for but others' personal matters, else only their own drafts. Partners: their own. Bankers: all submitted."""
        if actor.kind is ActorKind.APPLICANT:
            # The person's few firms are read first: by EXISTS the database reads every application there is.
            day = today()
            seats = list(_seats(day).filter(user_id=actor.user_id))
            firms, verified = {firm for firm, _ in seats}, {firm for firm, verified_at in seats if verified_at}
            seen = SeenByMember(person_id=actor.user_id, verified=verified, on=day)
            return self.filter(seen, is_sandbox=False, enterprise_id__in=firms)
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
        """Whole cases with what the case screen shows of their firm and product; of partner, holder and offer as columns (WHO)."""
        own = (field.name for field in self.model._meta.concrete_fields)
        rows = self.select_related("enterprise", "product").only(*own, *SCREEN)
        return rows.annotate(**WHO, holder_user_id=F("assignee__user_id"))

    def with_row(self) -> ApplicationQuerySet:
        """What a list row shows, and no more, as one object a row: names come as columns (ROW_NAMES, WHO), not as rows of theirs."""
        return self.only(*ROW).annotate(**ROW_NAMES, **WHO)


class HoldingQuerySet(models.QuerySet):
    def in_force(self, day: date) -> HoldingQuerySet:
        """What counted on a day; an account closed on it no longer did."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=day), started_on__lte=day)


class OutreachQuerySet(models.QuerySet):
    def listed(self) -> OutreachQuerySet:
        return self.filter(is_listed=True)
