"""The partner API: contract, strictness, ownership, idempotency."""

import base64
import json
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from openapi_spec_validator import validate

from accounts.domain import clients, consents
from accounts.enums import ConsentKind
from accounts.models import ApiClient, Enterprise, EnterpriseProfile, Referral
from applications.models import Application
from portal.kernel.clock import now
from portal.kernel.models import IdempotencyKey
from tests import factories

pytestmark = pytest.mark.django_db
ALL = "documents:write products:read prechecks:write enterprises:read enterprises:write applications:read applications:write"
PROFILE = {"name": "北京示例科技有限公司", "established_on": "2019-06-11", "industry_code": "I65", "employees": 120}


class Api:
    """A client with a bearer token."""

    def __init__(self, actor, row, scope: str = ALL) -> None:
        self.actor, self.row, self.client = actor, row, Client()
        basic = base64.b64encode(f"{row.client_id}:secret".encode()).decode()
        answer = self.client.post(
            "/oauth2/token/",
            {"grant_type": "client_credentials", "scope": scope},
            headers={"authorization": f"Basic {basic}"},
        )
        assert answer.status_code == 200, answer.content
        self.token = answer.json()["access_token"]

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        headers = {"authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.client.generic(method, f"/api/v1/{path}", data, content_type="application/json", headers=headers)


@pytest.fixture
def api(defaults):
    return Api(*factories.partner_client())


def other_api() -> Api:
    return Api(*factories.partner_client("另一家孵化器"))


@pytest.fixture
def served(api):
    """An enterprise this partner has typed in."""
    code = factories.demo_uscc()
    assert api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE}).status_code == 201
    return code


def need(code: str, **changes: object) -> dict:
    return {
        "enterprise": code,
        "product": "zhaojiedai",
        "requested_amount": "1000000.00",
        "term_months": 12,
        "repayment_method": "interest_first",
        "purpose": "rd",
        **changes,
    }


