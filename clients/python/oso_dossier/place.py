"""Where an element stands in a dossier, and how the standard writes that."""

from __future__ import annotations

from typing import Any

# The place around it, name, number among its brothers of that name. Made for every element, so a
# bare tuple; spelled out only when somebody asks.
Place = tuple[Any, str, int]


def spell(place: Place) -> str:
    """Give a place in the standard's notation: `/dossier[1]/huidigeschool[1]/leerling[1]`."""
    parent, name, index = place
    return f"{spell(parent) if parent else ''}/{name}[{index}]"
