"""Lifecycle tables of this app's own papers. Those of an application belong to its product."""

from __future__ import annotations

from portal.kernel.actors import ActorKind
from portal.kernel.lifecycle import Lifecycle, Move, Status

_SYSTEM = frozenset({ActorKind.SYSTEM})

HOLDING_STATEMENT = Lifecycle(
    name="holding_statement",
    statuses=(
        Status("reading", "读取中", "读取中", turn="system", is_open=True, tone="bank"),
        Status("applied", "已入账", "已入账", tone="pass"),
        Status("unreadable", "没有入账", "没有入账", tone="fail"),
        Status("discarded", "已作废", "已作废"),
    ),
    moves=(
        Move("apply", "入账", frozenset({"reading"}), "applied", _SYSTEM, "applied"),
        Move("give_up", "不能入账", frozenset({"reading"}), "unreadable", _SYSTEM, "unreadable"),
        Move("discard", "作废", frozenset({"reading"}), "discarded", frozenset({ActorKind.BANKER}), "discarded"),
    ),
)
