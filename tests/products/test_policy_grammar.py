"""Conditions as text: both ways, and what is said when a text is no condition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from products.policy.catalogue import FACTS
from products.policy.document import compile_document
from products.policy.grammar import GrammarError, parse, show
from products.policy.values import FactType

DEEPEST = 4


def _bound(spec):
    return {
        FactType.AMOUNT: st.integers(-(10**14), 10**14).map(lambda fen: f"{fen / 100:.2f}")
        | st.integers(0, 10**9).map(str),
        FactType.DATE: st.dates().map(str),
    }.get(spec.type, st.integers(-(10**6), 10**6))


@st.composite
def one_test(draw):
    spec = draw(st.sampled_from(list(FACTS.values())))
    if spec.type is FactType.BOOLEAN:
        return {"fact": spec.code, "op": draw(st.sampled_from(["is_true", "is_false", "known"]))}
    if spec.type is FactType.CODE:
        members = st.sampled_from(spec.choices) if spec.choices else st.sampled_from(["110000", "310000"])
        chosen = draw(st.lists(members, min_size=1, max_size=4, unique=True))
        return {"fact": spec.code, "op": draw(st.sampled_from(["in", "not_in"])), "bound": chosen}
    return {"fact": spec.code, "op": draw(st.sampled_from([">=", "<=", ">", "<"])), "bound": draw(_bound(spec))}


conditions = st.recursive(
    one_test(),
    lambda inner: st.builds(
        lambda joiner, parts: {joiner: parts},
        st.sampled_from(["any_of", "all_of"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=8,
)


def _depth(raw):
    parts = raw.get("any_of") or raw.get("all_of")
    return 1 + max(map(_depth, parts)) if parts else 1


@settings(max_examples=400, deadline=None)
@given(conditions.filter(lambda raw: _depth(raw) <= DEEPEST))
def test_what_is_shown_reads_back_as_the_same_condition(raw):
    assert parse(show(raw)) == raw


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["成立年限", ">=", "1年", "且", "(", ")", "分层", "属于", "T1", "、"]), max_size=12).map(
        " ".join
    )
)
def test_any_text_is_a_condition_or_is_refused_at_a_place_in_it(text):
    try:
        raw = parse(text)
    except GrammarError as error:
        assert error.message
        assert 0 <= error.at <= len(text)
    else:
        assert "fact" in raw or "any_of" in raw or "all_of" in raw


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("成立年限 >= 1年", {"fact": "age", "op": ">=", "bound": 12}),
        ("age ≥ 18个月", {"fact": "age", "op": ">=", "bound": 18}),
        ("requested_amount<=200万", {"fact": "requested_amount", "op": "<=", "bound": "2000000.00"}),
        ("申请金额 <= 2000000.00元", {"fact": "requested_amount", "op": "<=", "bound": "2000000.00"}),
        ("研发人员占员工 > 12.5%", {"fact": "rd_staff_ratio", "op": ">", "bound": 1250}),
        ("资金用途 不属于 并购，other", {"fact": "purpose", "op": "not_in", "bound": ["acquisition", "other"]}),
        ("上年研发费用 已知", {"fact": "rd_expense", "op": "known"}),
        (
            "高新技术企业 为是 或 员工人数 > 3 且 分层 属于 T1",
            {
                "any_of": [
                    {"fact": "title_hnte", "op": "is_true"},
                    {
                        "all_of": [
                            {"fact": "employees", "op": ">", "bound": 3},
                            {"fact": "tier", "op": "in", "bound": ["T1"]},
                        ]
                    },
                ]
            },
        ),
    ],
)
def test_what_people_write(text, raw):
    assert parse(text) == raw


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "还缺一个指标"),
        ("成立年份 >= 1年", 0, "没有名为「成立年份」的指标"),
        ("成立年限", 4, "比较方式"),
        ("成立年限 大于 1年", 5, "「大于」不是比较方式"),
        ("成立年限 >= 12", 8, "要写单位"),
        ("研发人员占员工 >= 20", 11, "百分号"),
        ("研发人员占员工 >= 20.123%", 11, "百分号"),
        ("申请金额 <= 一百万", 8, "不是金额"),
        ("员工人数 >= 1.5", 8, "不是整数"),
        ("员工人数 >= 1 分层 属于 T1", 10, "读不懂"),
        ("(员工人数 >= 1", 10, "缺右括号"),
        ("((((((员工人数 >= 1))))))", 5, "最多"),
        ("员工人数 >= 1 且", 11, "还缺一个指标"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text, at, says):
    with pytest.raises(GrammarError) as caught:
        parse(text)
    assert says in caught.value.message
    assert caught.value.at == at


def test_labels_of_facts_are_one_word_each_and_none_means_two_facts():
    labels = [spec.label for spec in FACTS.values()]
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if any(sign in label for sign in " <>()（）、，,≥≤")]


def test_a_shown_condition_compiles():
    raw = parse("申请金额 <= 200万 或 分层 属于 T4、T5")
    document = {
        "code": "x",
        "kind": "eligibility",
        "title": "x",
        "rules": [{"code": "a", "label": "甲", "when": raw, "on_fail": "refer"}],
    }
    assert compile_document(document).rules[0].condition.required
