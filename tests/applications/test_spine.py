"""The main job, domain only: submit → screen → claim → score → recommend → approve → accept → book."""

from decimal import Decimal

import pytest

from applications.domain import assigning, closing, deciding, drafting, reviewing, submission
from applications.enums import DeclineReason, Dimension, Proposal, ReturnReason
from applications.models import Application, Notice
from portal.kernel.errors import IllegalTransition, NotPermitted, RuleRefused
from portal.kernel.events import verify
from portal.kernel.models import Event
from tests import factories

TERMS = reviewing.Terms(Decimal("800000.00"), 345, 12, "interest_first")


def scored(application, actor):
    reviewing.score(
        application_id=application.pk,
        points={Dimension.TECHNOLOGY: 30, Dimension.TEAM: 22, Dimension.POSITION: 19},
        reasons=dict.fromkeys(Dimension, "见材料"),
        actor=actor,
    )


def recommended(application, actor, proposal=Proposal.APPROVE):
    assigning.claim(application_id=application.pk, actor=actor)
    scored(application, actor)
    reason = DeclineReason.CASH_FLOW if proposal == Proposal.DECLINE else None
    return reviewing.recommend(
        application_id=application.pk, proposal=proposal, comment="同意", terms=TERMS, reason=reason, actor=actor
    )


def test_loan_goes_from_draft_to_booked(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    assert application.status == "submitted"
    run_jobs()
    application.refresh_from_db()
    assert (application.status, application.tier, application.outcome) == ("screened", "T1", "pass")
    recommendation = recommended(application, bankers.reviewer)
    deciding.approve(
        application_id=application.pk, recommendation_id=recommendation.pk, comment="", actor=bankers.approver
    )
    application.refresh_from_db()
    assert application.status == "offered"
    assert application.offer.amount == Decimal("800000.00")
    closing.answer_offer(application_id=application.pk, accepted=True, actor=founder.actor)
    deciding.book(application_id=application.pk, actor=bankers.rm)
    application.refresh_from_db()
    assert application.status == "booked"
    run_jobs()
    assert verify(application.reference) is None
    types = list(Event.objects.filter(stream=application.reference).order_by("seq").values_list("type", flat=True))
    assert types[-1] == "application.booked"
    assert Notice.objects.filter(application=application, user=founder.user).count() == 3


def test_decline_needs_second_person_and_carries_a_reason(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    recommendation = recommended(application, bankers.reviewer, Proposal.DECLINE)
    deciding.decline(
        application_id=application.pk,
        recommendation_id=recommendation.pk,
        reason=DeclineReason.CASH_FLOW,
        comment="",
        actor=bankers.approver,
    )
    application.refresh_from_db()
    assert application.status == "declined"
    with pytest.raises(IllegalTransition):
        closing.withdraw(application_id=application.pk, actor=founder.actor)


def test_approver_over_limit_is_refused(founder, bankers, run_jobs):
    application = factories.submitted(founder, "zhaochuangdai", requested_amount=Decimal("8000000"), term_months=24)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    scored(application, bankers.reviewer)
    big = reviewing.Terms(Decimal("5000000.01"), 300, 24, "interest_first")
    recommendation = reviewing.recommend(
        application_id=application.pk, proposal=Proposal.APPROVE, comment="x", terms=big, actor=bankers.reviewer
    )
    with pytest.raises(NotPermitted, match="may_not_sign"):
        deciding.approve(
            application_id=application.pk, recommendation_id=recommendation.pk, comment="", actor=bankers.approver
        )
    deciding.approve(
        application_id=application.pk, recommendation_id=recommendation.pk, comment="", actor=bankers.approver2
    )


def test_second_claim_is_told_who_was_faster(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    with pytest.raises(RuleRefused) as refused:
        assigning.claim(application_id=application.pk, actor=bankers.reviewer2)
    assert refused.value.code == "already_claimed"
    assert "陶安" in refused.value.message


def test_return_pauses_the_clock_and_resubmit_screens_again(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    reviewing.return_for_changes(
        application_id=application.pk,
        reason=ReturnReason.PURPOSE,
        items=[reviewing.Ask("采购合同", "核对用途")],
        actor=bankers.reviewer,
    )
    application.refresh_from_db()
    assert application.status == "returned"
    assert application.paused_days is not None
    with pytest.raises(RuleRefused) as refused:
        submission.submit(application_id=application.pk, actor=founder.actor)
    assert refused.value.code == "supplements_open"
    from applications.domain import drafting

    drafting.answer_supplement(
        application_id=application.pk,
        supplement_id=application.supplements.get().pk,
        answer="合同下周签",
        actor=founder.actor,
    )
    submission.submit(application_id=application.pk, actor=founder.actor)
    run_jobs()
    application.refresh_from_db()
    assert (application.status, application.round, application.assignee_id is not None) == ("screened", 2, True)
    assert application.screenings.count() == 2


def test_submit_names_what_is_missing(founder):
    from applications.domain import drafting

    application = drafting.start(enterprise_id=founder.enterprise.pk, product_code="zhaojiedai", actor=founder.actor)
    with pytest.raises(RuleRefused) as refused:
        submission.submit(application_id=application.pk, actor=founder.actor)
    assert refused.value.code == "incomplete"
    assert "申请金额" in refused.value.message
    assert Application.objects.get().status == "draft"


def test_every_change_of_a_case_is_a_new_version_and_time(founder, bankers, run_jobs):
    application = factories.draft(founder, "zhaojindai")
    document = application.documents.get()
    acts = [
        lambda: drafting.remove_document(
            application_id=application.pk, public_id=document.public_id, actor=founder.actor
        ),
        lambda: drafting.upload(
            application_id=application.pk, kind=document.kind, upload=factories.pdf(), actor=founder.actor
        ),
        lambda: submission.submit(application_id=application.pk, actor=founder.actor),
        run_jobs,
        lambda: assigning.claim(application_id=application.pk, actor=bankers.reviewer),
        lambda: assigning.release(application_id=application.pk, actor=bankers.reviewer),
    ]
    for act in acts:
        version, changed_at = application.version, application.updated_at
        act()
        application.refresh_from_db()
        assert application.version > version
        assert application.updated_at > changed_at
