"""The fields of a row: what each may look like, and how it is written down."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from oso.registry.v1.school_list_pb2 import (
    SCHOOL_LIST_REJECTION_BLANK,
    SCHOOL_LIST_REJECTION_BOARD,
    SCHOOL_LIST_REJECTION_BRIN,
    SCHOOL_LIST_REJECTION_CHARACTER,
    SCHOOL_LIST_REJECTION_FORMULA,
    SCHOOL_LIST_REJECTION_POSTCODE,
    SCHOOL_LIST_REJECTION_TOO_LONG,
    SCHOOL_LIST_REJECTION_VESTIGING,
    SCHOOL_LIST_REJECTION_VESTIGING_OF_OTHER_BRIN,
)

if TYPE_CHECKING:
    from oso.registry.v1.school_list_pb2 import SchoolListRejection

_BRIN = re.compile(r"[0-9]{2}[A-Z]{2}")
_VESTIGING = re.compile(r"([0-9]{2}[A-Z]{2})?([0-9]{2})")
_BOARD = re.compile(r"[0-9]{5}")
_POSTCODE = re.compile(r"([1-9][0-9]{3}) ?([A-Z]{2})")
# What a spreadsheet takes for a formula (OWASP, CSV injection): whoever opens an export of the
# register would run it. No school is called like that.
_FORMULA = ("=", "+", "-", "@")
_LOST = "\ufffd"
_LONGEST = 200
# Blanks that other programs write: no-break, narrow no-break, tab.
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\t": " "})


class FieldError(Exception):
    """A field cannot be used.

    Attributes:
        reason: Why.

    """

    def __init__(self, reason: SchoolListRejection.ValueType) -> None:
        """Record why."""
        super().__init__(reason)
        self.reason = reason


def text_of(value: str) -> str:
    """Give a text in one form: NFC, blanks single and none around it.

    Raises:
        FieldError: A character that cannot be shown or stands for a lost one, the beginning of a
            formula, or more than 200 characters.

    """
    if not value.isascii() or not value.isprintable():
        value = unicodedata.normalize("NFC", value.translate(_BLANKS))
        if not value.isprintable() or _LOST in value:
            raise FieldError(SCHOOL_LIST_REJECTION_CHARACTER)
    value = " ".join(value.split())
    if value.startswith(_FORMULA):
        raise FieldError(SCHOOL_LIST_REJECTION_FORMULA)
    if len(value) > _LONGEST:
        raise FieldError(SCHOOL_LIST_REJECTION_TOO_LONG)
    return value


def needed_text_of(value: str) -> str:
    """Give a text that must be there, as `text_of`.

    Raises:
        FieldError: Also when it is blank.

    """
    text = text_of(value)
    if not text:
        raise FieldError(SCHOOL_LIST_REJECTION_BLANK)
    return text


def brin_of(value: str) -> str:
    """Give an institution code in capitals.

    Raises:
        FieldError: It is none. Zeros that a spreadsheet took away are not guessed.

    """
    brin = needed_text_of(value).upper()
    if not _BRIN.fullmatch(brin):
        raise FieldError(SCHOOL_LIST_REJECTION_BRIN)
    return brin


def vestiging_of(value: str, brin: str) -> str:
    """Give the number of a location, from `00SS01` or `01`.

    Args:
        value: What the row says.
        brin: The row's institution code; empty when that cannot be used.

    Raises:
        FieldError: It is none, or one of another institution.

    """
    match = _VESTIGING.fullmatch(needed_text_of(value).upper())
    if match is None:
        raise FieldError(SCHOOL_LIST_REJECTION_VESTIGING)
    if match[1] and brin and match[1] != brin:
        raise FieldError(SCHOOL_LIST_REJECTION_VESTIGING_OF_OTHER_BRIN)
    return match[2]


def board_of(value: str) -> str:
    """Give the number of a board; empty when the field is blank.

    Raises:
        FieldError: It is none.

    """
    return _matched(value, _BOARD, SCHOOL_LIST_REJECTION_BOARD)


def postcode_of(value: str) -> str:
    """Give a postcode without its blank; empty when the field is blank.

    Raises:
        FieldError: It is none.

    """
    return _matched(value, _POSTCODE, SCHOOL_LIST_REJECTION_POSTCODE).replace(" ", "")


def _matched(value: str, form: re.Pattern[str], reason: SchoolListRejection.ValueType) -> str:
    text = text_of(value).upper()
    if text and not form.fullmatch(text):
        raise FieldError(reason)
    return text
