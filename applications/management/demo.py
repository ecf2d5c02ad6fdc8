"""Demonstration data: people, a partner, twelve enterprises over all tiers and statuses. Built through the domain, so it is as real as use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.domain import consents, profiles
from accounts.enums import BankerRole, ProfileSource, Role, VerifiedBy
from accounts.models import ApiClient, Banker, Branch, Enterprise, Membership, Partner, RegistryRecord, User
from applications.domain import assigning, closing, deciding, drafting, reviewing, submission
from applications.enums import DeclineReason, Dimension, Proposal, ReturnReason, Section
from applications.management import demo_lists
from applications.management.synthetic import demo_uscc
from applications.models import Application
from portal.kernel import jobs
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now, today
from portal.kernel.crypto import blind_index
from portal.kernel.models import QueuedJob
from products.domain import golden
from products.domain.defaults import POLICY_GROUP, open_registers_for_demo
from products.domain.registering.rows import entry
from products.models import Register

PASSWORD = "demo-Pass-2026"  # noqa: S105  printed at start, refused by production
LEGAL_REP_ID = "11010119900307109X"  # a made-up number with a valid check digit
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One demonstration enterprise and how far its application went."""

    name: str
    legal_rep: str
    titles: tuple[str, ...]
    product: str
    amount_wan: int
    goes_to: str
    revenue_wan: int
    rd_wan: int
    staff: int
    industry: str = "I65"
    strong: bool = True
    bare: bool = False  # nothing that counts for any tier: 未入层


CASES = (
    Case("北京云雀微感科技有限公司", "林一帆", ("hnte",), "zhaochuangdai", 300, "returned", 5200, 900, 120, "C40"),
    Case("北京砚台智能科技有限公司", "程砚秋", (), "zhaojiedai", 80, "screened", 420, 96, 14, strong=False),
    Case("北京苍耳生物技术有限公司", "苏苍", ("tech_sme",), "zhaochuangdai", 200, "screened", 1800, 520, 32, "M73"),
    Case("北京石榴籽工业软件有限公司", "马石榴", ("srdi_sme", "hnte"), "zhaojindai", 1800, "claimed", 9200, 1500, 96),
    Case(
        "北京长庚航天材料股份有限公司",
        "白长庚",
        ("little_giant", "srdi_sme", "hnte"),
        "little-giant-programme",
        2600,
        "recommended",
        21000,
        3400,
        188,
        "C37",
    ),
    Case("北京竹简数据有限公司", "竹青", ("innovative_sme",), "zhaojiedai", 120, "offered", 2100, 260, 40),
    Case("北京雨燕低空科技有限公司", "燕然", ("hnte",), "zhaochuangdai", 500, "accepted", 4800, 800, 66, "C37"),
    Case("北京青瓷半导体有限公司", "柳青瓷", ("srdi_sme",), "zhaochuangdai", 900, "booked", 8700, 1600, 110, "C39"),
    Case(
        "北京麦浪农业科技有限公司",
        "麦田",
        ("tech_sme",),
        "zhaojiedai",
        150,
        "declined",
        900,
        30,
        25,
        "A01",
        strong=False,
    ),
    Case("北京铜铃网络有限公司", "童铃", (), "zhaojiedai", 60, "withdrawn", 300, 4, 9, "I64", strong=False, bare=True),
    Case("北京松针精密仪器有限公司", "松月", ("hnte",), "account-opening", 0, "completed", 3900, 420, 58, "C40"),
    Case("北京萤石光子科技有限公司", "石光", (), "account-opening", 0, "screened", 160, 210, 8, "M73"),
    Case("北京松烟新材料有限公司", "宋烟", ("hnte",), "zhaobaodai", 400, "claimed", 6100, 700, 82, "C30"),
    Case(
        "北京海东青传动科技有限公司", "海晏", ("srdi_sme",), "tech-ma-loan", 3000, "screened", 15000, 2100, 160, "C38"
    ),
)

