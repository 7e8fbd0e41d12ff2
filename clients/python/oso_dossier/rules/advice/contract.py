"""Message types of the contract, found by the fields they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier.rules.routes import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

_DATE = "google.type.Date"


def message_types() -> Iterator[Descriptor]:
    """Give every type of the contract that can stand in a dossier, each once."""
    seen: set[str] = set()
    waiting: list[Descriptor] = [Dossier.DESCRIPTOR]
    while waiting:
        one = waiting.pop()
        if one.full_name in seen or one.full_name.startswith("google."):
            continue
        seen.add(one.full_name)
        yield one
        waiting += [field.message_type for field in one.fields if field.message_type is not None]


def types_with(field: str) -> frozenset[str]:
    """Give the names of the types that have a field of this name."""
    return frozenset(type_name(one) for one in message_types() if field in one.fields_by_name)


def date_fields(message: Descriptor) -> list[FieldDescriptor]:
    """Give the fields of a type that hold one day."""
    return [
        field
        for field in message.fields
        if field.message_type is not None
        and field.message_type.full_name == _DATE
        and not field.is_repeated
    ]
