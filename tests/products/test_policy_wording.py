"""A policy in words and the difference between two versions."""

import copy

import pytest
from django.test import Client

from products.domain.authoring import default_documents
from products.models import PolicyVersion
from products.policy.document import compile_document
from products.policy.wording import changes, lines
from tests import factories

BY_CODE = {document["code"]: document for document, _ in default_documents()}


def words(old: dict, new: dict) -> list[str]:
    return [change.words for change in changes(compile_document(old), compile_document(new))]


def changed(code: str, change) -> list[str]:
    new = copy.deepcopy(BY_CODE[code])
    change(new)
    return words(BY_CODE[code], new)


@pytest.mark.parametrize("code", BY_CODE)
def test_a_document_differs_from_itself_in_nothing(code):
    assert words(BY_CODE[code], copy.deepcopy(BY_CODE[code])) == []
    assert all(line.label and line.asks for line in lines(compile_document(BY_CODE[code])))


def test_each_kind_of_change_is_told_in_words():
    def set_bound(d):
        d["rules"][1]["when"]["bound"] = 24

    assert changed("zhaojiedai", set_bound) == ["「成立年限的条件」由“成立年限 >= 1年”改为“成立年限 >= 2年”"]
    assert changed("zhaojiedai", lambda d: d["rules"][1].update(on_fail="fail")) == [
        "「成立年限的不满足时」由“转人工”改为“判为不符合”"
    ]
    assert changed("zhaojiedai", lambda d: d["rules"][1].update(advice="")) == [
        "「成立年限的建议（给企业看）」由“满 1 年后可自动判断”改为“空”"
    ]
    assert changed("zhaojiedai", lambda d: d["rules"].pop(1)) == ["删除「成立年限」：成立年限 >= 1年"]
    assert changed("zhaojiedai", lambda d: d.update(title="新名称"))[0].startswith("「政策名称」由“招捷贷准入条件")


def test_an_added_rule_says_what_it_asks():
    rule = {"code": "ip", "label": "专利", "when": {"fact": "class_1_ip", "op": ">=", "bound": 1}, "on_fail": "refer"}
    assert changed("zhaojiedai", lambda d: d["rules"].append(rule)) == ["新增「专利」：Ⅰ类知识产权 >= 1，不满足转人工"]


def test_the_order_of_a_ladder_is_a_change():
    def swap(d):
        d["rungs"][1], d["rungs"][2] = d["rungs"][2], d["rungs"][1]

    assert changed("tiers", swap) == [
        "「T4 专精层」由第 2 位移到第 3 位",
    ]


def test_points_of_a_band_are_a_change():
    def fewer(d):
        d["dimensions"][0]["items"][0]["bands"][-1]["points"] = 1

    (told,) = changed("score", fewer)
    assert "技术壁垒：研发强度的分档" in told
    assert ">= 3% 得 1 分" in told


def test_the_first_part_moved_to_the_end_is_one_change():
    assert changed("zhaojiedai", lambda d: d["rules"].append(d["rules"].pop(0))) == ["「所在分层」由第 1 位移到第 7 位"]


@pytest.mark.parametrize(
    "change",
    [
        {"when": {"all_of": [{"fact": "rd_expense", "op": ">=", "bound": "100000.00"}, {"fact": "rd_expense", "op": "<=", "bound": "2000000.00"}]}},
        {"when": {"fact": "requested_amount", "op": "<=", "bound": "50000000.00"}, "required": "10–200 万元"},
        {"required": "随便写的"},
        {"label_en": "amount"},
        {"source_url": "https://example.org/"},
    ],
)  # fmt: skip
def test_no_change_hides_behind_the_words_shown_to_firms(change):
    told = changed("zhaojiedai", lambda d: d["rules"][5].update(change))
    assert len(told) == len(change)


def test_another_title_asked_by_a_rung_is_told():
    def other(d):
        d["rungs"][1]["when"]["fact"] = "title_srdi_elsewhere"

    assert changed("tiers", other) == [
        "「T4 专精层的条件」由“北京市专精特新中小企业 为是”改为“外省市专精特新中小企业 为是”"
    ]


@pytest.mark.django_db
def test_policy_page_reads_in_words_and_shows_what_a_version_changed(bankers):
    administrator = factories.user("admin@bank.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    second = PolicyVersion.objects.filter(code="tech-ma-loan").order_by("number")[1]
    page = client.get(f"/admin/products/policyversion/{second.pk}/change/", follow=True)
    assert page.status_code == 200
    assert "与第 1 版相比" in page.text
    assert page.context["changes"]
    first = PolicyVersion.objects.get(code="zhaojiedai")
    page = client.get(f"/admin/products/policyversion/{first.pk}/change/", follow=True)
    assert "成立年限" in page.text
    assert "成立年限 &gt;= 1年" in page.text
    assert "与第" not in page.text
