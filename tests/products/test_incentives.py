"""Public incentives: windows, three answers, what people have to look at, reminders and the calendar."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import OutboxMessage
from portal.kernel.clock import today
from portal.kernel.errors import RuleRefused
from products.domain import incentives
from products.models import Incentive, IncentiveReminder, Register, RegisterEntry
from products.tasks import remind
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db


def answers(firm, on=None) -> dict[str, str]:
    return {row.incentive.code: row.answer for row in incentives.matched(firm, on or today())}


def closing(days: int) -> Incentive:
    Incentive.objects.filter(code="sme-interest-2026").update(closes_on=today() + timedelta(days=days))
    return Incentive.objects.get(code="sme-interest-2026")


@pytest.mark.parametrize(
    ("on", "window"),
    [
        (date(2026, 5, 31), "soon"),
        (date(2026, 6, 1), "open"),
        (date(2026, 7, 31), "open"),
        (date(2026, 8, 1), "closing"),
        (date(2026, 8, 31), "closing"),
        (date(2026, 9, 1), "closed"),
    ],
)
def test_window_by_its_days(defaults, on, window):
    assert Incentive.objects.get(code="tech-sme-2026").window(on) == window


def test_an_incentive_without_an_end_stays_open(defaults):
    assert Incentive.objects.get(code="renewal-without-repayment").window(date(2030, 1, 1)) == "open"


def test_three_answers_and_what_only_people_can_check(founder):
    firm = founder.enterprise
    found = answers(firm)
    assert found["sme-interest-2026"] == "refer"  # its rule holds, its manual part is open
    assert found["relending"] == "refer"
    assert found["little-giant-2026"] in ("fail", "refer")
    Incentive.objects.filter(code="sme-interest-2026").update(manual=[])
    assert answers(firm)["sme-interest-2026"] == "pass"
    RegisterEntry.objects.create(
        register=Register.objects.get(code="relending"), uscc=firm.uscc, name=firm.name, valid_from="2026-01-01"
    )
    assert answers(firm)["relending"] == "pass"


def test_a_title_that_is_held_is_said(founder):
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"), uscc=founder.enterprise.uscc, name="x", valid_from="2026-01-01"
    )
    assert answers(founder.enterprise)["hnte-2026"] == "held"


def test_a_policy_that_is_gone_refers(founder):
    Incentive.objects.filter(code="renewal-without-repayment").update(policy_code="nowhere", manual=[])
    assert answers(founder.enterprise)["renewal-without-repayment"] == "refer"


def test_those_that_close_first_come_first(founder):
    closing(5)
    rows = incentives.matched(founder.enterprise, today())
    assert rows[0].incentive.code == "sme-interest-2026"
    assert [row.window for row in rows] == sorted([row.window for row in rows], key=incentives._WINDOWS.index)


@pytest.mark.parametrize(("days", "sent"), [(15, 0), (14, 1), (0, 1)])
def test_reminders_go_out_two_weeks_before_the_end_and_once(founder, days, sent):
    incentive = closing(days)
    incentives.remind(incentive_id=incentive.pk, wanted=True, actor=founder.actor)
    incentives.remind(incentive_id=incentive.pk, wanted=True, actor=founder.actor)
    before = OutboxMessage.objects.count()
    remind()
    remind()
    assert OutboxMessage.objects.count() - before == sent
    assert IncentiveReminder.objects.filter(sent_at__isnull=False).count() == sent


def test_there_is_nothing_to_be_reminded_of_without_an_end_or_after_it(founder):
    for code in ("renewal-without-repayment", "first-loan-interest"):
        with pytest.raises(RuleRefused, match="nothing_to_remind"):
            incentives.remind(incentive_id=Incentive.objects.get(code=code).pk, wanted=True, actor=founder.actor)


def test_the_page_shows_sets_and_takes_back(founder):
    incentive, client = closing(20), signed_in(founder)
    where = f"/incentives/{founder.enterprise.uscc}/"
    words = client.get(where).content.decode()
    assert "还有 20 天" in words
    assert "快截止" in words
    assert "京经信发〔2025〕4号" in words
    client.post(f"{where}{incentive.code}/remind/", {"wanted": "1"})
    assert "不再提醒" in client.get(where).content.decode()
    client.post(f"{where}{incentive.code}/remind/", {"wanted": "0"})
    assert not IncentiveReminder.objects.exists()
    calendar = client.get(f"{where}calendar.ics")
    text = calendar.content.decode()
    assert calendar["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;VALUE=DATE:{incentive.closes_on:%Y%m%d}" in text
    assert text.count("BEGIN:VEVENT") == 1
    assert incentives._escaped("甲;乙,丙\n") == "甲\\;乙\\,丙\\n"


def test_only_verified_members_of_the_firm_see_it(founder, defaults):
    stranger = factories.legal_rep()
    unverified = factories.applicant(factories.member(founder.enterprise, role="agent", verified=False))
    for who in (stranger, unverified):
        for path in ("", "calendar.ics"):
            assert signed_in(who).get(f"/incentives/{founder.enterprise.uscc}/{path}").status_code == 404
        answer = signed_in(who).post(f"/incentives/{founder.enterprise.uscc}/relending/remind/", {"wanted": "1"})
        assert answer.status_code == 404


def test_the_page_asks_the_same_however_many_there_are(founder):
    client, asked = signed_in(founder), []
    where = f"/incentives/{founder.enterprise.uscc}/"
    client.get(where)
    for part in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get(where)
        asked.append(len(seen))
        for n in range(5):
            Incentive.objects.create(
                code=f"x{part}{n}", title="x", authority="x", benefit="x", policy_code="incentive-renewal"
            )
    assert asked[0] == asked[1] <= 14
