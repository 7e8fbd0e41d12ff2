"""Ways through a dossier to the messages rules are about, compiled from the plan of its XML.

A walk follows only the fields below which such a message can stand: most of a dossier is passed
by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oso_dossier.data_set import ROOT
from oso_dossier.plan import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.place import Place
    from oso_dossier.plan import ElementPlan, MessagePlan

_PACKAGE = "oso.dossier.v1."

Stop = tuple[Any, "Place"]
"""A message, and where it stands."""


@dataclass(slots=True)
class Route:
    """The way on from a message of one type.

    Attributes:
        name: Name of the type.
        wanted: Rules are about it.
        steps: The fields to follow, in the order of the XML.

    """

    name: str
    wanted: bool
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Step:
    """One field to follow.

    Attributes:
        field: Name of the field.
        inner: Name of the field inside it that holds the items, if any.
        name: Name of its element.
        item: Name of the element around each item, if any.
        several: It holds items.
        group: The items have no element around each.
        route: The way on from there.

    """

    field: str
    inner: str
    name: str
    item: str
    several: bool
    group: bool
    route: Route


def type_name(message: Any) -> str:
    """Give the name of a message type as rules have it: `Leerling`, `Zorg.Diagnose`."""
    name: str = message.full_name
    return name.removeprefix(_PACKAGE)


def compiled(plan: MessagePlan, wanted: Collection[str]) -> Route:
    """Compile the way from the message of a plan to all messages of the types that are wanted."""
    return _compile(plan, frozenset(wanted), {})


def _compile(plan: MessagePlan, wanted: frozenset[str], known: dict[str, Route]) -> Route:
    name = type_name(plan.make.DESCRIPTOR)
    route = known.get(name)
    if route is None:
        route = known[name] = Route(name, name in wanted)
        for element in plan.elements:
            if element.message is None:
                continue
            onward = _compile(element.message, wanted, known)
            if onward.wanted or onward.steps:
                route.steps.append(_step(element, onward))
    return route


def _step(element: ElementPlan, onward: Route) -> Step:
    group = element.kind is Kind.GROUP
    several = element.repeated or group or element.kind is Kind.WRAPPER
    return Step(element.field, element.inner, element.name, element.item, several, group, onward)


class Walk:
    """The messages rules are about, as they were met.

    Attributes:
        by_type: The same by the name of their type.
        in_order: Name of the type and the message with its place, in the order of the document.

    """

    def __init__(self, dossier: Dossier, route: Route) -> None:
        """Walk a whole dossier."""
        self.by_type: dict[str, list[Stop]] = {}
        self.in_order: list[tuple[str, Any, Place]] = []
        self._visit(dossier, route, (None, ROOT, 1))

    def _visit(self, message: Any, route: Route, place: Place) -> None:
        if route.wanted:
            name = route.name
            self.in_order.append((name, message, place))
            stops = self.by_type.get(name)
            if stops is None:
                self.by_type[name] = [(message, place)]
            else:
                stops.append((message, place))
        for step in route.steps:
            if not step.several:
                if message.HasField(step.field):
                    here = (place, step.name, 1)
                    self._visit(getattr(message, step.field), step.route, here)
                continue
            items = getattr(message, step.field)
            if step.inner:
                items = getattr(items, step.inner)
            if not items:
                continue
            if step.group:
                self._visit_group(items, step.route, (place, step.name, 1))
                continue
            around, name = ((place, step.name, 1), step.item) if step.item else (place, step.name)
            for index, item in enumerate(items, 1):
                self._visit(item, step.route, (around, name, index))

    def _visit_group(self, items: Any, route: Route, place: Place) -> None:
        """Visit items that stand side by side without an element around each."""
        before: dict[str, int] = {}
        for item in items:
            for step in route.steps:
                found = getattr(item, step.field)
                for one in found if step.several else (found,):
                    index = before[step.name] = before.get(step.name, 0) + 1
                    self._visit(one, step.route, (place, step.name, index))


def position(plan: MessagePlan, place: Place) -> tuple[tuple[int, int], ...]:
    """Give what sorts places in the order of the document: slot and number of each step."""
    steps = []
    while place[0] is not None:
        steps.append((place[1], place[2]))
        place = place[0]
    found: list[tuple[int, int]] = []
    current: MessagePlan | None = plan
    item = ""
    for name, index in reversed(steps):
        if name == item or current is None:  # the items of a list all stand in its one slot
            found.append((0, index))
            item = ""
            continue
        element = next(one for one in current.elements if one.name == name)
        found.append((element.slot, index))
        item = element.item
        current = element.message
    return tuple(found)
