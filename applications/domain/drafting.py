"""Drafts: started from a product, saved section by section with anything left empty, documents added and removed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from accounts import rules as account_rules
from accounts.domain import consents, profiles
from accounts.enums import ProfileSource
from accounts.models import Enterprise, EnterpriseProfile, Membership
from applications.checklist import request_problems
from applications.domain.cases import locked, locked_editable, mark_changed, membership_for
from applications.domain.steps import note_saved
from applications.domain.taking_over import take_over_earlier
from applications.enums import Section
from applications.models import Application, Document, Supplement
from portal.kernel import files
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, NotPermitted, PortalError, RuleRefused, StaleObject
from portal.kernel.events import record
from portal.kernel.references import new_reference
from portal.kernel.transactions import use_case
from products import questions
from products.models import Product

REQUEST_FIELDS = (
    "requested_amount",
    "term_months",
    "repayment_method",
    "purpose",
    "purpose_detail",
    "counterparties",
    "answers",
)
MAX_DOCUMENTS = 30
MAX_OPEN_DRAFTS = 10


@use_case
def start(*, enterprise_id: int, product_code: str, actor: Actor) -> Application:
    """Open a draft for an enterprise the applicant is a member of; an untouched draft of the same product is used again."""
    membership = Membership.objects.of(actor).select_related("enterprise").get(enterprise_id=enterprise_id)
    if not account_rules.may_edit(membership):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，请让法定代表人或经办人办理")
    product = Product.objects.offered().get(code=product_code)
    drafts = Application.objects.filter(enterprise_id=enterprise_id, status="draft", created_by_id=actor.user_id)
    existing = drafts.filter(product=product).first()
    if existing:
        return existing
    if drafts.count() >= MAX_OPEN_DRAFTS:
        raise RuleRefused("too_many_drafts", "已有 10 份填写中的申请，请先提交或删除一份")
    application = _create(enterprise=membership.enterprise, product=product, actor=actor, created_by_id=actor.user_id)
    take_over_earlier(application, membership)
    return application


@use_case
def start_by_partner(*, uscc: str, product_code: str, request: dict, actor: Actor) -> Application:
    """Open a draft for an enterprise that this partner serves. Raises InvalidInput at the field."""
    enterprise = Enterprise.objects.visible_to(actor).filter(uscc=uscc).first()
    if enterprise is None:
        raise InvalidInput("enterprise_unknown", "请先用 PUT enterprises/<代码>/ 登记这家企业", field="/enterprise")
    product = Product.objects.offered().filter(code=product_code).first()
    if product is None:
        raise InvalidInput("product_unknown", "没有这个产品", field="/product")
    if product.is_personal:
        raise InvalidInput("product_personal", "这项服务只能由本人提出", field="/product")
    application = _create(
        enterprise=enterprise, product=product, actor=actor, partner_id=actor.partner_id, is_sandbox=actor.is_sandbox
    )
    _apply_request(application, request, prefix="/")
    application.partner_request = _as_typed(request)
    application.sections_saved = [Section.NEED, Section.ENTERPRISE, Section.OPERATIONS, Section.TEAM]
    application.save()
    return application


@use_case
def change_by_partner(*, application_id: int, request: dict, expected_version: int, actor: Actor) -> Application:
    """Change what a partner typed. Raises StaleObject when the application moved on, InvalidInput at the field.

    Without consent only its own draft; what was returned for changes needs the enterprise's live consent.
    """
    application = locked_editable(application_id)
    if application.version != expected_version:
        raise StaleObject("application_changed", "申请内容已变化，请重新读取后再改")
    if application.status != "draft":
        consents.require_partner_consent(application.enterprise, actor)
    _apply_request(application, request, prefix="/")
    application.partner_request = {**application.partner_request, **_as_typed(request)}
    application.version += 1
    application.save()
    record(stream=application.reference, type="application.changed", actor=actor, payload={"fields": sorted(request)})
    return application


def _as_typed(request: dict) -> dict:
    """A partner's words in the form that JSON keeps."""
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in request.items()}


