"""Errors of the domain. The domain raises, each door translates once."""

from __future__ import annotations


class PortalError(Exception):
    """Base of all expected refusals.

    `code` is stable and machine-readable, `message` is Chinese and safe to show, `field` names the input it belongs to.
    """

    status = 409

    def __init__(self, code: str, message: str, *, field: str | None = None, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message.format(**params) if params else message
        self.field = field
        self.params = params


class RuleRefused(PortalError):
    """The actor may not do this, or not now."""


class NotPermitted(RuleRefused):
    """The actor's role does not allow it, whatever the state."""

    status = 403


class IllegalTransition(PortalError):
    """The lifecycle table has no such move from the present status."""


class StaleObject(PortalError):
    """The object changed since it was read."""

    status = 412


class InvalidInput(PortalError):
    """Input that only the domain could judge; `field` is set."""

    status = 422


class PolicyUnusable(PortalError):
    """A policy document is missing or not valid. The case goes to a person."""

    status = 503


class TransientError(PortalError):
    """An outside system did not answer; worth trying again."""

    status = 503
