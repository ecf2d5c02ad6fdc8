"""Products, policies and registers of a fresh installation. Every number is a labelled sample, editable in the admin."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import Group, Permission

from portal.kernel.actors import SYSTEM
from products.domain.authoring import default_documents, publish_document
from products.domain.sample_catalogue import CREDIT_CONSENTS, LOAN_PURPOSES, PRODUCTS
from products.domain.sample_incentives import INCENTIVES
from products.enums import ABNORMAL, DISHONEST, RELENDING, TitleKind
from products.models import Incentive, PolicyVersion, Product, Register

POLICY_GROUP = "政策管理"
REGISTERS: list[tuple[str, str, str]] = [
    (TitleKind.LITTLE_GIANT, "专精特新“小巨人”企业名单", ""),
    (TitleKind.SINGLE_CHAMPION, "制造业单项冠军名单", ""),
    (TitleKind.SRDI_SME, "北京市专精特新中小企业名单", "110000"),
    (TitleKind.HNTE, "高新技术企业名单", ""),
    (TitleKind.TECH_SME, "科技型中小企业入库名单", ""),
    (TitleKind.INNOVATIVE_SME, "创新型中小企业名单", ""),
    (TitleKind.TECH_INNOVATION_DEMO, "国家技术创新示范企业名单", ""),
    (DISHONEST, "失信被执行人名单", ""),
    (ABNORMAL, "经营异常名录", ""),
    (RELENDING, "科技创新和技术改造再贷款备选清单", ""),
]


def load_defaults() -> None:
    """Create what is missing; what an administrator changed stays as it is."""
    known = set(PolicyVersion.objects.values_list("code", flat=True))
    for document, effective_from in default_documents():
        if document["code"] in known:
            continue  # what the bank published since is not ours to replace
        publish_document(document=document, effective_from=effective_from, actor=SYSTEM)
    for row in PRODUCTS:
        fields = {
            "lifecycle_name": "service" if row["kind"] == "service" else "credit",
            "policy_code": row["code"],
            "purposes": [] if row["kind"] == "service" else LOAN_PURPOSES,
            "consents": CREDIT_CONSENTS,
            **row,
        }
        Product.objects.get_or_create(code=row["code"], defaults=fields)
    readers, _ = Group.objects.get_or_create(name=POLICY_GROUP)
    readers.permissions.set(Permission.objects.filter(content_type__app_label="products", codename__startswith="view_"))
    for row in INCENTIVES:
        Incentive.objects.get_or_create(code=row["code"], defaults=row)
    for code, name, region in REGISTERS:
        projects = code == RELENDING  # it names firms, and projects of firms
        Register.objects.get_or_create(code=code, defaults={"name": name, "region": region, "names_projects": projects})


def open_registers_for_demo(first: date) -> None:
    """Mark the demonstration registers as known from `first` on."""
    Register.objects.filter(loaded_from=None).update(loaded_from=first)
