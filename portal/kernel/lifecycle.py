"""Status machines. `move()` is the only writer of any status in any app.

A table of `Move`s is the one place that says what can happen: buttons, admin actions, the API's `allowed_moves`
and the diagrams in docs/ are derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.errors import IllegalTransition, RuleRefused
from portal.kernel.events import record


class Face(NamedTuple):
    """How one side reads a status: the words of its tag and the tag's tone."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Status:
    """One status with its two faces and whose turn it is (`applicant`, `bank`, `system` or none)."""

    code: str
    label: str  # for bankers
    public_label: str  # for applicants and partners
    turn: str = ""
    is_open: bool = False
    tone: str = "na"  # css class of the tag: na bank turn pass fail refer

    @property
    def desk_tone(self) -> str:
        """The tag's tone for bankers: yellow is the reader's own turn, never the firm's."""
        return "na" if self.turn == "applicant" else self.tone


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    label: str
    sources: frozenset[str]
    target: str
    actors: frozenset[ActorKind]
    event: str  # the event's past participle: application.<event>
    needs_reason: bool = False


@dataclass(frozen=True)
class Lifecycle:
    """A named table of statuses and moves."""

    name: str
    statuses: tuple[Status, ...]
    moves: tuple[Move, ...]
    _by_name: dict[str, Move] = field(init=False, repr=False)
    _by_code: dict[str, Status] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {m.name: m for m in self.moves})
        object.__setattr__(self, "_by_code", {s.code: s for s in self.statuses})
        unknown = {c for m in self.moves for c in (*m.sources, m.target)} - set(self._by_code)
        if unknown or len(self._by_name) != len(self.moves):
            raise ValueError(f"lifecycle {self.name}: unknown statuses {unknown} or a move named twice")

    def status(self, code: str) -> Status:
        return self._by_code[code]

    def get(self, name: str) -> Move:
        return self._by_name[name]

    def allowed(self, status: str, kind: ActorKind) -> list[Move]:
        """Moves that an actor of this kind may make from `status`, by the table alone."""
        return [m for m in self.moves if status in m.sources and kind in m.actors]

    @property
    def open_statuses(self) -> frozenset[str]:
        return frozenset(s.code for s in self.statuses if s.is_open)


def move(
    obj: Any, name: str, *, actor: Actor, reason: str = "", payload: dict | None = None, save: tuple[str, ...] = ()
) -> None:
    """Change the status of `obj` (locked by the caller) and append the event in the same transaction.

    `obj` gives `lifecycle`, `status`, `version`, `reference` and `stream_type`; the fields named in `save` are
    written by the same statement. Raises IllegalTransition when the
    table has no such move from here, RuleRefused when this kind of actor may not make it or the reason is missing.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("move() needs the transaction of a use case")
    step = obj.lifecycle.get(name)
    if obj.status not in step.sources:
        raise IllegalTransition(
            "illegal_transition",
            "当前状态是「{status}」，不能{label}",
            status=obj.lifecycle.status(obj.status).public_label,
            label=step.label,
            move=name,
        )
    if actor.kind not in step.actors:
        raise RuleRefused("actor_not_allowed", "您的身份不能{label}", label=step.label)
    if step.needs_reason and not reason:
        raise RuleRefused("reason_required", "请写明原因", field="reason")
    before = obj.status
    obj.status, obj.status_changed_at, obj.version = step.target, now(), obj.version + 1
    touched = {"updated_at"} if hasattr(obj, "updated_at") else set()
    obj.save(update_fields={"status", "status_changed_at", "version", *save, *touched})
    record(
        stream=obj.reference,
        type=f"{obj.stream_type}.{step.event}",
        actor=actor,
        public=True,
        payload={"from": before, "to": step.target, **({"reason": reason} if reason else {}), **(payload or {})},
    )
