"""Invented dossiers, changed so that structure or codes are wrong: the same ones at every run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

from buf.validate import validate_pb2
from oso.options.v1 import field_pb2
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oso.dossier.v1.dossier_pb2 import Dossier

_PROFILES = ("POPO", "POVO", "VOVO")
_SEED = 20191
_CODES = ("", "?", " 1", "ja", "\u0661", "99", "1 ", "e\u0301\U0001f600")
_NO_NUMBER = 9999
_LETTERS = "\u00e9\U0001f600x" * 700  # characters, UTF-16 units and bytes all differ in number
_NO_DATES = ((2019, 13, 1), (2019, 2, 29), (0, 1, 1), (2019, 7, 0), (2019, 7, 30), (10000, 1, 1))

# What is changed: the message it stands in, and its field.
_Place = tuple[Any, FieldDescriptor]


def changed_structure(count: int) -> list[Dossier]:
    """Give dossiers with one to four fields cleared, emptied, overfull or out of range."""
    return [_made(number, _break) for number in range(count)]


def changed_codes(count: int) -> list[Dossier]:
    """Give dossiers with one to three codes that are of no list, or of a similar spelling."""
    return [_made(number, _miscode) for number in range(count)]


def _made(number: int, change: Callable[[random.Random, list[_Place]], None]) -> Dossier:
    draw = random.Random(_SEED + number)  # noqa: S311  the same at every run, that is the point
    dossier = generate(_PROFILES[number % len(_PROFILES)], number).dossier
    change(draw, list(_places(dossier)))
    for part, document in enumerate(documents_of(dossier), 1):
        document.bestandsinhoud.part_number = part  # they count on where one is gone
    return dossier


def _places(message: Any) -> Iterator[_Place]:
    for field in message.DESCRIPTOR.fields:
        facts = field.GetOptions().Extensions[field_pb2.facts]
        if facts.form == field_pb2.XML_FORM_NONE or facts.last_year:
            continue  # ours, or of an older year
        if field.name == "bestandsinhoud":
            continue  # no part of the XML; attachments have tests of their own
        yield message, field
        value = getattr(message, field.name)
        if field.message_type is None or field.message_type.full_name.startswith("google."):
            continue
        for one in value if field.is_repeated else [value] * message.HasField(field.name):
            yield from _places(one)


def _break(draw: random.Random, places: list[_Place]) -> None:
    present = [
        (message, field)
        for message, field in places
        if not field.is_repeated and message.HasField(field.name)
    ]
    for message, field in draw.sample(present, draw.choice((1, 2, 4))):
        if draw.random() < 1 / 3:
            message.ClearField(field.name)
        elif field.message_type is None:
            _set_odd(draw, message, field)
        elif field.message_type.full_name == "google.type.Date":
            value = getattr(message, field.name)
            value.year, value.month, value.day = draw.choice(_NO_DATES)
        else:
            getattr(message, field.name).Clear()
            getattr(message, field.name).SetInParent()


def _set_odd(draw: random.Random, message: Any, field: FieldDescriptor) -> None:
    if field.type == FieldDescriptor.TYPE_STRING:
        text: str = getattr(message, field.name)
        odd = ("", text + "\n", _LETTERS[: draw.choice((34, 35, 280, 1024, 1025, 2000))])
        arabic = text.translate({ord("0") + one: 0x660 + one for one in range(10)})
        setattr(message, field.name, draw.choice((*odd, arabic, "12-2019", f"{text}x")))
    elif field.type != FieldDescriptor.TYPE_BOOL:
        setattr(message, field.name, draw.choice((0, 1, 5000, 2**31 - 1)))


def _miscode(draw: random.Random, places: list[_Place]) -> None:
    coded = [(message, field) for message, field in places if _has_codes(field)]
    for message, field in draw.sample(coded, draw.choice((1, 2, 3))):
        text = field.type == FieldDescriptor.TYPE_STRING
        new = draw.choice(_CODES[1:]) if text else _NO_NUMBER
        if field.is_repeated:
            getattr(message, field.name).append(new)
        else:
            setattr(message, field.name, new)


def _has_codes(field: FieldDescriptor) -> bool:
    rules: Any = field.GetOptions().Extensions[validate_pb2.field]
    cel = rules.repeated.items.cel if field.is_repeated else rules.cel
    return any(one.id.startswith("CL.") for one in cel)
