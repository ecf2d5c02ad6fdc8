"""Decision tables: the limit table and the routing, as documents, as tables of words, and as answers."""

import copy
import json
from datetime import timedelta
from io import BytesIO

import pytest

from portal.kernel.clock import today
from products.domain import authoring, backtesting, golden, shadowing, workbooks
from products.domain.authoring import DEFAULTS
from products.domain.evaluating import in_force
from products.models import BackTest, ShadowRun
from products.policy import engine
from products.policy.document import DocumentError, compile_document
from products.policy.lines import answer_of, values_of
from products.policy.replaying import result_of
from products.policy.tables import TableError, to_document, to_rows
from products.policy.values import Because, Fact, unknown
from products.policy.wording import changes, lines
from tests import factories


def document(code: str) -> dict:
    return json.loads((DEFAULTS / f"{code}.json").read_text(encoding="utf-8"))


LIMITS, ROUTING = document("limits"), document("routing")
WORKING = Fact("working_capital", "application")


def changed(line: int, **values) -> dict:
    raw = copy.deepcopy(LIMITS)
    raw["lines"][line] |= values
    return raw


@pytest.mark.parametrize(
    ("tier", "line", "amount"),
    [
        ("T5", "t5", 5_000_000_000),
        ("T3", "t4-t3", 3_000_000_000),
        ("T1", "t2-t1", 10**9),
        ("none", "outside", 2 * 10**8),
    ],
)
def test_the_first_line_that_holds_counts(tier, line, amount):
    found = engine.decide(compile_document(LIMITS), {"purpose": WORKING, "tier": Fact(tier, "tiers")})
    assert (found.line, found.outcome, found.values["max_amount"]) == (line, "pass", amount)


def test_a_line_without_values_sets_nothing():
    found = engine.decide(compile_document(LIMITS), {"purpose": Fact("acquisition", "application")})
    assert (found.line, found.outcome, dict(found.values)) == ("deal", "pass", {})


def test_an_open_line_leaves_all_open():
    facts = {"purpose": WORKING, "tier": unknown(Because.MISSING, source="tiers")}
    found = engine.decide(compile_document(LIMITS), facts)
    assert (found.line, found.outcome, found.findings[-1].because) == (None, "refer", "missing")


