"""A place in a dossier in words: what a school worker calls it, not what the XML does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oso_dossier.labels import label
from oso_dossier.plan import dossier_plan

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

    from oso_dossier.data_set import Year
    from oso_dossier.plan import MessagePlan

_STEP = re.compile(r"/(@?)([^/\[]+)(?:\[([0-9]+)\])?")
_OBVIOUS = 2  # school and pupil: nearly everything stands there


def in_words(path: str, year: Year, language: str = "nl") -> str:
    """Give a place in the standard's notation as labels: `Zorg en begeleiding > Arts 2 > Roepnaam`.

    School and pupil are left out where there is more to say. A step the year does not have is given
    by its name.
    """
    plan: MessagePlan | None = dossier_plan(year)
    item = ""
    words: list[str] = []
    for is_attribute, name, number in _STEP.findall(path)[1:]:
        if name == item:  # an item of the list before it
            words[-1] += _numbered(number)
            item = ""
            continue
        field, plan, item = _step(plan, name, is_attribute=bool(is_attribute))
        words.append((label(field, language) if field is not None else name) + _numbered(number))
    return " > ".join(words[_OBVIOUS:] or words[-1:])


def _numbered(number: str) -> str:
    return f" {number}" if number not in {"", "1"} else ""


def _step(
    plan: MessagePlan | None, name: str, *, is_attribute: bool
) -> tuple[FieldDescriptor | None, MessagePlan | None, str]:
    """Give the field of an element or attribute, what is inside it, and the name of its items."""
    if plan is None:
        return None, None, ""
    fields: Any = plan.make.DESCRIPTOR.fields_by_name
    if is_attribute:
        return (fields[plan.attributes[name].field] if name in plan.attributes else None), None, ""
    for element in plan.elements:
        if element.name == name:
            return fields[element.field], element.message, element.item
    return None, None, ""