# Answers to a product's own questions.
ANSWERS: dict[str, dict] = {
    "account-opening": {"account_kind": "basic"},
    "zhaobaodai": {
        "collateral_kind": "ip",
        "collateral_detail": "发明专利 3 件，用于主营产品",
        "collateral_value": "5000000.00",
        "collateral_is_pledged": False,
    },
    "tech-ma-loan": {
        "deal_kind": "control",
        "target_name": "北京示例减速器有限公司",
        "deal_price": "50000000.00",
        "deal_closes_on": "2027-03-31",
    },
}


def build() -> bool:
    """Create the demonstration once; False when it is there already."""
    if User.objects.filter(email="founder@demo.example").exists():
        return False
    open_registers_for_demo(date(2024, 1, 1))
    people = _bankers()
    _partner()
    for code, name, facts, expected in GOLDEN_CASES:
        golden.save(policy_code=code, name=name, facts=facts, expected=expected, actor=people["policy"])
    for number, case in enumerate(CASES, 1):
        _play(case, number, people)
    _unknown_to_the_bank()
    demo_lists.build(people, demo_uscc, run_jobs)
    return True


# What every version of a policy must answer, for the policy desk to start from.
GOLDEN_CASES = (
    ("tiers", "只有高新技术企业证书", "高新技术企业 = 是", "T3"),
    ("tiers", "小巨人企业", "专精特新“小巨人” = 是", "T5"),
    ("zhaojiedai", "列入失信被执行人名单", "列入失信被执行人名单 = 是\n成立年限 = 5年", "fail"),
    ("zhaojiedai", "成立半年的企业", "列入失信被执行人名单 = 否\n成立年限 = 6个月", "refer"),
)


def run_jobs() -> None:
    """Do what is queued, here and now, as the worker would."""
    while row := QueuedJob.objects.filter(finished_at=None, parked_at=None).order_by("pk").first():
        jobs.run(row.pk)


def _bankers() -> dict[str, Actor]:
    branch = Branch.objects.get(name="海淀支行")
    rows = (
        ("rm", "周明远", BankerRole.RM, 0),
        ("reviewer", "陶安", BankerRole.REVIEWER, 0),
        ("approver", "秦岳", BankerRole.APPROVER, 30_000_000),
        ("policy", "何静", BankerRole.POLICY, 0),
        ("policy2", "沈舟", BankerRole.POLICY, 0),
        ("admin", "管理员", BankerRole.ADMIN, 0),
    )
    actors = {}
    for code, name, role, limit in rows:
        user = User.objects.create_user(
            email=f"{code}@demo.example",
            password=PASSWORD,
            name=name,
            is_staff=True,
            is_superuser=code == "admin",
            is_demo=True,
        )
        Banker.objects.create(user=user, branch=branch, role=role, approval_limit=Decimal(limit))
        if role == BankerRole.POLICY:
            user.groups.add(Group.objects.get(name=POLICY_GROUP))
        actors[code] = Actor(ActorKind.BANKER, user_id=user.pk)
    return actors


def _partner() -> None:
    partner = Partner.objects.create(name="中关村示例孵化器", kind="incubator")
    ApiClient.objects.create(
        name="示例孵化器",
        client_id="demo-incubator",
        client_secret="demo-incubator-secret",  # noqa: S106  demonstration only
        partner=partner,
        client_type="confidential",
        authorization_grant_type="client-credentials",
    )


def profile_of(case: Case) -> dict:
    """The profile in the schema of the partner API."""
    year = today().year - 1
    annual = [
        {
            "year": y,
            "revenue": f"{case.revenue_wan * share // 100}0000.00",
            "rd_expense": f"{case.rd_wan * share // 100}0000.00",
        }
        for y, share in ((year - 1, 80), (year, 100))
    ]
    profile: dict = {
        "established_on": "2019-06-18" if case.strong else "2023-03-01",
        "district_code": "110108",
        "industry_code": case.industry,
        "employees": case.staff,
        "rd_employees": case.staff // 2 if case.strong else case.staff // 5,
        "class_1_ip": 8 if case.strong else 1,
        "class_2_ip": 12,
        "class_1_ip_self_developed": 6 if case.strong else 1,
        "annual": annual,
        "titles": [{"kind": t, "region": "110000"} for t in case.titles],
    }
    if case.bare:
        nothing = {"class_1_ip": 0, "class_2_ip": 0, "class_1_ip_self_developed": 0, "rd_employees": 0}
        profile |= {**nothing, "institutional_equity_3y": "0.00", "team": {"founder_doctorate": False}}
    if case.strong:
        profile["team"] = {"doctorates_or_senior_titles": 6, "core_members": 9, "founder_doctorate": True}
        profile["market"] = {"share_pct": "8.5", "rank_national": 5, "chain_leader_customers": 3}
    return profile


