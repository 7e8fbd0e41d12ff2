"""The edge of mandates and delivery points: from messages to calls of the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from oso.registry.v1 import delivery_point_service_pb2 as points
from oso.registry.v1 import delivery_point_service_pb2_grpc as points_grpc
from oso.registry.v1 import mandate_service_pb2 as mandates
from oso.registry.v1 import mandate_service_pb2_grpc as mandates_grpc
from oso_registry.mandates.delivery_points import (
    add_delivery_point,
    change_delivery_point,
    get_delivery_point,
    list_delivery_points,
    switch_delivery_point,
)
from oso_registry.mandates.mandates import (
    change_mandate,
    get_mandate,
    give_mandate,
    list_mandates,
    revoke_mandate,
)
from oso_registry.parties.rpc import Calls
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from oso_registry.calls import Office


class MandateServicer(Calls, mandates_grpc.MandateServiceServicer):
    """Serves `oso.registry.v1.MandateService`; the contract has the promises."""

    async def GetMandate(
        self, request: mandates.GetMandateRequest, _: Any
    ) -> mandates.GetMandateResponse:
        """Give a mandate."""
        return await self.look(
            lambda tx: mandates.GetMandateResponse(mandate=get_mandate(tx, request.name))
        )

    async def ListMandates(
        self, request: mandates.ListMandatesRequest, _: Any
    ) -> mandates.ListMandatesResponse:
        """Give a page of mandates."""
        found, token = await self.look(lambda tx: list_mandates(tx, request))
        return mandates.ListMandatesResponse(mandates=found, next_page_token=token)

    async def CreateMandate(
        self, request: mandates.CreateMandateRequest, _: Any
    ) -> mandates.CreateMandateResponse:
        """Give a supplier a mandate."""
        name = f"mandates/{uuid4()}"
        return await self.change(
            request,
            lambda tx: mandates.CreateMandateResponse(
                mandate=give_mandate(tx, request.mandate, name)
            ),
        )

    async def UpdateMandate(
        self, request: mandates.UpdateMandateRequest, _: Any
    ) -> mandates.UpdateMandateResponse:
        """Change a mandate."""
        return await self.change(
            request,
            lambda tx: mandates.UpdateMandateResponse(
                mandate=change_mandate(tx, request.mandate, request.update_mask)
            ),
        )

    async def RevokeMandate(
        self, request: mandates.RevokeMandateRequest, _: Any
    ) -> mandates.RevokeMandateResponse:
        """Take a mandate back."""
        return await self.change(
            request,
            lambda tx: mandates.RevokeMandateResponse(
                mandate=revoke_mandate(tx, request.name, request.reason, request.etag)
            ),
        )


class DeliveryPointServicer(Calls, points_grpc.DeliveryPointServiceServicer):
    """Serves `oso.registry.v1.DeliveryPointService`; the contract has the promises."""

    async def GetDeliveryPoint(
        self, request: points.GetDeliveryPointRequest, _: Any
    ) -> points.GetDeliveryPointResponse:
        """Give a delivery point."""
        return await self.look(
            lambda tx: points.GetDeliveryPointResponse(
                delivery_point=get_delivery_point(tx, request.name)
            )
        )

    async def ListDeliveryPoints(
        self, request: points.ListDeliveryPointsRequest, _: Any
    ) -> points.ListDeliveryPointsResponse:
        """Give a page of delivery points."""
        found, token = await self.look(lambda tx: list_delivery_points(tx, request))
        return points.ListDeliveryPointsResponse(delivery_points=found, next_page_token=token)

    async def CreateDeliveryPoint(
        self, request: points.CreateDeliveryPointRequest, _: Any
    ) -> points.CreateDeliveryPointResponse:
        """Register a delivery point."""
        return await self.change(
            request,
            lambda tx: points.CreateDeliveryPointResponse(
                delivery_point=add_delivery_point(
                    tx, request.delivery_point, request.delivery_point_id
                )
            ),
        )

    async def UpdateDeliveryPoint(
        self, request: points.UpdateDeliveryPointRequest, _: Any
    ) -> points.UpdateDeliveryPointResponse:
        """Change a delivery point."""
        return await self.change(
            request,
            lambda tx: points.UpdateDeliveryPointResponse(
                delivery_point=change_delivery_point(
                    tx, request.delivery_point, request.update_mask
                )
            ),
        )

    async def DisableDeliveryPoint(
        self, request: points.DisableDeliveryPointRequest, _: Any
    ) -> points.DisableDeliveryPointResponse:
        """Switch a delivery point off."""
        return await self.change(
            request,
            lambda tx: points.DisableDeliveryPointResponse(
                delivery_point=switch_delivery_point(tx, request.name, request.etag, disabled=True)
            ),
        )

    async def EnableDeliveryPoint(
        self, request: points.EnableDeliveryPointRequest, _: Any
    ) -> points.EnableDeliveryPointResponse:
        """Switch a delivery point on again."""
        return await self.change(
            request,
            lambda tx: points.EnableDeliveryPointResponse(
                delivery_point=switch_delivery_point(tx, request.name, request.etag, disabled=False)
            ),
        )


def registrations(office: Office) -> list[Registration]:
    """Give what a server needs to serve both."""
    return [
        Registration(
            mandates.DESCRIPTOR.services_by_name["MandateService"].full_name,
            lambda server: mandates_grpc.add_MandateServiceServicer_to_server(
                MandateServicer(office), server
            ),
        ),
        Registration(
            points.DESCRIPTOR.services_by_name["DeliveryPointService"].full_name,
            lambda server: points_grpc.add_DeliveryPointServiceServicer_to_server(
                DeliveryPointServicer(office), server
            ),
        ),
    ]
