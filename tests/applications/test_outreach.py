"""Outreach: tasks follow the list, are handed out and taken once, and every contact is written down."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Banker
from applications.domain import outreach
from applications.models import Contact, Outreach, OutreachPlan
from applications.queries import coverage as figures
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, NotPermitted, PortalError, RuleRefused, StaleObject
from portal.kernel.immutability import install_triggers
from portal.kernel.models import Event
from products.domain.registering.rows import entry
from products.models import Register, RegisterEntry
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(defaults) -> OutreachPlan:
    """The relending list with two firms, one of them with two projects, and its tasks."""
    register = Register.objects.get(code="relending")
    for number, project in ((801, "产线改造"), (801, "数字车间"), (802, "")):
        row = entry(register, uscc=factories.demo_uscc(number), name=f"清单企业{number}", valid_from=today())
        row.project, row.key = project, f"{row.key}|{project}"
        row.save()
    found = OutreachPlan.objects.get(register=register)
    assert outreach.refresh(plan_id=found.pk) == 3
    return found


def banker(actor) -> Banker:
    return Banker.objects.get(user_id=actor.user_id)


def said(**change) -> dict:
    return {"on": today(), "channel": "phone", "result": "interested", "note": "", "next_on": None, **change}


def taken(plan, actor) -> Outreach:
    task = plan.tasks.filter(assignee=None).order_by("pk").first()
    return outreach.take(outreach_id=task.pk, seen=task.version, actor=actor)


def test_tasks_follow_the_list_and_lose_nothing(plan, bankers):
    assert outreach.refresh(plan_id=plan.pk) == 0
    task = taken(plan, bankers.rm)
    outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(), actor=bankers.rm)
    RegisterEntry.objects.filter(key=task.key).update(removed_from=today())
    outreach.refresh(plan_id=plan.pk)
    task.refresh_from_db()
    assert (task.is_listed, task.contacts.count(), plan.tasks.listed().count()) == (False, 1, 2)
    RegisterEntry.objects.filter(key=task.key).update(removed_from=None)
    outreach.refresh(plan_id=plan.pk)
    assert plan.tasks.listed().count() == 3


def test_only_whoever_answers_for_the_plan_hands_out(plan, bankers):
    author, _ = factories.policy_desk()
    rm = banker(bankers.rm)
    with pytest.raises(NotPermitted, match="may_not_assign"):
        outreach.assign(plan_id=plan.pk, banker_id=rm.pk, count=1, actor=bankers.rm)
    assert outreach.assign(plan_id=plan.pk, banker_id=rm.pk, count=2, actor=author) == 2
    OutreachPlan.objects.update(owner=banker(bankers.reviewer))
    assert outreach.assign(plan_id=plan.pk, banker_id=rm.pk, count=500, actor=bankers.reviewer) == 1
    with pytest.raises(RuleRefused, match="nothing_to_assign"):
        outreach.assign(plan_id=plan.pk, banker_id=rm.pk, count=1, actor=author)
    assert set(plan.tasks.values_list("assignee", flat=True)) == {rm.pk}
    assert Event.objects.filter(type="outreach.assigned").count() == 2


@pytest.mark.parametrize(("count", "who", "field"), [(0, "rm", "count"), (501, "rm", "count"), (1, "policy", "banker")])
def test_what_cannot_be_handed_out_is_refused_at_its_field(plan, bankers, count, who, field):
    author, _ = factories.policy_desk()
    to = banker(author if who == "policy" else bankers.rm)
    with pytest.raises(InvalidInput) as error:
        outreach.assign(plan_id=plan.pk, banker_id=to.pk, count=count, actor=author)
    assert error.value.field == field


def test_a_contact_counts_from_the_first_time_somebody_answered(plan, bankers):
    task = taken(plan, bankers.rm)
    week_ago = today() - timedelta(days=7)
    for on, result, reached in (
        (week_ago, "unreachable", None),
        (today(), "later", today()),
        (week_ago, "no_need", week_ago),
        (today(), "unreachable", week_ago),
    ):
        outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(on=on, result=result), actor=bankers.rm)
        task.refresh_from_db()
        assert (task.result, task.reached_on) == (result, reached)
    assert task.contacts.count() == 4
    assert Event.objects.filter(stream=f"outreach:{task.pk}", type="outreach.contacted").count() == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on": today() + timedelta(days=1)}, "on"),
        ({"on": today() - timedelta(days=32)}, "on"),
        ({"on": today() - timedelta(days=31)}, None),
        ({"channel": "pigeon"}, "channel"),
        ({"result": "won"}, "result"),
        ({"note": "长" * 301}, "note"),
        ({"next_on": today() - timedelta(days=1)}, "next_on"),
        ({"next_on": today()}, None),
        ({"next_on": date(2199, 1, 1)}, "next_on"),
    ],
)
def test_what_cannot_be_written_is_refused_at_its_field(plan, bankers, change, field):
    task = taken(plan, bankers.rm)
    if field is None:
        assert outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(**change), actor=bankers.rm)
        return
    with pytest.raises(InvalidInput) as error:
        outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(**change), actor=bankers.rm)
    assert error.value.field == field
    assert not Contact.objects.exists()


def test_progress_counts_listed_tasks_alone(plan, bankers):
    first, second = taken(plan, bankers.rm), taken(plan, bankers.rm)
    outreach.write_contact(outreach_id=first.pk, seen=first.version, **said(next_on=today()), actor=bankers.rm)
    outreach.write_contact(
        outreach_id=second.pk, seen=second.version, **said(result="unreachable", next_on=today()), actor=bankers.rm
    )
    found = next(row for row in figures.progress(today()) if row == plan)
    assert (found.total, found.handed, found.reached, found.due) == (3, 2, 1, 2)
    Outreach.objects.filter(pk=first.pk).update(is_listed=False)
    found = next(row for row in figures.progress(today()) if row == plan)
    assert (found.total, found.handed, found.reached, found.due) == (2, 1, 0, 1)


def test_others_do_not_write_into_a_colleagues_task(plan, bankers):
    task = taken(plan, bankers.rm)
    with pytest.raises(NotPermitted, match="may_not_write"):
        outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(), actor=bankers.reviewer)
    with pytest.raises(RuleRefused, match="already_taken"):
        outreach.take(outreach_id=task.pk, seen=task.version, actor=bankers.reviewer)
    with pytest.raises(StaleObject):
        outreach.take(outreach_id=task.pk, seen=task.version - 1, actor=bankers.reviewer)
    author, _ = factories.policy_desk()
    free = plan.tasks.filter(assignee=None).first()
    with pytest.raises(NotPermitted, match="role_cannot_act"):
        outreach.take(outreach_id=free.pk, seen=free.version, actor=author)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_one_task_one_gets_it(plan, bankers):
    task = plan.tasks.first()

    def grab(actor) -> bool:
        try:
            outreach.take(outreach_id=task.pk, seen=task.version, actor=actor)
        except PortalError:
            return False
        finally:
            connection.close()
        return True

    actors = [bankers.rm, bankers.reviewer, bankers.reviewer2, bankers.approver] * 3
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grab, actors)) == 1


def test_contacts_are_never_changed(plan, bankers, settings):
    task = taken(plan, bankers.rm)
    outreach.write_contact(outreach_id=task.pk, seen=task.version, **said(), actor=bankers.rm)
    settings.INSTALL_TRIGGERS = True
    install_triggers()
    for act in (lambda: Contact.objects.update(note="改"), lambda: Contact.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_pages_lead_from_the_list_to_a_contact_written_down(plan, bankers):
    author, _ = factories.policy_desk()
    desk, rm = signed_in(author), signed_in(bankers.rm)
    assert "名单触达" in desk.get("/admin/outreach/").content.decode()
    to = {"banker": banker(bankers.rm).pk, "count": 2}
    assert desk.post("/admin/outreach/relending/assign/", {**to, "count": 0}).status_code == 422
    assert desk.post("/admin/outreach/relending/assign/", to).status_code == 302
    words = rm.get("/admin/outreach/relending/").content.decode()
    assert "产线改造" in words
    assert "我的 2" in words
    task = plan.tasks.filter(assignee=banker(bankers.rm)).first()
    page = f"/admin/outreach/relending/{task.pk}/"
    assert "登记联系" in rm.get(page).content.decode()
    form = {"seen": task.version, "on": today().isoformat(), "channel": "visit", "result": "applying", "note": "已约谈"}
    assert rm.post(f"{page}contact/", {**form, "on": "昨天"}).status_code == 422
    assert rm.post(f"{page}contact/", form).status_code == 302
    assert "已约谈" in rm.get(page).content.decode()
    stale = rm.post(f"{page}contact/", form, follow=True).content.decode()
    assert "在您打开以后有变化" in stale
    assert task.contacts.count() == 1
    free = plan.tasks.filter(assignee=None).get()
    other = signed_in(bankers.reviewer)
    assert other.post(f"/admin/outreach/relending/{free.pk}/take/", {"seen": free.version}).status_code == 302
    assert other.post(f"/admin/outreach/relending/{free.pk}/take/", {}).status_code == 404
    assert "由认领的同事登记联系" in other.get(page).content.decode()
    assert rm.get(f"/admin/outreach/little_giant/{free.pk}/").status_code == 404
    assert rm.get("/admin/outreach/relending/?show=x").status_code == 404
    assert (
        rm.post("/admin/outreach/relending/assign/", to, follow=True)
        .content.decode()
        .count("由计划负责人或政策管理岗分派")
        == 1
    )


def test_a_case_shows_that_its_firm_is_on_the_list(plan, founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    page = f"/admin/cases/{application.reference}/"
    name = plan.register.name
    assert name not in signed_in(bankers.reviewer).get(page).content.decode()
    row = entry(plan.register, uscc=founder.enterprise.uscc, name="x", valid_from=today())
    row.round = "第三批"
    row.save()
    assert f"{name}　第三批" in signed_in(bankers.reviewer).get(page).content.decode()


def test_a_firm_sees_who_answers_for_its_programme(founder, bankers, run_jobs):
    OutreachPlan.objects.filter(register__code="srdi_sme").update(owner=banker(bankers.rm))
    programme = factories.submitted(founder, product="srdi-programme", requested_amount=2_000_000, term_months=12)
    loan = factories.submitted(founder)
    run_jobs()
    client = signed_in(founder)
    words = client.get(programme.get_absolute_url()).content.decode()
    assert "专案联系人" in words
    assert "周明远" in words
    assert "专案联系人" not in client.get(loan.get_absolute_url()).content.decode()
