"""A condition as one line of text, both ways: what policy people write in tables and workbooks.

    成立年限 >= 1年
    分层 属于 T3、T4、T5 且 列入失信被执行人名单 为否
    (近三年机构股权融资 >= 500万 或 研发人员占员工 >= 20%) 且 上年研发费用 已知

A fact goes by its label or its code. Bounds carry their unit where a bare number could be misread: months 个月 or 年,
ratios %, amounts in 元 or 万. `且` binds stronger than `或`. `parse(show(raw)) == raw` for every condition whose groups
have two parts or more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from products.policy.catalogue import CODE_LABELS, FACTS, FactSpec
from products.policy.lines import Setting
from products.policy.values import FactType

MAX_LENGTH = 2000
MAX_DEPTH = 6


class GrammarError(ValueError):
    """A text that is no condition; `at` is the place of the first character that does not fit."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


# every way to write an operator → the operator of documents
_OPERATORS = {
    ">=": ">=",
    "≥": ">=",
    "不低于": ">=",
    "<=": "<=",
    "≤": "<=",
    "不高于": "<=",
    ">": ">",
    "＞": ">",
    "<": "<",
    "＜": "<",
    "属于": "in",
    "in": "in",
    "不属于": "not_in",
    "not_in": "not_in",
    "为是": "is_true",
    "is_true": "is_true",
    "为否": "is_false",
    "is_false": "is_false",
    "已知": "known",
    "known": "known",
}
_SHOWN = {"in": "属于", "not_in": "不属于", "is_true": "为是", "is_false": "为否", "known": "已知"}
_JOINERS = {"且": "all_of", "and": "all_of", "或": "any_of", "or": "any_of"}
_JOINER_WORDS = {"all_of": " 且 ", "any_of": " 或 "}
_BY_LABEL = {spec.label: spec for spec in FACTS.values()}
_TOKEN = re.compile(r"\s*(>=|<=|[<>≥≤＞＜（）()、，,]|[^\s<>≥≤＞＜（）()、，,]+)")
_UNITS = {"个月": 1, "年": 12}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int


def parse(text: str) -> dict:
    """The condition a text says, in the form of documents. Raises GrammarError at the first thing wrong."""
    if len(text) > MAX_LENGTH:
        raise GrammarError(f"条件最多 {MAX_LENGTH} 个字", MAX_LENGTH)
    return _Reader(text).whole()


class _Reader:
    """Recursive descent over tokens: alternatives of conjunctions of tests."""

    def __init__(self, text: str) -> None:
        self._tokens = [_Token(match[1], match.start(1)) for match in _TOKEN.finditer(text)]
        self._end = len(text)
        self._next = 0

    def whole(self) -> dict:
        found = self._group("any_of", 1)
        if (left := self._peek()) is not None:
            raise GrammarError(f"「{left.text}」放在这里读不懂，条件之间用“且”或“或”连接", left.at)
        return found

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise GrammarError(f"后面还缺{wanted}", self._end)
        self._next += 1
        return token

    def _group(self, joiner: str, depth: int) -> dict:
        def inner() -> dict:
            return self._group("all_of", depth) if joiner == "any_of" else self._one(depth)

        parts = [inner()]
        while (token := self._peek()) is not None and _JOINERS.get(token.text.lower()) == joiner:
            self._next += 1
            parts.append(inner())
        return {joiner: parts} if len(parts) > 1 else parts[0]

    def _one(self, depth: int) -> dict:
        token = self._take("一个指标")
        if token.text not in ("(", "（"):
            return self._test(token)
        if depth >= MAX_DEPTH:
            raise GrammarError(f"括号最多 {MAX_DEPTH - 1} 层", token.at)
        found = self._group("any_of", depth + 1)
        if (closing := self._take("右括号")).text not in (")", "）"):
            raise GrammarError("这里应当是右括号", closing.at)
        return found

    def _test(self, name: _Token) -> dict:
        spec = FACTS.get(name.text) or _BY_LABEL.get(name.text)
        if spec is None:
            raise GrammarError(f"没有名为「{name.text}」的指标，指标表里有全部名称", name.at)
        sign = self._take("比较方式，例如 >=、属于、为是、已知")
        op = _OPERATORS.get(sign.text.lower())
        if op is None:
            raise GrammarError(f"「{sign.text}」不是比较方式，可用 >= <= > < 属于 不属于 为是 为否 已知", sign.at)
        if op in ("is_true", "is_false", "known"):
            return {"fact": spec.code, "op": op}
        if op in ("in", "not_in"):
            return {"fact": spec.code, "op": op, "bound": self._members(spec)}
        bound = self._take("界值")
        return {"fact": spec.code, "op": op, "bound": read_bound(bound.text, spec, bound.at)}

    def _members(self, spec: FactSpec) -> list[str]:
        found = [read_member(self._take("取值").text, spec)]
        while (token := self._peek()) is not None and token.text in ("、", "，", ","):
            self._next += 1
            found.append(read_member(self._take("取值").text, spec))
        return found


