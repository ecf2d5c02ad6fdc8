"""Facts as lines of text, both ways: `成立年限 = 30个月`, one a line. What is not written is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from products.policy import grammar
from products.policy.catalogue import FACTS, FactSpec
from products.policy.grammar import GrammarError
from products.policy.values import Fact, FactType, Ratio, Scalar

SOURCE = "golden"
MAX_LINES = 80
_BOOLEAN = {"是": True, "否": False}
_BY_LABEL = {spec.label: spec for spec in FACTS.values()}


class FactTextError(ValueError):
    """A line that says no fact; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_facts(text: str) -> dict[str, Fact]:
    """Facts of a text. Raises FactTextError at the first line that cannot be read."""
    found: dict[str, Fact] = {}
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise FactTextError(MAX_LINES + 1, f"最多 {MAX_LINES} 行")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, sign, value = (part.strip() for part in line.replace("＝", "=").partition("="))
        spec = FACTS.get(name) or _BY_LABEL.get(name)
        if spec is None:
            raise FactTextError(number, f"没有名为「{name}」的指标")
        if not sign or not value:
            raise FactTextError(number, "要写成“指标 = 值”的样子")
        if spec.code in found:
            raise FactTextError(number, f"「{spec.label}」写了两次")
        try:
            found[spec.code] = Fact(_value(value, spec), SOURCE)
        except GrammarError as error:
            raise FactTextError(number, error.message) from error
    return found


def _value(text: str, spec: FactSpec) -> Scalar:
    if spec.type is FactType.BOOLEAN:
        if text not in _BOOLEAN:
            raise GrammarError(f"「{spec.label}」只能是“是”或“否”", 0)
        return _BOOLEAN[text]
    if spec.type is FactType.CODE:
        code = grammar.read_member(text, spec)
        if spec.choices and code not in spec.choices:
            raise GrammarError(f"「{spec.label}」只有 {'、'.join(spec.choices)}", 0)
        return code
    if spec.type is FactType.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise GrammarError("日期要写成 2026-12-31 的样子", 0) from error
    bound = grammar.read_bound(text, spec)
    if spec.type is FactType.AMOUNT:
        return int(Decimal(bound) * 100)
    return Ratio(bound, 10_000) if spec.type is FactType.RATIO else bound


def show_facts(facts: Mapping[str, Fact]) -> str:
    """Known facts as lines, in the order of the catalogue; a ratio is rounded down to a hundredth of a percent."""
    known = [(spec, facts[code].value) for code, spec in FACTS.items() if code in facts]
    return "\n".join(f"{spec.label} = {_word(value, spec)}" for spec, value in known if value is not None)


def _word(value: Scalar, spec: FactSpec) -> str:
    if spec.type is FactType.BOOLEAN:
        return "是" if value else "否"
    if spec.type is FactType.CODE:
        return grammar.member_word(str(value), spec)
    if spec.type is FactType.AMOUNT:
        return grammar.show_bound(f"{Decimal(value) / 100:.2f}", spec)
    if spec.type is FactType.RATIO:
        numerator, denominator = value  # type: ignore[misc]
        return grammar.show_bound(numerator * 10_000 // denominator, spec)
    return grammar.show_bound(value, spec) if spec.type is FactType.MONTHS else str(value)
