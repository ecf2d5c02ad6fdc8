"""Amounts are Decimal 元 with two decimals, rates whole basis points, 万元 only on screens."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
WAN = Decimal(10_000)
# Integers of 分 are compared by cross-multiplication with basis points; above this Int64 would overflow silently.
MAX_AMOUNT = Decimal("9000000000000.00")


def yuan(value: Decimal | int | str) -> Decimal:
    """Round half up to 分."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def to_fen(value: Decimal) -> int:
    """An amount in 元 with at most two decimals as whole 分."""
    return int((value * 100).to_integral_exact())


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_DOWN) * step


def group(number: Decimal, decimals: int) -> str:
    """`-1234.5` → `−1,234.50` with the real minus sign."""
    return f"{number:,.{decimals}f}".replace("-", "−")


def wan(amount: Decimal | None, decimals: int | None = None) -> str:
    """`3000000` → `300`; needed decimals are kept (`123456.78` → `12.345678`)."""
    if amount is None:
        return "—"
    value = Decimal(amount) / WAN
    if decimals is not None:
        return group(value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), decimals)
    places = max(0, -value.normalize().as_tuple().exponent)
    return group(value, places)


def percent(basis_points: int | None) -> str:
    """`315` → `3.15`."""
    return "—" if basis_points is None else f"{Decimal(basis_points) / 100:.2f}"
