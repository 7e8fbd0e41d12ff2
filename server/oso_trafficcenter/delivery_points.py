"""Listing delivery points."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_REQUEST_INVALID
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    ListDeliveryPointsRequest,
    ListDeliveryPointsResponse,
)
from oso_rpc.errors import OsoError

from oso_trafficcenter.sessions import address_of, page_size

if TYPE_CHECKING:
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
    token = request.page_token
    if token and (len(token) != _TOKEN_LENGTH or not token.isascii() or not token.isalnum()):
        raise OsoError(
            RESULT_CODE_REQUEST_INVALID,
            violations=[("page_token", "is not a token of this service")],
            detail="page_token: is not a token of this service",
        )
    points = view.delivery_points
    begin = bisect_right(points, token, key=lambda point: point.routing_key)
    size = page_size(request.page_size)
    page: list[DeliveryPoint] = []
    for point in points[begin:]:
        if _meets(point, request):
            if len(page) == size:
                return _response(view, page, page[-1].routing_key)
            page.append(point)
    return _response(view, page, "")


def _meets(point: DeliveryPoint, request: ListDeliveryPointsRequest) -> bool:
    return (
        point.active
        and request.brin in ("", point.brin)
        and request.routing_key in ("", point.routing_key)
        and (not request.kind or request.kind in point.kinds)
    )


def _response(
    view: DirectoryView, page: list[DeliveryPoint], token: str
) -> ListDeliveryPointsResponse:
    return ListDeliveryPointsResponse(
        delivery_points=[address_of(view, point) for point in page], next_page_token=token
    )
