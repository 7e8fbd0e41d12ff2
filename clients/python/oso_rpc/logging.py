"""Logs: one JSON object a line, without personal data."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog
from google.protobuf.message import Message

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

# BSN and onderwijsnummer have nine digits; part of a longer run of digits is no such number.
_NATIONAL_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{9}(?![0-9A-Za-z])")
_BIRTH_DATE_KEYS = frozenset({"birth_date", "geboortedatum"})
_MASK = "***"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep personal data out of a log line, should anybody try to put it in.

    Messages of the contract are named, never shown; texts that hold nine digits in a row are masked;
    so are values under names of identity. Exceptions are named by their class alone.
    """
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if isinstance(value, Message):
        return f"<{value.DESCRIPTOR.full_name}>"
    if isinstance(value, BaseException):
        return type(value).__name__
    if key in _BIRTH_DATE_KEYS:
        return _MASK
    if isinstance(value, str):
        return _NATIONAL_NUMBER.sub(_MASK, value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (bool, int, float)) or value is None:
        return _MASK if _NATIONAL_NUMBER.fullmatch(str(value)) else value
    return _NATIONAL_NUMBER.sub(_MASK, str(value))


def configure_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send logs of this process to `stream` (default: standard error) as JSON, from `level` up."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