def pointers(answer) -> set[str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {e["pointer"] for e in answer.json()["errors"]}


def test_schema_is_valid_openapi_3_1(defaults):
    schema = json.loads(Client().get("/api/v1/schema/?format=json").content)
    assert schema["openapi"].startswith("3.1")
    validate(schema)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert "401" in operation["responses"], (path, method)
            answers = [a for code, a in operation["responses"].items() if code.startswith("2")]
            assert all("examples" in a["content"]["application/json"] for a in answers), (path, method)
            assert operation["security"], (path, method)


def test_docs_page_opens_without_a_token(defaults):
    assert Client().get("/api/v1/docs/").status_code == 200


@pytest.mark.parametrize("token", ["", "Bearer x", "Basic eDp5"])
def test_request_without_a_token_is_401(defaults, token):
    answer = Client().get("/api/v1/products/", headers={"authorization": token} if token else {})
    assert answer.status_code == 401
    assert answer.json()["status"] == 401


def test_wrong_secret_gets_no_token(defaults):
    _, row = factories.partner_client()
    basic = base64.b64encode(f"{row.client_id}:wrong".encode()).decode()
    assert (
        Client()
        .post("/oauth2/token/", {"grant_type": "client_credentials"}, headers={"authorization": f"Basic {basic}"})
        .status_code
        == 401
    )


def test_old_secret_works_beside_the_new_one_until_its_end(defaults):
    _, row = factories.partner_client()
    new = clients.rotate(client_pk=row.pk)

    def status(secret: str) -> int:
        basic = base64.b64encode(f"{row.client_id}:{secret}".encode()).decode()
        return (
            Client()
            .post(
                "/oauth2/token/",
                {"grant_type": "client_credentials", "scope": "products:read"},
                headers={"authorization": f"Basic {basic}"},
            )
            .status_code
        )

    assert (status("secret"), status(new), status("other")) == (200, 200, 401)
    ApiClient.objects.filter(pk=row.pk).update(previous_until=now() - timedelta(seconds=1))
    assert (status("secret"), status(new)) == (401, 200)


def test_token_is_not_stored_in_clear(api):
    from oauth2_provider.models import AccessToken

    assert api.token not in str(AccessToken.objects.values_list().get())


def test_missing_scope_is_403(defaults):
    narrow = Api(*factories.partner_client(), scope="products:read")
    assert narrow("GET", "products/").status_code == 200
    answer = narrow("POST", "prechecks/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_answers_carry_limits_and_request_id(api):
    answer = api("GET", "products/")
    assert answer.headers["RateLimit-Policy"] == '"default";q=600;w=60'
    assert answer.headers["X-Request-Id"]
    assert api("GET", "products/", if_none_match=answer.headers["ETag"]).status_code == 304


def test_limit_is_enforced_per_client(api, monkeypatch):
    monkeypatch.setattr("portal.kernel.api.ClientThrottle.THROTTLE_RATES", {"client": "2/min"})
    for _ in range(2):
        assert api("GET", "products/").status_code == 200
    answer = api("GET", "products/")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_catalogue_speaks_the_contracts_types(api):
    row = next(p for p in api("GET", "products/").json()["results"] if p["code"] == "zhaojindai")
    assert (row["max_amount"], row["min_rate"], row["repayment_methods"]) == (
        "30000000.00",
        "2.60",
        ["interest_first", "equal_principal"],
    )
    assert row["policy_version"] == "zhaojindai@1"


def test_precheck_stores_nothing_and_answers_in_three_ways(api):
    code = factories.demo_uscc()
    body = {
        "uscc": code,
        **factories.PROFILE,
        "name": "x",
        "requested_amount": "1500000.00",
        "term_months": 12,
    }
    before = (Enterprise.objects.count(), EnterpriseProfile.objects.count())
    answer = api("POST", "prechecks/", body).json()
    assert (Enterprise.objects.count(), EnterpriseProfile.objects.count()) == before
    assert (answer["size_class"], answer["stage"], answer["tier"]["code"]) == ("medium", "growth", "T1")
    outcomes = {p["code"]: p["outcome"] for p in answer["products"]}
    assert outcomes == {
        "zhaojiedai": "refer",  # the tax grade is asked of the tax office, the register says nothing yet
        "zhaoqidai": "refer",  # medium-sized
        "zhaochuangdai": "ineligible",  # T1 is outside its tiers
        "zhaobaodai": "refer",  # no collateral named
        "zhaojindai": "ineligible",
        "tech-ma-loan": "ineligible",  # 150 万元 is under its floor
        "srdi-programme": "ineligible",  # the register is loaded, the firm is not on it
        "little-giant-programme": "ineligible",
    }
    assert answer["score"]["points"] <= answer["score"]["points_max"]


def test_precheck_of_another_date_uses_that_days_rules(api):
    code = factories.demo_uscc()
    answer = api("POST", "prechecks/", {"uscc": code, **PROFILE, "as_of": "2023-06-30"}).json()
    assert answer["as_of"] == "2023-06-30"
    assert answer["tier"]["could_be"] == ["T5", "T4", "T3", "T2", "T1"]
    assert api("POST", "prechecks/", {"uscc": code, **PROFILE, "as_of": "2019-01-01"}).status_code == 422


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"uscc": "91110108551385082X"}, "/uscc"),
        ({"uscc": 5}, "/uscc"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": None}, "/name"),
        ({"established_on": "2999-01-01"}, "/established_on"),
        ({"established_on": "gestern"}, "/established_on"),
        ({"industry_code": "65"}, "/industry_code"),
        ({"industry_code": "XI65"}, "/industry_code"),
        ({"industry_code": "I65432"}, "/industry_code"),
        ({"industry_code": "I６５"}, "/industry_code"),
        ({"district_code": "11010"}, "/district_code"),
        ({"district_code": "1101081"}, "/district_code"),
        ({"district_code": "x110108"}, "/district_code"),
        ({"district_code": "１１０１０８"}, "/district_code"),
        ({"titles": [{"kind": "hnte", "region": "1100000"}]}, "/titles/0/region"),
        ({"employees": "120"}, "/employees"),
        ({"employees": -1}, "/employees"),
        ({"employees": True}, "/employees"),
        ({"employees": 1.5}, "/employees"),
        ({"employees": 5, "rd_employees": 6}, "/rd_employees"),
        ({"annual": [{"year": 2025, "revenue": 5}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025, "revenue": ""}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025, "revenue": "-1.00"}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025, "revenue": "1e9"}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025, "revenue": "NaN"}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025, "revenue": "9" * 30}]}, "/annual/0/revenue"),
        ({"annual": [{"year": 2025}, {"year": 2025}]}, "/annual/1/year"),
        ({"annual": [{"year": 2099}]}, "/annual/0/year"),
        ({"annual": {"year": 2025}}, "/annual"),
        ({"titles": [{"kind": "nobel"}]}, "/titles/0/kind"),
        ({"titles": [None]}, "/titles/0"),
        ({"annual": [None]}, "/annual/0"),
        ({"annual": [{"year": 2025}] * 21}, "/annual"),
        ({"titles": [{"kind": "hnte", "valid_from": "2025-01-01", "valid_to": "2024-01-01"}]}, "/titles/0/valid_to"),
        ({"market": {"share_pct": "101"}}, "/market/share_pct"),
        ({"team": {"founder_doctorate": "yes"}}, "/team/founder_doctorate"),
        ({"tax_grade": "Z"}, "/tax_grade"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_bad_profile_is_422_at_its_pointer(api, change, pointer):
    answer = api("POST", "prechecks/", {"uscc": factories.demo_uscc(), **PROFILE, **change})
    assert answer.status_code == 422
    assert pointer in pointers(answer)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"a":1,"a":2}', 400),
        (b'{"a":NaN}', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"a":"' + b"x" * 1_100_000 + b'"}', 413),
    ],
)
def test_bad_body_is_told(api, body, status):
    answer = api("POST", "prechecks/", body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_wrong_media_type_is_415(api):
    answer = api.client.post("/api/v1/prechecks/", {"a": 1}, headers={"authorization": f"Bearer {api.token}"})
    assert answer.status_code == 415


def test_partner_reads_back_only_its_own_words(api, served):
    other = other_api()
    assert api("GET", f"enterprises/{served}/").json()["profile"]["employees"] == 120
    assert other("GET", f"enterprises/{served}/").status_code == 404
    other("PUT", f"enterprises/{served}/", {"uscc": served, **PROFILE, "employees": 7})
    assert api("GET", f"enterprises/{served}/").json()["profile"]["employees"] == 120


def test_profile_address_and_body_must_agree(api, served):
    assert "/uscc" in pointers(api("PUT", f"enterprises/{served}/", {"uscc": factories.demo_uscc(), **PROFILE}))


def test_draft_is_created_and_read(api, served):
    created = api("POST", "applications/", need(served))
    assert created.status_code == 201
    reference = created.json()["reference"]
    read = api("GET", f"applications/{reference}/").json()
    assert (read["status"], read["allowed_moves"], read["consent"], read["requested_amount"]) == (
        "draft",
        ["submit"],
        False,
        "1000000.00",
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"product": "nope"}, "/product"),
        ({"requested_amount": "1.00"}, "/requested_amount"),
        ({"requested_amount": 5}, "/requested_amount"),
        ({"term_months": 13}, "/term_months"),
        ({"repayment_method": "equal_principal"}, "/repayment_method"),
        ({"purpose": "acquisition"}, "/purpose"),
        ({"purpose": "yacht"}, "/purpose"),
        ({"counterparties": ["x"] * 11}, "/counterparties"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_bad_draft_is_422_at_its_pointer(api, served, change, pointer):
    answer = api("POST", "applications/", need(served, **change))
    assert answer.status_code == 422
    assert pointer in pointers(answer)
    assert not Application.objects.exists()


def test_draft_for_an_unknown_enterprise_is_422(api, founder):
    assert "/enterprise" in pointers(api("POST", "applications/", need(founder.enterprise.uscc)))


def test_submit_needs_the_enterprises_consent(api, served):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    answer = api("POST", f"applications/{reference}/submit/")
    assert (answer.status_code, answer.json()["code"]) == (409, "consent_missing")
    assert api("GET", f"applications/{reference}/timeline/").status_code == 409


@pytest.mark.parametrize(
    "path", ["applications/%00/", "enterprises/%00/", "referrals/%00/", "applications/?product=%00"]
)
def test_null_byte_in_the_address_is_400(api, path):
    assert api("GET", path).status_code == 400


def test_half_a_surrogate_pair_is_400(api):
    assert api("POST", "prechecks/", b'{"\\ud800": 1}').status_code == 400


@pytest.mark.parametrize(
    "cursor", ['["n",["2026-01-01T00:00:00+00:00",1e40]]', "[" * 5000, '["n",[null,null]]', '["x",[1,2]]']
)
def test_forged_cursor_is_422(api, cursor):
    forged = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
    assert api("GET", f"applications/?cursor={forged}").status_code == 422


def test_token_in_the_address_is_refused(api):
    assert Client().get(f"/api/v1/products/?access_token={api.token}").status_code == 401


def test_null_means_missing(api):
    body = {
        "uscc": factories.demo_uscc(),
        **PROFILE,
        "annual": None,
        "team": None,
        "market": None,
        "titles": None,
        "tax_grade": None,
    }
    assert api("POST", "prechecks/", body).status_code == 200


def test_refer_always_says_why(api):
    body = {"uscc": factories.demo_uscc(), **PROFILE, "established_on": str(now().date()), "titles": []}
    for product in api("POST", "prechecks/", body).json()["products"]:
        for finding in product["findings"]:
            assert ("because" in finding) == (finding["outcome"] == "refer"), finding


def test_partner_without_consent_learns_nothing_of_what_the_firm_typed(api, founder):
    from applications.domain import drafting

    code = founder.enterprise.uscc
    api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
    created = api("POST", "applications/", need(code)).json()
    before = api("GET", f"applications/{created['reference']}/").json()
    application = Application.objects.get()
    assert not Application.objects.visible_to(founder.actor).exists()
    Application.objects.update(
        requested_amount=880000, purpose_detail="机密", counterparties=["机密"], version=9, submitted_at=now()
    )
    assert api("GET", f"applications/{created['reference']}/").json() == before
    assert api("GET", "applications/").json()["results"][0]["requested_amount"] == "1000000.00"
    consent(api, founder)
    assert Application.objects.visible_to(founder.actor).get() == application
    drafting.discard(application_id=application.pk, actor=founder.actor)
    assert not Application.objects.exists()


def test_sandbox_client_cannot_touch_live_words(api, served, run_jobs):
    sandbox = Api(*factories.partner_client(is_sandbox=True))
    sandbox("PUT", f"enterprises/{served}/", {"uscc": served, **PROFILE, "employees": 9999})
    assert api("GET", f"enterprises/{served}/").json()["profile"]["employees"] == 120
    created = sandbox(
        "POST", "referrals/", {"uscc": served, "name": "x", "contact_name": "x", "contact_phone": "13800138000"}
    )
    assert api("GET", f"referrals/{created.json()['id']}/").status_code == 404
    run_jobs()
    from accounts.models import OutboxMessage

    assert not OutboxMessage.objects.exists()


def test_referrals_cannot_flood_a_phone_or_carry_a_link(api):
    body = {"uscc": factories.demo_uscc(), "name": "北京折桂", "contact_name": "x", "contact_phone": "13800138000"}
    assert "/name" in pointers(api("POST", "referrals/", {**body, "name": "【某行】请登录 http://evil"}))
    assert [api("POST", "referrals/", body).status_code for _ in range(4)] == [201, 201, 201, 409]


def test_referral_expires(api):
    from accounts.domain import partners

    api(
        "POST",
        "referrals/",
        {"uscc": factories.demo_uscc(), "name": "x", "contact_name": "x", "contact_phone": "13800138000"},
    )
    Referral.objects.update(expires_at=now())
    assert partners.expire_referrals() == 1
    assert Referral.objects.get().status == "expired"


def consent(api: Api, founder) -> None:
    text = consents.current_texts([ConsentKind.PARTNER])[0]
    consents.give(
        membership_id=founder.membership.pk,
        text_id=text.pk,
        text_sha256=text.sha256,
        actor=founder.actor,
        partner=api.row.partner,
    )
    factories.consent_to(founder.enterprise, ["terms", "firm_credit", "personal_credit", "tax_data"], founder.actor)


def test_partner_follows_a_case_under_consent_and_loses_sight_without(api, founder, run_jobs):
    code = founder.enterprise.uscc
    api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
    consent(api, founder)
    reference = api("POST", "applications/", need(code)).json()["reference"]
    assert api("POST", f"applications/{reference}/submit/").json()["status"] == "submitted"
    run_jobs()
    read = api("GET", f"applications/{reference}/").json()
    assert (read["status"], read["tier"]) == ("screened", "T1")
    assert {"label", "observed", "required", "source"} <= set(read["findings"][0])
    types = [e["type"] for e in api("GET", f"applications/{reference}/timeline/").json()["results"]]
    assert types == ["application.started", "application.submitted", "application.screened"]
    consents.revoke(consent_id=consents.Consent.objects.get(kind="partner").pk, actor=founder.actor)
    blind = api("GET", f"applications/{reference}/").json()
    assert (blind["status"], blind["tier"], blind["findings"]) == (None, None, None)
    assert api("GET", "applications/?status=screened").json()["results"] == []
    assert api("POST", f"applications/{reference}/withdraw/").status_code == 409


def test_others_cases_are_404(api, served):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    other = other_api()
    for method, path in (("GET", ""), ("POST", "submit/"), ("POST", "withdraw/"), ("GET", "timeline/")):
        assert other(method, f"applications/{reference}/{path}").status_code == 404
    assert other("GET", "applications/").json()["results"] == []


def test_sandbox_cases_stay_in_the_sandbox(api, served):
    sandbox = Api(*factories.partner_client(is_sandbox=True))
    sandbox("PUT", f"enterprises/{served}/", {"uscc": served, **PROFILE})
    reference = sandbox("POST", "applications/", need(served)).json()["reference"]
    assert Application.objects.get().is_sandbox
    assert api("GET", f"applications/{reference}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=²",
        "cursor=zzz",
        "status=nope",
        "updated_since=x",
        "updated_since=",
        "updated_since=2026-01-01T00:00:00",
    ],
)
def test_bad_query_is_422(api, query):
    assert api("GET", f"applications/?{query}").status_code == 422


