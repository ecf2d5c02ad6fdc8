"""One case with all that is needed to check it later, as one sealed document."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from applications.models import Application, Decision, Screening, Submission
from portal.kernel.clock import now
from portal.kernel.crypto import keyed_hash
from portal.kernel.models import Event
from products.models import Evaluation
from products.policy import sealed

_PARTS = ("eligibility", "tier", "score", "limits", "routing")


def sealed_case(application: Application) -> dict:
    """The case in the format of `products.policy.sealed`: rounds, decisions, events, and the bank's seal over them.

    It holds what the firm submitted and names people by number only; it is for auditors, and a look to be written down.
    """
    screenings = {
        row.round: row
        for row in application.screenings.select_related(
            *(f"{part}__{field}" for part in _PARTS for field in ("policy", "snapshot"))
        )
    }
    submissions = application.submissions.select_related("snapshot").order_by("round")
    body = {
        "format": sealed.FORMAT,
        "reference": application.reference,
        "product": application.product.code,
        "enterprise": application.enterprise.uscc,
        "status": application.status,
        "made_at": _at(now()),
        "rounds": [_round(row, screenings.get(row.round)) for row in submissions],
        "decisions": [_decision(row) for row in application.decisions.select_related("recommendation").order_by("pk")],
        "events": [_event(row) for row in Event.objects.filter(stream=application.reference).order_by("seq")],
    }
    return sealed.seal(body, lambda value: keyed_hash(settings.EVENT_SIGNING_KEY, value))


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _round(submission: Submission, screening: Screening | None) -> dict:
    snapshot = submission.snapshot
    judged = screening.eligibility.snapshot if screening else snapshot  # with what outside sources said meanwhile
    kept = screening.evaluations if screening else ()
    return {
        "round": submission.round,
        "submitted_at": _at(submission.submitted_at),
        "submitted_by": submission.submitted_by,
        "submission": {"content": submission.content, "sha256": submission.sha256},
        "snapshot": {"as_of": judged.as_of.isoformat(), "content": judged.facts, "sha256": judged.sha256},
        "evaluations": [_evaluation(row) for row in kept],
    }


def _evaluation(kept: Evaluation) -> dict:
    policy = kept.policy
    return {
        "policy": {
            "code": policy.code,
            "number": policy.number,
            "title": policy.title,
            "effective_from": policy.effective_from.isoformat(),
            "document": policy.document,
            "sha256": policy.sha256,
        },
        "engine_version": kept.engine_version,
        "outcome": kept.outcome,
        "result": kept.result,
        "digest": kept.digest,
        "evaluated_at": _at(kept.evaluated_at),
    }


def _decision(row: Decision) -> dict:
    made = row.recommendation
    return {
        "proposal": made.proposal,
        "made_by": made.made_by_id,
        "made_at": _at(made.made_at),
        "amount": None if made.amount is None else f"{made.amount:.2f}",
        "rate_bp": made.rate_bp,
        "term_months": made.term_months,
        "outcome": row.outcome,
        "reason": row.reason_code,
        "decided_by": row.banker_id,
        "decided_at": _at(row.decided_at),
    }


def _event(row: Event) -> dict:
    return {
        "seq": row.seq,
        "type": row.type,
        "actor_kind": row.actor_kind,
        "actor": row.actor,
        "payload": row.payload,
        "public": row.public,
        "at": _at(row.at),
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }
