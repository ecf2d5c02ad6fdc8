"""Watching outcomes: counts against an independent count, shifts and gaps at their bounds, who sees them."""

from collections import Counter
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.domain import monitoring
from applications.management import bulk
from applications.models import Application, OutcomeTally, Shift
from applications.tasks import monitor
from portal.kernel.clock import BEIJING, today
from portal.kernel.models import Event
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
THIS = monitoring.monday(today())


def tally(weeks_ago: int, by: str = "all", value: str = "", **counts: int) -> None:
    numbers = {"passed": 0, "referred": 0, "failed": 0, **counts}
    tiers = numbers.pop("tiers", {})
    row = {"week": THIS - weeks_ago * monitoring.WEEK, "by": by, "value": value, "tiers": tiers}
    OutcomeTally.objects.create(**row, total=sum(numbers.values()), **numbers)


def test_index_is_the_population_stability_index():
    found = monitoring.stability_index({"a": 50, "b": 50}, {"a": 70, "b": 30})
    assert found == Decimal("0.1695")  # 0.2 ln 1.4 − 0.2 ln 0.6
    assert monitoring.stability_index({"a": 60}, {"a": 90}) == 0


@pytest.mark.parametrize(("cases", "says"), [(49, False), (50, True)])
def test_few_cases_say_nothing(cases, says):
    assert (monitoring.stability_index({"a": 100}, {"b": cases}) is not None) is says


def test_a_handful_among_many_small_groups_is_chance():
    before = {"big": 1000, **{f"s{n}": 12 for n in range(20)}}
    after = {
        "big": 81,
        **{f"s{n}": 2 for n in range(0, 19, 2)},
    }  # half of the small ones at double, the other half absent
    assert monitoring.stability_index(before, after) < monitoring.WATCH


@pytest.mark.parametrize(("share", "is_merged"), [(59, True), (60, False)])
def test_classes_are_rare_below_five_expected_cases(share, is_merged):
    before = {"a": 1200 - 2 * share, "b": share, "c": share}
    after = {"a": 90, "b": 10, "c": 0}
    one = monitoring.stability_index({"a": before["a"], "b": 2 * share}, {"a": 90, "b": 10})
    assert (monitoring.stability_index(before, after) == one) is is_merged


def test_a_class_that_is_new_weighs_and_does_not_break():
    assert monitoring.stability_index({"a": 100}, {"a": 50, "b": 50}) > monitoring.ALERT


def test_weekly_counts_are_those_of_an_independent_count(defaults):
    bulk.seed(400, progress=lambda _: None)
    Application.objects.update(submitted_at=datetime.combine(THIS - timedelta(days=3), time(12), BEIJING))
    outside = Application.objects.order_by("pk").values_list("pk", flat=True)[:60]
    edges = (time(0), -7), (time(23, 59, 59), -1), (time(23, 59, 59), -8), (time(0), 0)
    for pk, (at, days) in zip(outside, edges * 15):
        moment = datetime.combine(THIS + timedelta(days=days), at, BEIJING)
        Application.objects.filter(pk=pk).update(submitted_at=moment)
    week = THIS - monitoring.WEEK
    monitoring.tally_week(week=week)
    monitoring.tally_week(week=week)
    rows = [a for a in Application.objects.all() if week <= a.submitted_at.astimezone(BEIJING).date() < THIS]
    assert 300 < len(rows) < 400
    for by, field in (("district", "district_code"), ("size", "size_class"), ("industry", "industry")):
        expected = Counter((getattr(a, field), a.outcome) for a in rows)
        found = Counter()
        for row in OutcomeTally.objects.filter(by=by, week=week):
            found.update(
                {(row.value, "pass"): row.passed, (row.value, "refer"): row.referred, (row.value, "fail"): row.failed}
            )
        assert +found == expected
    everybody = OutcomeTally.objects.get(by="all", week=week)
    assert (everybody.total, everybody.tiers) == (len(rows), Counter(a.tier for a in rows))


def test_sandbox_drafts_and_services_do_not_count(founder, run_jobs):
    factories.draft(founder)
    factories.submitted(founder, product="account-opening")
    run_jobs()
    monitoring.tally_week(week=THIS)
    assert not OutcomeTally.objects.exists()
    application = factories.submitted(factories.legal_rep())
    run_jobs()
    application.refresh_from_db()
    assert (application.district_code, application.industry) == ("110108", "I")
    monitoring.tally_week(week=THIS)
    assert OutcomeTally.objects.get(by="district").value == "110108"
    Application.objects.update(is_sandbox=True)
    monitoring.tally_week(week=THIS)
    assert not OutcomeTally.objects.exists()


