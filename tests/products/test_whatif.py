"""What would have to change: every change offered is enough alone, and the smallest comes first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from products.domain.authoring import default_documents
from products.policy import engine
from products.policy.document import compile_condition, compile_document
from products.policy.grammar import parse
from products.policy.values import Because, Fact, Ratio, unknown
from products.policy.whatif import FIXED, steps_to, to_higher_rungs, to_pass

BY_CODE = {document["code"]: document for document, _ in default_documents()}
LADDER = compile_document(BY_CODE["tiers"])
NO_TITLES = {
    f"title_{kind}": Fact(False, "declared")
    for kind in (
        "little_giant",
        "single_champion",
        "srdi_beijing",
        "srdi_elsewhere",
        "hnte",
        "tech_sme",
        "innovative_sme",
    )
}
SMALL = {
    **NO_TITLES,
    "class_1_ip": Fact(0),
    "class_2_ip": Fact(1),
    "rd_ratio": Fact(Ratio(3, 100)),
    "rd_staff_ratio": Fact(Ratio(5, 100)),
    "institutional_equity_3y": Fact(0),
    "founder_doctorate": Fact(False),
}


def words(steps) -> list[str]:
    return [step.words for step in steps]


def test_the_next_tier_comes_first_with_its_smallest_changes():
    higher = to_higher_rungs(LADDER, SMALL)
    assert [code for code, _ in higher] == ["T1", "T2", "T3", "T4", "T5"]
    assert words(higher[0][1]) == [
        "上年研发费用占营业收入由 3.00% 提高到 5.00%",
        "Ⅱ类知识产权由 1 提高到 2",
        "研发人员占员工由 5.00% 提高到 20.00%",
        "Ⅰ类知识产权由 0 提高到 1",
        "近三年机构股权融资由 0 万元 提高到 500 万元",
        "创始人博士或正高职称：是",
    ]
    assert words(higher[2][1]) == ["取得「高新技术企业」认定"]


def test_a_title_that_only_lacks_its_proof_comes_before_all():
    facts = {**SMALL, "title_hnte": unknown(Because.UNVERIFIED)}
    steps = dict(to_higher_rungs(LADDER, facts))["T3"]
    assert words(steps) == ["核验「高新技术企业」证书"]


def test_who_stands_at_the_top_has_nowhere_to_go():
    facts = {**SMALL, "title_little_giant": Fact(True, "register")}
    assert to_higher_rungs(LADDER, facts) == []


def test_missing_figures_are_asked_for():
    steps = dict(to_higher_rungs(LADDER, {**SMALL, "rd_ratio": unknown()}))["T1"]
    assert words(steps)[0] == "补充上年研发费用占营业收入（要求 5.00% 以上）"


def test_no_single_change_is_offered_where_two_are_needed():
    raw = parse("员工人数 >= 10 且 高新技术企业 为是")
    test = compile_condition(raw, "", for_titles=True)
    assert to_pass(test, raw, {"employees": Fact(5), "title_hnte": Fact(False)}) == []
    assert to_pass(test, raw, {"employees": Fact(10), "title_hnte": Fact(False)}) != []
    assert to_pass(test, raw, {"employees": Fact(5), "title_hnte": Fact(True)}) == [], (
        "nobody is told to have more staff"
    )


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("成立年限 >= 1年", {"age": Fact(7)}, ["成立年限满 1年"]),
        ("申请金额 <= 200万", {"requested_amount": Fact(300_000_000)}, ["申请金额由 300 万元 降低到 200 万元"]),
        ("列入失信被执行人名单 为否", {"on_dishonest_list": Fact(True)}, ["移出失信被执行人名单"]),
        ("资金用途 不属于 并购", {"purpose": Fact("acquisition")}, []),
        ("分层 属于 T3、T4", {"tier": Fact("T1")}, []),
        ("上年研发费用 已知", {}, []),
        ("专精特新“小巨人”名单 为是", {"register_little_giant": Fact(False)}, ["进入专精特新“小巨人”名单"]),
        ("上年末资产总额 <= 20000万", {}, ["补充上年末资产总额（要求不超过 20,000 万元）"]),
        ("核心团队人数 > 3", {"core_members": Fact(3)}, ["核心团队人数由 3 提高到 3 以上"]),
        ("细分市场全国排名 <= 3", {"market_rank": Fact(5)}, ["细分市场全国排名由第 5 名提升到前 3 名"]),
        ("上年营业收入 <= 20000万", {"revenue": Fact(10**15)}, []),
        ("企业征信当前逾期 为否", {"bureau_overdue": Fact(True)}, ["结清征信上的当前逾期"]),
        ("纳税信用级别 属于 A、B、M", {}, ["补充纳税信用级别"]),
        ("员工人数 >= 3", {"employees": Fact(3)}, []),
    ],
)
def test_words_of_a_change(text, facts, expected):
    raw = parse(text)
    assert words(to_pass(compile_condition(raw, "", for_titles=True), raw, facts)) == expected


values = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.booleans().map(Fact) for name in NO_TITLES},
        "class_1_ip": st.integers(0, 5).map(Fact),
        "class_2_ip": st.integers(0, 5).map(Fact),
        "rd_ratio": st.integers(0, 2000).map(lambda bp: Fact(Ratio(bp, 10_000))),
        "rd_staff_ratio": st.integers(0, 5000).map(lambda bp: Fact(Ratio(bp, 10_000))),
        "institutional_equity_3y": st.integers(0, 10**10).map(Fact),
        "founder_doctorate": st.booleans().map(Fact),
    },
)


@settings(max_examples=200, deadline=None)
@given(values)
def test_every_change_offered_is_enough_alone(facts):
    for target, steps in to_higher_rungs(LADDER, facts):
        efforts = [step.effort for step in steps]
        assert efforts == sorted(efforts)
        assert len({step.fact for step in steps}) == len(steps)
        for step in steps:
            assert step.fact not in FIXED
            assert engine.climb(LADDER, {**facts, step.fact: Fact(step.value)}).code == target


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([c for c, d in BY_CODE.items() if d["kind"] == "eligibility"]), values)
def test_every_change_of_a_rule_makes_it_pass(code, facts):
    document = compile_document(BY_CODE[code])
    for rule, raw in zip(document.rules, BY_CODE[code]["rules"], strict=True):
        for step in to_pass(rule.condition, raw["when"], facts):
            assert rule.condition.test({**facts, step.fact: Fact(step.value)}).outcome == "pass"


def test_nothing_is_offered_for_what_is_reached():
    assert steps_to(parse("员工人数 >= 3"), {}, lambda facts: True) == []
