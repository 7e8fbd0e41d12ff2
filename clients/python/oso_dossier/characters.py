"""Which characters XML can hold (XML 1.0, production 2), and how they are written."""

from __future__ import annotations

import re

_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
# What text cannot hold as it is. A carriage return would be read back as a line feed.
_SPECIAL = re.compile(f"[&<>\r{_FORBIDDEN}]")
_ILLEGAL = re.compile(f"[{_FORBIDDEN}]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


class IllegalCharacterError(ValueError):
    """Text with a character that XML cannot hold."""


def is_legal(text: str) -> bool:
    """Tell whether XML can hold a text."""
    return _ILLEGAL.search(text) is None


def escaped(text: str) -> str:
    """Write text as the contents of an element.

    Raises:
        IllegalCharacterError: XML cannot hold it.

    """
    if _SPECIAL.search(text) is None:
        return text
    if not is_legal(text):
        raise IllegalCharacterError
    return text.translate(_TEXT)


def escaped_attribute(text: str) -> str:
    """Write text as the value of an attribute, between double quotes.

    Raises:
        IllegalCharacterError: XML cannot hold it.

    """
    if not is_legal(text):
        raise IllegalCharacterError
    return text.translate(_ATTRIBUTE)
