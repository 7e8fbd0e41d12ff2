"""Whether a text has a number that may be a BSN or onderwijsnummer.

Such a number has nine digits and passes the eleven-test with remainder 0 (BSN), or begins with 10
and gives remainder 5 (onderwijsnummer). People write them in groups too: `1112.22.333`,
`123 456 782`. So every row of neighbouring groups with nine digits in all is tried.

One in eleven random numbers of nine digits passes. What a helpdesk worker must be able to write
down is recognised by its form and left out first: session ids, thumbprints, dates, telephone
numbers with a country code, IP addresses. An OIN, routing key, BRIN, KvK number, the number of a
ticket, or a telephone number with its leading 0 has no nine digits to begin with.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from google.protobuf.message import Message
from stdnum.nl import bsn, onderwijsnummer

from oso.result.v1.result_code_pb2 import RESULT_CODE_PERSONAL_NUMBER_IN_TEXT
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGITS = 9
# Longest and shortest telephone number with a country code (E.164; shorter ones are no subscriber).
_PHONE = range(10, 16)

_HEX = "[0-9a-f]"
_HARMLESS = re.compile(
    rf"""
      \b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b      # session id (UUID)
    | \b{_HEX}{{32,}}\b                                          # thumbprint, serial number
    | \b(?:19|20)\d\d-(?:0?[1-9]|1[0-2])-(?:[12]\d|3[01]|0?[1-9])\b          # 2026-11-28
    | \b(?:[12]\d|3[01]|0?[1-9])[-./](?:1[0-2]|0?[1-9])[-./](?:19|20)\d\d\b  # 28-11-2026
    | \b20\d\d[-/]20\d\d\b                                       # 2026-2027, a school year
    | \b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){{3}}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b  # IP address
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BETWEEN = r"[ \t.·\-]{1,3}"
_INTERNATIONAL = re.compile(rf"(?:\+|\b00)[1-9]\d*(?:[ .\-]*\(0\))?(?:(?:{_BETWEEN})?\d+)*")
_GROUPS = re.compile(rf"\d+(?:{_BETWEEN}\d+)*")
# A break: what stands on both sides of it is not one number.
_BREAK = "|"


# What people write into requests in their own words, whatever it is about.
FREE_TEXTS = frozenset({"explanation", "reason", "remark"})


def require_nobody_named(message: Message, at: str = "") -> None:
    """Refuse a request with a personal number in what somebody wrote in their own words.

    Args:
        message: The request, or a part of it.
        at: Where the part stands in it.

    Raises:
        OsoError: PERSONAL_NUMBER_IN_TEXT with the field, without the number.

    """
    for field, value in message.ListFields():
        place = f"{at}.{field.name}".lstrip(".")
        if field.message_type is not None:
            for part in value if field.is_repeated else (value,):
                if isinstance(part, Message):  # the keys of a map are no messages
                    require_nobody_named(part, place)
        elif field.name in FREE_TEXTS and isinstance(value, str) and has_personal_number(value):
            raise OsoError(RESULT_CODE_PERSONAL_NUMBER_IN_TEXT, field=place)


def has_personal_number(text: str) -> bool:
    """Tell whether a text has a number that may be a BSN or onderwijsnummer."""
    plain = _INTERNATIONAL.sub(_without_phone, _HARMLESS.sub(_BREAK, _in_ascii(text)))
    return any(map(_may_be_personal, _numbers(plain)))


def _numbers(text: str) -> Iterator[str]:
    """Give every row of neighbouring groups of digits with nine digits in all."""
    for found in _GROUPS.finditer(text):
        groups = re.findall(r"\d+", found[0])
        for start in range(len(groups)):
            number = ""
            for group in groups[start : start + _DIGITS]:
                number += group
                if len(number) >= _DIGITS:
                    break
            # No number that was given out begins with 00; that of a ticket does.
            if len(number) == _DIGITS and (number == groups[start] or number[:2] != "00"):
                yield number


def _may_be_personal(number: str) -> bool:
    return bool(bsn.is_valid(number) or onderwijsnummer.is_valid(number))


def _without_phone(found: re.Match[str]) -> str:
    digits = re.sub(r"\(0\)|^\+|^00|\D", "", found[0])
    return _BREAK if len(digits) in _PHONE else found[0]


def _in_ascii(text: str) -> str:
    """Write digits, spaces and dashes of all alphabets the plain way; drop what nobody sees."""
    made = []
    for one in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(one)
        if kind == "Nd":
            made.append(str(unicodedata.decimal(one)))
        elif kind == "Pd" or one == "\N{MINUS SIGN}":
            made.append("-")
        elif kind == "Zs":
            made.append(" ")
        elif kind != "Cf":
            made.append(one)
    return "".join(made)
