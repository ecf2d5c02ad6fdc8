"""Working days: override → chinesecalendar → provisional."""

from datetime import date, datetime

import pytest

from portal.kernel.clock import BEIJING, due_after, is_workday, load_overrides, workdays_between
from portal.kernel.models import WorkdayOverride

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
        ("2026-09-20", True),
        ("2026-09-19", False),
    ],
)
def test_workday_follows_the_state_council_notice(day, works):
    assert is_workday(date.fromisoformat(day)) == (works, False)


def test_workday_of_an_unannounced_year_is_provisional():
    assert is_workday(date(2027, 2, 11)) == (True, True)


def test_override_goes_before_the_calendar():
    WorkdayOverride.objects.create(day=date(2026, 10, 8), is_workday=False, note="系统维护")
    assert is_workday(date(2026, 10, 8)) == (False, False)


def test_due_starts_on_the_next_working_day_and_ends_at_midnight():
    due = due_after(at("2026-09-30T17:00"), 2)
    assert (due.last_day, due.at, due.provisional) == (date(2026, 10, 9), at("2026-10-10T00:00"), False)


def test_due_counts_by_the_beijing_date():
    late_in_utc = datetime.fromisoformat("2026-11-22T16:30:00+00:00")  # already Monday the 23rd in Beijing
    assert due_after(late_in_utc, 1).last_day == date(2026, 11, 24)


def test_due_into_an_unannounced_year_is_provisional():
    assert due_after(at("2026-12-30T09:00"), 5).provisional is True


def test_workdays_between_is_negative_when_late():
    assert workdays_between(at("2026-11-25T10:00"), at("2026-11-24T00:00")) == -2


@pytest.mark.parametrize(("start", "left"), [("2026-11-25", 2), ("2026-11-26", 1), ("2026-11-27", 0)])
def test_days_left_until_a_friday_midnight(start, left):
    due = due_after(at("2026-11-25T09:00"), 2)
    assert due.last_day == date(2026, 11, 27)
    assert workdays_between(at(f"{start}T09:00"), due.at) == left


@pytest.mark.django_db
def test_a_changed_override_counts_at_once_though_they_are_kept():
    day = date(2026, 11, 25)
    assert is_workday(day)[0]
    row = WorkdayOverride.objects.create(day=day, is_workday=False, note="x")
    assert load_overrides(day, day) == {day: False}
    row.is_workday = True
    row.save()
    assert load_overrides(day, day) == {day: True}
    row.delete()
    assert load_overrides(day, day) == {}