def _enterprise(case: Case, number: int) -> Enterprise:
    uscc, profile = demo_uscc(number), profile_of(case)
    registry = {k: profile[k] for k in ("established_on", "district_code", "industry_code")}
    RegistryRecord.objects.create(
        uscc=uscc,
        name=case.name,
        legal_rep_name=case.legal_rep,
        legal_rep_id_index=blind_index(LEGAL_REP_ID, "id"),
        profile=registry,
        tax={"tax_grade": "A" if case.strong else "B"},
        credit={"bureau_overdue": False},
    )
    enterprise = Enterprise.objects.create(uscc=uscc, name=case.name, is_demo=True, registry_checked_at=now())
    profiles.write_source(enterprise=enterprise, source=ProfileSource.REGISTRY, data=registry)
    profiles.write_source(enterprise=enterprise, source=ProfileSource.SELF, data={**profile, "name": case.name})
    for code in case.titles:
        entry(
            Register.objects.get(code=code),
            uscc=uscc,
            name=case.name,
            number=f"示例{number:03d}",
            valid_from=date(today().year - 1, 10, 29),
            valid_to=date(today().year + 2, 10, 28),
        ).save()
    return enterprise


def _legal_rep(case: Case, number: int, enterprise: Enterprise) -> Actor:
    email = "founder@demo.example" if number == 1 else f"founder{number}@demo.example"
    user = User.objects.create_user(email=email, password=PASSWORD, name=case.legal_rep, is_demo=True)
    Membership.objects.create(
        user=user, enterprise=enterprise, role=Role.LEGAL_REP, verified_at=now(), verified_by=VerifiedBy.IDENTITY
    )
    return Actor(ActorKind.APPLICANT, user_id=user.pk, address="127.0.0.1")


def _draft(case: Case, enterprise: Enterprise, actor: Actor) -> Application:
    application = drafting.start(enterprise_id=enterprise.pk, product_code=case.product, actor=actor)
    request: dict = {"answers": ANSWERS.get(case.product, {}), "purpose_detail": "日常结算和发放工资"}
    if application.is_credit:
        is_deal = case.product == "tech-ma-loan"
        request |= {
            "requested_amount": Decimal(case.amount_wan) * 10000,
            "term_months": min(24, application.product.max_term_months),
            "repayment_method": application.product.methods[0],
            "purpose": "acquisition" if is_deal else "rd",
            "purpose_detail": "支付并购价款" if is_deal else "研发材料采购和样机试制",
        }
    for section in (Section.NEED, Section.ENTERPRISE, Section.OPERATIONS, Section.TEAM):
        drafting.save_section(
            application_id=application.pk,
            section=section,
            profile={},
            request=request if section == Section.NEED else {},
            actor=actor,
        )
    membership = Membership.objects.of(actor).get(enterprise=enterprise)
    for text in consents.current_texts(application.product.consents):
        consents.give(membership_id=membership.pk, text_id=text.pk, text_sha256=text.sha256, actor=actor)
    application.refresh_from_db()  # which materials are asked follows the answers
    for material in (m for m in application.materials if m.get("required")):
        file = SimpleUploadedFile(f"{material['label']}.pdf", PDF, content_type="application/pdf")
        drafting.upload(application_id=application.pk, kind=material["kind"], upload=file, actor=actor)
    return application


_CREDIT_PATH = ("screened", "claimed", "recommended", "offered", "accepted", "booked")


