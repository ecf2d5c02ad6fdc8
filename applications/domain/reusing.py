"""What was given before need not be given again: the answers of a pre-check, the documents of earlier applications."""

from __future__ import annotations

from accounts import rules as account_rules
from accounts.domain import profiles
from applications.domain.cases import locked_editable, mark_changed, membership_for
from applications.domain.drafting import MAX_DOCUMENTS, add_document, profile_for
from applications.domain.taking_over import fill_blanks
from applications.models import Application, Document
from portal.kernel.actors import Actor
from portal.kernel.errors import InvalidInput, NotPermitted, RuleRefused
from portal.kernel.transactions import use_case

PRECHECK = "precheck"


@use_case
def carry_precheck(*, application_id: int, profile: dict, request: dict, actor: Actor) -> None:
    """Put the answers of a pre-check into a draft, where nothing stands yet, and note which.

    What the product does not ask is not taken, for nobody would see it; what contradicts the firm's own figures is left
    out as a whole, and a draft that somebody worked on already stays as it is.
    """
    application = locked_editable(application_id)
    membership = membership_for(application, actor)
    if not account_rules.may_edit(membership):
        raise NotPermitted("viewer_cannot_apply", "您的角色是仅查看，不能修改申请")
    if application.sections_saved:
        return
    asked = _asked_of(profile, application.product.asked_keys)
    fresh = _missing_from(profile_for(application, membership), asked)
    taken = fill_blanks(application, request, {})
    try:
        if fresh:
            profiles.write_own(membership=membership, changes=fresh)
    except InvalidInput:
        fresh = {}
    fields = taken + sorted(_flat(fresh))
    if fields:
        application.taken_over = {"from": PRECHECK, "fields": fields}
        mark_changed(application, "taken_over", *taken)


def _asked_of(profile: dict, keys: tuple[str, ...]) -> dict:
    """The part of `profile` that a product asks for: `last.` keys of the newest year, `annual.` keys of each."""
    newest = max((row["year"] for row in profile.get("annual") or []), default=0)
    out: dict = {}
    for key, value in profile.items():
        if key == "annual":
            rows = [
                {
                    k: v
                    for k, v in row.items()
                    if k == "year" or f"annual.{k}" in keys or (f"last.{k}" in keys and row["year"] == newest)
                }
                for row in value
            ]
            out |= {"annual": kept} if (kept := [row for row in rows if len(row) > 1]) else {}
        elif key in ("team", "market"):
            part = {k: v for k, v in value.items() if k in keys}
            out |= {key: part} if part else {}
        elif key in keys:
            out[key] = value
    return out


def _missing_from(have: dict, offered: dict) -> dict:
    """The part of `offered` that `have` does not say anything about."""
    fresh: dict = {}
    for key, value in offered.items():
        if key == "annual":
            years = {row["year"]: row for row in have.get("annual") or []}
            rows = [_blank_only(years.get(row["year"], {}), row) for row in value]
            rows = [{**row, "year": given["year"]} for row, given in zip(rows, value, strict=True) if row]
            fresh |= {"annual": rows} if rows else {}
        elif key in ("team", "market"):
            part = _blank_only(have.get(key) or {}, value)
            fresh |= {key: part} if part else {}
        elif have.get(key) in (None, ""):
            fresh[key] = value
    return fresh


def _blank_only(have: dict, offered: dict) -> dict:
    return {k: v for k, v in offered.items() if k != "year" and have.get(k) in (None, "")}


def _flat(profile: dict) -> list[str]:
    """Names of single answers, for counting and telling."""
    names = [key for key in profile if key not in ("annual", "team", "market")]
    names += [f"{key}_{row['year']}" for row in profile.get("annual", []) for key in row if key != "year"]
    return names + [key for group in ("team", "market") for key in profile.get(group, {})]


def reusable_documents(application: Application) -> dict[str, Document]:
    """Newest earlier document of each kind that this draft could use and has not: kind → document of the same firm."""
    have = set(application.documents.filter(removed_at=None).values_list("kind", flat=True))
    wanted = {m["kind"] for m in application.materials} - have
    found: dict[str, Document] = {}
    rows = Document.objects.filter(
        application__enterprise_id=application.enterprise_id,
        application__is_sandbox=False,
        application__is_personal=False,
        application__submitted_at__isnull=False,
        kind__in=wanted,
        removed_at=None,
    ).exclude(application=application)
    for document in rows.select_related("application").order_by("-uploaded_at", "-pk"):
        found.setdefault(document.kind, document)
    return found


@use_case
def reuse_document(*, application_id: int, public_id: str, actor: Actor) -> Document:
    """Attach a document of an earlier application again: the same bytes, checked and scanned when they came.

    Raises NotPermitted for who may not see the firm's earlier cases, RuleRefused for a document that does not fit.
    """
    application = locked_editable(application_id)
    membership = membership_for(application, actor)
    if not (membership.is_verified and account_rules.may_edit(membership)):
        raise NotPermitted("may_not_reuse", "核验企业身份后才能沿用以前的材料")
    earlier = next((d for d in reusable_documents(application).values() if d.public_id == public_id), None)
    if earlier is None:
        raise RuleRefused("not_reusable", "这份材料不能沿用，请重新上传")
    if application.documents.count() >= MAX_DOCUMENTS:
        raise RuleRefused("too_many_documents", "一件申请最多上传 30 次文件，需要更多请联系客户经理")
    return add_document(application, earlier.kind, earlier, actor, reused=True)
