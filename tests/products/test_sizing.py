"""中小企业划型标准: every row at its bound and one below."""

import pytest

from products.policy.sizing import SIZES, row_of, size_of, thresholds

WAN = 1_000_000  # 万元 in 分


def figures(row: str, bounds: list[int]) -> dict:
    out = {"staff": None, "revenue_fen": None, "assets_fen": None}
    for indicator, bound in zip(thresholds()[row]["ind"], bounds, strict=True):
        out["staff" if indicator == "staff" else f"{indicator}_fen"] = bound if indicator == "staff" else bound * WAN
    return out


CODES = {
    "agriculture": "A01", "industry": "C39", "construction": "E47", "wholesale": "F51", "retail": "F52", "transport": "G54", "warehousing": "G595",
    "postal": "G60", "accommodation": "H61", "catering": "H62", "info_transmission": "I64", "software_it": "I65", "real_estate_dev": "K7010",
    "property_mgmt": "K7020", "leasing_business": "L72", "other": "M73",
}  # fmt: skip


@pytest.mark.parametrize("row", CODES)
@pytest.mark.parametrize("size", SIZES)
def test_bound_belongs_to_the_class(row, size):
    bounds = thresholds()[row][size]
    assert size_of(industry_code=CODES[row], **figures(row, bounds)).size == size
    below = size_of(industry_code=CODES[row], **figures(row, [b - 1 for b in bounds])).size
    assert below == {"large": "medium", "medium": "small", "small": "micro"}[size]


def test_all_indicators_must_be_met():
    assert size_of(industry_code="C39", staff=1200, revenue_fen=1000 * WAN, assets_fen=None).size == "small"


@pytest.mark.parametrize(
    ("code", "row"),
    [("I64", "info_transmission"), ("I65", "software_it"), ("K70", None), ("G59", None), ("G591", "transport"), ("J66", "outside"), ("P83", "outside"), ("Q85", "other"), ("G53", "outside"), ("K7040", "outside"), ("Z99", None)],
)  # fmt: skip
def test_industry_code_finds_its_row(code, row):
    assert row_of(code) == row


def test_missing_figure_leaves_the_size_open_unless_the_rest_settles_it():
    open_case = size_of(industry_code="I65", staff=None, revenue_fen=5740 * WAN, assets_fen=None)
    assert (open_case.size, open_case.missing) == (None, ("staff",))
    settled = size_of(industry_code="I65", staff=None, revenue_fen=10 * WAN, assets_fen=None)
    assert settled.size == "micro"
