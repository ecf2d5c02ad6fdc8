"""Parts of a document that can never decide anything: ranges nothing fits in, rungs and bands hidden behind others.

Works on documents whose shape is right. It proves and never guesses: what it names is dead for certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import combinations

_UP, _DOWN = (">=", ">"), ("<=", "<")


def dead_part(document: Mapping) -> tuple[str, str] | None:
    """(place, words) of the first part that can never matter; None when all can."""
    for i, rule in enumerate(document.get("rules", [])):
        if found := _empty(rule["when"], f"/rules/{i}/when"):
            return found
    rungs = document.get("rungs", [])
    for i, rung in enumerate(rungs):
        if found := _empty(rung["when"], f"/rungs/{i}/when"):
            return found
        for higher in rungs[:i]:
            if implies(rung["when"], higher["when"]):
                return f"/rungs/{i}", f"永远轮不到：满足它的企业都已进入 {higher['code']}"
    lines = document.get("lines", [])
    for i, line in enumerate(lines):
        if found := _empty(line["when"], f"/lines/{i}/when"):
            return found
        for higher in lines[:i]:
            if implies(line["when"], higher["when"]):
                return f"/lines/{i}", f"永远轮不到：满足它的都已用上面的「{higher['label']}」"
    for d, dimension in enumerate(document.get("dimensions", [])):
        for i, item in enumerate(dimension["items"]):
            conditions = [{"fact": item["fact"], **band} for band in item["bands"]]
            for low in range(1, len(conditions)):
                if any(implies(conditions[low], high) for high in conditions[:low]):
                    return f"/dimensions/{d}/items/{i}/bands/{low}", "永远轮不到：满足它的都已落在更高的一档"
    return None


def _empty(condition: Mapping, place: str) -> tuple[str, str] | None:
    """Where no value can meet a condition: two bounds on one fact that exclude each other."""
    for joiner in ("any_of", "all_of"):
        for i, part in enumerate(condition.get(joiner, [])):
            if found := _empty(part, f"{place}/{joiner}/{i}"):
                return found
    for one, other in combinations(condition.get("all_of", []), 2):
        if one.get("fact") == other.get("fact") and one.get("fact") is not None and _exclude(one, other):
            return f"{place}/all_of", "上下限互相矛盾，没有能满足的值"
    return None


def _exclude(one: Mapping, other: Mapping) -> bool:
    if one["op"] in _DOWN:
        one, other = other, one
    if one["op"] in _UP and other["op"] in _DOWN:
        low, high = _size(one["bound"]), _size(other["bound"])
        return low > high or (low == high and (one["op"], other["op"]) != (">=", "<="))
    if one["op"] == "in" and other["op"] == "in":
        return not set(one["bound"]) & set(other["bound"])
    return {one["op"], other["op"]} == {"is_true", "is_false"}


def _size(bound: object) -> Decimal:
    """Bounds in an order: amounts as text, whole numbers, dates."""
    if isinstance(bound, int):
        return Decimal(bound)
    text = str(bound)
    return Decimal(date.fromisoformat(text).toordinal()) if text[4:5] == "-" else Decimal(text)


def implies(one: Mapping, other: Mapping) -> bool:
    """Whether every firm that meets `one` meets `other` for certain."""
    if "any_of" in one:
        return all(implies(part, other) for part in one["any_of"])
    if "all_of" in other:
        return all(implies(one, part) for part in other["all_of"])
    if "any_of" in other and any(implies(one, part) for part in other["any_of"]):
        return True
    if "all_of" in one:
        return any(implies(part, other) for part in one["all_of"])
    return "fact" in other and one["fact"] == other["fact"] and _atom_implies(one, other)


def _atom_implies(one: Mapping, other: Mapping) -> bool:
    if other["op"] == "known":
        return True
    if one["op"] in ("in", "not_in") and one["op"] == other["op"]:
        ours, theirs = set(one["bound"]), set(other["bound"])
        return ours <= theirs if one["op"] == "in" else ours >= theirs
    if one["op"] == "in" and other["op"] == "not_in":
        return not set(one["bound"]) & set(other["bound"])
    for side in (_UP, _DOWN):
        if one["op"] in side and other["op"] in side:
            ours, theirs = _size(one["bound"]), _size(other["bound"])
            if ours == theirs:
                return one["op"] == other["op"] or one["op"] in (">", "<")
            return ours > theirs if side is _UP else ours < theirs
    return one["op"] == other["op"] and one["op"] in ("is_true", "is_false", "known")
