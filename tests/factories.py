"""Rows for tests, built the short way. Enterprises are synthetic: division 110199."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from stdnum.cn import uscc as standard

from accounts.domain import consents, profiles
from accounts.domain import defaults as account_defaults
from accounts.enums import BankerRole, ProfileSource, Role, VerifiedBy
from accounts.models import ApiClient, Banker, Branch, Enterprise, Membership, Partner, RegistryRecord, User
from applications.domain import drafting, outreach, submission
from applications.enums import Section
from applications.models import Application
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.crypto import blind_index
from products.domain import defaults as product_defaults
from products.prechecks import STEPS

_numbers = itertools.count(1)
LEGAL_REP_ID = "11010119900307109X"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def load_defaults() -> None:
    account_defaults.load_defaults()
    product_defaults.load_defaults()
    outreach.load_defaults()
    product_defaults.open_registers_for_demo(date(2024, 1, 1))


def demo_uscc(number: int | None = None) -> str:
    """A valid credit code in the unassigned division 110199."""
    n = next(_numbers) if number is None else number
    body = f"91110199MA{n:06d}"
    organisation = body[8:16]
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(organisation, weights, strict=True))
    check = 11 - total % 11
    full = body + ("X" if check == 10 else "0" if check == 11 else str(check))
    return full + standard.calc_check_digit(full)


PROFILE = {
    "established_on": "2019-06-11",
    "district_code": "110108",
    "industry_code": "I65",
    "employees": 120,
    "rd_employees": 60,
    "technical_employees": 70,
    "class_1_ip": 12,
    "class_2_ip": 20,
    "class_1_ip_self_developed": 12,
    "tax_grade": "A",
    "institutional_equity_3y": "60000000.00",
    "titles": [],
    "annual": [
        {"year": date.today().year - 2, "revenue": "41300000.00", "rd_expense": "7600000.00"},
        {"year": date.today().year - 1, "revenue": "52000000.00", "rd_expense": "9000000.00"},
    ],
    "team": {
        "doctorates_or_senior_titles": 8,
        "core_members": 10,
        "founder_doctorate": True,
        "key_talent_programme": False,
    },
    "market": {"share_pct": "12.0", "rank_national": 3, "chain_leader_customers": 4, "standards_led": 1},
}


def enterprise(
    *, name: str = "北京蒲公英智能传感有限公司", profile: dict | None = None, uscc: str | None = None
) -> Enterprise:
    code = uscc or demo_uscc()
    firm = Enterprise.objects.create(uscc=code, name=name, is_demo=True, registry_checked_at=now())
    data = PROFILE if profile is None else profile
    registry = {k: data[k] for k in ("established_on", "district_code", "industry_code") if k in data}
    RegistryRecord.objects.create(
        uscc=code,
        name=name,
        legal_rep_name="林一帆",
        legal_rep_id_index=blind_index(LEGAL_REP_ID, "id"),
        profile=registry,
        tax={"tax_grade": data.get("tax_grade", "A")},
        credit={"bureau_overdue": False},
    )
    profiles.write_source(enterprise=firm, source=ProfileSource.REGISTRY, data=registry)
    profiles.write_source(enterprise=firm, source=ProfileSource.SELF, data={**data, "name": name})
    return firm


def user(email: str | None = None, **fields: object) -> User:
    return User.objects.create_user(
        email=email or f"user{next(_numbers)}@demo.example", password="demo-Pass-2026", **fields
    )


def member(
    firm: Enterprise, *, role: Role = Role.LEGAL_REP, verified: bool = True, person: User | None = None
) -> Membership:
    return Membership.objects.create(
        user=person or user(name="林一帆"),
        enterprise=firm,
        role=role,
        verified_at=now() if verified else None,
        verified_by=VerifiedBy.IDENTITY if verified else "",
    )


@dataclass
class Applicant:
    user: User
    enterprise: Enterprise
    membership: Membership
    actor: Actor


def applicant(membership: Membership) -> Applicant:
    return Applicant(
        membership.user,
        membership.enterprise,
        membership,
        Actor(ActorKind.APPLICANT, user_id=membership.user_id, address="127.0.0.1"),
    )


def legal_rep(**kwargs: object) -> Applicant:
    return applicant(member(enterprise(**kwargs)))


def signed_in(who: User | Applicant | Actor | str) -> Client:
    """A browser that ``who`` (a person, an applicant, an actor or an e-mail address) has signed in with."""
    match who:
        case Applicant():
            person = who.user
        case Actor():
            person = User.objects.get(pk=who.user_id)
        case str():
            person = User.objects.get(email=who)
        case _:
            person = who
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@dataclass
class Bankers:
    rm: Actor
    reviewer: Actor
    reviewer2: Actor
    approver: Actor
    approver2: Actor


def banker(role: BankerRole, email: str, *, limit: str = "0", name: str = "") -> Actor:
    branch, _ = Branch.objects.get_or_create(name="海淀支行")
    person = user(email, is_staff=True, name=name or BankerRole(role).label)
    Banker.objects.create(user=person, branch=branch, role=role, approval_limit=Decimal(limit))
    return Actor(ActorKind.BANKER, user_id=person.pk)


def bankers() -> Bankers:
    return Bankers(
        rm=banker(BankerRole.RM, "rm@bank.example", name="周明远"),
        reviewer=banker(BankerRole.REVIEWER, "reviewer@bank.example", name="陶安"),
        reviewer2=banker(BankerRole.REVIEWER, "reviewer2@bank.example", name="何静"),
        approver=banker(BankerRole.APPROVER, "approver@bank.example", limit="5000000", name="秦岳"),
        approver2=banker(BankerRole.APPROVER, "approver2@bank.example", limit="50000000", name="白露"),
    )


def policy_desk() -> tuple[Actor, Actor]:
    """Two people who write and publish policies."""
    return (
        banker(BankerRole.POLICY, "policy@bank.example", name="何静"),
        banker(BankerRole.POLICY, "policy2@bank.example", name="沈舟"),
    )


def consent_to(firm: Enterprise, kinds: list[str], actor: Actor) -> None:
    membership = Membership.objects.get(enterprise=firm, user_id=actor.user_id)
    for text in consents.current_texts(kinds):
        consents.give(membership_id=membership.pk, text_id=text.pk, text_sha256=text.sha256, actor=actor)


def pdf(name: str = "报表.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


NEED = {
    "requested_amount": Decimal("1000000.00"),
    "term_months": 12,
    "repayment_method": "interest_first",
    "purpose": "rd",
    "purpose_detail": "研发材料采购",
}


def draft(who: Applicant, product: str = "zhaojiedai", **need: object) -> Application:
    """A complete draft, ready to submit."""
    application = drafting.start(enterprise_id=who.enterprise.pk, product_code=product, actor=who.actor)
    request = {**NEED, **need} if application.is_credit else {"answers": {"account_kind": "basic"}}
    for section, values in (
        (Section.NEED, request),
        (Section.ENTERPRISE, {}),
        (Section.OPERATIONS, {}),
        (Section.TEAM, {}),
    ):
        drafting.save_section(
            application_id=application.pk, section=section, profile={}, request=values, actor=who.actor
        )
    consent_to(who.enterprise, application.product.consents, who.actor)
    application.refresh_from_db()
    for material in (m for m in application.materials if m.get("required")):
        drafting.upload(application_id=application.pk, kind=material["kind"], upload=pdf(), actor=who.actor)
    application.refresh_from_db()
    return application


def submitted(who: Applicant, product: str = "zhaojiedai", **need: object) -> Application:
    return submission.submit(application_id=draft(who, product, **need).pk, actor=who.actor)


def partner_client(name: str = "中关村示例孵化器", *, is_sandbox: bool = False) -> tuple[Actor, ApiClient]:
    partner, _ = Partner.objects.get_or_create(name=name, defaults={"kind": "incubator"})
    client = ApiClient.objects.create(
        client_id=f"client-{next(_numbers)}",
        client_secret="secret",
        partner=partner,
        is_sandbox=is_sandbox,
        client_type="confidential",
        authorization_grant_type="client-credentials",
    )
    return Actor(ActorKind.PARTNER, partner_id=partner.pk, client_id=client.pk, is_sandbox=is_sandbox), client


# A firm of the fourth step that asks for 3 million for its research.
PRECHECK = {
    "founded": {"established_on": "2019-06-11"},
    "industry": {"industry_code": "I65"},
    "people": {"employees": "120", "rd_employees": "60"},
    "sales": {"revenue": "5200", "tax_grade": "A"},
    "research": {"rd_expense": "900", "rd_expense_before": "760"},
    "property": {"class_1_ip": "12", "class_1_ip_self_developed": "12", "class_2_ip": "20"},
    "titles": {"titles": ["hnte", "srdi_sme"]},
    "team": {"founder_doctorate": "yes", "doctorates_or_senior_titles": "8", "core_members": "10"},
    "market": {"share_pct": "12", "rank_national": "3", "chain_leader_customers": "4"},
    "wish": {"requested_amount": "300", "term_months": "12", "purpose": "rd"},
}


def answer_precheck(client: Client, **changes: dict | None) -> None:
    """Go through all questions; `None` skips one."""
    for step in STEPS:
        given = changes.get(step.code, PRECHECK[step.code])
        page = client.post(f"/precheck/{step.code}/", {"skip": "1"} if given is None else given)
        assert page.status_code == 302, (step.code, page.context["form"].errors)
