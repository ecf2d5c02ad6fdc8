"""What would have to change: the smallest single changes that make a condition, a rung or a product come out otherwise.

Every change offered was tried: the facts with just this one value changed were judged again. Where one change cannot be
enough, none is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from products.policy import grammar
from products.policy.catalogue import BOOLEAN_WORDS, FACTS, FactSpec
from products.policy.conditions import Condition
from products.policy.document import Document
from products.policy.engine import climb, shown
from products.policy.values import Because, Fact, FactType, Ratio, Scalar

Facts = Mapping[str, Fact]

# What nobody can change by doing something: the calendar, the place, what is derived, what an expert says.
FIXED = frozenset({"as_of", "city", "tier", "score", "size_class", "expert_judgement", "deal_kind"})
# Figures of a closed year and of size: to tell a firm to have others would be an invitation to write others.
CLOSED = frozenset({"revenue", "employees", "total_assets", "revenue_multiple_2y", "main_growth", "main_growth_2y"})
SOURCE = "what_if"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact at one other value. `effort` orders steps: what needs no change but a proof or a figure comes first."""

    fact: str
    value: Scalar
    words: str
    effort: tuple[int, Decimal]


def steps_to(raw: Mapping, facts: Facts, reached: Callable[[Facts], bool]) -> list[Step]:
    """Single changes, each taken from a test inside `raw`, with which `reached` holds; the smallest first, one a fact."""
    if reached(facts):
        return []
    found: dict[str, Step] = {}
    for atom in _atoms(raw):
        value = _enough(atom)
        if value is None or atom["fact"] in FIXED or (atom["fact"] in CLOSED and _is_known(facts, atom["fact"])):
            continue
        changed = {**facts, atom["fact"]: Fact(value, SOURCE)}
        if not reached(changed):
            continue
        step = _step(FACTS[atom["fact"]], facts.get(atom["fact"], Fact(None)), value, atom)
        if step.fact not in found or step.effort < found[step.fact].effort:
            found[step.fact] = step
    return sorted(found.values(), key=lambda step: step.effort)


def to_higher_rungs(document: Document, facts: Facts) -> list[tuple[str, list[Step]]]:
    """(rung, single changes that put the firm there) for every rung above the present one, the nearest first."""
    codes = [rung.code for rung in document.rungs]
    here = climb(document, facts).code
    above = codes[: codes.index(here)] if here in codes else codes
    found = []
    for place in reversed(range(len(above))):
        target = above[place]
        steps = steps_to(
            document.raw["rungs"][place]["when"], facts, lambda f, target=target: climb(document, f).code == target
        )
        found.append((target, steps))
    return found


def to_pass(condition: Condition, when: Mapping, facts: Facts) -> list[Step]:
    """Single changes with which one condition, compiled from `when`, holds."""
    return steps_to(when, facts, lambda f: condition.test(f).outcome == "pass")


def _is_known(facts: Facts, code: str) -> bool:
    return code in facts and facts[code].value is not None


def _atoms(raw: Mapping) -> Iterator[Mapping]:
    for joiner in ("any_of", "all_of"):
        if joiner in raw:
            for part in raw[joiner]:
                yield from _atoms(part)
            return
    yield raw


def _enough(atom: Mapping) -> Scalar | None:
    """The value nearest to anything that meets a test; None when the test names none (`known`, `not_in`)."""
    spec, op = FACTS[atom["fact"]], atom["op"]
    if op in ("is_true", "is_false"):
        return op == "is_true"
    if op == "in":
        return atom["bound"][0]
    if op not in (">=", "<=", ">", "<"):
        return None
    if spec.type is FactType.DATE:
        return date.fromisoformat(atom["bound"])
    bound = int(Decimal(atom["bound"]) * 100) if spec.type is FactType.AMOUNT else atom["bound"]
    bound += {">": 1, "<": -1}.get(op, 0)
    return Ratio(bound, 10_000) if spec.type is FactType.RATIO else bound


def _step(spec: FactSpec, now: Fact, value: Scalar, atom: Mapping) -> Step:
    return Step(spec.code, value, _words(spec, now, value, atom), _effort(spec, now, value))


_ASKED = {">=": " {} 以上", "<=": "不超过 {}", ">": "超过 {}", "<": "低于 {}"}


def _words(spec: FactSpec, now: Fact, value: Scalar, atom: Mapping) -> str:
    wanted = _shown(value, spec)
    if spec.type is FactType.BOOLEAN:
        return _boolean_words(spec, now, bool(value))
    if spec.type in (FactType.CODE, FactType.DATE):
        return f"补充{spec.label}" if now.value is None else f"{spec.label}由 {_shown(now.value, spec)} 改为 {wanted}"
    # `>` and `<` are told with their own bound: the nearest value beyond it may look the same when it is shown.
    strict = atom["op"] in (">", "<")
    bound = _shown(_enough({**atom, "op": f"{atom['op']}="}), spec) if strict else wanted  # type: ignore[arg-type]
    if now.value is None:
        return f"补充{spec.label}（要求{_ASKED[atom['op']].format(bound)}）"
    if spec.code in ("age", "registered_days"):
        return f"{spec.label}满 {wanted}"
    if spec.code == "market_rank":
        return f"{spec.label}由第 {now.value} 名提升到前 {value} 名"
    direction = "提高" if _size(value) > _size(now.value) else "降低"
    beyond = ("以上" if direction == "提高" else "以下") if strict else ""
    return f"{spec.label}由 {_shown(now.value, spec)} {direction}到 {bound}{beyond and f' {beyond}'}"


def _boolean_words(spec: FactSpec, now: Fact, wanted: bool) -> str:
    if spec.code.startswith("title_") and wanted:
        return f"核验「{spec.label}」证书" if now.because is Because.UNVERIFIED else f"取得「{spec.label}」认定"
    if spec.code.startswith("register_") and wanted:
        return f"进入{spec.label}"
    if spec.code.startswith("on_"):
        return spec.label.replace("列入", "移出", 1) if not wanted else spec.label
    if spec.code == "bureau_overdue":
        return "结清征信上的当前逾期"
    if now.value is None:
        return f"补充：{spec.label}"
    return f"{spec.label}：{BOOLEAN_WORDS.get(spec.code, ('是', '否'))[not wanted]}"


def _shown(value: Scalar, spec: FactSpec) -> str:
    if spec.type is FactType.MONTHS:
        return grammar.show_bound(value, spec)  # type: ignore[arg-type]
    return shown(value, spec, wan=True)


def _effort(spec: FactSpec, now: Fact, value: Scalar) -> tuple[int, Decimal]:
    """What is there but unproven, then what is only not known, then figures by how far they have to move, then titles."""
    if now.because is Because.UNVERIFIED:
        return 0, Decimal(0)
    if spec.type in (FactType.BOOLEAN, FactType.CODE, FactType.DATE):
        return (1 if now.value is None and not spec.code.startswith("title_") else 3), Decimal(0)
    if now.value is None:
        return 1, Decimal(0)
    old, new = _size(now.value), _size(value)
    return 2, abs(new - old) / max(abs(old), abs(new), Decimal(1))


def _size(value: Scalar) -> Decimal:
    if isinstance(value, tuple):
        return Decimal(value[0]) / Decimal(value[1]) * 100
    return Decimal(value)  # type: ignore[arg-type]
