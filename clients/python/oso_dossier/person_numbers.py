"""Finding person-bound numbers (PGN): the BSN and the onderwijsnummer.

A dossier for an SWV may hold none, and not only in the two fields that are meant for one: schools
write them into the key of a pupil, or into a remark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

# Nine digits that stand by themselves, also as people group them: 123456782, 1234.56.782,
# 123 456 782.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])"
    r"(?:[0-9]{9}|[0-9]{4}[ .][0-9]{2}[ .][0-9]{3}|[0-9]{3}([ .-])[0-9]{3}\1[0-9]{3})"
    r"(?![0-9A-Za-z])"
)
_FIELDS = frozenset({"bsn", "onderwijsnummer"})
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def person_number_places(message: Message) -> list[str]:
    """Find where a message, a dossier for instance, holds a BSN or onderwijsnummer.

    Gives the path of each such field, such as `huidigeschool.leerling.bsn`, and never the number.
    The fields that are meant for one count whatever is in them. In other texts nine digits count
    when they pass the eleven-test, with the remainder of a BSN or of an onderwijsnummer: of numbers
    that are something else, one in eleven does too. What is inside an attachment is not looked at.
    """
    return list(_places(message, ""))


def _places(message: Message, path: str) -> Iterator[str]:
    for field, value in message.ListFields():
        here = f"{path}{field.name}"
        values = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for number, one in enumerate(values):
                place = f"{here}[{number}]" if field.is_repeated else here
                yield from _places(one, f"{place}.")
        elif field.type == FieldDescriptor.TYPE_STRING and (
            field.name in _FIELDS or any(_holds_one(text) for text in values)
        ):
            yield here


def _holds_one(text: str) -> bool:
    return any(_is_person_number(found.group()) for found in _NUMBER.finditer(text))


def _is_person_number(text: str) -> bool:
    """Tell whether nine digits pass the eleven-test of a BSN, or that of an onderwijsnummer."""
    digits = [int(one) for one in text if one.isdigit()]
    rest = sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    return any(digits) and (rest == 0 or (digits[:2] == [1, 0] and rest == 5))  # noqa: PLR2004  what sets it apart
