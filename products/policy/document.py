"""Policy documents: read, checked in full, compiled once. What cannot be evaluated is refused here, with its place.

Kinds: `eligibility` (rules), `ladder` (rungs from the top), `scorecard` (dimensions → items → bands), and two decision
tables whose first fitting line counts: `limits` and `routing` (what their lines set: `lines.SETTINGS`).
A condition is `{fact, op, bound}`, or `{any_of: […]}` / `{all_of: […]}` of conditions.
Bounds: amounts decimal strings in 元, ratios whole basis points, months/counts/points integers, codes lists of strings,
dates ISO strings. A rule may say in its own words what it asks (`required`) where the generated ones would be long.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from products.policy.catalogue import ALL_TIERS, BOOLEAN_WORDS, CODE_LABELS, FACTS, TITLE_FACTS, FactSpec
from products.policy.conditions import (
    Condition,
    all_of,
    any_of,
    known_test,
    member_test,
    number_test,
    ratio_test,
)
from products.policy.lines import SETTINGS, Line
from products.policy.reach import dead_part
from products.policy.values import FactType, show

ENGINE_VERSION = 1


class DocumentError(ValueError):
    """A document that cannot be used; `place` is a JSON pointer into it."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        self.message = message


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    label: str
    condition: Condition
    on_fail: str
    reason: str
    advice: str
    source: str
    label_en: str = ""
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    code: str
    label: str
    condition: Condition
    advice: str


@dataclass(frozen=True, slots=True)
class Band:
    condition: Condition
    points: int


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    label: str
    fact: str
    bands: tuple[Band, ...]  # best first

    @property
    def max(self) -> int:
        return self.bands[0].points


@dataclass(frozen=True, slots=True)
class Dimension:
    code: str
    label: str
    items: tuple[Item, ...]

    @property
    def max(self) -> int:
        return sum(item.max for item in self.items)


