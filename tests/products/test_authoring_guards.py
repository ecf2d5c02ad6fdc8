"""What guards a policy against its authors: nothing hidden, nothing that stops screening, no guard taken away."""

import copy
import json
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.models import User
from applications.models import Application
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, RuleRefused
from products.domain import authoring, backtesting, golden, workbooks
from products.domain.evaluating import in_force
from products.models import FactSnapshot, GoldenCase, PolicyVersion
from products.policy.document import DocumentError, compile_document
from tests import factories

pytestmark = pytest.mark.django_db


def draft(actor, document: dict) -> PolicyVersion:
    return authoring.draft(document=document, effective_from=today(), summary="试一试", actor=actor)


def current(code: str) -> dict:
    return copy.deepcopy(in_force(code, today()).document)


@pytest.mark.parametrize("code", ["tiers", "score", "zhaojiedai"])
@pytest.mark.parametrize(
    "other",
    [
        {"kind": "eligibility", "rules": []},
        {"kind": "ladder", "rungs": [{"code": "T1", "label": "一", "when": {"fact": "age", "op": "known"}}]},
    ],
    ids=["eligibility", "ladder"],
)
def test_a_policy_keeps_its_kind(desk, code, other):
    if current(code)["kind"] == other["kind"]:
        pytest.skip("its own kind")
    with pytest.raises(InvalidInput, match="kind_changed"):
        draft(desk[0], {"code": code, "title": "另一种", **other})


def test_a_ladder_has_no_rung_that_is_no_tier(desk):
    document = current("tiers")
    document["rungs"][0]["code"] = "PLATINUM"
    with pytest.raises(InvalidInput) as caught:
        draft(desk[0], document)
    assert caught.value.message.startswith("/rungs/0/code")


def test_a_band_asks_nothing_but_its_items_fact():
    document = {d["code"]: d for d, _ in authoring.default_documents()}["score"]
    document["dimensions"][0]["items"][0]["bands"][0] |= {"fact": "class_1_ip"}
    with pytest.raises(DocumentError) as caught:
        compile_document(document)
    assert caught.value.place == "/dimensions/0/items/0/bands/0/fact"


@pytest.mark.parametrize("code", ["debt_ratio", "total_assets", "expert_judgement"])
def test_a_fact_that_screening_never_has_is_refused(desk, code):
    document = current("zhaojiedai")
    document["rules"][0]["when"] = {"fact": code, "op": "known"}
    with pytest.raises(InvalidInput) as caught:
        draft(desk[0], document)
    assert "只用于资质自测" in caught.value.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"label": "甲\u0000乙"}, "不能显示"),
        ({"label": "甲\ud800"}, "不能显示"),
        ({"code": " tier "}, "写不成表格"),
        ({"when": {"any_of": [{"fact": "class_1_ip", "op": ">=", "bound": 9}] * 200}}, "写不成表格"),
        ({"when": {"fact": "city", "op": "in", "bound": ["北京"]}}, "六位行政区划代码"),
        ({"when": {"fact": "as_of", "op": ">=", "bound": "20260101"}}, "2026-12-31 的样子"),
        ({"when": {"fact": "revenue", "op": ">=", "bound": "１００"}}, "金额"),
    ],
)
def test_what_people_could_not_read_is_not_kept(desk, change, says):
    document = current("zhaojiedai")
    document["rules"][0] |= change
    with pytest.raises(InvalidInput) as caught:
        draft(desk[0], document)
    assert says in caught.value.message


def test_a_period_and_large_figures_are_conditions_like_others(desk):
    document = current("zhaojiedai")
    document["rules"][0]["when"] = {
        "all_of": [
            {"fact": "as_of", "op": ">=", "bound": "2026-01-01"},
            {"fact": "as_of", "op": "<=", "bound": "2026-12-31"},
            {"fact": "revenue", "op": ">=", "bound": "10000000"},
            {"fact": "revenue", "op": "<=", "bound": "20001231"},
        ]
    }
    assert draft(desk[0], document).status == "draft"


