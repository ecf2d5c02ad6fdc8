"""Pages of manual tiers: who may do what, faults at their fields, the whole story of a firm's tier."""

from datetime import timedelta

import pytest

from accounts.models import Membership
from portal.kernel.clock import now, today
from products.models import TierAssignment, TierOverride
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db


def ask(**change) -> dict:
    return {"tier": "T4", "last_day": (today() + timedelta(days=20)).isoformat(), "reason": "承担国家级项目", **change}


def test_a_reviewer_asks_and_an_approver_signs(founder, bankers):
    where = f"/admin/tiers/{founder.enterprise.uscc}/"
    reviewer, approver = signed_in(bankers.reviewer), signed_in(bankers.approver)
    assert "提出调级" in reviewer.get(where).content.decode()
    assert reviewer.post(f"{where}propose/", ask()).status_code == 302
    override = TierOverride.objects.get()
    words = reviewer.get(where).content.decode()
    assert "需由审批岗审批" in words
    assert founder.enterprise.name in approver.get("/admin/tiers/").content.decode()
    assert approver.post(f"{where}{override.pk}/approve/", {"seen": override.version}).status_code == 302
    words = approver.get(where).content.decode()
    assert "人工调级，" in words
    override.refresh_from_db()
    answer = reviewer.post(f"{where}{override.pk}/end/", {"seen": override.version, "reason": ""})
    assert answer.status_code == 422
    assert "请写明原因" in answer.content.decode()
    reviewer.post(f"{where}{override.pk}/end/", {"seen": override.version, "reason": "证书已下发"})
    override.refresh_from_db()
    assert override.status == "ended"


def test_what_the_ladder_saw_stands_beside_the_tier(founder, bankers, run_jobs, django_assert_max_num_queries):
    where, client = f"/admin/tiers/{founder.enterprise.uscc}/", signed_in(bankers.reviewer)
    assert "自动分层的依据" not in client.get(where).text
    factories.submitted(founder)
    run_jobs()
    newest = TierAssignment.objects.get()
    with django_assert_max_num_queries(12):
        page = client.get(where)
    rows = page.context["rungs"]
    assert [row["code"] for row in rows] == [f["code"] for f in newest.evaluation.result["findings"]]
    assert rows[-1]["code"] == newest.tier
    assert (rows[-1]["word"], rows[0]["word"]) == ("符合", "不符合")
    assert all(row["required"] in page.text for row in rows)


def test_faults_stand_at_their_fields(founder, bankers):
    where = f"/admin/tiers/{founder.enterprise.uscc}/propose/"
    reviewer = signed_in(bankers.reviewer)
    answer = reviewer.post(where, ask(last_day=(today() + timedelta(days=400)).isoformat(), reason=""))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"reason"}
    answer = reviewer.post(where, ask(last_day=(today() + timedelta(days=400)).isoformat()))
    assert set(answer.context["form"].errors) == {"last_day"}
    assert not TierOverride.objects.exists()


def test_pages_are_for_bankers_who_work_on_cases(founder, bankers):
    where = f"/admin/tiers/{founder.enterprise.uscc}/"
    author, _ = factories.policy_desk()
    for path in (where, "/admin/tiers/"):
        assert signed_in(author).get(path).status_code == 403
        assert signed_in(bankers.rm).get(path).status_code == 200
    assert "提出调级" not in signed_in(bankers.rm).get(where).content.decode()
    answer = signed_in(bankers.rm).post(f"{where}propose/", ask(), follow=True)
    assert "您的岗位不办理调级" in answer.content.decode()
    assert signed_in(bankers.rm).get("/admin/tiers/91110000000000000X/").status_code == 404


def test_a_banker_does_not_see_the_tier_of_their_own_firm(founder, bankers):
    Membership.objects.create(
        user_id=bankers.reviewer.user_id, enterprise=founder.enterprise, role="viewer", verified_at=now()
    )
    assert signed_in(bankers.reviewer).get(f"/admin/tiers/{founder.enterprise.uscc}/").status_code == 403
    assert signed_in(bankers.approver).get(f"/admin/tiers/{founder.enterprise.uscc}/").status_code == 200


def test_another_firms_override_is_not_found(founder, bankers):
    reviewer = signed_in(bankers.reviewer)
    reviewer.post(f"/admin/tiers/{founder.enterprise.uscc}/propose/", ask())
    other = factories.legal_rep().enterprise
    pk = TierOverride.objects.get().pk
    answer = signed_in(bankers.approver).post(f"/admin/tiers/{other.uscc}/{pk}/approve/", {"seen": 1})
    assert answer.status_code == 404
