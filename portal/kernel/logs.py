"""Log formatting: structured lines, with anything that looks like personal data masked."""

from __future__ import annotations

import re

import structlog

_PATTERNS = (
    (re.compile(r"(?<!\d)(?:\+?86)?(1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"(?<![\dA-Za-z])(\d{6})\d{8}(\d{3}[\dXx])(?![\dA-Za-z])"), r"\1********\2"),
    (re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})"), r"\1***@\2"),
)
# One-time tokens in a path let their holder in: they are as secret as a password.
_TOKENS = re.compile(r"(/(?:invitations|referrals)/)[\w-]{20,}")


def scrub(text: str) -> str:
    """Mask mobile numbers, ID numbers and e-mail addresses, and make control characters visible."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _TOKENS.sub(r"\1…", text)
    return text.replace("\r", "\\r").replace("\x00", "\\0")


def _scrub_event(_logger, _name, event: dict) -> dict:
    return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}


def formatter(pretty: bool) -> structlog.stdlib.ProcessorFormatter:
    """One formatter for our own and every library's records."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        _scrub_event,
    ]
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False) if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )


def configure() -> None:
    """Send structlog's own records through the standard handlers, so that one formatter sees everything."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
