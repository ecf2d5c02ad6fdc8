"""Golden cases: facts with the answer a policy must give, in every version of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.kernel.actors import Actor
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, RuleRefused
from portal.kernel.events import record
from portal.kernel.transactions import use_case
from products.domain.desk import check_author
from products.enums import Tier
from products.lifecycle import POLICY
from products.models import GoldenCase, PolicyVersion
from products.policy import grammar, lines
from products.policy.document import Document
from products.policy.fact_text import FactTextError, read_facts
from products.policy.lines import SETTINGS
from products.policy.replaying import facts_from_json, facts_to_json, result_of

TABLE_ANSWERS = {"not_applicable": "none", "refer": "refer"}  # of a table of which no line counts
OUTCOMES = {"pass": "符合", "fail": "不符合", "refer": "转人工"}


def answer_of(document: Document, outcome: str, result: dict) -> str:
    """The answer of a policy in one word: the outcome, the tier, the lower end of the points, or what a table sets."""
    return stored_answer(document.kind, outcome, result)


def stored_answer(kind: str, outcome: str, result: dict) -> str:
    """The same of a stored evaluation of a policy of this kind."""
    if kind == "ladder":
        return result["tier"]
    if kind in SETTINGS:
        return lines.answer_of(result["values"]) if result["line"] else TABLE_ANSWERS[outcome]
    return str(result["points"]) if kind == "scorecard" else outcome


def move_of(kind: str, before: str, after: str) -> str:
    """`before>after`; points only rise, fall or stay."""
    if kind != "scorecard":
        return f"{before}>{after}"
    return "same" if before == after else "higher" if int(after) > int(before) else "lower"


def answer_words(kind: str, answer: str) -> str:
    if kind == "ladder":
        return Tier(answer).label if answer in Tier.values else answer
    if kind in SETTINGS:
        values = lines.values_of(kind, answer)
        if values is None:
            return {"none": "没有适用的一行", "refer": "转人工"}.get(answer, answer)
        shown = [f"{s.label} {grammar.show_setting(values[s.code], s)}" for s in SETTINGS[kind] if s.code in values]
        return "，".join(shown) or "不另设限制"
    return f"{answer} 分" if kind == "scorecard" else OUTCOMES.get(answer, answer)


def choices(document: Document) -> list[tuple[str, str]]:
    """The answers a document can give, with their words; empty for points, which are written."""
    if document.kind == "eligibility":
        return list(OUTCOMES.items())
    if document.kind == "ladder":
        return list(Tier.choices)
    given = dict.fromkeys([lines.answer_of(line.values) for line in document.lines] + list(TABLE_ANSWERS.values()))
    return [(answer, answer_words(document.kind, answer)) for answer in given] if document.lines else []


def failing(document: Document) -> list[tuple[GoldenCase, str]]:
    """Golden cases of the document's policy that get another answer, with the answer they get."""
    return [(row, got) for row, got in answers(document) if got != row.expected]


def answers(document: Document) -> list[tuple[GoldenCase, str]]:
    """Every golden case of the document's policy with the answer it gets."""
    rows = GoldenCase.objects.filter(policy_code=document.code).order_by("pk")
    return [(row, answer_of(document, *result_of(document, facts_from_json(row.facts)))) for row in rows]


@use_case
def save(*, policy_code: str, name: str, facts: str, expected: str, actor: Actor) -> GoldenCase:
    """Add a golden case. `facts` are lines as in `fact_text`; a name is given once."""
    check_author(actor)
    kind = _kind_of(policy_code)
    if not 2 <= len(name.strip()) <= 60:
        raise InvalidInput("name_invalid", "名称要 2–60 个字", field="name")
    try:
        read = read_facts(facts)
    except FactTextError as error:
        raise InvalidInput(
            "facts_invalid", "第 {line} 行：{what}", field="facts", line=error.line, what=error.message
        ) from error
    if GoldenCase.objects.filter(policy_code=policy_code, name=name.strip()).exists():
        raise InvalidInput("name_taken", "已有同名样例，换个名字，或先删除那一个", field="name")
    row = GoldenCase.objects.create(
        policy_code=policy_code,
        name=name.strip(),
        facts=facts_to_json(read),
        expected=_expected(kind, expected),
        written_by_id=actor.user_id,
        written_at=now(),
    )
    record(stream=f"policy:{policy_code}", type="policy.golden_saved", actor=actor, payload={"case": row.pk})
    return row