@dataclass(frozen=True, slots=True)
class Document:
    """A compiled document. Exactly one of rules, rungs, dimensions, lines is filled, by `kind`."""

    code: str
    kind: str
    title: str
    rules: tuple[Rule, ...] = ()
    rungs: tuple[Rung, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    lines: tuple[Line, ...] = ()
    raw: dict = field(default_factory=dict, compare=False, repr=False)  # what it was compiled from

    @property
    def facts(self) -> frozenset[str]:
        conditions = [part.condition for part in (*self.rules, *self.rungs, *self.lines)]
        conditions += [b.condition for d in self.dimensions for i in d.items for b in i.bands]
        return frozenset(f for c in conditions for f in c.facts)


_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_WORDS = {">=": "{}以上", "<=": "{}以下", ">": "超过 {}", "<": "低于 {}"}
_DAY_WORDS = {">=": "{} 起", "<=": "{} 以前（含当日）", ">": "{} 之后", "<": "{} 之前"}
_BOUNDLESS = ("known", "is_true", "is_false")
_AMOUNT = r"-?[0-9]{1,15}(\.[0-9]{1,2})?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CITY = r"[0-9]{6}"
_LINE_CODE = r"[a-z][a-z0-9-]{0,13}"
# What neither a database nor a workbook keeps: control characters but tab and line feed, and halves of characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_NUMERIC = (FactType.AMOUNT, FactType.COUNT, FactType.MONTHS, FactType.POINTS, FactType.RATIO)
# Traditional size and profit figures never refuse: the bank judges technology, team and standing instead.
_NEVER_FAIL_ON = frozenset({"revenue", "employees", "size_class"})


MAX_TITLE = 100
MAX_TEXT, MAX_PARTS, MAX_DEPTH, MAX_NUMBER = 500, 200, 6, 10**15


def _need(raw: object, place: str, *keys: str, texts: tuple[str, ...] = ()) -> dict:
    """An object with these keys and no other; those in `texts` are optional words. `code`, `label`, `title` are words too."""
    if not isinstance(raw, dict):
        raise DocumentError(place, "需要一个对象")
    for key in keys:
        if key not in raw:
            raise DocumentError(f"{place}/{key}", "缺少这一项")
    for key, value in raw.items():
        if key not in keys and key not in texts:
            raise DocumentError(f"{place}/{key}", "不认识这一项")
        if key in _ALWAYS_WORDS or key in texts:
            _text(value, f"{place}/{key}", empty=key in texts)
    return raw


_ALWAYS_WORDS = frozenset({"code", "label", "title", "fact", "op", "kind", "on_fail"})


def _text(raw: object, place: str, *, empty: bool) -> str:
    if not isinstance(raw, str) or len(raw) > MAX_TEXT or not (raw.strip() or empty):
        raise DocumentError(place, f"需要 {0 if empty else 1}–{MAX_TEXT} 个字的文本")
    if _UNWRITABLE.search(raw):
        raise DocumentError(place, "含有不能显示的字符")
    return raw


def _list(raw: object, place: str, least: int = 1) -> list:
    if not isinstance(raw, list) or not least <= len(raw) <= MAX_PARTS:
        raise DocumentError(place, f"需要 {least}–{MAX_PARTS} 项")
    return raw


def _distinct(parts: Iterable, place: str) -> None:
    codes = [part.code for part in parts]
    if len(set(codes)) != len(codes):
        raise DocumentError(place, "代码重复")


def _bound(raw: object, type: FactType, place: str) -> int:
    if type is FactType.AMOUNT:
        try:
            fen = Decimal(raw) * 100 if isinstance(raw, str) and re.fullmatch(_AMOUNT, raw) else None
        except InvalidOperation:
            fen = None
        if fen is None or fen != int(fen):
            raise DocumentError(place, '金额要写成元的文本，例如 "5000000.00"')
        return int(fen)
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > MAX_NUMBER:
        raise DocumentError(place, "需要一个整数（比例用基点）")
    return raw


def _day(raw: object, place: str) -> date:
    try:
        if not isinstance(raw, str) or not re.fullmatch(_DAY, raw):
            raise ValueError(raw)
        return date.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise DocumentError(place, "日期要写成 2026-12-31 的样子") from error


def _show_bound(bound: int, type: FactType) -> str:
    if type is FactType.RATIO:
        return show((bound, 10_000), type) + "%"
    if type is FactType.MONTHS:
        return show(bound, type).removesuffix(".0") + " 年"
    if type is FactType.POINTS:
        return f"{bound} 分"
    return show(bound, type, wan=True)


def _range_words(raw: dict, joiner: str) -> str:
    """`10–200 万元` for a lower and an upper bound on one fact; empty for anything else."""
    parts = raw[joiner]
    ops = [part.get("op") for part in parts]
    if joiner != "all_of" or ops != [">=", "<="] or parts[0].get("fact") != parts[1].get("fact"):
        return ""
    spec = FACTS[parts[0]["fact"]]
    if spec.type is FactType.DATE:
        return ""
    low, high = (_show_bound(_bound(part["bound"], spec.type, ""), spec.type) for part in parts)
    unit = " 个月" if spec.code == "term_months" else ""
    return f"{low.removesuffix(' 万元')}–{high}{unit}"


def compile_condition(raw: object, place: str, depth: int = 1, *, for_titles: bool = False) -> Condition:
    """Check and compile one condition. Raises DocumentError with its place.

    Facts that only rules of official titles get (`TITLE_FACTS`) are refused everywhere else: there they are never known.
    """
    if not isinstance(raw, dict):
        raise DocumentError(place, "需要一个对象")
    if depth > MAX_DEPTH:
        raise DocumentError(place, f"条件最多嵌套 {MAX_DEPTH} 层")
    for joiner in _JOINERS:
        if joiner in raw:
            return _joined(raw, joiner, place, depth, for_titles)
    _need(raw, place, "fact", "op", *(["bound"] if raw.get("op") not in _BOUNDLESS else []))
    spec = FACTS.get(raw["fact"])
    if spec is None:
        raise DocumentError(f"{place}/fact", f"没有名为 {raw['fact']} 的指标")
    if spec.code in TITLE_FACTS and not for_titles:
        raise DocumentError(f"{place}/fact", f"「{spec.label}」只用于资质自测，政策不能用")
    return _test_of(spec, raw, place)


_JOINERS = {"any_of": "，或 ", "all_of": "，且 "}


def _joined(raw: dict, joiner: str, place: str, depth: int, for_titles: bool) -> Condition:
    """Alternatives or a conjunction, with the fact named wherever the parts ask different ones."""
    parts = _list(_need(raw, place, joiner)[joiner], f"{place}/{joiner}")
    inner = tuple(
        compile_condition(part, f"{place}/{joiner}/{i}", depth + 1, for_titles=for_titles)
        for i, part in enumerate(parts)
    )
    facts = tuple(dict.fromkeys(f for c in inner for f in c.facts))
    named = [
        f"{FACTS[c.facts[0]].label} {c.required}" if len(c.facts) == 1 and len(facts) > 1 else c.required for c in inner
    ]
    test = any_of(inner) if joiner == "any_of" else all_of(inner)
    return Condition(test, _range_words(raw, joiner) or _JOINERS[joiner].join(named), facts)


def _test_of(spec: FactSpec, raw: dict, place: str) -> Condition:
    """One test of one fact, by what its type allows."""
    op, bound = raw["op"], raw.get("bound")
    if op == "known":
        return Condition(known_test(spec.code), "已填写", (spec.code,))
    if op in ("is_true", "is_false") and spec.type is FactType.BOOLEAN:
        words = BOOLEAN_WORDS.get(spec.code, ("是", "否"))
        return Condition(member_test(spec.code, frozenset({op == "is_true"})), words[op == "is_false"], (spec.code,))
    if op in ("in", "not_in") and spec.type is FactType.CODE:
        members = _members(spec, bound, f"{place}/bound")
        words = "五层中任意一层" if set(members) == ALL_TIERS else "、".join(CODE_LABELS.get(m, m) for m in members)
        test = member_test(spec.code, frozenset(members), negate=op == "not_in")
        return Condition(test, words if op == "in" else f"不属于{words}", (spec.code,))
    if op in _COMPARE and spec.type is FactType.DATE:
        day = _day(bound, f"{place}/bound")
        return Condition(number_test(spec.code, _COMPARE[op], day), _DAY_WORDS[op].format(day), (spec.code,))
    if op in _COMPARE and spec.type in _NUMERIC:
        number = _bound(bound, spec.type, f"{place}/bound")
        make = ratio_test if spec.type is FactType.RATIO else number_test
        words = _WORDS[op].format(_show_bound(number, spec.type))
        return Condition(make(spec.code, _COMPARE[op], number), words, (spec.code,))
    raise DocumentError(f"{place}/op", f"{spec.label}（{spec.type.value}）不能用 {op}")


def _members(spec: FactSpec, raw: object, place: str) -> list[str]:
    if not isinstance(raw, list) or not raw or not all(isinstance(m, str) for m in raw):
        raise DocumentError(place, "需要一组文本")
    if spec.code in ("city", "district") and not all(re.fullmatch(_CITY, member) for member in raw):
        raise DocumentError(place, "城市和区县写六位行政区划代码，例如 110000")
    if spec.choices and any(member not in spec.choices for member in raw):
        raise DocumentError(place, f"{spec.label}只有 {'、'.join(spec.choices)}")
    if len(set(raw)) != len(raw) or len(raw) > MAX_PARTS:
        raise DocumentError(place, "有重复")
    return raw


def _rule(raw: object, place: str) -> Rule:
    words = ("reason", "advice", "source", "required", "label_en", "source_url")
    raw = _need(raw, place, "code", "label", "when", "on_fail", texts=words)
    if raw.get("source_url") and not raw["source_url"].startswith("https://"):
        raise DocumentError(f"{place}/source_url", "要写成 https:// 开头的网址")
    condition = compile_condition(raw["when"], f"{place}/when")
    if raw["on_fail"] not in ("fail", "refer"):
        raise DocumentError(f"{place}/on_fail", "只能是 fail 或 refer")
    if raw["on_fail"] == "fail" and _NEVER_FAIL_ON & set(condition.facts):
        raise DocumentError(f"{place}/on_fail", "营业收入、人数和规模不能直接判为不符合，只能转人工")
    if raw.get("required"):
        condition = replace(condition, required=str(raw["required"]))
    return Rule(
        raw["code"],
        raw["label"],
        condition,
        raw["on_fail"],
        raw.get("reason", ""),
        raw.get("advice", ""),
        raw.get("source", ""),
        raw.get("label_en", ""),
        raw.get("source_url", ""),
    )


def _rung(raw: object, place: str) -> Rung:
    raw = _need(raw, place, "code", "label", "when", texts=("advice",))
    if raw["code"] not in ALL_TIERS:
        raise DocumentError(f"{place}/code", f"只能是 {'、'.join(sorted(ALL_TIERS))}")
    return Rung(raw["code"], raw["label"], compile_condition(raw["when"], f"{place}/when"), raw.get("advice", ""))


def _item(raw: object, place: str) -> Item:
    raw = _need(raw, place, "code", "label", "fact", "bands")
    bands = []
    for i, band in enumerate(_list(raw["bands"], f"{place}/bands")):
        if not isinstance(band, dict) or "points" not in band:
            raise DocumentError(f"{place}/bands/{i}/points", "缺少这一项")
        if strange := set(band) - {"op", "bound", "points"}:
            raise DocumentError(f"{place}/bands/{i}/{min(strange, key=str)}", "不认识这一项")
        plain = {key: value for key, value in band.items() if key != "points"}
        condition = compile_condition({"fact": raw["fact"], **plain}, f"{place}/bands/{i}")
        bands.append(Band(condition, _bound(band["points"], FactType.POINTS, f"{place}/bands/{i}/points")))
    points = [band.points for band in bands]
    if not points or points != sorted(set(points), reverse=True) or points[-1] <= 0:
        raise DocumentError(f"{place}/bands", "分档要从高分到低分排列，不能重复，最低一档大于 0")
    return Item(raw["code"], raw["label"], raw["fact"], tuple(bands))


def _dimension(raw: object, place: str) -> Dimension:
    raw = _need(raw, place, "code", "label", "items")
    items = tuple(_item(item, f"{place}/items/{i}") for i, item in enumerate(_list(raw["items"], f"{place}/items")))
    _distinct(items, f"{place}/items")
    return Dimension(raw["code"], raw["label"], items)


def _line(kind: str) -> Callable[[object, str], Line]:
    settings = {setting.code: setting for setting in SETTINGS[kind]}

    def build(raw: object, place: str) -> Line:
        given = set(settings) & set(raw) if isinstance(raw, dict) else set()
        raw = _need(raw, place, "code", "label", "when", *given, texts=("source",))
        if not re.fullmatch(_LINE_CODE, raw["code"]) or raw["code"] in ("refer", "none"):
            raise DocumentError(f"{place}/code", "用小写字母、数字和短横线，字母开头，最多 14 个")
        values = {}
        for code in sorted(given):
            setting = settings[code]
            values[code] = _bound(raw[code], setting.type, f"{place}/{code}")
            if not setting.least <= values[code] <= setting.most:
                raise DocumentError(f"{place}/{code}", f"「{setting.label}」{setting.range_words}")
        if values.get("min_rate_bp", 0) > values.get("max_rate_bp", 10**4):
            raise DocumentError(f"{place}/max_rate_bp", "利率上限低于下限")
        condition = compile_condition(raw["when"], f"{place}/when")
        return Line(raw["code"], raw["label"], condition, values, raw.get("source", ""))

    return build


_PARTS = {
    "eligibility": ("rules", _rule),
    "ladder": ("rungs", _rung),
    "scorecard": ("dimensions", _dimension),
    "limits": ("lines", _line("limits")),
    "routing": ("lines", _line("routing")),
}


def compile_document(raw: object) -> Document:
    """Check and compile a document. Raises DocumentError with the place of the first thing wrong."""
    if not isinstance(raw, dict):
        raise DocumentError("", "需要一个对象")
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in _PARTS:
        raise DocumentError("/kind", f"只能是 {'、'.join(_PARTS)}")
    key, build = _PARTS[kind]
    raw = _need(raw, "", "code", "kind", "title", key)
    if len(raw["title"]) > MAX_TITLE:
        raise DocumentError("/title", f"最多 {MAX_TITLE} 个字")
    built = tuple(build(part, f"/{key}/{i}") for i, part in enumerate(_list(raw[key], f"/{key}", least=key != "rules")))
    _distinct(built, f"/{key}")
    if found := dead_part(raw):
        raise DocumentError(*found)
    return Document(raw["code"], raw["kind"], raw["title"], **{key: built}, raw=raw)
