"""A case can be checked later, by anyone: replay by hash, and one sealed file that needs no server."""

import copy
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from applications.domain import assigning, deciding, reviewing
from applications.enums import Dimension, Proposal
from applications.models import Application
from applications.queries.sealing import sealed_case
from portal.kernel.actors import SYSTEM
from portal.kernel.canonical import canonical as portal_canonical
from portal.kernel.clock import today
from portal.kernel.crypto import keyed_hash
from portal.kernel.models import AccessRecord
from products.domain.authoring import publish_document
from products.domain.evaluating import in_force
from products.policy.sealed import canonical, problems
from tests import factories
from tests.applications.test_admin import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(founder, bankers, run_jobs):
    """A case that went through two rounds of people: screened, recommended, approved, offered."""
    application = factories.submitted(founder)
    run_jobs()
    assigning.claim(application_id=application.pk, actor=bankers.reviewer)
    reviewing.score(
        application_id=application.pk,
        points={Dimension.TECHNOLOGY: 30, Dimension.TEAM: 22, Dimension.POSITION: 19},
        reasons=dict.fromkeys(Dimension, "见材料"),
        actor=bankers.reviewer,
    )
    made = reviewing.recommend(
        application_id=application.pk,
        proposal=Proposal.APPROVE,
        comment="同意",
        terms=reviewing.Terms(800000, 345, 12, "interest_first"),
        actor=bankers.reviewer,
    )
    deciding.approve(application_id=application.pk, recommendation_id=made.pk, comment="", actor=bankers.approver)
    application.refresh_from_db()
    return application


def check(file: Path) -> subprocess.CompletedProcess:
    """The offline checker as an auditor runs it: the folder of the policy package and nothing of Django."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(settings.BASE_DIR), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "products.policy.sealed", str(file)]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)


def test_file_is_checked_without_a_server(case, tmp_path):
    call_command("replay", case.reference, "--out", str(tmp_path / "case.json"))
    done = check(tmp_path / "case.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 项评估重算一致" in done.stdout
    kept = json.loads((tmp_path / "case.json").read_text())
    assert kept["seal"]["signature"] == keyed_hash(settings.EVENT_SIGNING_KEY, kept["seal"]["sha256"])
    assert len(kept["decisions"]) == 1
    assert factories.LEGAL_REP_ID not in json.dumps(kept)
    assert "林一帆" not in json.dumps(kept, ensure_ascii=False), "people are named by number"


def as_file(case: Application) -> dict:
    return json.loads(json.dumps(sealed_case(case)))


def _put(value, *path):
    def change(kept: dict) -> None:
        part = kept
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value

    return change


ROUND = ("rounds", 0)
TAMPERINGS = {
    "what was submitted": (_put("999.00", *ROUND, "submission", "content", "request", "requested_amount"), "提交内容与指纹不符"),
    "a fact": (_put({"v": 1, "s": "declared"}, *ROUND, "snapshot", "content", "class_1_ip"), "指标快照与指纹不符"),
    "the policy": (_put("别的名称", *ROUND, "evaluations", 0, "policy", "document", "title"), "文档与指纹不符"),
    "a result": (_put([], *ROUND, "evaluations", 0, "result", "findings"), "结果与指纹不符"),
    "an outcome": (_put("fail", *ROUND, "evaluations", 0, "outcome"), "重算结果不同"),
    "the engine's version": (_put(99, *ROUND, "evaluations", 1, "engine_version"), "不能重算"),
    "an event": (_put({"round": 7}, "events", 1, "payload"), "第 2 条不符"),
    "the order of events": (lambda kept: kept["events"].reverse(), "第 1 条不符"),
    "a missing event": (lambda kept: kept["events"].pop(2), "第 3 条不符"),
    "a decision": (_put("decline", "decisions", 0, "outcome"), "内容与印章不符"),
    "a signature for another": (_put("0" * 64, "seal", "sha256"), "内容与印章不符"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_any_change_is_found(case, what):
    change, words = TAMPERINGS[what]
    kept = as_file(case)
    assert problems(copy.deepcopy(kept)) == []
    change(kept)
    assert any(words in line for line in problems(kept)), problems(kept)


def test_a_forger_who_mends_every_hash_still_cannot_change_the_answer(case):
    """With the hashes of document and result made to fit, the recomputed answer still differs."""
    kept = as_file(case)
    item = kept["rounds"][0]["evaluations"][0]
    item["outcome"] = "fail"
    item["result"]["findings"][0]["outcome"] = "fail"
    from products.policy.sealed import fingerprint, seal

    item["digest"] = fingerprint(item["result"])
    kept.pop("seal")
    assert any("重算结果不同" in line for line in problems(seal(kept, lambda value: value)))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "portal.case/9"}', "null", "\x00", '{"format": "portal.case/1"}']
)
def test_another_kind_of_file_is_told(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    done = check(tmp_path / "x.json")
    assert done.returncode == 2
    assert "不能读取" in done.stderr
    assert "Traceback" not in done.stderr


def test_both_canonical_forms_are_one(case):
    value = as_file(case)
    assert canonical(value) == portal_canonical(value)


def test_an_old_case_replays_by_its_own_version_after_the_rules_changed(case, capsys):
    document = copy.deepcopy(in_force(case.product.policy_code, today()).document)
    document["rules"][0]["label"] = "改过的条件"
    publish_document(document=document, effective_from=today() - timedelta(days=1), actor=SYSTEM)
    call_command("replay", case.reference)
    out = capsys.readouterr().out
    assert "重放一致" in out
    assert f"{case.product.policy_code} 第 1 版" in out


def test_unknown_reference_is_told(db):
    with pytest.raises(CommandError, match="没有编号为 SQ1 的申请"):
        call_command("replay", "SQ1")


def test_a_draft_has_nothing_to_replay_yet(founder, capsys):
    call_command("replay", factories.draft(founder).reference)
    assert "还没有初筛结果" in capsys.readouterr().out


def test_banker_takes_the_file_out_and_it_is_written_down(case):
    page = signed_in("reviewer@bank.example").post(f"/admin/cases/{case.reference}/export/")
    assert page.headers["Content-Disposition"] == f'attachment; filename="{case.reference}.json"'
    assert problems(page.json()) == []
    assert AccessRecord.objects.filter(subject=case.reference, field="sealed_case").count() == 1


def test_nobody_else_takes_it_out(case, founder):
    path = f"/admin/cases/{case.reference}/export/"
    client = Client()
    client.force_login(founder.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(path).status_code in (302, 403, 404)
    assert signed_in("reviewer@bank.example").get(path).status_code == 405
    assert not AccessRecord.objects.filter(field="sealed_case").exists()
