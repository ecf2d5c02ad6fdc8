"""The life of a case as a state machine: any act by anyone at any time, against a small model of what may happen.

The model knows nothing of the tables in `products/lifecycle.py`; it is the story told once more. What it allows must
work, what it does not must be refused and leave the case as it was. Runs on both databases.
"""

from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.enums import Role
from accounts.models import Banker
from applications.domain import assigning, closing, deciding, drafting, reviewing, screening, submission
from applications.enums import DeclineReason, Dimension, Proposal, ReturnReason
from applications.models import Application, Decision, Screening, Submission
from portal.kernel.errors import PortalError
from portal.kernel.events import verify
from portal.kernel.models import Event
from products.lifecycle import CREDIT
from tests import factories

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
OPEN = {"submitted", "screened", "returned", "recommended", "approved", "offered", "accepted"}
LIMITS = {"approver": Decimal(5_000_000), "approver2": Decimal(50_000_000)}
MAXIMUM = Decimal(10_000_000)  # of the product
FIRM, BANK = ("founder", "viewer", "stranger"), ("rm", "reviewer", "reviewer2", "approver", "approver2")
AMOUNTS = (Decimal(3_000_000), Decimal(8_000_000), MAXIMUM + 1)
firm_people, bank_people, amounts = (st.sampled_from(values) for values in (FIRM, BANK, AMOUNTS))


