"""What a product costs: its repayment plan with fees, within the product's own frame."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from portal.kernel.errors import InvalidInput
from portal.kernel.money import percent, yuan
from products.models import Product
from products.policy.repayment import Fee, Plan, due_dates, plan


def fees_of(product: Product, amount: Decimal) -> list[Fee]:
    """The product's one-off costs for this amount; each item gives `label`, `payee` and `rate_bp` of the amount or `amount` 元."""
    return [
        Fee(
            item["label"],
            item["payee"],
            yuan(item["amount"]) if "amount" in item else yuan(amount * item["rate_bp"] / 10_000),
        )
        for item in product.fees
    ]


def _refuse_outside(product: Product, *, amount: Decimal, term_months: int, method: str) -> None:
    """Raise InvalidInput at the first field outside the product's frame."""
    if not product.is_credit:
        raise InvalidInput("no_plan", "这项服务没有还款计划", field="product")
    if not product.takes_amount(amount):
        raise InvalidInput(
            "amount_outside",
            "{name}的额度是 {words}",
            field="amount",
            name=product.name,
            words=product.amount_words,
        )
    if not 1 <= term_months <= (product.max_term_months or 0):
        raise InvalidInput(
            "term_outside",
            "{name}的期限最长 {n} 个月",
            field="term_months",
            name=product.name,
            n=product.max_term_months,
        )
    if method not in product.methods:
        raise InvalidInput(
            "method_not_offered",
            "{name}可选：{methods}",
            field="repayment_method",
            name=product.name,
            methods=product.method_labels,
        )


def plan_for(
    product: Product,
    *,
    amount: Decimal,
    term_months: int,
    method: str,
    first_date: date | None = None,
    annual_rate: Decimal | None = None,
    on: date,
) -> Plan:
    """The plan of a loan of this product. `annual_rate` percent a year, the product's highest when None.

    `first_date` is a month after `on` when None. Raises InvalidInput at the field that leaves the product's frame.
    """
    low, high = Decimal(product.min_rate_bp or 0) / 100, Decimal(product.max_rate_bp or 0) / 100
    rate = high if annual_rate is None else annual_rate
    _refuse_outside(product, amount=amount, term_months=term_months, method=method)
    if not low <= rate <= high:
        words = {"low": percent(product.min_rate_bp), "high": percent(product.max_rate_bp)}
        raise InvalidInput("rate_outside", "年化利率在 {low}%–{high}% 之间", field="annual_rate", **words)
    first = first_date or due_dates(on, 2)[1]
    return plan(
        amount=amount,
        term_months=term_months,
        method=method,
        first_date=first,
        annual_rate=rate,
        fees=fees_of(product, amount),
    )


def rate_text(rate: Decimal) -> str:
    """A rate in percent with two decimals, four where they say more: `3.45`, `3.6512`."""
    short = rate.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{short:f}" if short == rate else f"{rate.quantize(Decimal('0.0001'), ROUND_HALF_UP):f}"
