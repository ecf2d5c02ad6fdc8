"""What the pages of the policy desk show."""

from __future__ import annotations

import json
from dataclasses import dataclass

from accounts.models import User
from accounts.profile_rules import DISTRICT_NAMES
from portal.kernel.actors import Actor
from portal.kernel.canonical import digest
from portal.kernel.clock import today
from portal.kernel.models import Event
from products.domain import authoring, golden, shadowing
from products.domain.backtesting import SLICES_BY
from products.domain.evaluating import policies_in_force
from products.domain.workbooks import KINDS
from products.enums import SIZE_LABELS, Tier
from products.lifecycle import POLICY_FROZEN
from products.models import BackTest, GoldenCase, PolicyVersion, Product
from products.policy.catalogue import CODE_LABELS, FACTS
from products.policy.document import Document, compile_document
from products.policy.engine import read
from products.policy.fact_text import show_facts
from products.policy.replaying import facts_from_json
from products.policy.wording import changes, lines

ACT_WORDS = {
    "policy.drafted": "起草",
    "policy.changed": "修改草稿",
    "policy.submitted": "提交发布",
    "policy.sent_back": "退回起草",
    "policy.published": "发布",
    "policy.discarded": "作废",
    "policy.end_asked": "申请停用",
    "policy.kept": "继续使用",
    "policy.retired": "停用",
    "policy.shadow_started": "开始影子运行",
    "policy.shadow_stopped": "停止影子运行",
    "policy.golden_saved": "加了标准样例",
    "policy.golden_removed": "删了标准样例",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One policy of the list: what is in force, what comes, what is being written."""

    code: str
    kind: str
    title: str
    current: PolicyVersion | None
    coming: PolicyVersion | None
    open: PolicyVersion | None
    ending: PolicyVersion | None  # waits for a second person to end it
    cases: int

    @property
    def waits(self) -> bool:
        """A second person has something to decide."""
        return self.ending is not None or (self.open is not None and self.open.status == "submitted")


def all_policies() -> list[Listed]:
    """Every policy: what waits for a second person first, then ladders and scorecards."""
    on = today()
    current = policies_in_force(on)
    by_code: dict[str, list[PolicyVersion]] = {}
    for version in PolicyVersion.objects.order_by("code", "-number").defer("document"):
        by_code.setdefault(version.code, []).append(version)
    kinds = dict(PolicyVersion.objects.order_by("number").values_list("code", "document__kind"))
    counts: dict[str, int] = {}
    for code in GoldenCase.objects.values_list("policy_code", flat=True):
        counts[code] = counts.get(code, 0) + 1
    found = [
        Listed(
            code,
            kinds[code],
            (current.get(code) or versions[0]).title,
            current.get(code),
            next((v for v in versions if v.status in POLICY_FROZEN and v.effective_from > on), None),
            next((v for v in versions if v.is_open), None),
            next((v for v in versions if v.status == "ending"), None),
            counts.get(code, 0),
        )
        for code, versions in by_code.items()
    ]
    order = list(reversed(KINDS))
    return sorted(found, key=lambda row: (not row.waits, order.index(row.kind), row.code))


def _people(versions: list[PolicyVersion]) -> dict[int, str]:
    ids = {v.author_id for v in versions} | {v.published_by_id for v in versions}
    return dict(User.objects.filter(pk__in=ids - {None}).values_list("pk", "name"))


def with_people(versions: list[PolicyVersion]) -> list[dict]:
    """Versions of one policy with who wrote and published each, and what each is today."""
    names, current = _people(versions), policies_in_force(today()).get(versions[0].code)
    return [
        {
            "version": v,
            "author": names.get(v.author_id, "系统"),
            "publisher": names.get(v.published_by_id, ""),
            "state": _state(v, current),
        }
        for v in versions
    ]


def _state(version: PolicyVersion, current: PolicyVersion | None) -> tuple[str, str]:
    """Tone and words: a published version is in force, to come, or covered by a newer one."""
    if version == current:
        if version.status == "ending":
            return "turn", "现行，待停用"
        return "pass", f"现行，{version.effective_to:%Y-%m-%d} 止" if version.effective_to else "现行"
    if version.status != "published":
        return version.status_info.tone, version.status_info.label
    return ("bank", "将生效") if version.effective_from > today() else ("na", "已被新版取代")


def version_page(version: PolicyVersion, actor: Actor, *, may_write: bool) -> dict:
    """A version in words: what it says, what it changes, what it still needs, how it was tested."""
    document = compile_document(version.document)
    base = _base_of(version)
    test = version.back_tests.order_by("-pk").first()
    fingerprint = version.sha256 or digest(version.document)
    missing = authoring.why_not_hand_in(version) if version.is_open else []
    return {
        "kind": KINDS[document.kind],
        "lines": lines(document),
        "base": base,
        "changes": [c.words for c in changes(compile_document(base.document), document)] if base else [],
        "fingerprint": fingerprint,
        "missing": missing,
        "blocked": _blocked(version, actor, missing),
        "end_asked_by": version.end_asked_by if version.status == "ending" else None,
        "test": test and back_test_words(test, document.kind, is_this=test.sha256 == fingerprint),
        "shadow": _shadow(version, document.kind),
        "golden": [
            {
                "row": row,
                "expected": golden.answer_words(document.kind, row.expected),
                "got": golden.answer_words(document.kind, got),
                "passes": got == row.expected,
                "facts": show_facts(facts_from_json(row.facts)) or "没有写任何指标",
            }
            for row, got in golden.answers(document)
        ],
        "history": _history(version),
        "may_write": may_write,
        "document_text": json.dumps(version.document, ensure_ascii=False, indent=2),
    }


def _blocked(version: PolicyVersion, actor: Actor, missing: list[str]) -> dict[str, str]:
    """Acts that this person cannot do now, with the reason."""
    reasons = {
        "submit": f"上面还有 {len(missing)} 项没有办好" if missing else "",
        "publish": authoring.why_not_publish(version, actor) if version.status == "submitted" else "",
        "retire": authoring.why_not_retire(version, actor) if version.status == "ending" else "",
    }
    return {code: why for code, why in reasons.items() if why}


def _base_of(version: PolicyVersion) -> PolicyVersion | None:
    """What a version is compared with: the one in force for an open one, else the published one before it."""
    others = PolicyVersion.objects.filter(code=version.code, frozen_at__isnull=False)
    if version.is_open:
        return others.filter(effective_from__lte=version.effective_from).order_by("-effective_from", "-number").first()
    return others.filter(number__lt=version.number).order_by("-number").first()


def _history(version: PolicyVersion) -> list[dict]:
    """What happened to a version, and to the golden cases of its policy since it was begun, newest first."""
    events = list(Event.objects.filter(stream=version.reference).order_by("-seq").values("type", "actor", "at"))
    if events and version.is_open:
        cases = Event.objects.filter(stream=f"policy:{version.code}", at__gte=events[-1]["at"])
        events = sorted([*events, *cases.values("type", "actor", "at")], key=lambda e: e["at"], reverse=True)
    numbers = {int(e["actor"].partition(":")[2]) for e in events if e["actor"].startswith("banker:")}
    names = dict(User.objects.filter(pk__in=numbers).values_list("pk", "name"))
    for event in events:
        number = event["actor"].partition(":")[2]
        event["who"] = names.get(int(number), "") if event["actor"].startswith("banker:") else "系统"
        event["what"] = ACT_WORDS.get(event["type"], event["type"])
    return events


def back_test_words(test: BackTest, kind: str, *, is_this: bool) -> dict:
    """A back-test for reading; a matrix of answers, shares of changed cases by slice, missing facts."""
    result = test.result
    moves = _moves(result, kind, test.done)
    changed = sum(move["count"] for move in moves if move["is_change"])
    return {
        "row": test,
        "is_this": is_this,
        "moves": moves,
        "changed": changed,
        "share": f"{changed * 100 / test.done:.1f}%" if test.done else "",
        "slices": [
            {"label": label, "parts": _parts(name, result.get("slices", {}).get(name, {}))}
            for name, label in SLICES_BY.items()
        ],
        "missing": [
            (FACTS[code].label, count) for code, count in sorted(result.get("missing", {}).items(), key=lambda p: -p[1])
        ],
        "listed": _listed(result, kind),
    }


def _moves(result: dict, kind: str, done: int) -> list[dict]:
    """The matrix of answers, the commonest first."""
    words, moves = {"higher": "分数升高", "lower": "分数降低", "same": "分数不变"}, []
    for move, count in sorted(result.get("matrix", {}).items(), key=lambda pair: -pair[1]):
        before, _, after = move.partition(">")
        label = words.get(move) or f"{golden.answer_words(kind, before)} → {golden.answer_words(kind, after)}"
        is_change = move != "same" if move in words else before != after
        moves.append({"label": label, "count": count, "is_change": is_change, "width": count * 100 // max(done, 1)})
    return moves


def _listed(result: dict, kind: str) -> list[dict]:
    return [
        {**row, **{side: golden.answer_words(kind, row[side]) for side in ("before", "after")}}
        for row in result.get("changed", [])[:50]
    ]


def _shadow(version: PolicyVersion, kind: str) -> dict | None:
    """The newest shadow run of a version for reading."""
    run = version.shadow_runs.select_related("started_by").order_by("-pk").first()
    if run is None:
        return None
    agreed = shadowing.agreed(run)
    return {
        "row": run,
        "moves": _moves(run.result, kind, run.done),
        "listed": _listed(run.result, kind),
        "agreed": f"{agreed * 100 / run.done:.1f}%" if run.done else "",
        "is_this": run.sha256 == (version.sha256 or digest(version.document)),
    }


def _parts(name: str, found: dict) -> list[dict]:
    names = dict(Product.objects.values_list("code", "name")) if name == "product" and found else DISTRICT_NAMES
    parts = [
        {
            "label": names.get(code) or _slice_label(code),
            "all": part["all"],
            "changed": part.get("changed", 0),
            "width": part.get("changed", 0) * 100 // part["all"],
        }
        for code, part in found.items()
    ]
    return sorted(parts, key=lambda part: -part["all"])[:8]


def _slice_label(code: str) -> str:
    if not code:
        return "未知"
    return SIZE_LABELS.get(code) or (Tier(code).label if code in Tier.values else CODE_LABELS.get(code, code))


_OUTCOMES = {
    "pass": ("pass", "通过"),
    "fail": ("fail", "不通过"),
    "refer": ("refer", "转人工"),
    "not_applicable": ("na", "不适用"),
}


def trial_findings(document: Document, result: dict) -> list[dict]:
    """Findings of a trial in words; of a scorecard, its items with their points."""
    if document.kind == "scorecard":
        names = {f"{d.code}.{i.code}": f"{d.label}：{i.label}" for d in document.dimensions for i in d.items}
        return [
            {
                "label": names[f"{dimension['code']}.{item['code']}"],
                "observed": f"{item['points']} / {item['max']} 分",
                "required": "",
                "reason": "缺数据，可能得更多" if item["points_max"] != item["points"] else "",
                "tone": "refer" if item["points_max"] != item["points"] else "pass",
                "word": "",
            }
            for dimension in result["dimensions"]
            for item in dimension["items"]
        ]
    # A line of a table that does not fit has failed nobody: the next is asked.
    words = {**_OUTCOMES, "pass": ("pass", "适用"), "fail": ("na", "不适用")} if document.lines else _OUTCOMES
    parts = {part.code: part for part in (*document.rules, *document.rungs, *document.lines)}
    return [
        {**read(raw, parts.get(raw["code"]), wan=True), **dict(zip(("tone", "word"), words[raw["outcome"]]))}
        for raw in result["findings"]
    ]