class Case(RuleBasedStateMachine):
    STORY = ("path", "round", "submitted_at", "assignee", "scored", "proposal", "asks_open")
    bank: factories.Bankers
    start_from: str

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(MORNING, tick=False)
        self.now = self.clock.start()
        founder = factories.legal_rep()
        viewer = factories.applicant(factories.member(founder.enterprise, role=Role.VIEWER))
        self.people = {
            "founder": founder.actor,
            "viewer": viewer.actor,
            "stranger": factories.legal_rep(name="北京别家科技有限公司").actor,
            **{name: getattr(self.bank, name) for name in ("rm", "reviewer", "reviewer2", "approver", "approver2")},
        }
        terms = {"requested_amount": Decimal(5_000_000), "term_months": 24}
        self.pk = factories.draft(founder, "zhaochuangdai", **terms).pk
        self.path = ["draft"]
        self.round = 0
        self.submitted_at: datetime | None = None
        self.assignee = ""
        self.scored: set[str] = set()
        self.proposal: tuple[Proposal, Decimal | None, str] | None = None
        self.asks_open = False
        self._walk_to(self.start_from)

    @property
    def status(self) -> str:
        return self.path[-1]

    def row(self) -> Application:
        return Application.objects.select_related("offer").get(pk=self.pk)

    def traces(self) -> tuple:
        """All that a refused act must leave as it was."""
        row = self.row()
        events = Event.objects.filter(stream=row.reference).count()
        rows = [related.count() for related in (row.recommendations, row.supplements, row.assessments, row.submissions)]
        return row.status, row.version, row.assignee_id, row.round, row.due_at, events, *rows

    def attempt(self, act, *, allowed: bool, to: str | None = None) -> bool:
        before = self.traces()
        try:
            act()
        except PortalError as error:
            assert not allowed, f"{error.code} in {self.status}: {error.message}"
            assert error.message
            assert self.traces() == before, "a refused act left something behind"
            return False
        assert allowed, f"was let through in {self.status}"
        if to:
            self.path.append(to)
        return True

    # ── the firm ───────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(who=firm_people)
    def submit(self, who):
        ready = self.status == "draft" or (self.status == "returned" and not self.asks_open)
        if self.attempt(
            lambda: submission.submit(application_id=self.pk, actor=self.people[who]),
            allowed=who == "founder" and ready,
            to="submitted",
        ):
            self.round += 1
            self.submitted_at = self.row().submitted_at

    @rule(who=firm_people)
    def answer_what_was_asked(self, who):
        asked = self.row().supplements.filter(round=self.round).first()
        if asked is None:
            return
        if self.attempt(
            lambda: drafting.answer_supplement(
                application_id=self.pk, supplement_id=asked.pk, answer="见说明", actor=self.people[who]
            ),
            allowed=who == "founder" and self.status == "returned",
        ):
            self.asks_open = False

    @rule(who=firm_people)
    def undo(self, who):
        in_time = self.submitted_at is not None and self.row().created_at and self._age() <= timedelta(minutes=10)
        self.attempt(
            lambda: closing.undo(application_id=self.pk, actor=self.people[who]),
            allowed=who == "founder"
            and self.status in ("submitted", "screened")
            and bool(in_time)
            and self.round == 1
            and not self.assignee,
            to="draft",
        )

    def _age(self) -> timedelta:
        return datetime.now(UTC) - self.submitted_at

    @rule(who=firm_people)
    def withdraw(self, who):
        self.attempt(
            lambda: closing.withdraw(application_id=self.pk, actor=self.people[who]),
            allowed=who == "founder" and self.status in OPEN,
            to="withdrawn",
        )

    @rule(who=firm_people, accepted=st.booleans())
    def answer_offer(self, who, accepted):
        if not hasattr(self.row(), "offer"):
            return
        self.attempt(
            lambda: closing.answer_offer(application_id=self.pk, accepted=accepted, actor=self.people[who]),
            allowed=who == "founder" and self.status == "offered" and self.row().offer.expires_at > datetime.now(UTC),
            to="accepted" if accepted else "withdrawn",
        )

    # ── the machine and time ───────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def screen(self):
        if screening.screen(application_id=self.pk) is not None:
            assert self.status == "submitted"
            self.path.append("screened")

    @rule(step=st.sampled_from([timedelta(minutes=6), timedelta(days=35), timedelta(days=95)]), swept=st.booleans())
    def time_passes(self, step, swept):
        self.now.shift(step)
        if swept:
            self._sweep()

    def _sweep(self) -> None:
        row, moment = self.row(), datetime.now(UTC)
        due = {
            "draft": lambda: row.updated_at < moment - timedelta(days=90),
            "returned": lambda: row.answer_by < moment,
            "offered": lambda: row.offer.expires_at < moment,
        }.get(self.status, lambda: False)()
        closing.expire_due(limit=10_000)
        if due:
            self.path.append("expired")

    # ── the bank ───────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(who=bank_people)
    def claim(self, who):
        free = self.status == "screened" and not self.assignee
        if self.attempt(
            lambda: assigning.claim(application_id=self.pk, actor=self.people[who]),
            allowed=who.startswith("reviewer") and (free or self.assignee == who),
        ):
            self.assignee = who

    @rule(who=bank_people)
    def release(self, who):
        if self.attempt(
            lambda: assigning.release(application_id=self.pk, actor=self.people[who]),
            allowed=self.assignee == who and self.status == "screened",
        ):
            self.assignee = ""

    @rule(who=bank_people)
    def score(self, who):
        if self.attempt(
            lambda: reviewing.score(
                application_id=self.pk,
                points={Dimension.TECHNOLOGY: 30, Dimension.TEAM: 22, Dimension.POSITION: 19},
                reasons=dict.fromkeys(Dimension, "见材料"),
                actor=self.people[who],
            ),
            allowed=self.assignee == who and self.status == "screened",
        ):
            self.scored.add(who)

    @rule(who=bank_people)
    def return_for_changes(self, who):
        mine = self.assignee == who or who.startswith("approver")
        if self.attempt(
            lambda: reviewing.return_for_changes(
                application_id=self.pk,
                reason=list(ReturnReason)[0],
                items=[reviewing.Ask("采购合同")],
                actor=self.people[who],
            ),
            allowed=self.status in ("screened", "recommended") and mine,
            to="returned",
        ):
            self.asks_open, self.proposal = True, None

    @rule(who=bank_people, approve=st.booleans(), amount=amounts)
    def recommend(self, who, approve, amount):
        proposal = Proposal.APPROVE if approve else Proposal.DECLINE
        if self.attempt(
            lambda: reviewing.recommend(
                application_id=self.pk,
                proposal=proposal,
                comment="见报告",
                terms=reviewing.Terms(amount, 345, 24, "interest_first"),
                reason=DeclineReason.CASH_FLOW,
                actor=self.people[who],
            ),
            allowed=self.assignee == who
            and self.status == "screened"
            and who in self.scored
            and (not approve or amount <= MAXIMUM),
            to="recommended",
        ):
            self.proposal = (proposal, amount if approve else None, who)

    def _newest(self) -> int:
        newest = self.row().recommendations.order_by("-pk").first()
        return newest.pk if newest else 0

    @rule(who=bank_people)
    def approve(self, who):
        kind, amount, _ = self.proposal or (None, None, "")
        self.attempt(
            lambda: deciding.approve(
                application_id=self.pk, recommendation_id=self._newest(), comment="", actor=self.people[who]
            ),
            allowed=self.status == "recommended" and kind == Proposal.APPROVE and LIMITS.get(who, 0) >= amount,
            to="offered",
        )

    @rule(who=bank_people)
    def decline(self, who):
        self.attempt(
            lambda: deciding.decline(
                application_id=self.pk,
                recommendation_id=self._newest(),
                reason=DeclineReason.CASH_FLOW,
                comment="",
                actor=self.people[who],
            ),
            allowed=self.status == "recommended" and self.proposal[0] == Proposal.DECLINE and who in LIMITS,
            to="declined",
        )

    @rule(who=bank_people)
    def send_back(self, who):
        if self.attempt(
            lambda: deciding.send_back(application_id=self.pk, comment="请补充现金流分析", actor=self.people[who]),
            allowed=self.status == "recommended" and who in LIMITS,
            to="screened",
        ):
            self.proposal = None

    @rule(who=bank_people)
    def book(self, who):
        self.attempt(
            lambda: deciding.book(application_id=self.pk, actor=self.people[who]),
            allowed=self.status == "accepted" and (who == "rm" or who.startswith("reviewer")),
            to="booked",
        )

    def _walk_to(self, goal: str) -> None:
        """The straight way to a status: from there chance takes over."""
        wish = {"returned": "return", "declined": "decline"}.get(goal, "approve")
        while self.status != goal:
            if goal == "withdrawn" and self.status == "submitted":
                self.withdraw("founder")
            elif goal == "expired":
                self.time_passes(timedelta(days=95), swept=True)
            else:
                self._next_step(wish)

    @rule(steps=st.integers(2, 9), wish=st.sampled_from(["approve", "decline", "return"]))
    def the_right_people_go_on(self, steps, wish):
        """So that walks get far: chance alone seldom books a loan."""
        for _ in range(steps):
            self._next_step(wish)

    def _next_step(self, wish: str) -> None:
        reviewer = self.assignee or "reviewer"
        if self.status == "screened":
            if not self.assignee:
                self.claim(reviewer)
            elif wish == "return":
                self.return_for_changes(reviewer)
            elif reviewer not in self.scored:
                self.score(reviewer)
            else:
                self.recommend(reviewer, wish == "approve", Decimal(8_000_000))
        elif self.status == "returned" and self.asks_open:
            self.answer_what_was_asked("founder")
        elif self.status in ("draft", "returned"):
            self.submit("founder")
        elif self.status == "submitted":
            self.screen()
        elif self.status == "recommended":
            (self.approve if self.proposal[0] == Proposal.APPROVE else self.decline)("approver2")
        elif self.status == "offered":
            self.answer_offer("founder", wish != "decline")
        elif self.status == "accepted":
            self.book("rm")

    # ── what always holds ──────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_case_is_where_the_story_says(self):
        row = self.row()
        assert (row.status, row.round) == (self.status, self.round)
        holder = Banker.objects.filter(pk=row.assignee_id).values_list("user_id", flat=True).first()
        assert holder == (self.people[self.assignee].user_id if self.assignee else None)
        left_while_returned = len(self.path) > 1 and self.path[-2] == "returned" and self.status != "submitted"
        clock_stopped = self.status == "returned" or left_while_returned
        assert (row.paused_days is not None) == clock_stopped, "the bank's clock runs on its own turn only"

    def teardown(self) -> None:
        self.clock.stop()
        self._the_events_tell_the_same_story()
        self._each_round_was_frozen_and_judged_once()
        self._nobody_signed_alone()

    def _the_events_tell_the_same_story(self):
        reference = self.row().reference
        assert verify(reference) is None
        moves = [e.payload for e in Event.objects.filter(stream=reference).order_by("seq") if "to" in e.payload]
        assert ["draft", *(m["to"] for m in moves if m["to"] != "approved")] == self.path
        assert all(later["from"] == earlier["to"] for earlier, later in pairwise(moves))

    def _each_round_was_frozen_and_judged_once(self):
        judged = sum(1 for step in pairwise(self.path) if step == ("submitted", "screened"))
        assert Submission.objects.filter(application=self.pk).count() == self.round
        assert Screening.objects.filter(application=self.pk).count() == judged

    def _nobody_signed_alone(self):
        for decision in Decision.objects.filter(application=self.pk).select_related("recommendation", "banker"):
            assert decision.banker.user_id != decision.recommendation.made_by_id
            if decision.outcome == "approve":
                assert decision.recommendation.amount <= decision.banker.approval_limit


