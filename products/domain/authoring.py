"""Policy versions from draft to retirement: one person writes, another publishes, what is published never changes.

A draft may be written only by the policy desk, is checked in full on every save, and can be handed in only when it passes
the golden cases of its policy and was tested on the past. Whoever changed it cannot publish it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import now, today
from portal.kernel.errors import InvalidInput, RuleRefused, StaleObject
from portal.kernel.events import record
from portal.kernel.lifecycle import move
from portal.kernel.transactions import lock_name, use_case
from products.domain import golden
from products.domain.desk import check_author
from products.models import PolicyVersion
from products.policy.document import Document, DocumentError, compile_document
from products.policy.tables import TableError, to_document, to_rows

DEFAULTS = Path(__file__).parent.parent / "policy" / "defaults"
SEEDED_FROM = date(2020, 1, 1)
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,23}")


@use_case
def publish_document(*, document: dict, effective_from: date, actor: Actor) -> PolicyVersion:
    """Add a version that comes with the installation; the same content returns the version that has it.

    Raises InvalidInput with the place of the first thing wrong.
    """
    compiled = _checked(document)
    fingerprint = digest(document)
    newest = PolicyVersion.objects.filter(code=compiled.code).order_by("-number").first()
    if newest and newest.sha256 == fingerprint:
        return newest
    version = PolicyVersion.objects.create(
        code=compiled.code,
        number=newest.number + 1 if newest else 1,
        title=compiled.title,
        document=document,
        sha256=fingerprint,
        effective_from=effective_from,
        author_id=actor.user_id,
        published_by_id=actor.user_id,
        frozen_at=now(),
    )
    move(version, "install", actor=actor, payload={"sha256": fingerprint})
    return version


@use_case
def draft(
    *, document: dict, effective_from: date, summary: str, actor: Actor, cases: Sequence[Mapping] = ()
) -> PolicyVersion:
    """Begin a new version of the policy that `document` names. A policy has one open draft at a time.

    `cases` are golden cases that come along from a policy file.
    """
    check_author(actor)
    compiled = _checked(document)
    if not _CODE.fullmatch(compiled.code):
        raise InvalidInput("code_invalid", "政策代码用小写字母、数字和连字符，最多 24 个字", field="code")
    lock_name(f"policy:{compiled.code}")
    versions = PolicyVersion.objects.filter(code=compiled.code).order_by("-number")
    if taken := next((v for v in versions.defer("document") if v.is_open), None):
        raise RuleRefused("draft_open", "第 {number} 版还没有发布，请先办完或作废它", number=taken.number)
    newest = versions.defer("document").first()
    _same_kind(compiled)
    version = PolicyVersion.objects.create(
        code=compiled.code,
        number=newest.number + 1 if newest else 1,
        title=compiled.title,
        document=document,
        effective_from=effective_from,
        summary=_said(summary),
        author_id=actor.user_id,
        editors=[actor.user_id],
    )
    _record(version, "drafted", actor)
    golden.adopt(policy_code=version.code, cases=cases, actor=actor)
    return version


@use_case
def change_draft(
    *,
    version_id: int,
    seen: int,
    document: dict,
    effective_from: date,
    summary: str,
    actor: Actor,
    cases: Sequence[Mapping] = (),
) -> PolicyVersion:
    """Save a draft anew. `seen` is the state the author had before them: a change in between is never overwritten."""
    check_author(actor)
    version = _locked(version_id, seen)
    if version.status != "draft":
        raise RuleRefused("not_a_draft", "只有草稿可以修改")
    compiled = _checked(document)
    if compiled.code != version.code:
        raise InvalidInput("code_changed", "草稿属于 {policy}，不能换成另一项政策", field="code", policy=version.code)
    _same_kind(compiled)
    version.document, version.title = document, compiled.title
    version.effective_from, version.summary = effective_from, _said(summary)
    version.editors = sorted({*version.editors, actor.user_id})
    version.version += 1
    version.changed_at = now()
    version.save(update_fields=["document", "title", "effective_from", "summary", "editors", "version", "changed_at"])
    _record(version, "changed", actor)
    golden.adopt(policy_code=version.code, cases=cases, actor=actor)
    return version


@use_case
def submit(*, version_id: int, seen: int, actor: Actor) -> PolicyVersion:
    """Hand a draft in for publishing. Raises RuleRefused with what is still missing."""
    check_author(actor)
    version = _locked(version_id, seen)
    if missing := why_not_hand_in(version):
        raise RuleRefused("not_ready", "{missing}", missing="；".join(missing))
    move(version, "submit", actor=actor, payload={"sha256": digest(version.document)})
    return version


@use_case
def send_back(*, version_id: int, seen: int, reason: str, actor: Actor) -> PolicyVersion:
    check_author(actor)
    version = _locked(version_id, seen)
    version.note = _said(reason, "reason")
    move(version, "send_back", actor=actor, reason="policy_desk", save=("note",))
    return version


@use_case
def publish(*, version_id: int, seen: int, actor: Actor) -> PolicyVersion:
    """The second person's signature: freeze the document with its hash and let it take effect on its day."""
    check_author(actor)
    version = _locked(version_id, seen)
    if obstacle := why_not_publish(version, actor):
        raise RuleRefused("not_publishable", "{obstacle}", obstacle=obstacle)
    if missing := why_not_hand_in(version):
        raise RuleRefused("not_ready", "{missing}", missing="；".join(missing))
    version.sha256, version.frozen_at, version.published_by_id = digest(version.document), now(), actor.user_id
    move(
        version,
        "publish",
        actor=actor,
        payload={"sha256": version.sha256, "effective_from": version.effective_from.isoformat()},
        save=("sha256", "frozen_at", "published_by"),
    )
    return version