def _create(*, enterprise: Enterprise, product: Product, actor: Actor, **fields: object) -> Application:
    application = Application.objects.create(
        reference=new_reference("SQ"),
        enterprise=enterprise,
        product=product,
        lifecycle_name=product.lifecycle_name,
        is_personal=product.is_personal,
        **fields,
    )
    record(
        stream=application.reference,
        type="application.started",
        actor=actor,
        public=True,
        payload={"product": product.code},
    )
    return application


def _apply_request(application: Application, request: dict, *, prefix: str = "") -> None:
    for field in REQUEST_FIELDS:
        if field in request and field != "answers":
            setattr(application, field, request[field])
    _apply_answers(application, request.get("answers") or {}, prefix=prefix)
    if application.is_credit:
        for field, code, message in request_problems(
            application.product,
            amount=application.requested_amount,
            term_months=application.term_months,
            method=application.repayment_method,
            purpose=application.purpose,
        ):
            raise InvalidInput(code, message, field=prefix + field)


def _apply_answers(application: Application, answers: dict, *, prefix: str) -> None:
    """Merge answers to the product's own questions; what is no longer asked is dropped. Raises InvalidInput at the question."""
    by_code = {q.code: q for q in application.product.own_questions}
    for code, value in answers.items():
        field = f"{prefix}answers/{code}" if prefix else code
        if code not in by_code:
            raise InvalidInput("question_unknown", "这款产品没有这个问题", field=field)
        if found := questions.problem(by_code[code], value):
            raise InvalidInput("answer_invalid", found, field=field)
    application.answers = {**application.answers, **answers}
    application.answers = questions.kept(by_code.values(), application.given)


@use_case
def save_section(
    *, application_id: int, section: Section, profile: dict, request: dict, actor: Actor, by_itself: bool = False
) -> Application:
    """Save one section: `profile` changes go to the member's own profile row, `request` to the application.

    Anything may be empty; contradictions raise InvalidInput at their field and nothing is stored. Saved `by_itself`
    while the applicant types, the section does not count as filled in yet.
    """
    application = locked_editable(application_id)
    membership = membership_for(application, actor)
    if not account_rules.may_edit(membership):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，不能修改申请")
    if profile:
        profiles.write_own(membership=membership, changes=profile)
    _apply_request(application, request)
    note_saved(application, section, completed=not by_itself)
    if section not in application.sections_saved and not by_itself:
        application.sections_saved = [*application.sections_saved, section]
    application.version += 1
    application.save()
    return application


def upload(
    *, application_id: int, kind: str, upload: UploadedFile, actor: Actor, supplement_id: int | None = None
) -> Document:
    """Check, scan and keep one file, then attach it. Raises InvalidInput at `file`; a refused file is not kept."""
    stored = keep_file(application_id=application_id, kind=kind, upload=upload, actor=actor)
    with dropped_when_refused(stored):
        return attach(application_id=application_id, kind=kind, stored=stored, supplement_id=supplement_id, actor=actor)


def keep_file(*, application_id: int, kind: str, upload: UploadedFile, actor: Actor) -> files.StoredFile:
    """The part of an upload that asks the scanner: outside any transaction, after the cheap refusals."""
    _may_attach(Application.objects.select_related("product", "enterprise").get(pk=application_id), kind, actor)
    return files.store(upload)


@contextmanager
def dropped_when_refused(stored: files.StoredFile) -> Iterator[None]:
    """Delete the kept bytes again when attaching them is refused."""
    try:
        yield
    except PortalError:
        default_storage.delete(stored.storage_key)
        raise


def _may_attach(application: Application, kind: str, actor: Actor) -> None:
    if not application.is_editable:
        raise RuleRefused("not_editable", "申请已提交，不能再上传。需要更正请等客户经理退回补件")
    if actor.kind is ActorKind.APPLICANT and not account_rules.may_edit(membership_for(application, actor)):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，不能上传材料")
    if application.status != "draft":
        consents.require_partner_consent(application.enterprise, actor)
    supplements = {"supplement"} if application.status == "returned" else set()
    if kind not in {m["kind"] for m in application.materials} | supplements:
        raise InvalidInput("kind_unknown", "这款产品不需要这种材料", field="kind")
    if application.documents.count() >= MAX_DOCUMENTS:
        raise InvalidInput("too_many_documents", "一件申请最多上传 30 次文件，需要更多请联系客户经理", field="file")


