"""Where a message breaks the rules written in the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protovalidate import Violation


def steps_of(violation: Violation) -> list[tuple[str, int | None]]:
    """Give the way to the field: names, each with its place when it is one of a list."""
    field = violation.proto.field
    steps: list[tuple[str, int | None]] = []
    for element in field.elements if field is not None else ():
        subscript = element.subscript
        place = subscript.value if subscript is not None and subscript.field == "index" else None
        steps.append((element.field_name, place if isinstance(place, int) else None))
    return steps


def path_of(violation: Violation) -> str:
    """Spell the way to the field, such as `key.search_key`; empty for the message itself."""
    return ".".join(
        name if place is None else f"{name}[{place}]" for name, place in steps_of(violation)
    )