def test_a_preview_of_a_draft_that_is_gone_overwrites_nothing(desk):
    client = Client()
    client.force_login(User.objects.get(pk=desk[0].user_id), backend="django.contrib.auth.backends.ModelBackend")
    first = draft(desk[0], current("zhaojiedai"))
    sent = {"document": json.dumps(current("zhaojiedai")), "cases": "[]", "seen": first.version, "number": first.number}
    sent |= {"effective_from": today().isoformat(), "summary": "旧的预览"}
    authoring.discard(version_id=first.pk, seen=first.version, actor=desk[0])
    second = draft(desk[1], current("zhaojiedai"))
    page = client.post("/admin/policies/zhaojiedai/save/", sent, follow=True)
    assert "请重新上传" in page.text
    second.refresh_from_db()
    assert second.summary == "试一试"


def test_nobody_takes_away_a_case_that_guards_their_own_draft(desk, run_jobs):
    case = golden.save(policy_code="zhaojiedai", name="老企业", facts="成立年限 = 9年", expected="refer", actor=desk[1])
    with pytest.raises(InvalidInput, match="name_taken"):
        golden.save(policy_code="zhaojiedai", name="老企业", facts="", expected="pass", actor=desk[0])
    version = draft(desk[0], current("zhaojiedai"))
    with pytest.raises(RuleRefused, match="case_guards_you"):
        golden.remove(case_id=case.pk, actor=desk[0])
    backtesting.start(version_id=version.pk, actor=desk[0])
    run_jobs()
    authoring.submit(version_id=version.pk, seen=version.version, actor=desk[0])
    with pytest.raises(RuleRefused, match="case_locked"):
        golden.remove(case_id=case.pk, actor=desk[1])
    assert GoldenCase.objects.filter(pk=case.pk).exists()


def test_a_case_taken_away_by_another_shows_in_the_history_of_the_draft(desk):
    case = golden.save(policy_code="zhaojiedai", name="老企业", facts="", expected="refer", actor=desk[1])
    version = draft(desk[0], current("zhaojiedai"))
    golden.remove(case_id=case.pk, actor=desk[1])
    client = Client()
    client.force_login(User.objects.get(pk=desk[1].user_id), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/admin/policies/zhaojiedai/{version.number}/")
    assert [event["what"] for event in page.context["history"]] == ["删了标准样例", "起草"]


def test_what_partners_try_in_the_sandbox_is_no_past(founder, desk, run_jobs):
    application = factories.submitted(founder)
    Application.objects.filter(pk=application.pk).update(is_sandbox=True)
    run_jobs()
    assert FactSnapshot.objects.filter(subject=application.reference).order_by("pk").last().is_sandbox
    assert backtesting.start(version_id=draft(desk[0], current("zhaojiedai")).pk, actor=desk[0]).total == 0


@pytest.mark.parametrize("cell", ["A60000", "BZ3"])
def test_a_sheet_that_is_all_blanks_is_refused_before_it_is_walked(cell):
    document = {d["code"]: d for d, _ in authoring.default_documents()}["zhaojiedai"]
    book = load_workbook(BytesIO(workbooks.write(document)))
    book["条文"][cell] = "x"
    out = BytesIO()
    book.save(out)
    with pytest.raises(InvalidInput, match="sheet_too_large"):
        workbooks.read(BytesIO(out.getvalue()), len(out.getvalue()), code="zhaojiedai", kind="eligibility")


def test_an_empty_table_is_not_saved(desk):
    version = draft(desk[0], current("zhaojiedai"))
    client = Client()
    client.force_login(User.objects.get(pk=desk[0].user_id), backend="django.contrib.auth.backends.ModelBackend")
    sent = {"title": version.title, "effective_from": today().isoformat(), "summary": "清空", "seen": version.version}
    sent |= {"form-TOTAL_FORMS": "0", "form-INITIAL_FORMS": "0"}
    page = client.post(f"/admin/policies/zhaojiedai/{version.number}/edit/", sent)
    assert page.status_code == 422
    assert "一条都没有" in page.text
