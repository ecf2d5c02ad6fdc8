"""A policy document as a table of words, both ways: what the editor and the workbook show and read.

One line is a rule, a rung or a scored item; a cell is text. `to_document(title, …, to_rows(raw))` compiles to the same
policy as `raw`. What is wrong is told by line and column, all at once, so that an author mends a table in one go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from products.policy import grammar
from products.policy.catalogue import BANK_FACTS, FACTS
from products.policy.document import DocumentError, compile_document
from products.policy.grammar import GrammarError
from products.policy.lines import SETTINGS, Setting

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """`key` in a row, `label` in the heading; `choices` are the words a cell may hold, `needed` may not be empty."""

    key: str
    label: str
    needed: bool = False
    choices: tuple[str, ...] = ()
    width: int = 16
    lines: int = 1  # of the editor's field


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with a cell; `row` counts from 0, None with the document as a whole; `column` is a key or empty."""

    row: int | None
    column: str
    message: str


class TableError(ValueError):
    def __init__(self, errors: Sequence[CellError]) -> None:
        super().__init__("; ".join(f"{e.row}/{e.column}: {e.message}" for e in errors))
        self.errors = tuple(errors)


ON_FAIL = {"fail": "判为不符合", "refer": "转人工"}
_ON_FAIL_CODES = {word: code for code, word in ON_FAIL.items()} | {code: code for code in ON_FAIL}
_CONDITION = Column("when", "条件", True, width=48, lines=2)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "eligibility": (
        Column("code", "代码", True),
        Column("label", "名称", True),
        _CONDITION,
        Column("on_fail", "不满足时", True, tuple(ON_FAIL.values()), width=12),
        Column("reason", "不满足的原因（给企业看）", width=28, lines=2),
        Column("advice", "建议（给企业看）", width=28, lines=2),
        Column("source", "依据", width=20),
        Column("source_url", "依据网址", width=20),
        Column("required", "要求的说法（空为自动）", width=20),
        Column("label_en", "英文名称"),
    ),
    "ladder": (
        Column("code", "层级", True, width=8),
        Column("label", "名称", True),
        _CONDITION,
        Column("advice", "怎样进入本层（给企业看）", width=40, lines=2),
    ),
    "scorecard": (
        Column("dimension", "维度代码", True),
        Column("dimension_label", "维度", True),
        Column("code", "项目代码", True),
        Column("label", "项目", True),
        Column("fact", "指标", True, tuple(spec.label for spec in BANK_FACTS.values()), width=24),
        Column("bands", "分档", True, width=56, lines=2),
    ),
}
for _kind, _settings in SETTINGS.items():
    COLUMNS[_kind] = (
        Column("code", "代码", True),
        Column("label", "名称", True),
        _CONDITION,
        *(Column(setting.code, setting.label, width=20) for setting in _settings),
        Column("source", "依据", width=20),
    )
_PARTS = {"eligibility": "rules", "ladder": "rungs", "scorecard": "dimensions", "limits": "lines", "routing": "lines"}
_BY_LABEL = {spec.label: spec.code for spec in FACTS.values()}
_BAND = re.compile(r"(?P<test>.*?)\s*得\s*(?P<points>[0-9]{1,4})\s*分?\s*", re.DOTALL)


def to_rows(raw: dict) -> list[Row]:
    """The lines of a document that compiles."""
    if raw["kind"] == "scorecard":
        return [_item_row(dimension, item) for dimension in raw["dimensions"] for item in dimension["items"]]
    keys = [column.key for column in COLUMNS[raw["kind"]]]
    rows = []
    for part in raw[_PARTS[raw["kind"]]]:
        row = {key: part.get(key, "") for key in keys} | {"when": grammar.show(part["when"])}
        if "on_fail" in row:
            row["on_fail"] = ON_FAIL[part["on_fail"]]
        for setting in SETTINGS.get(raw["kind"], ()):
            row[setting.code] = grammar.show_bound(part[setting.code], setting) if setting.code in part else ""
        rows.append(row)
    return rows


def _item_row(dimension: dict, item: dict) -> Row:
    spec = FACTS[item["fact"]]
    tests = (
        grammar.show({"fact": spec.code, **{k: v for k, v in band.items() if k != "points"}}) for band in item["bands"]
    )
    bands = (
        f"{test.removeprefix(spec.label).strip()} 得 {band['points']} 分"
        for test, band in zip(tests, item["bands"], strict=True)
    )
    return {
        "dimension": dimension["code"],
        "dimension_label": dimension["label"],
        "code": item["code"],
        "label": item["label"],
        "fact": spec.label,
        "bands": "；".join(bands),
    }


def to_document(*, code: str, kind: str, title: str, rows: Sequence[Row]) -> dict:
    """The checked document that a table says. Raises TableError with everything wrong."""
    errors: list[CellError] = []
    parts = [_part(kind, number, row, errors) for number, row in enumerate(rows)]
    errors += _repeated(kind, rows)
    if errors:
        raise TableError(errors)
    document = {"code": code, "kind": kind, "title": title.strip()}
    lines: list[list[int]] = []
    if kind == "scorecard":
        document["dimensions"], lines = _dimensions(rows, parts)
    else:
        document[_PARTS[kind]] = parts
    try:
        compile_document(document)
    except DocumentError as error:
        raise TableError([_at_cell(error, lines)]) from error
    return document


