"""首贷: whether a loan is a firm's first at any bank, by the rule of Beijing's interest subsidy (京经信发〔2025〕4号).

At pay-out the firm's credit report shows no long-term and no short-term borrowing; it is the first draw of its contract, of
at most 2,000 万元; loans for property, for local government financing vehicles and for fixed assets that produce nothing do
not count. Loans to the legal representative or the holders in person are no loans of the firm, and not in these books.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

MOST = Decimal("20000000.00")  # 元 a loan
SOURCE = "京经信发〔2025〕4号"


class LoanSaid(NamedTuple):
    """What is known of a loan at pay-out; None is not known."""

    amount: Decimal | None  # 元
    long_term: int | None  # 中长期借款 on the credit report, accounts
    short_term: int | None  # 短期借款
    is_first_draw: bool | None
    is_excluded_use: bool | None


def judge(said: LoanSaid) -> tuple[str, list[dict]]:
    """(`yes`, `no` or `unknown`, one finding a condition). What is not known is never a no: it goes to a person."""
    conditions = (
        ("long_term", "放款时征信没有中长期借款", None if said.long_term is None else said.long_term == 0),
        ("short_term", "放款时征信没有短期借款", None if said.short_term is None else said.short_term == 0),
        ("first_draw", "合同项下首次提款", said.is_first_draw),
        ("amount", "单笔不超过 2,000 万元", None if said.amount is None else said.amount <= MOST),
        ("use", "不属于房地产、融资平台和非生产性固定资产贷款", None if said.is_excluded_use is None else not said.is_excluded_use),
    )  # fmt: skip
    words = {True: "pass", False: "fail", None: "refer"}
    findings = [{"code": code, "label": label, "outcome": words[holds]} for code, label, holds in conditions]
    outcomes = {finding["outcome"] for finding in findings}
    return "no" if "fail" in outcomes else "unknown" if "refer" in outcomes else "yes", findings
