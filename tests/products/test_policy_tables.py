"""A document as a table of words: nothing is lost on the way there and back, and every fault has its cell."""

import copy

import pytest

from products.domain.authoring import default_documents
from products.policy.document import compile_document
from products.policy.tables import COLUMNS, TableError, to_document, to_rows
from products.policy.wording import changes, lines

BY_CODE = {document["code"]: document for document, _ in default_documents()}


def back(raw: dict, rows: list[dict] | None = None) -> dict:
    return to_document(
        code=raw["code"], kind=raw["kind"], title=raw["title"], rows=to_rows(raw) if rows is None else rows
    )


def faults(code: str, change) -> list[tuple]:
    raw = BY_CODE[code]
    rows = copy.deepcopy(to_rows(raw))
    change(rows)
    with pytest.raises(TableError) as caught:
        back(raw, rows)
    return [(e.row, e.column, e.message) for e in caught.value.errors]


@pytest.mark.parametrize("code", BY_CODE)
def test_a_document_comes_back_from_its_table(code):
    raw = BY_CODE[code]
    again = back(raw)
    old, new = compile_document(raw), compile_document(again)
    assert changes(old, new) == []
    assert lines(old) == lines(new)
    assert back(again) == again


@pytest.mark.parametrize("code", BY_CODE)
def test_every_cell_of_a_table_is_text_in_a_known_column(code):
    raw = BY_CODE[code]
    keys = {column.key for column in COLUMNS[raw["kind"]]}
    for row in to_rows(raw):
        assert set(row) == keys
        assert all(isinstance(cell, str) for cell in row.values())


def test_all_faults_are_told_at_once_by_line_and_column():
    def spoil(rows):
        rows[0]["when"] = "分层 属于 T9"  # the compiler would find this one, but only when the cells can be read
        rows[1]["when"] = "成立年限 >= 12"
        rows[1]["label"] = " "
        rows[2]["on_fail"] = "也许"
        rows[3]["code"] = rows[0]["code"]

    assert {(row, column) for row, column, _ in faults("zhaojiedai", spoil)} == {
        (1, "label"),
        (1, "when"),
        (2, "on_fail"),
        (3, "code"),
    }


@pytest.mark.parametrize(
    ("code", "change", "row", "column", "says"),
    [
        ("zhaojiedai", lambda r: r[0].update(when="分层 属于 T9"), 0, "when", "只有"),
        ("zhaojiedai", lambda r: r[1].update(when="员工人数 >= 10", on_fail="判为不符合"), 1, "on_fail", "只能转人工"),
        ("zhaojiedai", lambda r: r[1].update(source_url="ftp://x"), 1, "source_url", "https"),
        ("zhaojiedai", lambda r: r[1].update(reason="长" * 501), 1, "reason", "500"),
        ("tiers", lambda r: r[4].update(when=r[0]["when"]), 4, "when", "永远轮不到"),
        ("tiers", lambda r: r[4].update(code="T0"), 4, "code", "只能是"),
        ("score", lambda r: r[0].update(fact="不存在"), 0, "fact", "没有名为"),
        ("score", lambda r: r[0].update(bands=">= 5% 得 3 分；>= 10% 得 9 分"), 0, "bands", "从高分到低分"),
        ("score", lambda r: r[0].update(bands=">= 10% 得 9 分；>= 15% 得 6 分"), 0, "bands", "永远轮不到"),
        ("score", lambda r: r[0].update(bands=">= 10% 九分"), 0, "bands", "样子"),
        ("score", lambda r: r[1].update(dimension_label="另一个名字"), 1, "dimension_label", "同一维度"),
    ],
)
def test_what_the_compiler_refuses_has_its_cell(code, change, row, column, says):
    (found,) = faults(code, change)
    expected = row if row >= 0 else len(to_rows(BY_CODE[code]))
    assert found[:2] == (expected, column)
    assert says in found[2]


def test_an_empty_table_of_rules_is_a_policy_and_of_rungs_is_not():
    assert back({"code": "x", "kind": "eligibility", "title": "只由人办理", "rules": []})["rules"] == []
    with pytest.raises(TableError) as caught:
        to_document(code="tiers", kind="ladder", title="空", rows=[])
    assert caught.value.errors[0].row is None


def test_a_title_is_checked_too():
    with pytest.raises(TableError) as caught:
        to_document(code="x", kind="eligibility", title=" ", rows=[])
    assert (caught.value.errors[0].row, caught.value.errors[0].column) == (None, "title")
