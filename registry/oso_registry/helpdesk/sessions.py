"""Explaining a session to whoever had part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.options.v1 import access_pb2 as roles
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.helpdesk.explaining import explain
from oso_registry.mandates.resources import DELIVERY_POINTS
from oso_registry.parties.resources import SCHOOLS
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oso.registry.v1.ticket_pb2 import SessionExplanation
    from oso.trafficcenter.v1.traffic_center_service_pb2 import GetSessionTimelineResponse
    from oso_registry.calls import Caller, Office
    from oso_registry.store import Transaction
    from oso_registry.traffic_center import TrafficCenter

_POINT = DELIVERY_POINTS.table.c


class SessionDesk:
    """Asks the Traffic Center what happened, and tells it in words."""

    def __init__(self, office: Office, traffic_center: TrafficCenter | None) -> None:
        """Take where who takes part is kept, and whom to ask; None when nobody said whom."""
        self._office = office
        self._traffic_center = traffic_center

    async def explain(self, caller: Caller, session_id: str) -> SessionExplanation:
        """Tell where and by whom a session went wrong, to whoever may know.

        Raises:
            OsoError: SESSION_UNKNOWN, also to whom it is none of their business;
                TRAFFIC_CENTER_UNAVAILABLE; NOT_RECORDED.

        """
        if self._traffic_center is None:
            raise OsoError(
                codes.RESULT_CODE_TRAFFIC_CENTER_UNAVAILABLE,
                detail="registry.toml: traffic_center is empty",
            )
        session_id = session_id.lower()
        timeline = await self._traffic_center.session_timeline(session_id)

        def look(tx: Transaction) -> dict[str, str]:
            if not may_know(tx, timeline):
                raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=session_id)
            return _names(tx, timeline)

        return explain(timeline, await self._office.look(caller, look))


def may_know(tx: Transaction, timeline: GetSessionTimelineResponse) -> bool:
    """Tell whether the caller may know of a session.

    OfficeHeart's own know of all, a school and its board of those with the school, a supplier of
    those its systems had part in. To have been refused is no part in it, unless the system speaks
    for one of the two schools: else a stranger could make itself a party by trying.
    """
    knows = _KNOWS.get(tx.caller.role)
    return knows is not None and knows(tx, timeline)


def _staff(_tx: Transaction, _timeline: GetSessionTimelineResponse) -> bool:
    return True


def _school(tx: Transaction, timeline: GetSessionTimelineResponse) -> bool:
    return tx.caller.owner in _schools(timeline)


def _board(tx: Transaction, timeline: GetSessionTimelineResponse) -> bool:
    found = [tx.get(SCHOOLS, name) for name in _schools(timeline)]
    owner = tx.caller.owner
    return bool(owner) and any(one is not None and one.board == owner for one in found)


def _supplier(tx: Transaction, timeline: GetSessionTimelineResponse) -> bool:
    systems = [tx.get(SYSTEMS, f"systems/{one}") for one in _took_part(tx, timeline)]
    owner = tx.caller.owner
    return bool(owner) and any(one is not None and one.owner == owner for one in systems)


def _took_part(tx: Transaction, timeline: GetSessionTimelineResponse) -> set[str]:
    """Give the ids of the systems that had part in a session."""
    events = timeline.events
    named = {one.system_id for one in events}
    asked = {one.routing_key for one in events} | {timeline.session.target_routing_key}
    part = {one.system_id for one in events if not one.refused and one.system_id}
    for point in tx.list(DELIVERY_POINTS, _POINT.school.in_(sorted(_schools(timeline)))):
        system = point.system.removeprefix("systems/")
        if system in named or point.name.removeprefix("deliveryPoints/") in asked:
            part.add(system)
    return part


def _schools(timeline: GetSessionTimelineResponse) -> set[str]:
    session = timeline.session
    return {f"schools/{session.source_brin}", f"schools/{session.target_brin}"}


def _names(tx: Transaction, timeline: GetSessionTimelineResponse) -> dict[str, str]:
    """Give the names of the two schools, by BRIN, as far as they are registered."""
    found = [tx.get(SCHOOLS, name) for name in sorted(_schools(timeline))]
    return {
        school.name.removeprefix("schools/"): school.display_name
        for school in found
        if school is not None
    }


_KNOWS: Mapping[roles.Role.ValueType, Callable[[Transaction, GetSessionTimelineResponse], bool]] = {
    roles.ROLE_REGISTRAR: _staff,
    roles.ROLE_AUDITOR: _staff,
    roles.ROLE_HELPDESK: _staff,
    roles.ROLE_BOARD_MANAGER: _board,
    roles.ROLE_SCHOOL_MANAGER: _school,
    roles.ROLE_SUPPLIER: _supplier,
}
