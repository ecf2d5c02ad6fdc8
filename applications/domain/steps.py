"""Times of the form's steps, written beside the work itself; nobody's answers, only when."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Coalesce

from applications.models import Application, Step
from portal.kernel.clock import now


def note_opened(application: Application, section: str) -> None:
    """The first time a section of a draft is opened; later openings change nothing."""
    Step.objects.get_or_create(
        application=application,
        section=section,
        defaults={"product_id": application.product_id, "opened_at": now()},
    )


def note_saved(application: Application, section: str, *, completed: bool) -> None:
    """A section was saved, by the applicant (`completed`) or by itself. Runs inside the caller's transaction."""
    note_opened(application, section)
    moment = now()
    changes: dict = {"saved_at": moment, "saves": F("saves") + 1}
    if completed:
        changes["completed_at"] = Coalesce("completed_at", moment)
    Step.objects.filter(application=application, section=section).update(**changes)