def read_member(text: str, spec: FactSpec) -> str:
    """A code from its code or its word; a strange one stays as it is, for the compiler to refuse."""
    if text in spec.choices:
        return text
    return next((code for code in spec.choices if CODE_LABELS.get(code) == text), text)


def read_bound(text: str, spec: FactSpec | Setting, at: int = 0) -> str | int:
    """A bound in words → its form in documents. Raises GrammarError."""
    if spec.type is FactType.AMOUNT:
        return _amount(text, at)
    if spec.type is FactType.RATIO:
        return _percent(text, at)
    if spec.type is FactType.MONTHS:
        return _months(text, at)
    if spec.type is FactType.DATE:
        return text
    try:
        return _whole(text.removesuffix("个月") if spec.code == "term_months" else text)
    except ValueError as error:
        raise GrammarError(f"{spec.label}要和整数比较，「{text}」不是整数", at) from error


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise ValueError(text)
    return int(text)


def _amount(text: str, at: int) -> str:
    found = re.fullmatch(r"(-?[0-9]{1,15}(?:\.[0-9]{1,6})?)(万?)元?", text)
    yuan = Decimal(found[1]) * (10_000 if found[2] else 1) if found else None
    if yuan is None or yuan != yuan.quantize(Decimal("0.01")):
        raise GrammarError(f"「{text}」不是金额，例如 500万 或 5000000.00", at)
    return f"{yuan:.2f}" if found[2] else found[1]


def _percent(text: str, at: int) -> int:
    try:
        if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,2})?[%％]", text):
            raise ValueError(text)
        points = Decimal(text[:-1]) * 100
    except ValueError as error:
        raise GrammarError(f"比例要写百分号，最多两位小数，例如 5%，「{text}」读不懂", at) from error
    return int(points)


def _months(text: str, at: int) -> int:
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            try:
                return _whole(text.removesuffix(unit)) * factor
            except ValueError:
                break
    raise GrammarError(f"时长要写单位，例如 12个月 或 1年，「{text}」读不懂", at)


def show(raw: dict) -> str:
    """A condition of a document that compiles, as text."""
    for joiner, word in _JOINER_WORDS.items():
        if joiner in raw:
            parts = raw[joiner]
            return word.join(f"({show(p)})" if len(parts) > 1 and not _may_stand(p, joiner) else show(p) for p in parts)
    spec, op = FACTS[raw["fact"]], raw["op"]
    words = f"{spec.label} {_SHOWN.get(op, op)}"
    if op in ("in", "not_in"):
        return f"{words} {'、'.join(member_word(code, spec) for code in raw['bound'])}"
    return f"{words} {show_bound(raw['bound'], spec)}" if "bound" in raw else words


def _may_stand(part: dict, inside: str) -> bool:
    """Whether a part needs no brackets: a test, a group of one, or a conjunction inside alternatives."""
    joiner = next((j for j in _JOINER_WORDS if j in part), None)
    if joiner is not None and len(part[joiner]) == 1:
        return _may_stand(part[joiner][0], inside)
    return joiner is None or (inside, joiner) == ("any_of", "all_of")


def member_word(code: str, spec: FactSpec) -> str:
    label = CODE_LABELS.get(code, code) if code in spec.choices else code
    return code if " " in label or "、" in label else label


def show_setting(value: int, setting: Setting) -> str:
    """What a line sets, as it is written in a table; amounts come in 分."""
    return show_bound(f"{Decimal(value) / 100:.2f}" if setting.type is FactType.AMOUNT else value, setting)


def show_bound(bound: str | int, spec: FactSpec | Setting) -> str:
    if spec.type is FactType.RATIO:
        return f"{(Decimal(bound) / 100).normalize():f}%"
    if spec.type is FactType.MONTHS:
        return f"{bound // 12}年" if bound and bound % 12 == 0 else f"{bound}个月"
    if spec.type is FactType.AMOUNT:
        wan = Decimal(bound) / 10_000
        return f"{int(wan)}万" if f"{Decimal(bound):.2f}" == bound and wan == int(wan) and wan else str(bound)
    return f"{bound}个月" if spec.code == "term_months" else str(bound)
