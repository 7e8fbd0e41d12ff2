"""Listing delivery points."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    DeliveryPointAddress,
    ListDeliveryPointsRequest,
    ListDeliveryPointsResponse,
)
from oso_trafficcenter.paging import checked_token, page_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso_rpc.directory import DirectoryView

_TOKEN_LENGTH = 20


def list_delivery_points(
    view: DirectoryView, request: ListDeliveryPointsRequest
) -> ListDeliveryPointsResponse:
    """Give a page of the active delivery points that meet all conditions, by routing key.

    The page token is the last routing key of the page before: a page is the same whatever was added
    or taken away before it.

    Raises:
        OsoError: REQUEST_INVALID for a page token that is not one.

    """
    token = checked_token(
        request.page_token, lambda text: len(text) == _TOKEN_LENGTH and text.isalnum()
    )
    points = _candidates(view, request)
    begin = bisect_right(points, token, key=lambda point: point.routing_key)
    size = page_size(request.page_size)
    page: list[DeliveryPoint] = []
    for point in points[begin:]:
        if _meets(point, request):
            if len(page) == size:
                return _response(view, page, page[-1].routing_key)
            page.append(point)
    return _response(view, page, "")


def address_of(view: DirectoryView, point: DeliveryPoint) -> DeliveryPointAddress:
    """Give a delivery point with the certificates of its system."""
    return DeliveryPointAddress(
        delivery_point=point, certificate_sha256=view.active_thumbprints(point.system_id)
    )


def _candidates(view: DirectoryView, request: ListDeliveryPointsRequest) -> Sequence[DeliveryPoint]:
    """Give as few delivery points as the indexes of the directory allow, by routing key."""
    if request.routing_key:
        point = view.delivery_point(request.routing_key)
        return () if point is None else (point,)
    party = request.brin or request.swv
    return view.delivery_points_of(party) if party else view.delivery_points


def _meets(point: DeliveryPoint, request: ListDeliveryPointsRequest) -> bool:
    return (
        point.active
        and request.brin in ("", point.brin)
        and request.swv in ("", point.swv)
        and (not request.kind or request.kind in point.kinds)
    )


def _response(
    view: DirectoryView, page: list[DeliveryPoint], token: str
) -> ListDeliveryPointsResponse:
    return ListDeliveryPointsResponse(
        delivery_points=[address_of(view, point) for point in page], next_page_token=token
    )
