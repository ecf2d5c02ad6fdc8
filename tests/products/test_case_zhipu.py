"""The company of the brief by its public 2022 figures: a person gets it, nobody is refused."""

import json
from datetime import date
from pathlib import Path

import pytest

from accounts.profile_rules import flatten
from products.domain.evaluating import in_force
from products.domain.judging import Request, judge, judge_product
from products.models import Product
from products.policy.facts import Known
from tests.factories import demo_uscc

CASE = json.loads((Path(__file__).parent.parent / "data" / "case_zhipu.json").read_text(encoding="utf-8"))
AS_OF = date(2023, 6, 30)


@pytest.fixture
def judged(defaults):
    profile = {
        "established_on": CASE["established_on"],
        "district_code": CASE["district_code"],
        "industry_code": CASE["industry_code"],
        "annual": [row for row in CASE["annual"] if row["year"] == 2022],
    }
    values = flatten(profile)
    known = Known(values, dict.fromkeys(values, "declared"))
    return judge(uscc=demo_uscc(500), known=known, declared_titles=None, as_of=AS_OF)


def test_size_is_open_for_want_of_staff(judged):
    assert (judged.size.size, judged.size.missing) == (None, ("staff",))


def test_titles_unknown_leave_higher_rungs_open(judged):
    tier = judged.tier
    assert (tier["tier"], tier["outcome"], tier["could_be"]) == ("T1", "refer", ["T5", "T4", "T3", "T2"])


def test_upper_score_ranks_it_high(judged):
    assert judged.score["points"] == 12
    assert judged.score["points_max"] >= 75


def test_every_product_refers_and_nothing_fails(judged):
    for product in Product.objects.exclude(kind="service"):
        outcome, result = judge_product(in_force(product.policy_code, AS_OF), judged, Request())
        assert outcome == "refer", product
        assert "fail" not in {f["outcome"] for f in result["findings"]}
