"""Every refusal of the case's domain: who is told what, at which field, and that nothing moved."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import Membership
from applications.domain import assigning, closing, deciding, drafting, reviewing, submission
from applications.enums import DeclineReason, Dimension, Proposal, ReturnReason
from applications.models import Application
from portal.kernel.errors import NotPermitted, PortalError
from portal.kernel.models import Event
from tests import factories
from tests.applications.test_spine import TERMS, recommended, scored

pytestmark = pytest.mark.django_db


def refusal(call) -> PortalError:
    with pytest.raises(PortalError) as refused:
        call()
    return refused.value


@pytest.fixture
def case(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    application.refresh_from_db()
    return application


@pytest.fixture
def claimed(case, bankers):
    return assigning.claim(application_id=case.pk, actor=bankers.reviewer)


def recommend(application, actor, **changes):
    given = {"proposal": Proposal.APPROVE, "comment": "同意", "terms": TERMS, **changes}
    return reviewing.recommend(application_id=application.pk, actor=actor, **given)


def give_back(application, actor, items):
    return reviewing.return_for_changes(
        application_id=application.pk, reason=ReturnReason.PURPOSE, items=items, actor=actor
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount": Decimal(0)}, "amount_outside", "amount"),
        ({"amount": Decimal("2000000.01")}, "amount_outside", "amount"),
        ({"rate_bp": 299}, "rate_outside", "rate"),
        ({"rate_bp": 461}, "rate_outside", "rate"),
        ({"term_months": 0}, "term_outside", "term_months"),
        ({"term_months": 13}, "term_outside", "term_months"),
        ({"repayment_method": "equal_principal"}, "method_not_offered", "repayment_method"),
    ],
)
def test_terms_outside_the_product_are_refused(claimed, bankers, changes, code, field):
    scored(claimed, bankers.reviewer)
    given = {"amount": TERMS.amount, "rate_bp": 345, "term_months": 12, "repayment_method": "interest_first"}
    terms = reviewing.Terms(**{**given, **changes})
    found = refusal(lambda: recommend(claimed, bankers.reviewer, terms=terms))
    assert (found.code, found.field) == (code, field)


@pytest.mark.parametrize("bound", [{"amount": Decimal("2000000")}, {"rate_bp": 300}, {"rate_bp": 460}])
def test_terms_on_the_bound_of_the_product_are_taken(claimed, bankers, bound):
    scored(claimed, bankers.reviewer)
    given = {"amount": TERMS.amount, "rate_bp": 345, "term_months": 12, "repayment_method": "interest_first"}
    assert recommend(claimed, bankers.reviewer, terms=reviewing.Terms(**{**given, **bound})).pk


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"terms": None}, "terms_required", "amount"),
        ({"comment": "  "}, "comment_required", "comment"),
        ({"proposal": Proposal.DECLINE}, "reason_required", "reason_code"),
    ],
)
def test_recommendation_lacks_something(claimed, bankers, changes, code, field):
    scored(claimed, bankers.reviewer)
    found = refusal(lambda: recommend(claimed, bankers.reviewer, **changes))
    assert (found.code, found.field) == (code, field)
    assert Application.objects.get().status == "screened"


def test_recommendation_waits_for_all_three_scores(claimed, bankers):
    found = refusal(lambda: recommend(claimed, bankers.reviewer))
    assert found.code == "scores_missing"
    assert all(dimension.label in found.message for dimension in Dimension)


@pytest.mark.parametrize(
    ("points", "reason", "code", "field"),
    [
        (41, "x", "points_outside", "points_technology_barrier"),
        (-1, "x", "points_outside", "points_technology_barrier"),
        (40, " ", "reason_required", "reason_technology_barrier"),
    ],
)
def test_bad_score_is_refused_at_its_field(claimed, bankers, points, reason, code, field):
    found = refusal(
        lambda: reviewing.score(
            application_id=claimed.pk,
            points={Dimension.TECHNOLOGY: points},
            reasons={Dimension.TECHNOLOGY: reason},
            actor=bankers.reviewer,
        )
    )
    assert (found.code, found.field) == (code, field)
    assert not claimed.assessments.exists()


def test_scores_are_given_before_the_recommendation_only(claimed, bankers):
    recommended_case = recommended(claimed, bankers.reviewer).application
    assert refusal(lambda: scored(recommended_case, bankers.reviewer)).code == "not_scorable"


@pytest.mark.parametrize(
    ("items", "code"),
    [([], "items_required"), ([reviewing.Ask("  ")], "items_required"), ([reviewing.Ask("x")] * 9, "too_many_items")],
)
def test_return_asks_for_one_to_eight_things(claimed, bankers, items, code):
    found = refusal(lambda: give_back(claimed, bankers.reviewer, items))
    assert (found.code, found.field) == (code, "items")
    assert give_back(claimed, bankers.reviewer, [reviewing.Ask("x")] * 8).status == "returned"


def test_only_who_claimed_the_case_works_on_it(claimed, bankers):
    for act in (
        lambda: scored(claimed, bankers.reviewer2),
        lambda: recommend(claimed, bankers.reviewer2),
        lambda: give_back(claimed, bankers.reviewer2, [reviewing.Ask("x")]),
    ):
        found = refusal(act)
        assert found.code == "not_claimed"
        assert "陶安" in found.message


def test_blank_note_is_refused_and_a_note_is_kept(case, bankers):
    def write(body):
        return reviewing.add_note(application_id=case.pk, body=body, actor=bankers.rm)

    assert refusal(lambda: write("  ")).field == "body"
    assert write(" 已电话核实 ").body == "已电话核实"


@pytest.mark.parametrize("status", ["submitted", "returned", "withdrawn"])
def test_only_a_screened_case_is_claimed(case, bankers, status):
    Application.objects.update(status=status)
    assert refusal(lambda: assigning.claim(application_id=case.pk, actor=bankers.reviewer)).code == "not_claimable"


def test_person_without_a_post_is_nobody_on_the_desk(case, founder):
    assert refusal(lambda: assigning.claim(application_id=case.pk, actor=founder.actor)).code == "not_a_banker"


def test_release_is_for_the_claimant_while_it_is_screened(claimed, bankers):
    other = refusal(lambda: assigning.release(application_id=claimed.pk, actor=bankers.reviewer2))
    assert other.code == "not_yours"
    recommended(claimed, bankers.reviewer)
    late = refusal(lambda: assigning.release(application_id=claimed.pk, actor=bankers.reviewer))
    assert late.code == "not_releasable"


@pytest.mark.parametrize(("proposal", "wrong"), [(Proposal.APPROVE, "decline"), (Proposal.DECLINE, "approve")])
def test_approver_signs_what_was_proposed_or_sends_it_back(claimed, bankers, proposal, wrong):
    made = recommended(claimed, bankers.reviewer, proposal)
    given = {"application_id": claimed.pk, "recommendation_id": made.pk, "comment": "", "actor": bankers.approver}
    acts = {
        "approve": lambda: deciding.approve(**given),
        "decline": lambda: deciding.decline(**given, reason=DeclineReason.CASH_FLOW),
    }
    assert refusal(acts[wrong]).code == "proposal_differs"
    assert Application.objects.get().status == "recommended"


def test_sent_back_case_returns_to_its_reviewer_with_a_note(claimed, bankers):
    recommended(claimed, bankers.reviewer)

    def send_back(comment):
        return deciding.send_back(application_id=claimed.pk, comment=comment, actor=bankers.approver)

    assert refusal(lambda: send_back("  ")).field == "comment"
    case = send_back("请补充现金流分析")
    note = case.notes.get()
    assert (case.status, case.assignee.user_id) == ("screened", bankers.reviewer.user_id)
    assert note.body == "请补充现金流分析"
    event = Event.objects.get(type="application.sent_back")
    assert event.payload["reason"] == f"note:{note.pk}"
    assert "现金流" not in str(event.payload)  # the firm sees this event, the note is the bank's own
    assert recommend(case, bankers.reviewer).case_version > 0


def test_service_is_closed_by_who_claimed_it_and_declined_with_a_reason(founder, bankers, run_jobs):
    application = factories.submitted(founder, "account-opening")
    run_jobs()

    def close(outcome, reason=None):
        return deciding.close_service(
            application_id=application.pk, outcome=outcome, reason=reason, comment="已说明", actor=bankers.rm
        )

    assert refusal(lambda: close("complete")).code == "not_claimed"
    assigning.claim(application_id=application.pk, actor=bankers.rm)
    assert refusal(lambda: close("decline")).code == "reason_required"
    assert close("decline", DeclineReason.OUT_OF_SCOPE).status == "declined"
    assert application.notes.get().body == "已说明"


@pytest.fixture
def offered(claimed, bankers):
    made = recommended(claimed, bankers.reviewer)
    deciding.approve(application_id=claimed.pk, recommendation_id=made.pk, comment="", actor=bankers.approver)
    return Application.objects.get()


@pytest.mark.parametrize(("before", "fine"), [(timedelta(microseconds=1), True), (timedelta(0), False)])
def test_offer_is_answered_before_it_ends(offered, founder, before, fine):
    with time_machine.travel(offered.offer.expires_at - before, tick=False):

        def accept():
            return closing.answer_offer(application_id=offered.pk, accepted=True, actor=founder.actor)

        assert accept().status == "accepted" if fine else refusal(accept).code == "offer_expired"


def test_refused_offer_ends_the_case(offered, founder):
    assert closing.answer_offer(application_id=offered.pk, accepted=False, actor=founder.actor).status == "withdrawn"
    assert offered.offer.accepted_at is None


def test_viewer_reads_and_changes_nothing(founder):
    application = factories.draft(founder, "zhaojindai")
    viewer = factories.applicant(factories.member(founder.enterprise, role="viewer"))
    document = application.documents.get()
    acts = [
        lambda: drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=viewer.actor),
        lambda: drafting.save_section(
            application_id=application.pk, section="need", profile={}, request={}, actor=viewer.actor
        ),
        lambda: drafting.upload(
            application_id=application.pk, kind=document.kind, upload=factories.pdf(), actor=viewer.actor
        ),
        lambda: drafting.remove_document(
            application_id=application.pk, public_id=document.public_id, actor=viewer.actor
        ),
        lambda: submission.submit(application_id=application.pk, actor=viewer.actor),
    ]
    assert Application.objects.visible_to(viewer.actor).get() == application
    assert [refusal(act).code for act in acts] == ["viewer_cannot_apply"] * len(acts)


def test_viewer_answers_no_supplement_and_withdraws_nothing(claimed, bankers, founder):
    give_back(claimed, bankers.reviewer, [reviewing.Ask("采购合同")])
    viewer = factories.applicant(factories.member(founder.enterprise, role="viewer"))
    asked = claimed.supplements.get()
    answer = refusal(
        lambda: drafting.answer_supplement(
            application_id=claimed.pk, supplement_id=asked.pk, answer="x", actor=viewer.actor
        )
    )
    leave = refusal(lambda: closing.withdraw(application_id=claimed.pk, actor=viewer.actor))
    assert (answer.code, leave.code) == ("viewer_cannot_apply", "may_not_act")


def test_member_who_left_is_told_so(founder):
    application = factories.draft(founder)
    Membership.objects.update(valid_until="2020-01-01")
    found = refusal(lambda: submission.submit(application_id=application.pk, actor=founder.actor))
    assert isinstance(found, NotPermitted)
    assert found.code == "not_a_member"


def test_unverified_member_fills_in_but_does_not_submit(founder):
    application = factories.draft(founder)
    Membership.objects.update(verified_at=None)
    found = refusal(lambda: submission.submit(application_id=application.pk, actor=founder.actor))
    assert found.code == "membership_unverified"


def test_submitted_case_is_not_edited(case, founder):
    acts = [
        lambda: drafting.save_section(
            application_id=case.pk, section="need", profile={}, request={}, actor=founder.actor
        ),
        lambda: drafting.upload(
            application_id=case.pk, kind="financial_statements", upload=factories.pdf(), actor=founder.actor
        ),
        lambda: drafting.remove_document(application_id=case.pk, public_id="x", actor=founder.actor),
    ]
    assert [refusal(act).code for act in acts] == ["not_editable"] * 3
    assert refusal(lambda: drafting.discard(application_id=case.pk, actor=founder.actor)).code == "only_drafts"


def test_draft_is_discarded_by_who_wrote_it(founder):
    application = factories.draft(founder)
    colleague = factories.applicant(factories.member(founder.enterprise, role="agent"))
    assert (
        refusal(lambda: drafting.discard(application_id=application.pk, actor=colleague.actor)).code == "not_your_draft"
    )
    drafting.discard(application_id=application.pk, actor=founder.actor)
    assert not Application.objects.exists()


def test_files_of_one_case_are_counted(founder, monkeypatch):
    monkeypatch.setattr(drafting, "MAX_DOCUMENTS", 1)
    application = factories.draft(founder, "zhaojindai")
    found = refusal(
        lambda: drafting.upload(
            application_id=application.pk, kind="rd_ledger", upload=factories.pdf(), actor=founder.actor
        )
    )
    assert (found.code, found.field) == ("too_many_documents", "file")


def test_open_drafts_of_one_person_are_counted(founder, monkeypatch):
    monkeypatch.setattr(drafting, "MAX_OPEN_DRAFTS", 1)
    first = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=founder.actor)
    again = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=founder.actor)
    assert again == first
    found = refusal(
        lambda: drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaochuangdai", actor=founder.actor)
    )
    assert found.code == "too_many_drafts"