def _play(case: Case, number: int, people: dict[str, Actor]) -> None:
    enterprise = _enterprise(case, number)
    actor = _legal_rep(case, number, enterprise)
    application = submission.submit(application_id=_draft(case, enterprise, actor).pk, actor=actor)
    run_jobs()
    goal, pk = case.goes_to, application.pk
    if goal == "withdrawn":
        closing.withdraw(application_id=pk, actor=actor)
    elif goal == "returned":
        assigning.claim(application_id=pk, actor=people["reviewer"])
        asks = [
            reviewing.Ask("上一年度研发费用明细账", "需要按项目看研发费用的构成"),
            reviewing.Ask("第二家供应商的采购合同", "资金用于研发材料采购，需要核对交易对手和金额"),
        ]
        reviewing.return_for_changes(
            application_id=pk, reason=ReturnReason.PURPOSE, items=asks, actor=people["reviewer"]
        )
    elif goal == "completed":
        assigning.claim(application_id=pk, actor=people["rm"])
        deciding.close_service(
            application_id=pk, outcome="complete", reason=None, comment="账户已开立", actor=people["rm"]
        )
    else:
        _review(pk, goal, actor, people)
    run_jobs()
    if number == 1:
        drafting.start(enterprise_id=enterprise.pk, product_code="zhaojiedai", actor=actor)
    if number == 9:
        # One old draft that ran out, so that the demonstration has this end too.
        old = drafting.start(enterprise_id=enterprise.pk, product_code="zhaochuangdai", actor=actor)
        Application.objects.filter(pk=old.pk).update(updated_at=now() - closing.DRAFT_LIFETIME - timedelta(days=1))
        closing.expire_due()
    if number == 3:
        # One case of the demonstration is late, so that the overdue queue is not empty.
        Application.objects.filter(pk=pk).update(due_at=now() - timedelta(days=2))


def _review(pk: int, goal: str, actor: Actor, people: dict[str, Actor]) -> None:
    steps = _CREDIT_PATH[: _CREDIT_PATH.index("recommended" if goal == "declined" else goal) + 1]
    if "claimed" in steps:
        assigning.claim(application_id=pk, actor=people["reviewer"])
    if "recommended" in steps:
        words = {
            Dimension.TECHNOLOGY: "发明专利与主营产品对应",
            Dimension.TEAM: "创始人与核心成员背景已核对",
            Dimension.POSITION: "客户合同可印证市场位置",
        }
        reviewing.score(
            application_id=pk,
            points={Dimension.TECHNOLOGY: 30, Dimension.TEAM: 22, Dimension.POSITION: 18},
            reasons=words,
            actor=people["reviewer"],
        )
        if goal == "declined":
            made = reviewing.recommend(
                application_id=pk,
                proposal=Proposal.DECLINE,
                reason=DeclineReason.CASH_FLOW,
                comment="订单尚未落地，还款来源不足",
                actor=people["reviewer"],
            )
            deciding.decline(
                application_id=pk,
                recommendation_id=made.pk,
                reason=DeclineReason.CASH_FLOW,
                comment="",
                actor=people["approver"],
            )
            return
        application = Application.objects.select_related("product").get(pk=pk)
        terms = reviewing.Terms(
            application.requested_amount,
            application.product.min_rate_bp + 40,
            application.term_months,
            application.repayment_method,
        )
        made = reviewing.recommend(
            application_id=pk,
            proposal=Proposal.APPROVE,
            terms=terms,
            comment="技术路线清楚，团队稳定，建议同意",
            actor=people["reviewer"],
        )
    if "offered" in steps:
        deciding.approve(application_id=pk, recommendation_id=made.pk, comment="同意", actor=people["approver"])
    if "accepted" in steps:
        closing.answer_offer(application_id=pk, accepted=True, actor=actor)
    if "booked" in steps:
        deciding.book(application_id=pk, actor=people["rm"])


def _unknown_to_the_bank() -> None:
    """A registered firm nobody has claimed yet: for trying the onboarding. Its credit code is printed in the README."""
    RegistryRecord.objects.get_or_create(
        uscc=demo_uscc(900),
        defaults={
            "name": "北京折桂智能装备有限公司",
            "legal_rep_name": "方桂",
            "legal_rep_id_index": blind_index(LEGAL_REP_ID, "id"),
            "profile": {"established_on": "2020-09-09", "district_code": "110114", "industry_code": "C34"},
            "tax": {"tax_grade": "A"},
            "credit": {"bureau_overdue": False},
        },
    )