def adopt(*, policy_code: str, cases: Sequence[Mapping], actor: Actor) -> int:
    """Add the cases of a policy file whose names are not taken here, in the transaction of the draft they come with.

    Returns how many; raises InvalidInput for one that cannot be read.
    """
    if not cases:
        return 0
    taken = set(GoldenCase.objects.filter(policy_code=policy_code).values_list("name", flat=True))
    kind = _kind_of(policy_code)
    rows = []
    for case in cases:
        name, facts, expected = (case.get(key) for key in ("name", "facts", "expected"))
        if not (isinstance(name, str) and isinstance(facts, dict) and isinstance(expected, str)):
            raise InvalidInput("golden_cases_invalid", "文件里的标准样例读不懂", field="workbook")
        name = name.strip()
        if not 2 <= len(name) <= 60 or not name.isprintable():
            raise InvalidInput("golden_cases_invalid", "标准样例的名称要 2–60 个字", field="workbook")
        if name in taken:
            continue
        try:
            read = facts_to_json(facts_from_json(facts))
            if any(value.get("v") != read.get(code, {}).get("v") for code, value in facts.items()):
                raise ValueError(name)
            if not all(isinstance(item.get(key, ""), str) for item in read.values() for key in ("s", "p")):
                raise ValueError(name)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InvalidInput(
                "golden_cases_invalid", "标准样例「{name}」读不懂", field="workbook", name=name
            ) from error
        taken.add(name)
        rows.append(
            GoldenCase(
                policy_code=policy_code,
                name=name,
                facts=read,
                expected=_expected(kind, expected),
                written_by_id=actor.user_id,
                written_at=now(),
            )
        )
    made = GoldenCase.objects.bulk_create(rows)
    for row in made:
        record(stream=f"policy:{policy_code}", type="policy.golden_saved", actor=actor, payload={"case": row.pk})
    return len(made)


def _kind_of(policy_code: str) -> str:
    kinds = PolicyVersion.objects.filter(code=policy_code).values_list("document__kind", flat=True)
    if (kind := kinds.first()) is None:
        raise InvalidInput("policy_unknown", "没有这项政策", field="name")
    return kind


def _expected(kind: str, text: str) -> str:
    text = text.strip()
    fits = {
        "ladder": text in Tier.values,
        "scorecard": text.isascii() and text.isdigit() and len(text) <= 4,
        "eligibility": text in OUTCOMES,
    }
    fits |= {table: text in TABLE_ANSWERS.values() or lines.values_of(table, text) is not None for table in SETTINGS}
    if not fits[kind]:
        raise InvalidInput("expected_invalid", "请选择应得的结果", field="expected")
    return text


@use_case
def remove(*, case_id: int, actor: Actor) -> None:
    """Take a case away. Never by somebody whose draft it guards, nor while a version waits for its signature."""
    check_author(actor)
    row = GoldenCase.objects.get(pk=case_id)
    versions = PolicyVersion.objects.filter(code=row.policy_code, status__in=sorted(POLICY.open_statuses))
    for version in versions.defer("document"):
        if version.status == "submitted":
            raise RuleRefused("case_locked", "有一版正等着发布，样例这时不能删")
        if actor.user_id in {version.author_id, *version.editors}:
            raise RuleRefused("case_guards_you", "样例守着您起草的这一版，请另一位政策管理岗删除")
    record(stream=f"policy:{row.policy_code}", type="policy.golden_removed", actor=actor, payload={"case": row.pk})
    row.delete()