@use_case
def discard(*, version_id: int, seen: int, actor: Actor) -> PolicyVersion:
    check_author(actor)
    version = _locked(version_id, seen)
    move(version, "discard", actor=actor)
    return version


@use_case
def ask_end(*, version_id: int, seen: int, last_day: date, reason: str, actor: Actor) -> PolicyVersion:
    """Ask to end a published version after `last_day`. It counts as before until a second person agrees (`retire`)."""
    check_author(actor)
    version = _locked(version_id, seen)
    if last_day < today():
        raise InvalidInput("last_day_past", "最后一天不能早于今天", field="last_day")
    version.end_asked_by_id, version.end_asked_for = actor.user_id, last_day
    version.note = _said(reason, "reason")
    move(
        version,
        "ask_end",
        actor=actor,
        reason="policy_desk",
        payload={"last_day": last_day.isoformat()},
        save=("end_asked_by", "end_asked_for", "note"),
    )
    return version


@use_case
def keep(*, version_id: int, seen: int, actor: Actor) -> PolicyVersion:
    """Let a version go on whose end was asked: the second person does not agree, or who asked thought better of it."""
    check_author(actor)
    version = _locked(version_id, seen)
    version.end_asked_by, version.end_asked_for, version.note = None, None, ""
    move(version, "keep", actor=actor, save=("end_asked_by", "end_asked_for", "note"))
    return version


@use_case
def retire(*, version_id: int, seen: int, actor: Actor) -> PolicyVersion:
    """The second person's word on an end that was asked: from then on cases go to a person, older versions do not come back.

    With a last day before its first a version is called off and never takes effect.
    """
    check_author(actor)
    version = _locked(version_id, seen)
    if obstacle := why_not_retire(version, actor):
        raise RuleRefused("not_retirable", "{obstacle}", obstacle=obstacle)
    # Kept as the eve of its first day, so that "ends before it begins" stays true whatever day it was called off.
    version.effective_to = max(version.end_asked_for, version.effective_from - timedelta(days=1))
    payload = {"effective_to": version.effective_to.isoformat()}
    move(version, "retire", actor=actor, payload=payload, save=("effective_to",))
    return version


def why_not_retire(version: PolicyVersion, actor: Actor) -> str:
    """Why this person may not end it as asked; empty when nothing stands in the way."""
    if version.status != "ending":
        return "没有人申请停用这一版"
    if version.end_asked_by_id == actor.user_id:
        return "申请停用的人不能自己确认，需由另一位政策管理岗确认"
    if version.end_asked_for < today():
        return f"申请的最后一天 {version.end_asked_for:%Y-%m-%d} 已过，请先选「继续使用」，再重新申请"
    return ""


def draft_from(*, version_id: int, effective_from: date, actor: Actor) -> PolicyVersion:
    """Draft a published version anew, to change it or to roll back to it: it takes the same way as any other change."""
    base = PolicyVersion.objects.get(pk=version_id)
    if base.frozen_at is None:
        raise RuleRefused("not_published", "只能从发布过的版本起草")
    newer = PolicyVersion.objects.filter(code=base.code, number__gt=base.number, frozen_at__isnull=False)
    summary = f"恢复第 {base.number} 版" if newer.exists() else f"在第 {base.number} 版上修改"
    return draft(document=base.document, effective_from=effective_from, summary=summary, actor=actor)


