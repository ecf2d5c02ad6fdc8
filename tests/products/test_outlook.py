"""The outlook page: for verified members of the firm, with what is held, what could be reached and what is missing."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.kernel.clock import today
from products.domain.outlook import outlook
from products.domain.titles import expiring
from products.models import Register, RegisterEntry
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db


def test_a_title_on_a_register_is_held_and_lifts_the_tier(founder):
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"),
        uscc=founder.enterprise.uscc,
        name=founder.enterprise.name,
        valid_from=today().replace(month=1, day=1),
    )
    found = outlook(founder.enterprise, today())
    assert found.judged.tier["tier"] == "T3"
    titles = {t.kind: t for t in found.titles}
    assert titles["hnte"].standing == "held"
    assert titles["innovative_sme"].outcome == "pass"
    assert [code for code, _, _ in found.higher] == ["T4", "T5"]
    assert found.higher[0][2] == ("取得「北京市专精特新中小企业」认定",)


def test_gaps_say_what_would_meet_them(founder):
    titles = {t.kind: t for t in outlook(founder.enterprise, today()).titles}
    gaps = {gap.label: gap for gap in titles["srdi_sme"].gaps}
    assert gaps["已是科技和创新型中小企业"].steps[0] == "取得「创新型中小企业」认定"
    assert gaps["专注细分市场"].steps == ("补充专注细分市场年数（要求 3 以上）",)


def test_products_say_what_stands_in_the_way(founder):
    products = {p.product.code: p for p in outlook(founder.enterprise, today()).products}
    assert products["zhaojiedai"].outcome == "pass"
    assert products["zhaojindai"].outcome == "fail"
    assert "所在分层" in [gap.label for gap in products["zhaojindai"].gaps]


def test_the_page_is_shown_to_verified_members(founder):
    page = signed_in(founder.user).get(f"/outlook/{founder.enterprise.uscc}/")
    assert page.status_code == 200
    assert "怎样升一层" in page.text
    assert "工信部企业〔2026〕2号" in page.text


def test_an_unverified_member_is_sent_to_verify_first(founder):
    person = factories.user("agent9@demo.example")
    factories.member(founder.enterprise, role="agent", verified=False, person=person)
    page = signed_in(person).get(f"/outlook/{founder.enterprise.uscc}/", follow=True)
    assert page.redirect_chain == [(f"/enterprises/{founder.enterprise.uscc}/", 302)]
    assert "先核验身份" in page.text


def test_strangers_bankers_and_visitors_see_nothing(founder, bankers):
    path = f"/outlook/{founder.enterprise.uscc}/"
    other = factories.legal_rep(name="另一家")
    assert signed_in(other.user).get(path).status_code == 404
    assert signed_in(factories.user("x@demo.example")).get(path).status_code == 404
    assert Client().get(path).status_code == 302


def test_it_costs_the_same_whatever_there_is(founder, django_assert_max_num_queries):
    client = signed_in(founder.user)
    client.get(f"/outlook/{founder.enterprise.uscc}/")
    with django_assert_max_num_queries(10):
        client.get(f"/outlook/{founder.enterprise.uscc}/")


def test_a_firm_of_which_nothing_is_known_gets_no_refusal(defaults):
    firm = factories.enterprise(profile={})
    found = outlook(firm, today())
    refused = {gap.label for title in found.titles for gap in title.gaps if gap.outcome == "fail"}
    assert refused <= {"已是科技和创新型中小企业", "已是专精特新中小企业"}, "registers are loaded and do not name it"
    assert {p.outcome for p in found.products if p.product.kind == "credit"} == {"refer"}


def figures_of(client, uscc: str) -> dict:
    form = client.get(f"/outlook/{uscc}/figures/").context["form"]
    return {field.html_name: field.value() if field.value() is not None else "" for field in form}


def test_figures_filled_in_are_kept_and_judged_at_once(founder):
    client, uscc = signed_in(founder.user), founder.enterprise.uscc
    year = today().year - 1
    before = figures_of(client, uscc)
    page = client.post(
        f"/outlook/{uscc}/figures/",
        {**before, "niche_years": "4", f"total_assets_{year}": "20000", f"total_liabilities_{year}": "11000"},
        follow=True,
    )
    assert "已按新的数字重新计算" in page.text
    titles = {t.kind: t for t in outlook(founder.enterprise, today()).titles}
    assert titles["tech_sme"].outcome == "pass"
    assert {gap.label for gap in titles["srdi_sme"].gaps} == {"已是科技和创新型中小企业", "主营业务占比"}
    after = figures_of(client, uscc)
    changed = {"seen", "niche_years", f"total_assets_{year}", f"total_liabilities_{year}"}
    assert {name for name in after if after[name] != before[name]} == changed


@pytest.mark.parametrize(
    ("name", "value"), [("niche_years", "三年"), ("technical_employees", "-1"), ("technical_employees", "999999")]
)
def test_a_bad_figure_is_told_at_its_field_and_nothing_is_kept(founder, name, value):
    client, uscc = signed_in(founder.user), founder.enterprise.uscc
    page = client.post(f"/outlook/{uscc}/figures/", {**figures_of(client, uscc), "class_2_ip": "77", name: value})
    assert page.status_code == 422
    assert page.context["form"].errors[name]
    assert figures_of(client, uscc)["class_2_ip"] != 77


def test_figures_are_for_editors_of_the_firm(founder):
    path = f"/outlook/{founder.enterprise.uscc}/figures/"
    viewer = factories.user("viewer@demo.example")
    factories.member(founder.enterprise, role="viewer", person=viewer)
    assert signed_in(viewer).get(path, follow=True).redirect_chain[-1][0] == f"/outlook/{founder.enterprise.uscc}/"
    unverified = factories.user("new@demo.example")
    factories.member(founder.enterprise, role="agent", verified=False, person=unverified)
    for stranger in (unverified, factories.legal_rep(name="另一家").user):
        assert signed_in(stranger).get(path).status_code == 404
        assert signed_in(stranger).post(path, {"niche_years": "9"}).status_code == 404
    assert Client().get(path).status_code == 302


@pytest.mark.parametrize(
    ("days", "flag"),
    [
        (91, None),
        (90, "90"),
        (31, "90"),
        (30, "30"),
        (1, "30"),
        (0, "ended"),
        (-1, "ended"),
        (-90, "ended"),
        (-91, None),
    ],
)
def test_certificates_are_flagged_at_ninety_and_thirty_days_and_on_their_end(founder, days, flag):
    last = today() + timedelta(days=days)
    found = expiring(founder.enterprise.uscc, [{"kind": "hnte", "valid_to": last.isoformat()}], today())
    assert [(e.kind, e.days, e.flag) for e in found] == ([] if flag is None else [("hnte", days, flag)])


def test_a_newer_certificate_or_an_open_entry_needs_no_reminder(founder):
    near, far = today() + timedelta(days=5), today() + timedelta(days=800)
    old = {"kind": "hnte", "valid_to": near.isoformat()}
    assert expiring(founder.enterprise.uscc, [old, {"kind": "hnte", "valid_to": far.isoformat()}], today()) == []
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"), uscc=founder.enterprise.uscc, name="x", valid_from=today()
    )
    assert expiring(founder.enterprise.uscc, [old], today()) == []


def test_a_certificate_near_its_end_is_told_on_the_page(founder):
    RegisterEntry.objects.create(
        register=Register.objects.get(code="hnte"),
        uscc=founder.enterprise.uscc,
        name=founder.enterprise.name,
        valid_from=today() - timedelta(days=700),
        valid_to=today() + timedelta(days=12),
    )
    page = signed_in(founder.user).get(f"/outlook/{founder.enterprise.uscc}/").text
    assert "还有 12 天" in page
    assert "30 天内到期" in page


def test_what_a_colleague_saved_meanwhile_is_not_undone(founder):
    client, uscc = signed_in(founder.user), founder.enterprise.uscc
    opened = figures_of(client, uscc)
    client.post(f"/outlook/{uscc}/figures/", {**opened, "class_2_ip": "33"})
    page = client.post(f"/outlook/{uscc}/figures/", {**opened, "niche_years": "5"})
    assert page.status_code == 422
    assert "被别人改过" in page.text
    now = figures_of(client, uscc)
    assert (now["class_2_ip"], now["niche_years"]) == (33, "")
