"""Listing delivery points, page by page."""

from __future__ import annotations

import pytest

from oso.trafficcenter.v1.traffic_center_service_pb2 import ListDeliveryPointsRequest
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_rpc.errors import OsoError
from oso_trafficcenter.delivery_points import list_delivery_points
from oso_trafficcenter.paging import page_size

from .conftest import POINTS, SOURCE, STRANGER, SYSTEMS, TARGET, Country, thumbprint


def _keys(country: Country, **conditions: object) -> list[str]:
    request = ListDeliveryPointsRequest(**conditions)  # type: ignore[arg-type]
    answer = list_delivery_points(country.view(), request)
    return [one.delivery_point.routing_key for one in answer.delivery_points]


def test_pages_give_every_delivery_point_once(country: Country) -> None:
    """Page after page, of any size, gives all active ones in the order of their routing keys."""
    for number in range(2, 25):
        country.add_point(SOURCE, f"0000000700000SS{number:05d}", SYSTEMS[SOURCE])
    country.point(STRANGER).active = False
    expected = _keys(country)
    for size in (1, 2, 7, 24, 25):
        seen: list[str] = []
        token = ""
        while True:
            request = ListDeliveryPointsRequest(page_size=size, page_token=token)
            page = list_delivery_points(country.view(), request)
            seen += [one.delivery_point.routing_key for one in page.delivery_points]
            assert len(page.delivery_points) <= size
            token = page.next_page_token
            if not token:
                break

        assert expected == seen
    assert sorted(expected) == expected
    assert POINTS[STRANGER] not in expected


def test_a_page_is_the_same_whatever_is_taken_away_before_it(country: Country) -> None:
    """A delivery point switched off between two pages does not hide another one."""
    first = list_delivery_points(country.view(), ListDeliveryPointsRequest(page_size=1))
    country.point(SOURCE).active = False
    request = ListDeliveryPointsRequest(page_size=1, page_token=first.next_page_token)

    second = list_delivery_points(country.view(), request)

    assert [POINTS[TARGET]] == [one.delivery_point.routing_key for one in second.delivery_points]


def test_all_conditions_must_hold(country: Country) -> None:
    """School, kind and routing key narrow the list together."""
    kind = TRANSFER_KIND_OVERSTAPDOSSIER

    assert [POINTS[SOURCE]] == _keys(country, brin=SOURCE)
    assert [POINTS[SOURCE]] == _keys(country, brin=SOURCE, routing_key=POINTS[SOURCE], kind=kind)
    assert [] == _keys(country, brin=SOURCE, kind=TRANSFER_KIND_SWV_DOSSIER)
    assert [] == _keys(country, brin=TARGET, routing_key=POINTS[SOURCE])
    assert [] == _keys(country, brin="99XX")
    assert [] == _keys(country, routing_key="0" * 20)


def test_a_delivery_point_comes_with_the_certificates_of_its_system(country: Country) -> None:
    """Whoever connects to it knows which certificates to expect."""
    answer = list_delivery_points(country.view(), ListDeliveryPointsRequest(brin=SOURCE))

    assert [thumbprint(SYSTEMS[SOURCE])] == list(answer.delivery_points[0].certificate_sha256)


@pytest.mark.parametrize("token", ["x", "0" * 19, "0" * 21, "é" * 20, "'" + "0" * 19, " " * 20])
def test_a_forged_page_token_is_refused(country: Country, token: str) -> None:
    """What this service did not make is REQUEST_INVALID, and names the field."""
    with pytest.raises(OsoError) as refused:
        list_delivery_points(country.view(), ListDeliveryPointsRequest(page_token=token))

    assert "REQUEST_INVALID" == refused.value.name
    assert "page_token" == refused.value.violations[0][0]


@pytest.mark.parametrize(("asked", "given"), [(0, 100), (1, 1), (1000, 1000), (2**31 - 1, 1000)])
def test_a_page_has_at_most_a_thousand(asked: int, given: int) -> None:
    """Nobody gets the whole list in one answer by asking for a huge page."""
    assert given == page_size(asked)
