"""One case as its banker sees it: everything the case screen shows, in few statements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import F
from django.forms import Form
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.enums import BankerRole
from accounts.models import Banker
from accounts.profile_rules import DISTRICT_NAMES, LABELS
from applications.admin.acts import Offered, offered
from applications.admin.forms import ApproveForm, NoteForm, RecommendForm, ScoreForm
from applications.domain.screening import known_from
from applications.enums import Dimension
from applications.models import Application, Assessment, Document, Evidence, Note, Recommendation, Supplement
from applications.queries import case, coverage, queues, timeline
from portal.kernel.clock import today
from portal.kernel.money import wan
from portal.kernel.prepared import Given, Prepared
from products.enums import SIZE_LABELS, Stage

# What belongs to one case, the newest first where the order tells.
_ASSESSMENTS = Prepared(
    Assessment.objects.filter(application=Given("case"))
    .only("dimension", "points", "reason", "banker_id", "scored_by_id")
    .annotate(scorer_name=F("banker__user__name"))
)
_RECOMMENDATIONS = Prepared(
    Recommendation.objects.filter(application=Given("case"))
    .annotate(maker_name=F("banker__user__name"))
    .order_by("-pk")[:1]
)
_DOCUMENTS = Prepared(
    Document.objects.filter(application=Given("case"), removed_at=None).values("public_id", "name", "uploaded_at")
)
_EVIDENCE = Prepared(Evidence.objects.filter(application=Given("case"), round=Given("round")))
_NOTES = Prepared(
    Note.objects.filter(application=Given("case"))
    .order_by("-pk")
    .values("body", "written_at", writer=F("banker__user__name"))[:20]
)


@dataclass(frozen=True, slots=True)
class Failed:
    """A form that was pressed and refused; it comes back with what was typed."""

    code: str
    form: Form


def context(application: Application, banker: Banker, failed: Failed | None = None) -> dict:
    """What `admin/case.html` draws, for a case read by `with_screen()`."""
    screening = case.desk_screening(application)
    pk = application.pk
    assessments = _ASSESSMENTS(case=pk)
    # Nobody recommends before scoring, and nothing is asked before a return: two queries less on a fresh case.
    recommendation = _RECOMMENDATIONS.first(case=pk) if assessments else None
    was_returned = application.round > 1 or application.status == "returned"
    mine = {a.dimension: a for a in assessments if a.banker_id == banker.pk}
    left = [d for d in Dimension if d not in mine] if application.is_credit else []
    rows = offered(
        application,
        banker,
        recommendation=recommendation,
        scorer_ids={a.scored_by_id for a in assessments},
        scores_left=left,
    )
    may_score = _may_score(application, banker)
    return {
        "title": application.enterprise.name,
        "application": application,
        "banker": banker,
        "clock": queues.case_clock(application),
        "screening": screening,
        "groups": case.finding_groups(screening, for_bank=True),
        "score": case.score_rows(screening),
        "facts": _facts(application, case.submitted_content(application, screening)),
        "answers": case.answer_rows(application),
        "documents": _DOCUMENTS(case=pk),
        "notes": _NOTES(case=pk),
        "events": timeline.staff_timeline(application.reference, known=_names(application, banker, assessments)),
        "assessments": assessments,
        "recommendation": recommendation,
        "turn": case.desk_turn(
            application, may_act=any(not row.why_not for row in rows) or may_score, scores_left=len(left)
        ),
        "home_queue": queues.QUEUES["signature" if banker.role == BankerRole.APPROVER else "mine"],
        "offered": [(row, _fields(row, application, recommendation, failed)) for row in rows],
        "failed": failed,
        "score_fields": _score_fields(mine, failed) if may_score else "",
        "note_fields": _typed(failed) if failed and failed.code == "note" else _blank(NoteForm, "note_%s"),
        "size_labels": SIZE_LABELS,
        "holdings": list(application.holdings.order_by("-started_on")) if application.status == "booked" else [],
        "flags": coverage.flags(application.enterprise.uscc, today()),
        "stage": Stage(screening.stage).label if screening and screening.stage else "",
        "supplements": Supplement.objects.filter(application=pk).order_by("-pk") if was_returned else [],
    }


def _names(application: Application, banker: Banker, assessments: list[Assessment]) -> dict[int, str]:
    """Names of people that are read already, by user: who looks, who holds the case, who scored."""
    known = {banker.user_id: banker.user.name} | {a.scored_by_id: a.scorer_name for a in assessments}
    return known | {application.holder_user_id: application.holder_name} if application.assignee_id else known


def _may_score(application: Application, banker: Banker) -> bool:
    return (
        application.is_credit
        and application.status == "screened"
        and application.assignee_id == banker.pk
        and banker.role == BankerRole.REVIEWER
    )


def _drawn(form: Form) -> SafeString:
    return render_to_string("admin/_fields.html", {"form": form})


@lru_cache(maxsize=64)
def _blank(form: type[Form], auto_id: str) -> SafeString:
    """The fields of a form that nobody has typed into: the same on every case, so they are drawn once a process."""
    return _drawn(form(auto_id=auto_id))


def _typed(failed: Failed) -> SafeString:
    return _drawn(failed.form)


def _score_fields(mine: dict[str, Assessment], failed: Failed | None) -> SafeString:
    if failed and failed.code == "score":
        return _typed(failed)
    if not mine:
        return _blank(ScoreForm, "id_%s")
    initial = {f"points_{d}": a.points for d, a in mine.items()} | {f"reason_{d}": a.reason for d, a in mine.items()}
    return _drawn(ScoreForm(initial=initial))


def _fields(
    row: Offered, application: Application, recommendation: Recommendation | None, failed: Failed | None
) -> SafeString | str:
    """The fields behind one act of the decision bar; empty for an act without a form or one that is blocked."""
    form, auto_id = row.act.form, f"{row.act.code}_%s"
    if row.why_not or not form.base_fields:
        return ""
    if failed and failed.code == row.act.code:
        return _typed(failed)
    if form is RecommendForm:
        return _drawn(form(initial=form.initial_for(application), auto_id=auto_id))
    if issubclass(form, ApproveForm):
        initial = {"recommendation_id": recommendation.pk, "reason_code": recommendation.reason_code}
        return _drawn(form(initial=initial, auto_id=auto_id))
    return _blank(form, auto_id)


def _facts(application: Application, content: dict | None) -> list[dict]:
    """What was submitted, by field with its source and conflicts, for the left column."""
    if content is None:
        return []
    known, _, _ = known_from(content, _EVIDENCE(case=application.pk, round=application.round))
    rows = []
    for key, value in known.values.items():
        field = key.rpartition(".")[2]
        if field not in LABELS:
            continue
        year = key.split(".")[1] if key.startswith("annual.") else ""
        is_money = key.startswith("annual.") or field.startswith("institutional")
        conflict = [_value(other, field, is_money) for other in known.conflicts.get(key, ())]
        rows.append(
            {
                "label": f"{year} {LABELS[field]}".strip(),
                "value": _value(value, field, is_money),
                "source": case.SOURCE_LABELS.get(known.sources[key], ""),
                "conflict": conflict,
            }
        )
    return rows


def _value(value: object, field: str, is_money: bool) -> str:
    if is_money:
        return f"{wan(value, 2)} 万元"
    if isinstance(value, bool):
        return "是" if value else "否"
    if field == "district_code":
        return DISTRICT_NAMES.get(str(value), str(value))
    return f"{value}%" if field == "share_pct" else str(value)