def test_a_shift_is_found_once_and_told_once():
    for week in range(5, 17):
        tally(week, passed=50, referred=50, tiers={"T1": 100})
    for week in range(1, 5):
        tally(week, passed=20, referred=80, tiers={"T1": 100})
    assert monitoring.find_shifts(week=THIS) == 1
    assert monitoring.find_shifts(week=THIS) == 0
    shift = Shift.objects.get()
    assert (shift.of, shift.by, shift.level) == ("outcome", "all", "alert")
    assert shift.before == {"passed": 600, "referred": 600, "failed": 0}
    assert Event.objects.filter(stream="monitor:outcomes").count() == 1


def test_a_finding_that_grows_is_told_again_and_one_that_is_gone_is_taken_off():
    for week in range(5, 17):
        tally(week, passed=50, referred=50)
    for week in range(1, 5):
        tally(week, passed=30, referred=70)
    assert monitoring.find_shifts(week=THIS) == 1
    assert Shift.objects.get().level == "watch"
    recent = OutcomeTally.objects.filter(week__gte=THIS - 4 * monitoring.WEEK)
    recent.update(passed=20, referred=80)  # cases of before were decided anew
    assert monitoring.find_shifts(week=THIS) == 1
    assert (Shift.objects.get().level, Shift.objects.get().after["passed"]) == ("alert", 80)
    assert monitoring.find_shifts(week=THIS) == 0
    recent.update(passed=50, referred=50)
    assert monitoring.find_shifts(week=THIS) == 0
    assert not Shift.objects.exists()
    assert Event.objects.filter(stream="monitor:outcomes").count() == 2


def test_the_page_gives_no_all_clear_on_too_few_cases(defaults):
    author, _ = factories.policy_desk()
    tally(6, passed=50)
    tally(1, passed=49)
    assert "件数还不够比较" in signed_in(author).get("/admin/monitor/").content.decode()
    tally(2, passed=1)
    words = signed_in(author).get("/admin/monitor/").content.decode()
    assert "没有超出常用界限的变化" in words
    assert "件数还不够比较" not in words


def test_the_week_under_way_and_older_ones_are_not_compared():
    for week in (0, 17):
        tally(week, failed=1000)
    for week in range(1, 17):
        tally(week, passed=50)
    assert monitoring.find_shifts(week=THIS) == 0


@pytest.mark.parametrize(("passed", "found"), [(39, 1), (40, 0)])
def test_a_group_under_four_fifths_of_everybody_is_told(passed, found):
    tally(6, "all", passed=500, referred=500)
    tally(6, "size", "micro", passed=passed, referred=100 - passed)
    tally(6, "size", "", referred=900)
    monitoring.find_shifts(week=THIS)
    assert Shift.objects.filter(of="gap", value="micro").count() == found
    assert not Shift.objects.filter(of="gap", value="").exists()


def test_make_up_of_applicants_is_watched():
    for week in range(1, 17):
        tally(week, "industry", "I" if week > 4 else "M", passed=30)
    monitoring.find_shifts(week=THIS)
    assert Shift.objects.get(of="make_up").level == "alert"


def test_the_page_is_for_the_policy_desk_and_says_what_moved(defaults, bankers):
    for week in range(1, 17):
        tally(week, passed=50 if week > 4 else 10, referred=50 if week > 4 else 90)
        tally(week, "district", "110108", passed=50)
        tally(week, "size", "micro", passed=5, referred=45)
    monitoring.find_shifts(week=THIS)
    author, _ = factories.policy_desk()
    client = signed_in(author)
    words = client.get("/admin/monitor/").content.decode()
    assert "警示：全部的检查结果" in words
    assert "通过 50.0% → 10.0%" in words
    assert "海淀区" in words
    assert "规模「微型」的通过率" in words
    assert "微型" in client.get("/admin/monitor/?by=size").content.decode()
    for wrong in ("all", "x"):
        assert client.get(f"/admin/monitor/?by={wrong}").status_code == 404
    assert signed_in(bankers.reviewer).get("/admin/monitor/").status_code == 403


def test_the_page_asks_the_same_whatever_it_holds(defaults):
    author, _ = factories.policy_desk()
    client, asked = signed_in(author), []
    for weeks in (range(1, 2), range(2, 17)):
        for week in weeks:
            for district in range(1, 1 + week):
                tally(week, "district", f"1101{district:02d}", passed=60)
        with CaptureQueriesContext(connection) as seen:
            client.get("/admin/monitor/")
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 8


def test_the_nightly_round_counts_every_week_that_is_compared_again(defaults):
    bulk.seed(300, progress=lambda _: None)
    monitor()
    compared = OutcomeTally.objects.filter(week__gte=THIS - 16 * monitoring.WEEK)
    before = compared.values("week").distinct().count()
    assert before > 2
    Application.objects.update(outcome="refer")
    monitor()
    assert compared.values("week").distinct().count() == before
    assert not compared.exclude(passed=0, failed=0).exists()
