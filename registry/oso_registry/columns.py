"""How fields of messages lie in columns, driven by the descriptor.

A scalar lies in a column of its kind; an enum as its number; a Timestamp as microseconds since 1970
(UTC; exact, and the same on both databases), a google.type.Date as `2026-01-31`; anything nested or
repeated as JSON text, in the form of protobuf.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message


@dataclass(frozen=True)
class Column:
    """How one field lies in its column.

    Attributes:
        name: Name of the field and of the column.
        given: Gives the value for the column, from a message.
        taken: Puts the value of the column into a message.

    """

    name: str
    given: Callable[[Any], Any]
    taken: Callable[[Any, Any], None]


def columns_of(message: type[Message]) -> tuple[Column, ...]:
    """Give how each field of a message lies in a column."""
    descriptor: Any = message.DESCRIPTOR
    return tuple(_column(field) for field in descriptor.fields)


def microseconds(moment: Timestamp) -> int:
    """Give microseconds since 1970; what is finer is cut off."""
    return moment.ToMicroseconds()


def timestamp(value: int) -> Timestamp:
    """Give the Timestamp of microseconds since 1970."""
    made = Timestamp()
    made.FromMicroseconds(value)
    return made


def date_text(date: Date) -> str:
    """Give a day as `2026-01-31`."""
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}"


def _column(field: FieldDescriptor) -> Column:
    name = field.name
    if field.is_repeated:
        return _repeated(name, field)
    if field.message_type is None:
        return Column(name, lambda message: getattr(message, name), _setter(name))
    if field.message_type.full_name == Timestamp.DESCRIPTOR.full_name:
        return _present(name, microseconds, timestamp)
    if field.message_type.full_name == Date.DESCRIPTOR.full_name:
        return _present(name, date_text, _date)
    return _nested(name)


def _setter(name: str) -> Callable[[Any, Any], None]:
    def take(message: Any, value: Any) -> None:
        setattr(message, name, value)

    return take


def _present(name: str, to: Callable[[Any], Any], back: Callable[[Any], Any]) -> Column:
    """Give a column that is NULL where the field is absent."""

    def give(message: Any) -> Any:
        return to(getattr(message, name)) if message.HasField(name) else None

    def take(message: Any, value: Any) -> None:
        if value is not None:
            getattr(message, name).CopyFrom(back(value))

    return Column(name, give, take)


def _nested(name: str) -> Column:
    def give(message: Any) -> str:
        return _json(_plain(getattr(message, name))) if message.HasField(name) else ""

    def take(message: Any, value: str) -> None:
        if value:
            json_format.Parse(value, getattr(message, name), ignore_unknown_fields=True)

    return Column(name, give, take)


def _repeated(name: str, field: FieldDescriptor) -> Column:
    if field.message_type is None:

        def give_plain(message: Any) -> str:
            values = list(getattr(message, name))
            return _json(values) if values else ""

        def take_plain(message: Any, value: str) -> None:
            if value:
                getattr(message, name).extend(json.loads(value))

        return Column(name, give_plain, take_plain)

    def give(message: Any) -> str:
        items = [_plain(item) for item in getattr(message, name)]
        return _json(items) if items else ""

    def take(message: Any, value: str) -> None:
        for item in json.loads(value) if value else ():
            json_format.ParseDict(item, getattr(message, name).add(), ignore_unknown_fields=True)

    return Column(name, give, take)


def _plain(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _date(text: str) -> Date:
    year, month, day = text.split("-")
    return Date(year=int(year), month=int(month), day=int(day))
