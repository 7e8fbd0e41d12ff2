"""How the state of a supplier's admission follows from the four points. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from oso.registry.v1.admission_pb2 import (
    ADMISSION_POINT_UNSPECIFIED,
    POINT_DECISION_APPROVED,
    POINT_DECISION_REFUSED,
    AdmissionPoint,
)
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    ADMISSION_STATE_CANDIDATE,
    ADMISSION_STATE_REFUSED,
    ADMISSION_STATE_UNSPECIFIED,
    ADMISSION_STATE_WITHDRAWN,
    AdmissionState,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.registry.v1.admission_pb2 import PointDecision

POINTS = tuple(point for point in AdmissionPoint.values() if point != ADMISSION_POINT_UNSPECIFIED)

CANDIDATE, ADMITTED = ADMISSION_STATE_CANDIDATE, ADMISSION_STATE_ADMITTED
REFUSED, WITHDRAWN = ADMISSION_STATE_REFUSED, ADMISSION_STATE_WITHDRAWN


class Event(Enum):
    """What happens to an admission."""

    POINTS_OPEN = "a point was decided, others are open"
    POINTS_APPROVED = "a point was decided, all four are approved"
    POINT_REFUSED = "a point was decided, at least one is refused"
    WITHDRAW = "a registrar takes it back"
    REINSTATE = "a registrar lets it begin again"


# (state, event) -> state. What is not here cannot happen. A supplier that is admitted stays so
# while points are decided anew: those of the founding document were admitted before points were
# kept.
TRANSITIONS: Mapping[tuple[AdmissionState.ValueType, Event], AdmissionState.ValueType] = {
    (CANDIDATE, Event.POINTS_OPEN): CANDIDATE,
    (CANDIDATE, Event.POINTS_APPROVED): ADMITTED,
    (CANDIDATE, Event.POINT_REFUSED): REFUSED,
    (CANDIDATE, Event.WITHDRAW): WITHDRAWN,
    (REFUSED, Event.POINTS_OPEN): CANDIDATE,
    (REFUSED, Event.POINTS_APPROVED): ADMITTED,
    (REFUSED, Event.POINT_REFUSED): REFUSED,
    (REFUSED, Event.WITHDRAW): WITHDRAWN,
    (ADMITTED, Event.POINTS_OPEN): ADMITTED,
    (ADMITTED, Event.POINTS_APPROVED): ADMITTED,
    (ADMITTED, Event.WITHDRAW): WITHDRAWN,
    (WITHDRAWN, Event.REINSTATE): CANDIDATE,
}


def decided(
    points: Mapping[AdmissionPoint.ValueType, PointDecision.ValueType],
) -> Event:
    """Tell what the decisions on the points come to."""
    if POINT_DECISION_REFUSED in points.values():
        return Event.POINT_REFUSED
    if all(points.get(point) == POINT_DECISION_APPROVED for point in POINTS):
        return Event.POINTS_APPROVED
    return Event.POINTS_OPEN


def state_after(state: AdmissionState.ValueType, event: Event) -> AdmissionState.ValueType | None:
    """Give the state an event leads to; None when it cannot happen in this state."""
    before = CANDIDATE if state == ADMISSION_STATE_UNSPECIFIED else state
    return TRANSITIONS.get((before, event))


def state_name(state: AdmissionState.ValueType) -> str:
    """Give a state without its prefix, such as `ADMITTED`."""
    return AdmissionState.Name(state).removeprefix("ADMISSION_STATE_")
