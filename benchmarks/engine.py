"""The row engine: evaluations a second of one document of twelve rules, on one core.

The document is 招企贷's own nine rules, 招金贷's two on R&D figures and 招创贷's on the score, as published, in one compiled
document. The facts are those of 200 synthetic firms of the seed with a request each: every third asks for more than the
product gives (fail), every fourth has no answer of the credit bureau (refer). One evaluation is one call of
`engine.evaluate`, which judges and builds the twelve findings. The best of 40 passes over all firms counts.
Told without a bound: the same with the stored form of the findings (dicts), and with that form as JSON text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

from accounts.profile_rules import flatten
from applications.management.synthetic import AS_OF, firms
from benchmarks.table import Row
from benchmarks.timing import timed
from benchmarks.world import World
from products.domain.authoring import default_documents
from products.domain.evaluating import result_of
from products.policy import facts as build
from products.policy.document import Document, compile_document
from products.policy.engine import evaluate
from products.policy.facts import Known, Request
from products.policy.values import Fact, unknown

PER_SECOND, FIRMS, PASSES = 60_000, 200, 40
RULES = {
    "zhaoqidai": None,  # all
    "zhaojindai": ("rd_last_year", "rd_year_before"),
    "zhaochuangdai": ("min_score",),
}


def rows(built: World) -> Iterator[Row]:
    document, cases = twelve_rules(), facts_of_firms()
    outcomes = Counter(evaluate(document, facts).outcome for facts in cases)
    mix = ", ".join(f"{outcome} {n}" for outcome, n in sorted(outcomes.items()))
    per_second = _per_second(lambda facts: evaluate(document, facts), cases)
    yield Row("engine, 12 rules with findings", per_second, PER_SECOND, at_least=True, unit="/s", note=mix)
    yield Row("engine, result as stored", _per_second(lambda f: result_of(document, f), cases), unit="/s")
    as_json = _per_second(lambda f: json.dumps(result_of(document, f)[1]), cases)
    yield Row("engine, result as JSON text", as_json, unit="/s")


def twelve_rules() -> Document:
    published = {document["code"]: document for document, _ in default_documents()}
    rules = [
        rule
        for code, wanted in RULES.items()
        for rule in published[code]["rules"]
        if wanted is None or rule["code"] in wanted
    ]
    document = compile_document({"code": "measured", "kind": "eligibility", "title": "测量", "rules": rules})
    if len(document.rules) != 12:
        raise RuntimeError(f"the published documents gave {len(document.rules)} rules")
    return document


def facts_of_firms() -> list[dict[str, Fact]]:
    return [_facts(number, firm) for number, firm in enumerate(firms(FIRMS))]


def _facts(number: int, firm: dict) -> dict[str, Fact]:
    values = flatten(firm["profile"])
    wish = Request(Decimal(8_000_000) if number % 3 == 0 else firm["amount"], 12, "rd")
    return {
        **build.build(Known(values, dict.fromkeys(values, "self")), AS_OF),
        **build.with_titles({}),
        **build.with_request(wish),
        "tier": Fact(firm["tier"], "tiers"),
        "score": Fact(40 + number % 40, "score"),
        "on_dishonest_list": Fact(False, "register"),
        "bureau_overdue": unknown(source="credit_bureau") if number % 4 == 0 else Fact(False, "credit_bureau"),
    }


def _per_second(work: Callable[[dict[str, Fact]], object], cases: list[dict[str, Fact]]) -> float:
    def one_pass() -> None:
        for facts in cases:
            work(facts)

    return len(cases) / min(timed(one_pass) for _ in range(PASSES))
