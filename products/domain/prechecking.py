"""A pre-check: a profile and a wish in, each product's answer out. Pure reading, nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from products.domain.evaluating import compiled, policies_in_force
from products.domain.judging import Judged, indicative_amount, judge, judge_at_its_word, judge_product, limit_of
from products.models import PolicyVersion, Product
from products.policy.facts import Known, Request

# What only an identified enterprise can be asked about: a nameless pre-check leaves it for after the application.
KNOWN_LATER = frozenset({"on_dishonest_list", "on_abnormal_list", "on_relending_list", "bureau_overdue"})


@dataclass(frozen=True, slots=True)
class ProductAnswer:
    """`outcome` pass, refer or fail; `result` the stored form of findings; `amount` indicative, 元."""

    product: Product
    policy: PolicyVersion
    outcome: str
    result: dict
    amount: Decimal | None

    @property
    def rules(self) -> dict:
        return {rule.code: rule for rule in compiled(self.policy).rules}


def precheck(
    *, uscc: str, known: Known, declared_titles: list[dict] | None, wish: Request, as_of: date
) -> tuple[Judged, list[ProductAnswer]]:
    """The answers for an enterprise that gives its credit code: registers are asked, declared titles wait for them."""
    policies = policies_in_force(as_of)
    judged = judge(uscc=uscc, known=known, declared_titles=declared_titles, as_of=as_of, policies=policies)
    return judged, _answers(judged, wish, policies)


def precheck_nameless(
    *, known: Known, declared_titles: list[dict] | None, wish: Request, as_of: date
) -> tuple[Judged, list[ProductAnswer]]:
    """The same without a credit code: titles are taken at their word, what needs a name is `not_applicable` for now."""
    policies = policies_in_force(as_of)
    judged = judge_at_its_word(known=known, declared_titles=declared_titles, as_of=as_of, policies=policies)
    return judged, _answers(judged, wish, policies, later=KNOWN_LATER)


def _answers(
    judged: Judged, wish: Request, policies: Mapping[str, PolicyVersion], later: frozenset[str] = frozenset()
) -> list[ProductAnswer]:
    out, limit = [], limit_of(judged, wish, policies)
    for product in Product.objects.offered().in_brief():
        if not product.is_credit or product.policy_code not in policies:
            continue
        policy = policies[product.policy_code]
        outcome, result = judge_product(policy, judged, replace(wish, product=product.code), later=later)
        amount = indicative_amount(product, judged.facts, wish.amount, limit)
        out.append(ProductAnswer(product, policy, outcome, result, amount))
    return out
