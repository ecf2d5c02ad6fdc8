"""The published JSON Schema of policy documents and the table of facts, both made from the code that decides.

    python -m products.policy.schema docs

writes `policy.schema.json` and the table in `policy.md` of that folder. What the schema refuses the compiler refuses;
the compiler also refuses what no schema can say (bounds that exclude each other, rungs that are never reached).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from products.policy.catalogue import ALL_TIERS, BANK_FACTS, FactSpec
from products.policy.document import MAX_NUMBER, MAX_PARTS, MAX_TEXT, MAX_TITLE
from products.policy.lines import SETTINGS, Setting
from products.policy.values import FactType

COMPARISONS = [">=", "<=", ">", "<"]
UNITS = {
    FactType.AMOUNT: '元，写成文本，例如 `"5000000.00"`',
    FactType.COUNT: "整数",
    FactType.MONTHS: "月数",
    FactType.POINTS: "分数",
    FactType.RATIO: "基点，500 是 5%",
    FactType.BOOLEAN: "没有界值",
    FactType.CODE: "一组代码",
    FactType.DATE: '日期，例如 `"2026-12-31"`',
}
SENSITIVITY = {"public": "公开", "business": "企业经营", "personal": "涉及个人", "credit": "征信，需授权"}
_BOUNDS: dict[FactType, dict] = {
    FactType.AMOUNT: {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$"},
    FactType.DATE: {"type": "string", "format": "date"},
}
_WHOLE = {"type": "integer", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_WORDS = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S"}
_MAYBE = {"type": "string", "maxLength": MAX_TEXT}


def _object(required: dict, optional: dict | None = None) -> dict:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _many(items: dict, least: int = 1) -> dict:
    return {"type": "array", "items": items, "minItems": least, "maxItems": MAX_PARTS}


def _tests(spec: FactSpec, named: dict) -> list[dict]:
    """What can be asked of one fact: `named` holds its name, or nothing where the name stands outside."""
    known = _object({**named, "op": {"const": "known"}})
    if spec.type is FactType.BOOLEAN:
        return [known, _object({**named, "op": {"enum": ["is_true", "is_false"]}})]
    if spec.type is FactType.CODE:
        member = {"enum": list(spec.choices)} if spec.choices else {"type": "string"}
        members = {**_many(member), "uniqueItems": True}
        return [known, _object({**named, "op": {"enum": ["in", "not_in"]}, "bound": members})]
    bound = _BOUNDS.get(spec.type, _WHOLE)
    return [known, _object({**named, "op": {"enum": COMPARISONS}, "bound": bound})]


def _table_line(settings: tuple[Setting, ...], condition: dict) -> dict:
    """A line of a decision table with all that it may set."""

    def value(setting: Setting) -> dict:
        whole = {"type": "integer", "minimum": setting.least, "maximum": setting.most}
        return _BOUNDS.get(setting.type, whole)

    code = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,13}$"}
    optional = {setting.code: value(setting) for setting in settings}
    return _object({"code": code, "label": _WORDS, "when": condition}, {**optional, "source": _MAYBE})


def json_schema() -> dict:
    """JSON Schema (2020-12) of a policy document of any kind."""
    condition = {"$ref": "#/$defs/condition"}
    atoms = [test for spec in BANK_FACTS.values() for test in _tests(spec, {"fact": {"const": spec.code}})]
    band = {
        "type": "object",
        "properties": {"op": {"type": "string"}, "bound": True, "points": {**_WHOLE, "minimum": 1}},
        "required": ["op", "points"],
        "additionalProperties": False,
    }
    item = _object({"code": _WORDS, "label": _WORDS, "fact": {"enum": list(BANK_FACTS)}, "bands": _many(band)})
    rule = _object(
        {"code": _WORDS, "label": _WORDS, "when": condition, "on_fail": {"enum": ["fail", "refer"]}},
        {
            **dict.fromkeys(("reason", "advice", "source", "required", "label_en"), _MAYBE),
            "source_url": {**_MAYBE, "pattern": "^(https://.*)?$"},
        },
    )
    rung = _object({"code": {"enum": sorted(ALL_TIERS)}, "label": _WORDS, "when": condition}, {"advice": _MAYBE})
    dimension = _object({"code": _WORDS, "label": _WORDS, "items": _many(item)})
    tables = {kind: ("lines", _many(_table_line(settings, condition))) for kind, settings in SETTINGS.items()}
    kinds = {**tables, "eligibility": ("rules", _many(rule, 0)), "ladder": ("rungs", _many(rung)), "scorecard": ("dimensions", _many(dimension))}  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "政策文档",
        "oneOf": [
            _object({"code": _WORDS, "kind": {"const": kind}, "title": {**_WORDS, "maxLength": MAX_TITLE}, key: parts})
            for kind, (key, parts) in kinds.items()
        ],
        "$defs": {
            "condition": {
                "oneOf": [_object({"any_of": _many(condition)}), _object({"all_of": _many(condition)}), *atoms]
            },
        },
    }


def fact_table() -> str:
    """The fact catalogue as a Markdown table."""
    lines = ["| 代码 | 名称 | 类型 | 界值怎么写 | 口径 | 来源 | 敏感程度 |", "|---|---|---|---|---|---|---|"]
    for spec in BANK_FACTS.values():
        choices = f"：{'、'.join(f'`{c}`' for c in spec.choices)}" if spec.choices else ""
        lines.append(
            f"| `{spec.code}` | {spec.label} | {spec.type.value} | {UNITS[spec.type]}{choices} | {spec.period} | {spec.source} "
            f"| {SENSITIVITY[spec.sensitivity]} |"
        )
    return "\n".join(lines)


def schema_text() -> str:
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def with_table(page: str) -> str:
    """`page` with the table between its two marks renewed."""
    return re.sub(
        r"(<!-- facts -->\n).*?(<!-- /facts -->)", lambda m: f"{m[1]}{fact_table()}\n{m[2]}", page, flags=re.S
    )


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    (folder / "policy.schema.json").write_text(schema_text(), encoding="utf-8")
    page = folder / "policy.md"
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
