"""Repayment plans: known figures, money identities over anything, the cost with fees."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.policy.repayment import METHODS, Fee, due_dates, plan

FIRST = date(2026, 12, 25)


def test_equal_instalments_of_a_known_loan():
    """2,600,000 元 at 3.15 % over 24 months: 111,923.74 a month, the last 111,923.75, interest 86,169.77."""
    made = plan(
        amount=Decimal(2_600_000),
        term_months=24,
        method="equal_installment",
        first_date=FIRST,
        annual_rate=Decimal("3.15"),
    )
    assert {i.payment for i in made.instalments[:-1]} == {Decimal("111923.74")}
    assert made.instalments[-1].payment == Decimal("111923.75")
    assert made.total_interest == Decimal("86169.77")
    assert made.annualised_cost == Decimal("3.15")


def test_interest_first_pays_the_principal_last():
    made = plan(
        amount=Decimal(1_200_000),
        term_months=12,
        method="interest_first",
        first_date=FIRST,
        annual_rate=Decimal("3.40"),
    )
    assert {i.interest for i in made.instalments} == {Decimal("3400.00")}
    assert [i.principal for i in made.instalments] == [Decimal(0)] * 11 + [Decimal(1_200_000)]


def test_fees_raise_the_annual_cost():
    fee = Fee("担保费", "示例担保公司", Decimal("13000.00"))
    bare = plan(
        amount=Decimal(2_600_000),
        term_months=24,
        method="equal_installment",
        first_date=FIRST,
        annual_rate=Decimal("3.15"),
    )
    made = plan(
        amount=Decimal(2_600_000),
        term_months=24,
        method="equal_installment",
        first_date=FIRST,
        annual_rate=Decimal("3.15"),
        fees=[fee],
    )
    assert made.instalments == bare.instalments
    assert Decimal("3.60") < made.annualised_cost < Decimal("3.70")
    assert made.total_cost == bare.total_interest + fee.amount


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2026, 1, 31), ["2026-01-31", "2026-02-28", "2026-03-31"]),
        (date(2027, 12, 31), ["2027-12-31", "2028-01-31", "2028-02-29"]),
        (date(2026, 1, 15), ["2026-01-15", "2026-02-15", "2026-03-15"]),
    ],
)
def test_due_dates_are_clamped_from_the_first(first, expected):
    assert [d.isoformat() for d in due_dates(first, 3)] == expected


@given(
    cents=st.integers(1_000_000, 9_000_000_000),
    months=st.integers(1, 360),
    method=st.sampled_from(METHODS),
    rate=st.decimals(0, 24, places=2),
)
def test_money_identities_hold_for_any_loan(cents, months, method, rate):
    amount = Decimal(cents) / 100
    made = plan(amount=amount, term_months=months, method=method, first_date=date(2026, 1, 31), annual_rate=rate)
    rows = made.instalments
    assert len(rows) == months
    assert sum(i.principal for i in rows) == amount
    assert rows[-1].balance == 0
    assert all(i.payment == i.principal + i.interest for i in rows)
    assert all(i.principal >= 0 and i.interest >= 0 for i in rows)
    assert all(later.balance <= earlier.balance for earlier, later in pairwise(rows))
    assert all(i.payment == i.payment.quantize(Decimal("0.01")) for i in rows)


@pytest.mark.parametrize("bad", [{"method": "balloon"}, {"term_months": 0}, {"amount": Decimal(0)}])
def test_impossible_loan_is_refused(bad):
    good = {
        "amount": Decimal(100),
        "term_months": 1,
        "method": "equal_principal",
        "first_date": FIRST,
        "annual_rate": Decimal(3),
    }
    with pytest.raises(ValueError, match="a plan needs"):
        plan(**{**good, **bad})
