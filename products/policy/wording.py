"""A document in words, and what changed between two of them: for people who read policies, not JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from products.policy.catalogue import FACTS
from products.policy.document import Document, Item

ON_FAIL = {"fail": "判为不符合", "refer": "转人工"}


class Line(NamedTuple):
    """One rule, rung or item: its name, what it asks, what follows, and where it comes from."""

    code: str
    label: str
    asks: str
    then: str
    source: str = ""


class Change(NamedTuple):
    """`kind` added, removed, changed or moved; `what` the part's name, `before` and `after` in words."""

    kind: str
    what: str
    before: str = ""
    after: str = ""

    @property
    def words(self) -> str:
        return {
            "added": f"新增「{self.what}」：{self.after}",
            "removed": f"删除「{self.what}」：{self.before}",
            "moved": f"「{self.what}」由第 {self.before} 位移到第 {self.after} 位",
            "changed": f"「{self.what}」由“{self.before or '空'}”改为“{self.after or '空'}”",
        }[self.kind]


def lines(document: Document) -> list[Line]:
    """Every rule, rung or scored item of a compiled document, in its order."""
    rules = [
        Line(r.code, r.label, r.condition.required, f"不满足{ON_FAIL[r.on_fail]}", r.source) for r in document.rules
    ]
    rungs = [Line(r.code, f"{r.code} {r.label}", r.condition.required, f"进入{r.label}") for r in document.rungs]
    items = [
        Line(f"{d.code}.{i.code}", f"{d.label}：{i.label}", _bands(i), f"最高 {i.max} 分")
        for d in document.dimensions
        for i in d.items
    ]
    return [*rules, *rungs, *items]


def _bands(item: Item) -> str:
    name = FACTS[item.fact].label
    return f"{name}　" + "；".join(f"{band.condition.required} {band.points} 分" for band in item.bands)


_FIELDS = {
    "eligibility": {"label": "名称", "reason": "原因", "advice": "建议", "source": "依据", "source_url": "依据网址"},
    "ladder": {"label": "名称", "advice": "建议"},
    "scorecard": {},
}


def changes(old: Document, new: Document) -> list[Change]:
    """What `new` does otherwise than `old`, in the order of `new`; nothing when both say the same."""
    found = [] if old.title == new.title else [Change("changed", "名称", old.title, new.title)]
    before, after = {line.code: line for line in lines(old)}, {line.code: line for line in lines(new)}
    texts_before, texts_after = _texts(old), _texts(new)
    for code, line in after.items():
        if code not in before:
            found.append(Change("added", line.label, after=f"{line.asks}，{line.then}"))
        else:
            found += _line_changes(before[code], line)
            found += _text_changes(line.label, texts_before[code], texts_after[code])
    found += [Change("removed", line.label, before=line.asks) for code, line in before.items() if code not in after]
    return [*found, *_moves(before, after)]


def _line_changes(old: Line, new: Line) -> Iterator[Change]:
    if old.asks != new.asks:
        yield Change("changed", f"{new.label}的要求", old.asks, new.asks)
    if old.then != new.then:
        yield Change("changed", f"{new.label}的结果", old.then, new.then)


def _text_changes(label: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name, text in new.items():
        if old.get(name, "") != text:
            yield Change("changed", f"{label}的{name}", old.get(name, ""), text)


def _texts(document: Document) -> dict[str, dict[str, str]]:
    wanted = _FIELDS[document.kind]
    parts = [*document.rules, *document.rungs]
    texts = {part.code: {name: getattr(part, field) for field, name in wanted.items()} for part in parts}
    for dimension in document.dimensions:
        texts |= {f"{dimension.code}.{item.code}": {"名称": item.label} for item in dimension.items}
    return texts


def _moves(before: Mapping[str, Line], after: Mapping[str, Line]) -> Iterator[Change]:
    """Parts of both that stand elsewhere among those both have: the order of a ladder decides."""
    old = [code for code in before if code in after]
    new = [code for code in after if code in before]
    for code in new:
        was, now = old.index(code), new.index(code)
        if was != now:
            yield Change("moved", after[code].label, str(was + 1), str(now + 1))