def why_not_hand_in(version: PolicyVersion) -> list[str]:
    """What a draft still needs before it may be handed in or published, in words; empty when nothing."""
    missing = []
    if version.effective_from < today():
        missing.append("生效日期已过，请改为今天或以后")
    later = PolicyVersion.objects.filter(code=version.code, frozen_at__isnull=False).exclude(pk=version.pk)
    later = later.filter(effective_to=None)
    if clash := later.filter(effective_from__gt=version.effective_from).order_by("number").first():
        missing.append(f"生效日期早于第 {clash.number} 版（{clash.effective_from}），会被它盖住")
    try:
        document = compile_document(version.document)
    except DocumentError as error:
        return [*missing, f"{error.place}：{error.message}"]
    missing += [
        f"标准样例「{row.name}」应得{golden.answer_words(document.kind, row.expected)}，"
        f"这一稿给出{golden.answer_words(document.kind, got)}"
        for row, got in golden.failing(document)
    ]
    tests = version.back_tests.filter(sha256=digest(version.document), finished_at__isnull=False)
    if not tests.exists():
        missing.append("还没有用历史申请回测这一稿")
    return missing


def why_not_publish(version: PolicyVersion, actor: Actor) -> str:
    """Why this person may not publish it; empty when nothing stands in the way."""
    if version.status != "submitted":
        return "还没有提交发布"
    if _wrote(version, actor):
        return "起草或修改过的人不能发布，需由另一位政策管理岗发布"
    return ""


def _wrote(version: PolicyVersion, actor: Actor) -> bool:
    return actor.user_id in {version.author_id, *version.editors}


def default_documents() -> list[tuple[dict, date]]:
    """The seeded documents with the day each takes effect, older versions of a policy first; all labelled 示例口径."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DEFAULTS.glob("*.json"))]
    dated = [(d, date.fromisoformat(d.pop("effective_from", SEEDED_FROM.isoformat()))) for d in found if "kind" in d]
    return sorted(dated, key=lambda pair: pair[1])


def _checked(document: dict) -> Document:
    """Compile a document, and see that its table says the same: what people read must be what is judged."""
    try:
        compiled = compile_document(document)
        rows = to_rows(document)
        again = to_document(code=compiled.code, kind=compiled.kind, title=compiled.title, rows=rows)
    except DocumentError as error:
        raise InvalidInput(
            "document_invalid", "{place}：{what}", field="document", place=error.place, what=error.message
        ) from error
    except TableError as error:
        first = error.errors[0]
        where = f"第 {first.row + 1} 行" if first.row is not None else "表格"
        raise InvalidInput(
            "document_unreadable", "{where}写不成表格：{what}", field="document", where=where, what=first.message
        ) from error
    if to_rows(again) != rows:
        raise InvalidInput("document_unreadable", "这份文档写不成表格，请在表格或工作簿里改", field="document")
    return compiled


def _same_kind(compiled: Document) -> None:
    """A policy keeps the kind of its first version: what reads its answers expects no other."""
    kinds = PolicyVersion.objects.filter(code=compiled.code).order_by("number").values_list("document__kind", flat=True)
    kind = kinds.first()
    if kind is not None and kind != compiled.kind:
        raise InvalidInput("kind_changed", "这项政策的种类是 {kind}，不能改成别的", field="document", kind=kind)


def _locked(version_id: int, seen: int) -> PolicyVersion:
    version = PolicyVersion.objects.select_for_update().get(pk=version_id)
    if version.version != seen:
        raise StaleObject("policy_changed", "这一版在您打开以后被改过，请重新打开再办理")
    return version


def _said(text: str, field: str = "summary") -> str:
    if not 2 <= len(text.strip()) <= 200:
        raise InvalidInput("reason_required", "请用 2–200 个字说明原因", field=field)
    return text.strip()


def _record(version: PolicyVersion, what: str, actor: Actor) -> None:
    payload = {"sha256": digest(version.document), "effective_from": version.effective_from.isoformat()}
    record(stream=version.reference, type=f"policy.{what}", actor=actor, payload=payload)
