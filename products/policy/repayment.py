"""Repayment plans and the all-in annual cost, exact to the 分.

Monthly rate is the annual rate ÷ 12; each amount is rounded half up to 分; the last instalment takes the remaining
principal, so principals sum to the amount exactly. The annual cost is 12 × the monthly internal rate of all payments
and fees (单利 convention); without fees it is the annual rate.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

CENT = Decimal("0.01")
METHODS = ("equal_installment", "equal_principal", "interest_first", "revolving")


@dataclass(frozen=True, slots=True)
class Fee:
    """One cost beside interest, paid once at payout: 元, and who charges it."""

    label: str
    payee: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    due_on: date
    payment: Decimal
    principal: Decimal
    interest: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates are percent a year; amounts 元."""

    annual_rate: Decimal
    annualised_cost: Decimal
    fees: tuple[Fee, ...]
    instalments: tuple[Instalment, ...]

    @property
    def first_payment(self) -> Decimal:
        return self.instalments[0].payment

    @property
    def last_payment(self) -> Decimal:
        return self.instalments[-1].payment

    @property
    def total_interest(self) -> Decimal:
        return sum((i.interest for i in self.instalments), Decimal(0))

    @property
    def total_fees(self) -> Decimal:
        return sum((fee.amount for fee in self.fees), Decimal(0))

    @property
    def total_cost(self) -> Decimal:
        return self.total_interest + self.total_fees


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def due_dates(first: date, count: int) -> list[date]:
    """The same day each month after `first`, clamped to the month's end; never shifted for holidays."""
    dates = []
    for n in range(count):
        month = first.month - 1 + n
        year, month = first.year + month // 12, month % 12 + 1
        dates.append(date(year, month, min(first.day, monthrange(year, month)[1])))
    return dates


def _principals(amount: Decimal, months: int, rate: Decimal, method: str) -> list[Decimal]:
    """Principal of every instalment but for the last one's rounding, which takes what is left."""
    if method == "equal_principal":
        return [_cents(amount / months)] * (months - 1)
    if method in ("interest_first", "revolving"):
        return [Decimal(0)] * (months - 1)
    if rate == 0:
        payment = _cents(amount / months)
    else:
        growth = (1 + rate) ** months
        payment = _cents(amount * rate * growth / (growth - 1))
    principals, balance = [], amount
    for _ in range(months - 1):
        principal = min(payment - _cents(balance * rate), balance)
        principals.append(principal)
        balance -= principal
    return principals


def plan(
    *, amount: Decimal, term_months: int, method: str, first_date: date, annual_rate: Decimal, fees: Sequence[Fee] = ()
) -> Plan:
    """The plan of a loan paid out a month before `first_date`. `annual_rate` is percent a year.

    随借随还 is shown as if drawn in full to the end: the most it can cost.
    """
    if method not in METHODS or term_months < 1 or amount <= 0:
        raise ValueError("a plan needs a known method, a term and an amount")
    with localcontext() as context:
        context.prec = 40
        rate = annual_rate / 1200
        principals = _principals(amount, term_months, rate, method)
        rows, balance = [], amount
        for number, due_on in enumerate(due_dates(first_date, term_months), 1):
            interest = _cents(balance * rate)
            principal = principals[number - 1] if number < term_months else balance
            balance -= principal
            rows.append(Instalment(number, due_on, principal + interest, principal, interest, balance))
        upfront = sum((fee.amount for fee in fees), Decimal(0))
        cost = _internal_rate(amount - upfront, [row.payment for row in rows]) * 1200 if upfront else annual_rate
    return Plan(
        annual_rate,
        cost.quantize(Decimal("0.0001"), ROUND_HALF_UP) if upfront else annual_rate,
        tuple(fees),
        tuple(rows),
    )


def _internal_rate(received: Decimal, payments: list[Decimal]) -> Decimal:
    """The monthly rate at which `payments` are worth `received`, by bisection (the value falls as the rate rises)."""
    low, high = Decimal(0), Decimal(1)
    for _ in range(80):
        middle = (low + high) / 2
        discount, value = Decimal(1), Decimal(0)
        for payment in payments:
            discount /= 1 + middle
            value += payment * discount
        low, high = (middle, high) if value > received else (low, middle)
    return low
