"""Logs: one JSON object a line, without personal data."""

from __future__ import annotations

import logging
import re
import sys
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO
from uuid import UUID

import structlog
from google.protobuf.message import Message

from oso_rpc.current_call import name_call

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

# BSN and onderwijsnummer have nine digits; part of a longer run of digits is no such number.
_NATIONAL_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{9}(?![0-9A-Za-z])")
_PERSONAL_KEYS = frozenset(
    {
        "achternaam",
        "birth_date",
        "bsn",
        "geboortedatum",
        "identity",
        "leerling",
        "onderwijsnummer",
        "pupil",
        "voornamen",
    }
)
# Values of these types are what their text says. Anything else is named by its class.
_PLAIN = (datetime, timedelta, Enum, PurePath, UUID)
_MASK = "***"
_LIBRARY_TEXT = 200


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep personal data out of a log line, should anybody try to put it in.

    Texts that hold nine digits in a row are masked; so is everything under a name of identity, and
    every date without a time, which could be a birth date. Messages of the contract, exceptions and
    objects of any other class are named, never shown.
    """
    return {key: _MASK if key in _PERSONAL_KEYS else _shown(value) for key, value in event.items()}


def _shown(value: Any) -> Any:
    shown: Any = type(value).__name__
    if value is None or isinstance(value, (bool, float)):
        shown = value
    elif isinstance(value, int):
        shown = _MASK if _NATIONAL_NUMBER.fullmatch(str(value)) else value
    elif isinstance(value, str):
        shown = _NATIONAL_NUMBER.sub(_MASK, value)
    elif isinstance(value, bytes):
        shown = _MASK if _NATIONAL_NUMBER.fullmatch(value.decode("latin-1")) else value.hex()
    elif isinstance(value, dict):
        shown = {
            str(_shown(key)): _MASK if key in _PERSONAL_KEYS else _shown(one)
            for key, one in value.items()
        }
    elif isinstance(value, (list, tuple, set, frozenset)):
        shown = [_shown(one) for one in value]
    elif isinstance(value, _PLAIN):
        shown = _NATIONAL_NUMBER.sub(_MASK, str(value))
    elif isinstance(value, date):
        shown = _MASK
    elif isinstance(value, Message):
        shown = value.DESCRIPTOR.full_name
    return shown


class _LibraryHandler(logging.Handler):
    """Sends what libraries log through the same door, without what could quote a value.

    Left out are the arguments of the message, the text of an exception, and everything after the
    first line: asyncio quotes tasks and their exceptions from there on.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record of a library."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        text = str(record.msg).partition("\n")[0][:_LIBRARY_TEXT]
        log = structlog.get_logger(record.name)
        log.log(record.levelno, "library", logger=record.name, text=text, error=error)


def configure_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send logs of this process to `stream` (default: standard error) as JSON, from `level` up.

    What libraries log through Python's own logging is taken along from WARNING up.
    """
    structlog.configure(
        processors=[
            name_call,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_LibraryHandler()], level=max(level, logging.WARNING), force=True)