def test_list_pages_by_cursor_without_gap_or_repeat(api, defaults):
    for _ in range(5):
        code = factories.demo_uscc()
        api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
        api("POST", "applications/", need(code))
    seen, cursor = [], ""
    while True:
        page = api("GET", f"applications/?limit=2&cursor={cursor}").json()
        seen += [a["reference"] for a in page["results"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == list(Application.objects.order_by("created_at", "id").values_list("reference", flat=True))


def test_same_key_and_body_give_the_first_answer(api, served):
    first = api("POST", "applications/", need(served), idempotency_key="k1")
    again = api("POST", "applications/", need(served), idempotency_key="k1")
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert Application.objects.count() == 1


def test_same_key_with_another_body_is_422(api, served):
    api("POST", "applications/", need(served), idempotency_key="k1")
    answer = api("POST", "applications/", need(served, term_months=6), idempotency_key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_key_of_one_client_means_nothing_to_another(api, served):
    api("POST", "applications/", need(served), idempotency_key="k1")
    other = other_api()
    other("PUT", f"enterprises/{served}/", {"uscc": served, **PROFILE})
    assert "Idempotency-Replayed" not in other("POST", "applications/", need(served), idempotency_key="k1").headers


def test_key_is_forgotten_after_a_day(api, served):
    api("POST", "applications/", need(served), idempotency_key="k1")
    IdempotencyKey.objects.update(created_at=now() - timedelta(hours=24))
    assert "Idempotency-Replayed" not in api("POST", "applications/", need(served), idempotency_key="k1").headers


def test_refused_request_leaves_no_key_behind(api, served):
    assert api("POST", "applications/", need(served, product="nope"), idempotency_key="k1").status_code == 422
    assert api("POST", "applications/", need(served), idempotency_key="k1").status_code == 201


def test_referral_is_masked_at_rest_and_read_back(api, run_jobs):
    code = factories.demo_uscc()
    body = {
        "uscc": code,
        "name": "北京折桂",
        "contact_name": "方桂",
        "contact_phone": "13800138000",
        "product": "zhaochuangdai",
    }
    created = api("POST", "referrals/", body)
    assert created.status_code == 201
    assert "contact_phone" not in created.json()
    reference = created.json()["id"]
    assert api("GET", f"referrals/{reference}/").json()["status"] == "sent"
    assert other_api()("GET", f"referrals/{reference}/").status_code == 404
    run_jobs()
    assert Referral.objects.get().contact_phone == "+8613800138000"


@pytest.mark.parametrize("phone", ["", "123", "13800138000x", "010-12345678", None, 13800138000])
def test_bad_referral_phone_is_422_at_its_pointer(api, phone):
    body = {"uscc": factories.demo_uscc(), "name": "x", "contact_name": "x", "contact_phone": phone}
    assert "/contact_phone" in pointers(api("POST", "referrals/", body))


def test_list_costs_the_same_for_one_and_three_rows(api, defaults, django_assert_num_queries):
    counts = []
    for _ in range(3):
        code = factories.demo_uscc()
        api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
        api("POST", "applications/", need(code))
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            api("GET", "applications/")
        counts.append(len(captured))
    assert counts[0] == counts[2] <= 6


def plan_body(**changes: object) -> dict:
    return {
        "amount": "1200000.00",
        "term_months": 12,
        "repayment_method": "interest_first",
        "first_date": "2026-12-31",
        **changes,
    }


def test_repayment_plan_sums_to_the_amount_and_tells_its_cost(api):
    answer = api("POST", "products/zhaojiedai/repayment-plan/", plan_body()).json()
    assert (answer["annual_rate"], answer["annualised_cost"], answer["fees"]) == ("4.60", "4.60", [])
    assert [i["due_on"] for i in answer["instalments"]][:3] == ["2026-12-31", "2027-01-31", "2027-02-28"]
    assert answer["instalments"][-1]["payment"] == "1204600.00"


def test_repayment_plan_with_fees_costs_more(api):
    from products.models import Product

    Product.objects.filter(code="zhaojiedai").update(fees=[{"label": "担保费", "payee": "示例担保公司", "rate_bp": 50}])
    answer = api("POST", "products/zhaojiedai/repayment-plan/", plan_body(annual_rate="3.00")).json()
    assert answer["fees"] == [{"label": "担保费", "payee": "示例担保公司", "amount": "6000.00"}]
    assert 3.4 < float(answer["annualised_cost"]) < 3.6


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": "1.00"}, "/amount"),
        ({"amount": 5}, "/amount"),
        ({"term_months": 13}, "/term_months"),
        ({"repayment_method": "equal_principal"}, "/repayment_method"),
        ({"annual_rate": "9.99"}, "/annual_rate"),
        ({"annual_rate": "2.99"}, "/annual_rate"),
        ({"first_date": "2026-02-30"}, "/first_date"),
        ({"first_date": "9999-12-31"}, "/first_date"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_plan_outside_the_product_is_422_at_its_pointer(api, change, pointer):
    answer = api("POST", "products/zhaojiedai/repayment-plan/", plan_body(**change))
    assert answer.status_code == 422
    assert pointer in pointers(answer)


def test_a_service_has_no_plan(api):
    assert api("POST", "products/account-opening/repayment-plan/", plan_body()).status_code == 422


def test_patch_changes_only_what_is_sent_and_watches_the_tag(api, served):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    first = api("GET", f"applications/{reference}/")
    changed = api("PATCH", f"applications/{reference}/", {"term_months": 6}, if_match=first.headers["ETag"])
    assert (changed.status_code, changed.json()["term_months"], changed.json()["purpose"]) == (200, 6, "rd")
    assert Application.objects.get().term_months == 6
    stale = api("PATCH", f"applications/{reference}/", {"term_months": 7}, if_match=first.headers["ETag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "application_changed")
    assert (
        api("PATCH", f"applications/{reference}/", {"term_months": 7}, if_match=changed.headers["ETag"]).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"term_months": 99}, "/term_months"),
        ({"product": "x"}, "/product"),
        ({"requested_amount": 1}, "/requested_amount"),
    ],
)
def test_bad_patch_is_422_and_changes_nothing(api, served, change, pointer):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    answer = api("PATCH", f"applications/{reference}/", change)
    assert answer.status_code == 422
    assert pointer in pointers(answer)
    assert Application.objects.get().term_months == 12


def test_submitted_application_cannot_be_patched(api, served):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    Application.objects.update(status="screened", submitted_at=now())
    assert api("PATCH", f"applications/{reference}/", {"term_months": 6}).status_code == 409


def upload(
    api: Api,
    reference: str,
    name: str = "报表.pdf",
    content: bytes = factories.PDF,
    kind: str = "financial_statements",
    **headers: str,
):
    file = factories.pdf(name, content)
    headers = {"authorization": f"Bearer {api.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return api.client.post(
        f"/api/v1/applications/{reference}/documents/", {"kind": kind, "file": file}, headers=headers
    )


def test_document_is_kept_once_under_its_key(api, served):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    first = upload(api, reference, idempotency_key="d1")
    again = upload(api, reference, idempotency_key="d1")
    assert (first.status_code, first.json()["name"], first.json()["size"]) == (201, "报表.pdf", len(factories.PDF))
    assert again.json() == first.json()
    assert upload(api, reference, content=factories.PDF + b"x", idempotency_key="d1").status_code == 422
    assert Application.objects.get().documents.count() == 1
    assert upload(other_api(), reference).status_code == 404
    kept = [name for folder in default_storage.listdir("")[0] for name in default_storage.listdir(folder)[1]]
    assert len(kept) == 1  # neither the replay's bytes nor the refused ones stay


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"name": "a.exe"}, "file_type"), ({"content": b"<html>"}, "file_type"), ({"kind": "nonsense"}, "kind_unknown")],
)
def test_bad_document_is_422_with_its_reason(api, served, changes, code):
    reference = api("POST", "applications/", need(served)).json()["reference"]
    answer = upload(api, reference, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Application.objects.get().documents.exists()


def test_titles_are_judged_by_the_rule_of_the_day_asked(api):
    body = {"uscc": factories.demo_uscc(), **PROFILE, "titles": []}
    now_rules = api("POST", "prechecks/", body).json()["titles"]
    assert [t["kind"] for t in now_rules] == ["tech_sme", "hnte", "innovative_sme", "srdi_sme", "little_giant"]
    assert {t["kind"]: t["rule"] for t in now_rules}["srdi_sme"] == "工信部企业〔2026〕2号"
    old = api("POST", "prechecks/", {**body, "as_of": "2026-03-31"}).json()["titles"]
    assert {t["kind"]: t["rule"] for t in old}["srdi_sme"] == "工信部企业〔2022〕63号"
    little_giant = now_rules[-1]
    assert little_giant["outcome"] == "fail"
    prior = little_giant["findings"][0]
    assert (prior["code"], prior["outcome"], prior["observed"]) == ("prior_title", "fail", "否")
    for title in now_rules:
        for found in title["findings"]:
            assert found["outcome"] != "refer" or found["because"]
            assert found["source"]


def test_titles_of_an_unknown_firm_refer_with_the_missing_figure_named(api):
    body = {"uscc": factories.demo_uscc(), "name": "某公司", "established_on": "2020-01-01", "industry_code": "I65"}
    titles = {t["kind"]: t for t in api("POST", "prechecks/", body).json()["titles"]}
    assert titles["hnte"]["outcome"] == "refer"
    reasons = {f["code"]: f["reason"] for f in titles["hnte"]["findings"]}
    assert "科技人员占员工" in reasons["tech_staff_ratio"]
    assert reasons["registered_days"] == ""