ACTS = [
    *itertools.product((Case.submit, Case.answer_what_was_asked, Case.undo, Case.withdraw), FIRM),
    *itertools.product((Case.answer_offer,), FIRM, (True, False)),
    (Case.screen,),
    *itertools.product((Case.time_passes,), (timedelta(minutes=11), timedelta(days=95)), (True,)),
    *itertools.product((Case.claim, Case.release, Case.score, Case.return_for_changes), BANK),
    *itertools.product((Case.recommend,), BANK, (True, False), AMOUNTS),
    *itertools.product((Case.approve, Case.decline, Case.send_back, Case.book), BANK),
]
STARTS = [s.code for s in CREDIT.statuses if s.code != "approved"]  # passed through within one act: the offer follows


@pytest.fixture
def stage(db, sent):
    with time_machine.travel(MORNING, tick=False):
        factories.load_defaults()
        Case.bank = factories.bankers()


@pytest.mark.parametrize("start_from", STARTS)
def test_every_act_by_everyone_from_every_status(stage, start_from):
    """One step from each status, all of them; a claimed and scored case included, where there is one."""
    Case.start_from = start_from
    case = Case()
    for _ in range(3 if start_from == "screened" else 1):  # unclaimed, claimed, scored
        for act, *given in ACTS:
            before = {k: copy.copy(v) for k, v in vars(case).items() if k in Case.STORY}
            point = transaction.savepoint()
            act(case, *given)
            case.the_case_is_where_the_story_says()
            transaction.savepoint_rollback(point)
            vars(case).update(before)
            case.now.move_to(MORNING)
        if start_from == "screened":
            case._next_step("approve")
    case.teardown()


@pytest.mark.parametrize("start_from", STARTS)
def test_any_walk_from_every_status(stage, start_from):
    Case.start_from = start_from
    run_state_machine_as_test(
        Case,
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
