"""Synthetic firms: the same on every day, on the bounds of the rules, written once."""

from collections import Counter

import pytest
import time_machine
from django.core.management import CommandError, call_command
from stdnum.cn import uscc

from accounts.models import Enterprise, EnterpriseProfile
from applications.management import bulk, demo
from applications.management.synthetic import BOUNDARIES, firms
from applications.models import Application
from products.enums import Tier
from products.lifecycle import CREDIT


def test_same_call_gives_the_same_firms_on_any_day():
    first = list(firms(300))
    with time_machine.travel("2031-05-05"):
        assert list(firms(300)) == first


def test_codes_are_valid_and_demo():
    codes = [f["uscc"] for f in firms(300)]
    assert all(uscc.is_valid(code) and code[2:8] == "110199" for code in codes)
    assert len(set(codes)) == 300


def test_tiers_follow_their_shares():
    shares = Counter(f["tier"] for f in firms(4000))
    assert 0.26 < shares["T1"] / 4000 < 0.34
    assert 0.02 < shares["T5"] / 4000 < 0.06


@pytest.mark.django_db
def test_bulk_seed_writes_once_and_can_be_repeated(defaults):
    assert bulk.seed(200, progress=lambda _: None) == 200
    assert bulk.seed(250, progress=lambda _: None) == 50
    assert Application.objects.count() == Enterprise.objects.count() == 250
    assert EnterpriseProfile.objects.filter(enterprise__name__startswith="北京边界", source="self").count() == len(
        BOUNDARIES
    )
    assert {a.status for a in Application.objects.all()} <= {s.code for s in CREDIT.statuses}


@pytest.mark.django_db
def test_demonstration_shows_every_tier_and_end(defaults, settings, django_capture_on_commit_callbacks):
    assert demo.build() is True
    assert demo.build() is False
    assert Enterprise.objects.count() == len(demo.CASES)
    assert {c.product for c in demo.CASES} >= {"zhaobaodai", "tech-ma-loan", "little-giant-programme"}
    assert set(Application.objects.exclude(tier="").values_list("tier", flat=True)) == set(Tier.values)
    shown = set(Application.objects.values_list("status", flat=True))
    passing = {"submitted", "approved"}  # statuses that last for seconds
    assert shown | passing == {s.code for s in CREDIT.statuses} | {"completed"}


@pytest.mark.django_db
def test_seed_is_refused_in_production(settings):
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("seed")
