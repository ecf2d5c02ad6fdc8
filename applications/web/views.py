"""The applicant's pages up to submitting: list, task list, sections, consents, documents, check."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain import consents
from accounts.enums import ConsentKind
from accounts.models import Consent, Membership
from applications import checklist
from applications.domain import cases, drafting, reusing
from applications.domain.steps import note_opened
from applications.enums import Section
from applications.models import Application
from applications.queries.case import taken_over_words
from applications.web.forms import UploadForm, form_class
from portal.kernel.access import note_access
from portal.kernel.clock import today
from portal.kernel.errors import PortalError
from portal.kernel.files import as_attachment
from portal.kernel.money import group
from portal.kernel.pages import keyset
from portal.kernel.web import applicant, posted, put_error, tell_error
from products.models import Product
from products.prechecks import SESSION_KEY as PRECHECK_KEY
from products.prechecks import kept_answers, profile_of, wish_of
from products.questions import holds

# Put together once.
_LINES = Application.objects.with_line()
_CASES = Application.objects.select_related("enterprise", "product", "assignee__user", "assignee__branch", "partner")
_KEYS = Application.objects.order_by().values_list("pk", flat=True)


def visible_case(request: HttpRequest, reference: str) -> Application:
    return get_object_or_404(_CASES.visible_to(request.actor), reference=reference)


def visible_key(request: HttpRequest, reference: str) -> int:
    """The key of a visible case, for acts: they read the case themselves, under its lock."""
    return get_object_or_404(_KEYS.visible_to(request.actor), reference=reference)


def editable_case(request: HttpRequest, reference: str) -> Application:
    application = visible_case(request, reference)
    if not application.is_editable:
        raise Http404
    return application


@applicant
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    try:
        page = keyset(
            _LINES.visible_to(request.actor),
            order=("created_at", "id"),
            cursor=request.GET.get("cursor", ""),
            limit=20,
            descending=True,
        )
    except PortalError as error:
        raise Http404 from error
    return render(
        request,
        "applications/application_list.html",
        {"page": page, "yours": sum(a.status_info.turn == "applicant" for a in page.rows), "nav": "applications"},
    )


@applicant
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, code: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.offered(), code=code)
    members = list(Membership.objects.of(request.actor).select_related("enterprise"))
    if not members:
        messages.info(request, "先登记您的企业，只要统一社会信用代码")
        return redirect("accounts:claim")
    if request.method == "POST":
        enterprise_id = get_object_or_404(
            Membership.objects.of(request.actor), enterprise__uscc=request.POST.get("uscc", "").replace("\x00", "")
        ).enterprise_id
        try:
            application = drafting.start(enterprise_id=enterprise_id, product_code=code, actor=request.actor)
            _carry_precheck(request, application)
        except PortalError as error:
            tell_error(request, error)
            return redirect("products:detail", code)
        return redirect("applications:tasks", application.reference)
    return render(
        request,
        "applications/start.html",
        {
            "product": product,
            "members": members,
            "precheck": sum(map(bool, kept_answers(request.session.get(PRECHECK_KEY)).values())),
            "nav": "applications",
        },
    )


def _carry_precheck(request: HttpRequest, application: Application) -> None:
    """Put the answers of a pre-check into the draft if the applicant wants them there, and forget them."""
    answers = kept_answers(request.session.pop(PRECHECK_KEY, None))
    if not answers or "carry" not in request.POST:
        return
    wish = wish_of(answers)
    reusing.carry_precheck(
        application_id=application.pk,
        profile=profile_of(answers, today().year - 1),
        request={"requested_amount": wish.amount, "term_months": wish.term_months, "purpose": wish.purpose or ""},
        actor=request.actor,
    )


def member_of(request: HttpRequest, application: Application) -> Membership:
    try:
        return cases.membership_for(application, request.actor)
    except PortalError as error:
        raise Http404 from error


def _tasks(request: HttpRequest, application: Application, membership: Membership) -> list[checklist.Task]:
    missing = (
        consents.missing_kinds(application.enterprise, application.product.consents, application.created_by_id)
        if membership.is_verified
        else application.product.consents
    )
    kinds = set(application.documents.filter(removed_at=None).values_list("kind", flat=True))
    profile = drafting.profile_for(application, membership)
    return checklist.tasks(
        application, profile=profile, missing_consents=[ConsentKind(k).label for k in missing], document_kinds=kinds
    )


@never_cache
@applicant
@require_safe
def tasks(request: HttpRequest, reference: str) -> HttpResponse:
    application = visible_case(request, reference)
    if not application.is_editable:
        return redirect("applications:status", reference)
    membership = member_of(request, application)
    rows = _tasks(request, application, membership)
    left = sum(row.is_open for row in rows)
    context = {
        "application": application,
        "membership": membership,
        "rows": rows,
        "left": left,
        "taken_over": taken_over_words(application),
        "nav": "applications",
    }
    return render(request, "applications/tasks.html", context)


@never_cache
@applicant
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    """Read and sign each consent; nothing is ticked beforehand."""
    application = editable_case(request, reference)
    membership = member_of(request, application)
    if request.method == "POST":
        try:
            consents.give(
                membership_id=membership.pk,
                text_id=int(request.POST.get("text_id", "0") or 0),
                text_sha256=request.POST.get("sha256", ""),
                actor=request.actor,
            )
        except PortalError as error:
            tell_error(request, error)
        except (ValueError, OverflowError, consents.ConsentText.DoesNotExist) as error:
            raise Http404 from error
        return redirect("applications:sign", reference)
    note_opened(application, Section.CONSENTS)
    texts = consents.current_texts(application.product.consents)
    live = {}
    if membership.is_verified:
        live = {
            c.text_id: c
            for c in Consent.objects.live()
            .filter(enterprise=application.enterprise, text__in=texts)
            .shared_with(request.actor.user_id)
            .select_related("given_by")
        }
    rows = [{"text": t, "given": live.get(t.pk), "may_sign": consents.may_sign(membership, t.kind)} for t in texts]
    return render(
        request,
        "applications/consents.html",
        {"application": application, "membership": membership, "rows": rows, "nav": "applications"},
    )


@never_cache
@applicant
@require_http_methods(["GET", "POST"])
def documents(request: HttpRequest, reference: str) -> HttpResponse:
    application = editable_case(request, reference)
    membership = member_of(request, application)
    form = UploadForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            drafting.upload(
                application_id=application.pk,
                kind=form.cleaned_data["kind"],
                upload=form.cleaned_data["file"],
                actor=request.actor,
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("applications:documents", reference)
    files = list(application.documents.filter(removed_at=None, supplement=None).order_by("pk"))
    earlier = reusing.reusable_documents(application) if membership.is_verified else {}
    rows = [
        {**m, "files": [f for f in files if f.kind == m["kind"]], "earlier": earlier.get(m["kind"])}
        for m in application.materials
    ]
    if others := [f for f in files if f.kind not in {m["kind"] for m in application.materials}]:
        why = "现在的回答不需要这些材料，但它们会一起提交；不想提交的请移除"
        rows.append({"kind": "", "label": "其他已上传的材料", "why": why, "files": others})
    note_opened(application, Section.DOCUMENTS)
    context = {
        "application": application,
        "rows": rows,
        "form": form if request.method == "POST" else None,
        "failed_kind": request.POST.get("kind", ""),
        "nav": "applications",
    }
    return render(request, "applications/documents.html", context, status=422 if request.method == "POST" else 200)


@applicant
@require_POST
def reuse_document(request: HttpRequest, reference: str, public_id: str) -> HttpResponse:
    application = editable_case(request, reference)
    try:
        reusing.reuse_document(application_id=application.pk, public_id=public_id, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
    return redirect("applications:documents", reference)


@applicant
@require_POST
def remove_document(request: HttpRequest, reference: str, public_id: str) -> HttpResponse:
    application = editable_case(request, reference)
    get_object_or_404(application.documents, public_id=public_id, removed_at=None)
    try:
        drafting.remove_document(application_id=application.pk, public_id=public_id, actor=request.actor)
    except PortalError as error:
        tell_error(request, error)
    return redirect("applications:documents" if application.status == "draft" else "applications:status", reference)


@never_cache
@applicant
@require_safe
def download(request: HttpRequest, reference: str, public_id: str) -> HttpResponse:
    application = visible_case(request, reference)
    document = get_object_or_404(application.documents, public_id=public_id, removed_at=None)
    note_access(actor=request.actor, subject=application.reference, field=f"document:{document.public_id}")
    return as_attachment(document.storage_key, document.name)


@never_cache
@applicant
@require_safe
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """Check your answers: everything on one page, each with its change link."""
    application = editable_case(request, reference)
    membership = member_of(request, application)
    profile = drafting.profile_for(application, membership)
    rows = _tasks(request, application, membership)
    blocks = []
    for task in rows:
        if task.section in (Section.CONSENTS, Section.DOCUMENTS):
            continue
        cls = form_class(application, task.section)
        form = cls(application=application, initial=cls.initial_from(application, profile))
        filled = [f for f in form if f.value() not in (None, "", [])]
        given = application.given
        blank = [f.label for f in form if f not in filled and holds(getattr(f.field, "when", {}), given)]
        blocks.append({"task": task, "answers": [(f.label, _shown(f)) for f in filled], "blank": blank})
    files = application.documents.filter(removed_at=None, supplement=None)
    note_opened(application, "check")
    context = {
        "application": application,
        "membership": membership,
        "blocks": blocks,
        "rows": rows,
        "files": files,
        "left": sum(r.is_open for r in rows),
        "nav": "applications",
    }
    return render(request, "applications/check.html", context)


def _shown(bound) -> str:
    """A given answer in words."""
    value = bound.value()
    choices = dict(getattr(bound.field, "choices", []))
    if isinstance(value, list):
        return "、".join(str(choices.get(v, v)) for v in value)
    unit = getattr(bound.field, "unit", "")
    if unit == "万元":
        value = group(Decimal(str(value)), max(0, -Decimal(str(value)).normalize().as_tuple().exponent))
    return f"{choices.get(value, value)}{' ' + unit if unit else ''}"
