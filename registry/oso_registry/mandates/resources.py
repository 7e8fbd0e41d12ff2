"""Mandates and delivery points as resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, or_, select

from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso_registry.mandates.tables import DeliveryPointRow, MandateRow
from oso_registry.store import Collection

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

MANDATES = Collection(
    Mandate,
    MandateRow,
    output_only=["revoke_time", "revoke_reason"],
    derived=["state"],
)
DELIVERY_POINTS = Collection(
    DeliveryPoint, DeliveryPointRow, output_only=["disabled"], derived=["state"]
)


def mandate_state_at(now: int) -> ColumnElement[Any]:
    """Give `model.mandate_state` of a row of mandates, for a query."""
    row = MANDATES.table.c
    return case(
        (row.revoke_time <= now, contract.MANDATE_STATE_REVOKED),
        (row.end_time <= now, contract.MANDATE_STATE_ENDED),
        (row.start_time > now, contract.MANDATE_STATE_NOT_YET),
        else_=contract.MANDATE_STATE_ACTIVE,
    )


def delivery_point_state_at(now: int) -> ColumnElement[Any]:
    """Give `model.delivery_point_state` of a row of delivery points, for a query."""
    row, mandate = DELIVERY_POINTS.table.c, MANDATES.table.c
    ended = select(mandate.name).where(or_(mandate.revoke_time <= now, mandate.end_time <= now))
    begun = select(mandate.name).where(mandate.start_time <= now)
    return case(
        (row.disabled, contract.DELIVERY_POINT_STATE_DISABLED),
        (row.mandate.in_(ended), contract.DELIVERY_POINT_STATE_MANDATE_ENDED),
        (row.end_time <= now, contract.DELIVERY_POINT_STATE_ENDED),
        (
            or_(row.start_time > now, row.mandate.not_in(begun)),
            contract.DELIVERY_POINT_STATE_NOT_YET,
        ),
        else_=contract.DELIVERY_POINT_STATE_ACTIVE,
    )
