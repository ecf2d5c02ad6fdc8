"""A document in words, and what changed between two of them: for people who read policies, not JSON.

Both are made from the table of `tables`, cell by cell: what an author can write is what a reader is shown, and two
documents between which nothing is told are the same policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from products.policy.document import Document
from products.policy.lines import SETTINGS
from products.policy.tables import COLUMNS, Row, to_rows


class Line(NamedTuple):
    """One rule, rung or item: its name, what it asks, what follows, where it comes from, and how it is put to firms."""

    code: str
    label: str
    asks: str
    then: str
    source: str = ""
    said: str = ""


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
    return list(_lines(document).values())


def _lines(document: Document) -> dict[str, Line]:
    return {line.code: line for line in (_line(document.kind, row) for row in to_rows(document.raw))}


def _line(kind: str, row: Row) -> Line:
    if kind == "eligibility":
        then = f"不满足{row['on_fail']}"
        return Line(row["code"], row["label"], row["when"], then, row["source"], row["required"])
    if kind == "ladder":
        return Line(
            row["code"], f"{row['code']} {row['label']}", row["when"], f"进入{row['label']}", said=row["advice"]
        )
    if kind in SETTINGS:
        set_ = [f"{s.label} {row[s.code]}" for s in SETTINGS[kind] if row[s.code]]
        return Line(row["code"], row["label"], row["when"], "；".join(set_) or "不另设限制", row["source"])
    label = f"{row['dimension_label']}：{row['label']}"
    return Line(_code(kind, row), label, f"{row['fact']}　{row['bands']}", "按分档计分")


def _code(kind: str, row: Row) -> str:
    return f"{row['dimension']}.{row['code']}" if kind == "scorecard" else row["code"]


def changes(old: Document, new: Document) -> list[Change]:
    """What `new` says otherwise than `old`, in the order of `new`; nothing when both say the same."""
    found = [] if old.title == new.title else [Change("changed", "政策名称", old.title, new.title)]
    if old.kind != new.kind:
        return [*found, Change("changed", "种类", old.kind, new.kind)]
    before, after = ({_code(d.kind, row): row for row in to_rows(d.raw)} for d in (old, new))
    told = _lines(old) | _lines(new)
    for code, row in after.items():
        if code not in before:
            found.append(Change("added", told[code].label, after=f"{told[code].asks}，{told[code].then}"))
        else:
            found += _cells(new.kind, told[code].label, before[code], row)
    found += [Change("removed", told[code].label, before=told[code].asks) for code in before if code not in after]
    return [*found, *_moves(list(before), list(after), told)]


def _cells(kind: str, label: str, old: Row, new: Row) -> list[Change]:
    return [
        Change("changed", f"{label}的{column.label}", old[column.key], new[column.key])
        for column in COLUMNS[kind]
        if old[column.key] != new[column.key]
    ]


def _moves(before: Sequence[str], after: Sequence[str], told: Mapping[str, Line]) -> list[Change]:
    """Parts that stand elsewhere among those both have, as few as explain the new order."""
    old = [code for code in before if code in after]
    new = [code for code in after if code in before]
    kept = _longest_run([old.index(code) for code in new])
    return [
        Change("moved", told[code].label, str(old.index(code) + 1), str(place + 1))
        for place, code in enumerate(new)
        if old.index(code) not in kept
    ]


def _longest_run(places: Sequence[int]) -> set[int]:
    """The longest rising subsequence: what need not have moved."""
    runs: list[list[int]] = []
    for place in places:
        best = max((run for run in runs if run[-1] < place), key=len, default=[])
        runs.append([*best, place])
    return set(max(runs, key=len, default=[]))