@pytest.mark.parametrize(("amount", "line"), [(1_000_000_000, None), (1_000_000_001, "large")])
def test_no_line_is_not_applicable_and_the_bound_is_exact(amount, line):
    facts = {"purpose": WORKING, "tier": Fact("T2", "tiers"), "requested_amount": Fact(amount, "application")}
    outcome, result = result_of(compile_document(ROUTING), facts)
    assert (result["line"], outcome) == (line, "pass" if line else "not_applicable")


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (changed(1, code="T5 领航"), "/lines/1/code"),
        (changed(1, code="refer"), "/lines/1/code"),
        (changed(1, code="t4-t3"), "/lines"),
        (changed(1, max_amount=50), "/lines/1/max_amount"),
        (changed(1, max_amount="0.01"), "/lines/1/max_amount"),
        (changed(1, min_rate_bp=400, max_rate_bp=399), "/lines/1/max_rate_bp"),
        (changed(1, max_rate_bp=3601), "/lines/1/max_rate_bp"),
        (changed(1, max_rate_bp=True), "/lines/1/max_rate_bp"),
        (changed(1, sla_days=3), "/lines/1/sla_days"),
        (changed(1, on_fail="fail"), "/lines/1/on_fail"),
        (changed(2, when=LIMITS["lines"][1]["when"]), "/lines/2"),
        (LIMITS | {"lines": []}, "/lines"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(raw, place):
    with pytest.raises(DocumentError) as refused:
        compile_document(raw)
    assert refused.value.place == place


@pytest.mark.parametrize(
    "raw", [LIMITS, ROUTING, changed(1, min_rate_bp=260, max_rate_bp=345)], ids=lambda r: r["code"]
)
def test_a_table_says_the_document(raw):
    again = to_document(code=raw["code"], kind=raw["kind"], title=raw["title"], rows=to_rows(raw))
    assert again == raw
    book = workbooks.write(raw)
    assert workbooks.read(BytesIO(book), len(book), code=raw["code"], kind=raw["kind"]) == raw


def test_faults_are_told_at_their_cells():
    rows = to_rows(LIMITS)
    rows[1]["max_amount"], rows[2]["max_rate_bp"] = "五千万", "3.4"
    with pytest.raises(TableError) as refused:
        to_document(code="limits", kind="limits", title="上限", rows=rows)
    assert [(e.row, e.column) for e in refused.value.errors] == [(1, "max_amount"), (2, "max_rate_bp")]


def test_a_change_is_told_in_words():
    found = changes(compile_document(LIMITS), compile_document(changed(1, max_amount="40000000.00", max_rate_bp=345)))
    assert [change.words for change in found] == [
        "「领航层的授信上限」由“5000万”改为“4000万”",
        "「领航层的年利率上限」由“空”改为“3.45%”",
    ]
    told = {line.code: line.then for line in lines(compile_document(LIMITS))}
    assert (told["t5"], told["deal"]) == ("授信上限 5000万", "不另设限制")


@pytest.mark.django_db
def test_a_limit_table_is_drafted_tested_and_guarded_like_any_policy(defaults, run_jobs, founder):
    author, _ = factories.policy_desk()
    factories.submitted(founder)
    run_jobs()
    draft = authoring.draft_from(
        version_id=in_force("limits", today()).pk, effective_from=today() + timedelta(days=1), actor=author
    )
    raw = copy.deepcopy(draft.document)
    raw["lines"][0] |= {"code": "loans", "when": {"fact": "purpose", "op": "known"}, "max_amount": "1000000.00"}
    raw["lines"] = raw["lines"][:1]
    authoring.change_draft(
        version_id=draft.pk, seen=draft.version, document=raw, effective_from=draft.effective_from,
        summary="一律一百万", actor=author,
    )  # fmt: skip
    backtesting.start(version_id=draft.pk, actor=author)
    run_jobs()
    assert BackTest.objects.get().result["matrix"] == {"max_amount=1000000000>max_amount=100000000": 1}
    expected = "max_amount=1000000000"
    golden.save(
        policy_code="limits", name="潜力层", facts="分层 = T1\n资金用途 = 研发投入", expected=expected, actor=author
    )
    draft.refresh_from_db()
    assert any("标准样例" in line for line in authoring.why_not_hand_in(draft))


@pytest.mark.django_db
def test_a_limit_that_is_cut_on_the_same_line_is_a_change(defaults, run_jobs, founder, settled_at_once):
    author, _ = factories.policy_desk()
    factories.submitted(founder)
    run_jobs()
    raw = copy.deepcopy(in_force("limits", today()).document)
    next(line for line in raw["lines"] if line["code"] == "t2-t1")["max_amount"] = "5000000.00"
    draft = authoring.draft(document=raw, effective_from=today(), summary="减半", actor=author)
    shadow = shadowing.start(version_id=draft.pk, actor=author)
    ShadowRun.objects.update(last_evaluation_id=0)
    shadowing.follow(run_id=shadow.pk)
    backtesting.start(version_id=draft.pk, actor=author)
    run_jobs()
    shadow.refresh_from_db()
    halved = {"max_amount=1000000000>max_amount=500000000": 1}
    assert (BackTest.objects.get().result["matrix"], shadow.result["matrix"]) == (halved, halved)
    assert golden.answer_words("limits", "max_amount=500000000") == "授信上限 500万"


@pytest.mark.parametrize(
    "values", [{}, {"max_amount": 5_000_000_000}, {"max_amount": 10**9, "max_rate_bp": 345, "min_rate_bp": 260}]
)
def test_what_a_table_sets_is_one_word_and_back(values):
    assert values_of("limits", answer_of(values)) == values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "refer",
        "t5",
        "max_amount",
        "max_amount=-1",
        "sla_days=3",
        "max_amount=1;max_amount=2",
        "max_amount=٣",
    ],
)
def test_what_is_no_answer_of_a_table(text):
    assert values_of("limits", text) is None


def test_answers_of_a_table_in_words():
    words = dict(golden.choices(compile_document(changed(1, max_rate_bp=345))))
    assert words["max_amount=5000000000;max_rate_bp=345"] == "授信上限 5000万，年利率上限 3.45%"
    assert (words["free"], words["none"], words["refer"]) == ("不另设限制", "没有适用的一行", "转人工")
    assert (
        golden.answer_words("routing", "signer_limit=3000000000;sla_days=15")
        == "签字人单笔限额不低于 3000万，最长办理时限（工作日） 15"
    )
