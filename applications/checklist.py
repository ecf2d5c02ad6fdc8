"""What a draft still needs, by section: pure functions over plain values, shown by the task list and enforced by submit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from applications.enums import Section
from products.questions import asked

if TYPE_CHECKING:
    from applications.models import Application
    from products.models import Product


SERVICE_NEED = "办理需求"


@dataclass(frozen=True, slots=True)
class Task:
    """One section with its state: `done`, `optional`, `started`, `todo`; `missing` says in words what is left."""

    section: Section
    state: str
    missing: tuple[str, ...]
    untouched: bool = False
    label: str = ""

    @property
    def is_open(self) -> bool:
        """Stands in the way of submitting."""
        return self.state in ("started", "todo")


def sections_of(product: Product) -> tuple[Section, ...]:
    """Sections by product: a service asks for less than a loan."""
    if product.is_credit:
        return (Section.NEED, Section.ENTERPRISE, Section.OPERATIONS, Section.TEAM, Section.CONSENTS, Section.DOCUMENTS)
    return (Section.NEED, Section.ENTERPRISE, Section.CONSENTS, Section.DOCUMENTS)


def section_label(application: Application, section: Section) -> str:
    """What the section is called for this product: a service is no loan."""
    return SERVICE_NEED if section == Section.NEED and not application.is_credit else section.label


def tasks(
    application: Application, *, profile: dict, missing_consents: Iterable[str], document_kinds: set[str]
) -> list[Task]:
    """State of every section. `profile` is the merged or own profile in schema form; consents and kinds as stored."""
    needs = {
        Section.NEED: _need(application),
        Section.ENTERPRISE: tuple(
            label
            for key, label in (("name", "企业名称"), ("established_on", "成立日期"), ("industry_code", "行业"))
            if not profile.get(key)
        ),
        Section.OPERATIONS: (),
        Section.TEAM: (),
        Section.CONSENTS: tuple(missing_consents),
        Section.DOCUMENTS: tuple(
            m["label"] for m in application.materials if m.get("required") and m["kind"] not in document_kinds
        ),
    }
    return [
        replace(_task(section, needs[section], application, document_kinds), label=section_label(application, section))
        for section in sections_of(application.product)
    ]


def _task(section: Section, missing: tuple[str, ...], application: Application, document_kinds: set[str]) -> Task:
    saved = section in application.sections_saved
    if section in (Section.CONSENTS, Section.DOCUMENTS):
        # Nothing to save here: what is signed and uploaded tells.
        has_files = section != Section.DOCUMENTS or bool(document_kinds)
        return Task(section, "todo" if missing else "done" if has_files else "optional", missing)
    if missing:
        return Task(section, "started" if saved else "todo", missing)
    return Task(section, "done" if saved else "todo", () if saved else ("还没有填写",), untouched=not saved)


def _need(application: Application) -> tuple[str, ...]:
    given = application.given
    own = [(q.label, given.get(q.code)) for q in asked(application.product.own_questions, given) if q.required]
    wanted = (
        []
        if not application.is_credit
        else [
            ("申请金额", application.requested_amount),
            ("期限", application.term_months),
            ("还款方式", application.repayment_method),
            ("资金用途", application.purpose),
        ]
    )
    return tuple(label for label, value in [*wanted, *own] if value in (None, ""))


def request_problems(
    product: Product, *, amount: Decimal | None, term_months: int | None, method: str, purpose: str
) -> list[tuple[str, str, str]]:
    """(field, code, message) for a credit request outside the product's frame. Empty values are not judged here."""
    problems = []
    if amount is not None and not product.takes_amount(amount):
        problems.append(("requested_amount", "amount_outside", f"{product.name}的额度是 {product.amount_words}"))
    if (
        term_months is not None
        and product.max_term_months is not None
        and not 1 <= term_months <= product.max_term_months
    ):
        problems.append(("term_months", "term_outside", f"{product.name}的期限最长 {product.max_term_months} 个月"))
    if method and method not in product.methods:
        problems.append(("repayment_method", "method_not_offered", f"{product.name}可选：{product.method_labels}"))
    if purpose and purpose not in product.purposes:
        problems.append(("purpose", "purpose_barred", f"{product.name}不能用于这个用途"))
    return problems