@use_case
def attach(
    *, application_id: int, kind: str, stored: files.StoredFile, actor: Actor, supplement_id: int | None = None
) -> Document:
    """Attach a kept file to an editable application."""
    application = locked_editable(application_id)
    _may_attach(application, kind, actor)
    supplement = Supplement.objects.get(pk=supplement_id, application=application) if supplement_id else None
    return add_document(application, kind, stored, actor, supplement=supplement)


def add_document(
    application: Application,
    kind: str,
    kept: files.StoredFile | Document,
    actor: Actor,
    *,
    supplement: Supplement | None = None,
    **told: object,
) -> Document:
    """The row and its event for a file that is kept already. `told` goes into the event beside kind, hash and size."""
    document = Document.objects.create(
        application=application,
        public_id=secrets.token_hex(8),
        kind=kind,
        supplement=supplement,
        name=kept.name,
        storage_key=kept.storage_key,
        content_type=kept.content_type,
        size=kept.size,
        sha256=kept.sha256,
        uploaded_by_id=actor.user_id,
    )
    record(
        stream=application.reference,
        type="document.added",
        actor=actor,
        public=True,
        payload={"kind": kind, "sha256": kept.sha256, "size": kept.size, **told},
    )
    mark_changed(application)
    return document


@use_case
def remove_document(*, application_id: int, public_id: str, actor: Actor) -> None:
    """Take a document out of an editable application. The bytes stay for the audit; nobody is shown them."""
    application = locked_editable(application_id)
    if not account_rules.may_edit(membership_for(application, actor)):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，不能移除材料")
    document = application.documents.get(public_id=public_id, removed_at=None)
    document.removed_at = now()
    document.save(update_fields=["removed_at"])
    record(
        stream=application.reference,
        type="document.removed",
        actor=actor,
        payload={"kind": document.kind, "sha256": document.sha256},
    )
    mark_changed(application)


@use_case
def answer_supplement(*, application_id: int, supplement_id: int, answer: str, actor: Actor) -> Supplement:
    """Answer one request in words. An empty answer is fine when a file was uploaded."""
    application = locked_editable(application_id)
    if not account_rules.may_edit(membership_for(application, actor)):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，不能补充材料")
    supplement = application.supplements.get(pk=supplement_id, round=application.round)
    has_file = supplement.documents.filter(removed_at=None).exists()
    if not answer.strip() and not has_file:
        raise InvalidInput("answer_empty", "请上传文件，或在这里写明情况", field=f"answer_{supplement_id}")
    supplement.answer, supplement.answered_at = answer.strip(), now()
    supplement.save(update_fields=["answer", "answered_at"])
    mark_changed(application)
    return supplement


@use_case
def discard(*, application_id: int, actor: Actor) -> None:
    """Delete a draft that was never submitted, with its uploads' rows."""
    application = locked(application_id)
    if application.status != "draft" or application.round:
        raise RuleRefused("only_drafts", "只能删除还没有提交过的草稿")
    of_a_partner = application.created_by_id is None and account_rules.may_act(membership_for(application, actor))
    if application.created_by_id != actor.user_id and not of_a_partner:
        raise NotPermitted("not_your_draft", "只能删除自己创建的草稿")
    record(stream=application.reference, type="application.discarded", actor=actor)
    application.documents.all().delete()
    application.delete()


def profile_for(application: Application, membership: Membership | None) -> dict:
    """The profile in schema form that this member may see in forms: their own words over the registry's prefill."""
    rows = EnterpriseProfile.objects.filter(enterprise_id=application.enterprise_id, source=ProfileSource.REGISTRY)
    data: dict = {}
    for row in rows:
        data.update(row.data)
    if membership is not None:
        data.update({k: v for k, v in profiles.own_profile(membership).data.items() if v not in (None, "")})
    data.setdefault("name", application.enterprise.name if membership is None or membership.is_verified else "")
    return data