def _repeated(kind: str, rows: Sequence[Row]) -> list[CellError]:
    """Lines whose code stands on a line above; items count within their dimension."""
    first: dict[tuple[str, str], int] = {}
    errors = []
    for number, row in enumerate(rows):
        key = (row.get("dimension", "").strip() if kind == "scorecard" else "", row.get("code", "").strip())
        if key[1] and first.setdefault(key, number) != number:
            errors.append(CellError(number, "code", "代码和上面的一行重复"))
    return errors


def _part(kind: str, number: int, row: Row, errors: list[CellError]) -> dict:
    missing = [column for column in COLUMNS[kind] if column.needed and not row.get(column.key, "").strip()]
    errors += [CellError(number, column.key, f"「{column.label}」不能为空") for column in missing]
    holes = {column.key for column in missing}
    if kind == "scorecard":
        return _item(number, row, holes, errors)
    optional = [c.key for c in COLUMNS[kind] if not c.needed]
    part: dict = {"code": row.get("code", "").strip(), "label": row.get("label", "").strip()}
    if "when" not in holes:
        part["when"] = _condition(number, row["when"], errors)
    if kind == "eligibility" and "on_fail" not in holes:
        part["on_fail"] = _ON_FAIL_CODES.get(row["on_fail"].strip())
        if part["on_fail"] is None:
            errors.append(CellError(number, "on_fail", f"只能写{'或'.join(ON_FAIL.values())}"))
    part |= {key: row[key].strip() for key in optional if row.get(key, "").strip()}
    for setting in SETTINGS.get(kind, ()):
        if setting.code in part:
            part[setting.code] = _setting(number, setting, part[setting.code], errors)
    return part


def _setting(number: int, setting: Setting, text: str, errors: list[CellError]) -> str | int | None:
    try:
        return grammar.read_bound(text, setting)
    except GrammarError as error:
        errors.append(CellError(number, setting.code, error.message))
        return None


def _condition(number: int, text: str, errors: list[CellError]) -> dict:
    try:
        return grammar.parse(text)
    except GrammarError as error:
        errors.append(CellError(number, "when", f"第 {error.at + 1} 个字：{error.message}"))
        return {}


def _item(number: int, row: Row, holes: set[str], errors: list[CellError]) -> dict:
    name = row.get("fact", "").strip()
    fact = name if name in FACTS else _BY_LABEL.get(name)
    if fact is None and "fact" not in holes:
        errors.append(CellError(number, "fact", f"没有名为「{name}」的指标"))
    bands = [] if fact is None or "bands" in holes else _bands(number, fact, row["bands"], errors)
    return {"code": row.get("code", "").strip(), "label": row.get("label", "").strip(), "fact": fact, "bands": bands}


def _bands(number: int, fact: str, text: str, errors: list[CellError]) -> list[dict]:
    bands = []
    for place, band in enumerate(filter(str.strip, re.split(r"[；;\n]", text)), 1):
        found = _BAND.fullmatch(band.strip())
        if found is None:
            errors.append(CellError(number, "bands", f"第 {place} 档要写成“>= 15% 得 12 分”的样子"))
            continue
        try:
            test = grammar.parse(f"{fact} {found['test']}")
        except GrammarError as error:
            errors.append(CellError(number, "bands", f"第 {place} 档：{error.message}"))
            continue
        if "fact" not in test:
            errors.append(CellError(number, "bands", f"第 {place} 档只能有一个条件"))
            continue
        bands.append({key: value for key, value in test.items() if key != "fact"} | {"points": int(found["points"])})
    return bands


def _dimensions(rows: Sequence[Row], items: Sequence[dict]) -> tuple[list[dict], list[list[int]]]:
    """Items under their dimensions in the order these first appear, and for each the lines its items came from."""
    grouped: dict[str, dict] = {}
    lines: dict[str, list[int]] = {}
    for number, (row, item) in enumerate(zip(rows, items, strict=True)):
        code, label = row["dimension"].strip(), row["dimension_label"].strip()
        dimension = grouped.setdefault(code, {"code": code, "label": label, "items": []})
        if dimension["label"] != label:
            raise TableError([CellError(number, "dimension_label", f"同一维度上面写的是「{dimension['label']}」")])
        dimension["items"].append(item)
        lines.setdefault(code, []).append(number)
    return list(grouped.values()), list(lines.values())


def _at_cell(error: DocumentError, lines: Sequence[Sequence[int]]) -> CellError:
    """The compiler's place as a cell: `/rules/3/when/any_of/0` is the condition of line 3."""
    match error.place.strip("/").split("/"):
        case ["dimensions", dimension, "items", item, *rest]:
            row, column = lines[int(dimension)][int(item)], rest[0] if rest else "bands"
        case ["rules" | "rungs" | "lines", number, *rest]:
            row, column = int(number), rest[0] if rest else "when"
        case ["title"]:
            return CellError(None, "title", error.message)
        case _:
            return CellError(None, "", error.message)
    return CellError(row, column, error.message)
