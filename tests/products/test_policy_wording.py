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

    assert changed("zhaojiedai", set_bound) == ["「成立年限的要求」由“1 年以上”改为“2 年以上”"]
    assert changed("zhaojiedai", lambda d: d["rules"][1].update(on_fail="fail")) == [
        "「成立年限的结果」由“不满足转人工”改为“不满足判为不符合”"
    ]
    assert changed("zhaojiedai", lambda d: d["rules"][1].update(advice="")) == [
        "「成立年限的建议」由“满 1 年后可自动判断”改为“空”"
    ]
    assert changed("zhaojiedai", lambda d: d["rules"].pop(1)) == ["删除「成立年限」：1 年以上"]
    assert changed("zhaojiedai", lambda d: d.update(title="新名称"))[0].startswith("「名称」由“招捷贷准入条件")


def test_an_added_rule_says_what_it_asks():
    rule = {"code": "ip", "label": "专利", "when": {"fact": "class_1_ip", "op": ">=", "bound": 1}, "on_fail": "refer"}
    assert changed("zhaojiedai", lambda d: d["rules"].append(rule)) == ["新增「专利」：1以上，不满足转人工"]


def test_the_order_of_a_ladder_is_a_change():
    def swap(d):
        d["rungs"][1], d["rungs"][2] = d["rungs"][2], d["rungs"][1]

    assert changed("tiers", swap) == [
        "「T3 高新层」由第 3 位移到第 2 位",
        "「T4 专精层」由第 2 位移到第 3 位",
    ]


def test_points_of_a_band_are_a_change():
    def fewer(d):
        d["dimensions"][0]["items"][0]["bands"][-1]["points"] = 1

    (told,) = changed("score", fewer)
    assert "技术壁垒：研发强度的要求" in told
    assert "3.00%以上 1 分" in told


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
    assert "1 年以上" in page.text
    assert "与第" not in page.text
