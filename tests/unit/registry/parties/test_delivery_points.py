"""Registering delivery points, changing and switching them: what must hold, and what is refused."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.delivery_point_service_pb2 import ListDeliveryPointsRequest
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_WITHDRAWN,
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    Location,
    School,
)
from oso.registry.v1.system_pb2 import System
from oso_registry.calls import Caller
from oso_registry.mandates.delivery_points import (
    add_delivery_point,
    change_delivery_point,
    get_delivery_point,
    list_delivery_points,
    switch_delivery_point,
)
from oso_registry.mandates.mandates import revoke_mandate
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

from . import country as of

if TYPE_CHECKING:
    from oso_registry.store import Collection

    from .country import Country

_SECOND = "mandates/00000000-0000-4000-8000-000000000002"
_OTHERS = "mandates/00000000-0000-4000-8000-000000000003"


@pytest.fixture
def mandated(country: Country) -> Country:
    """Give the supplier its mandate, and the other supplier one at the other school."""
    country.give()
    country.give(_OTHERS, board=of.OTHER_BOARD, school=of.OTHER_SCHOOL, supplier=of.OTHER_SUPPLIER)
    return country


def test_the_mandated_supplier_registers_a_delivery_point(mandated: Country) -> None:
    """It may be used at once, and the supplier sees it."""
    tx = mandated.call(of.SUPPLIERS_DESK)

    made = add_delivery_point(tx, of.point(), of.ROUTING_KEY)

    assert (of.POINT, contract.DELIVERY_POINT_STATE_ACTIVE) == (made.name, made.state)
    assert made == get_delivery_point(tx, of.POINT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"school": ""}, "REQUEST_INVALID delivery_point: belongs to a school or to an SWV"),
        ({"vestiging": "0"}, "REQUEST_INVALID delivery_point.vestiging"),
        ({"vestiging": "01"}, "REQUEST_INVALID delivery_point.vestiging: schools/00SS has no"),
        ({"mandate": ""}, "REQUEST_INVALID delivery_point.mandate"),
        ({"system": "LAS"}, "REQUEST_INVALID delivery_point.system"),
        ({"address": ""}, "REQUEST_INVALID delivery_point.address"),
        ({"address": "https://las.example.nl:1"}, "REQUEST_INVALID delivery_point.address: must"),
        ({"address": "las.example.nl:0"}, "REQUEST_INVALID delivery_point.address: must"),
        ({"product": "suppliers/x"}, "REQUEST_INVALID delivery_point.product"),
        ({"kinds": []}, "REQUEST_INVALID delivery_point.kinds"),
        ({"dossier_years": []}, "REQUEST_INVALID delivery_point.dossier_years"),
        ({"dossier_years": ["2019"]}, "REQUEST_INVALID delivery_point.dossier_years"),
        ({"kinds": [of.OVERSTAP, of.SWV_DOSSIER]}, "SWV_SEPARATE"),
        ({"school": of.OTHER_SCHOOL}, "ROUTING_KEY_INVALID"),
        ({"mandate": _SECOND}, "RESOURCE_UNKNOWN"),
        ({"mandate": _OTHERS}, "BELONGS_ELSEWHERE"),
        ({"system": "systems/nobody"}, "RESOURCE_UNKNOWN"),
        ({"system": of.OTHER_SYSTEM}, "BELONGS_ELSEWHERE"),
        ({"product": of.OTHER_PRODUCT}, "BELONGS_ELSEWHERE"),
        ({"product": f"{of.SUPPLIER}/products/none"}, "RESOURCE_UNKNOWN"),
        ({"start_time": of.at(-2)}, "OUTSIDE_MANDATE"),
        ({"end_time": of.at(366)}, "OUTSIDE_MANDATE"),
        ({"start_time": of.at(9), "end_time": of.at(9)}, "REQUEST_INVALID delivery_point.end_time"),
        ({"end_time": of.at(0)}, "REQUEST_INVALID delivery_point.end_time: has passed"),
    ],
)
def test_a_delivery_point_that_could_not_be_used_is_refused(
    mandated: Country, changes: dict[str, Any], expected: str
) -> None:
    """Forms, and all it rests on; nothing is written."""
    assert of.outcome(mandated.add, **changes).startswith(expected)
    assert mandated.call().get(DELIVERY_POINTS, of.POINT) is None


@pytest.mark.parametrize(
    "key", ["0000000700000TT00001", "0000000700000SS01001", "0000000700000SS0000A", "0" * 20]
)
def test_the_routing_key_is_the_schools(mandated: Country, key: str) -> None:
    """Another school's, or none at all, is refused; how it begins is told."""
    with pytest.raises(OsoError) as error:
        mandated.add(key)

    assert "ROUTING_KEY_INVALID" == error.value.name
    assert "0000000700000SS00" == error.value.metadata["expected"]


def test_kinds_the_board_did_not_allow_are_refused(country: Country) -> None:
    """What goes beyond is named."""
    country.give(kinds=[of.OVERSTAP])

    with pytest.raises(OsoError) as error:
        country.add()

    assert "OUTSIDE_MANDATE" == error.value.name
    assert "overdrachtbinnenbrin" == error.value.metadata["beyond"]


def test_a_routing_key_is_there_once(mandated: Country) -> None:
    """A second one of the same name is refused."""
    mandated.add()

    assert "RESOURCE_EXISTS" == of.outcome(mandated.add)


def test_swv_dossiers_have_a_delivery_point_of_their_own(mandated: Country) -> None:
    """It stands beside the other one (OSO)."""
    mandated.add()
    mandated.add("0000000700000SS00002", kinds=[of.SWV_DOSSIER])

    found, _ = list_delivery_points(mandated.call(), ListDeliveryPointsRequest())

    assert 2 == len(found)


def test_the_schools_own_system_may_speak_for_it(mandated: Country) -> None:
    """Software of the supplier, run by the school itself."""
    made = mandated.add(system=of.SCHOOLS_SYSTEM)

    assert contract.DELIVERY_POINT_STATE_ACTIVE == made.state


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ({"role": roles.ROLE_SUPPLIER}, "REQUEST_INVALID delivery_point.system: systems/las is no"),
        ({"disabled": True}, "REQUEST_INVALID delivery_point.system: systems/las is disabled"),
        ({"owner": ""}, "BELONGS_ELSEWHERE"),
    ],
)
def test_the_system_is_a_las_in_use(
    mandated: Country, system: dict[str, Any], expected: str
) -> None:
    """A desk of a person, one that is switched off, and nobody's are refused."""
    values: dict[str, Any] = {"role": roles.ROLE_LAS, "owner": of.SUPPLIER} | system
    mandated.call().put(SYSTEMS, System(name=of.SYSTEM, display_name="x", **values))

    assert of.outcome(mandated.add).startswith(expected)


def test_all_it_rests_on_takes_part(mandated: Country) -> None:
    """A closed school or product, and a supplier whose admission was taken back, are refused."""
    outcomes = []
    changes: list[tuple[Collection[Any], str, str, int]] = [
        (SCHOOLS, of.SCHOOL, "status", PARTY_STATUS_CLOSED),
        (PRODUCTS, of.PRODUCT, "status", PARTY_STATUS_CLOSED),
        (SUPPLIERS, of.SUPPLIER, "status", PARTY_STATUS_CLOSED),
        (SUPPLIERS, of.SUPPLIER, "admission", ADMISSION_STATE_WITHDRAWN),
    ]
    for collection, name, field, value in changes:
        tx = mandated.call()
        party = tx.require(collection, name)
        before = getattr(party, field)
        setattr(party, field, value)
        tx.put(collection, party)
        outcomes.append(of.outcome(mandated.add))
        setattr(party, field, before)
        tx.put(collection, party)

    expected = ["PARTY_CLOSED", "PARTY_CLOSED", "PARTY_CLOSED", "SUPPLIER_NOT_ADMITTED"]
    assert expected == outcomes


def test_without_a_mandate_in_force_there_is_none(mandated: Country) -> None:
    """Neither after a revocation, nor after its end; before its start it waits."""
    mandated.give(_SECOND, start_time=of.at(365), end_time=of.at(400))
    waiting = mandated.add(mandate=_SECOND)
    ended = of.outcome(
        add_delivery_point, mandated.call(days=365), of.point(), "0000000700000SS00002"
    )
    revoke_mandate(mandated.call(), of.MANDATE, "x")
    revoked = of.outcome(mandated.add, "0000000700000SS00003")

    assert contract.DELIVERY_POINT_STATE_NOT_YET == waiting.state
    assert ("MANDATE_ENDED", "MANDATE_ENDED") == (ended, revoked)


def test_a_location_of_the_school_is_served(mandated: Country) -> None:
    """An active one; a closed one is refused."""
    tx = mandated.call()
    locations = [
        Location(vestiging="01", display_name="x", status=PARTY_STATUS_ACTIVE),
        Location(vestiging="02", display_name="x", status=PARTY_STATUS_CLOSED),
    ]
    tx.put(SCHOOLS, School(name=of.SCHOOL, display_name="x", board=of.BOARD, sector=SECTOR_PO,
                           status=PARTY_STATUS_ACTIVE, locations=locations))  # fmt: skip

    assert "01" == mandated.add(vestiging="01").vestiging
    refused = of.outcome(mandated.add, "0000000700000SS00002", vestiging="02")
    assert refused.startswith("REQUEST_INVALID delivery_point.vestiging")


def test_it_ends_with_its_mandate_and_goes_on_under_the_next(mandated: Country) -> None:
    """The state follows from the dates; nothing needs to run. The supplier moves it over."""
    mandated.add()
    mandated.give(_SECOND, start_time=of.at(365), end_time=None)
    over = get_delivery_point(mandated.call(days=365), of.POINT)

    moved = change_delivery_point(
        mandated.call(of.SUPPLIERS_DESK, 365),
        DeliveryPoint(name=of.POINT, mandate=_SECOND),
        FieldMask(paths=["mandate"]),
    )

    assert contract.DELIVERY_POINT_STATE_MANDATE_ENDED == over.state
    assert contract.DELIVERY_POINT_STATE_ACTIVE == moved.state


@pytest.mark.parametrize(
    ("changes", "paths", "expected"),
    [
        ({"school": of.OTHER_SCHOOL}, ["school"], "REQUEST_INVALID delivery_point.school"),
        ({"address": "las:0"}, ["address"], "REQUEST_INVALID delivery_point.address"),
        ({"address": ""}, ["*"], "REQUEST_INVALID delivery_point.address"),
        ({"mandate": _OTHERS}, [], "NOT_ALLOWED"),
        ({"system": of.OTHER_SYSTEM}, ["system"], "BELONGS_ELSEWHERE"),
        ({"kinds": [of.OVERSTAP, of.SWV_DOSSIER]}, ["kinds"], "SWV_SEPARATE"),
        ({"etag": "stale"}, ["address"], "ETAG_STALE"),
        ({}, ["nonsense"], "REQUEST_INVALID update_mask"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    mandated: Country, changes: dict[str, Any], paths: list[str], expected: str
) -> None:
    """Nothing changes."""
    before = mandated.add()
    tx = mandated.call(of.SUPPLIERS_DESK)

    outcome = of.outcome(
        change_delivery_point, tx, of.point(name=of.POINT, **changes), FieldMask(paths=paths)
    )

    assert outcome.startswith(expected)
    assert before == get_delivery_point(tx, of.POINT)


def test_it_is_switched_off_and_on(mandated: Country) -> None:
    """By its supplier; a request cannot set it otherwise (AIP-216)."""
    mandated.add(disabled=True)
    tx = mandated.call(of.SUPPLIERS_DESK)
    states = [get_delivery_point(tx, of.POINT).state]

    states += [
        switch_delivery_point(tx, of.POINT, "", disabled=disabled).state
        for disabled in (True, True, False)
    ]

    active, off = contract.DELIVERY_POINT_STATE_ACTIVE, contract.DELIVERY_POINT_STATE_DISABLED
    assert [active, off, off, active] == states


def test_it_is_switched_on_only_when_it_could_be_used(mandated: Country) -> None:
    """Off always; on again not after its mandate was revoked."""
    mandated.add()
    revoke_mandate(mandated.call(), of.MANDATE, "x")
    switch_delivery_point(mandated.call(), of.POINT, "", disabled=True)

    assert "MANDATE_ENDED" == of.outcome(
        switch_delivery_point, mandated.call(), of.POINT, "", disabled=False
    )


def test_a_stale_etag_switches_nothing(mandated: Country) -> None:
    """Somebody else changed it meanwhile."""
    mandated.add()

    assert "ETAG_STALE" == of.outcome(
        switch_delivery_point, mandated.call(), of.POINT, "stale", disabled=True
    )


@pytest.mark.parametrize(
    ("caller", "sees", "registers"),
    [
        (of.REGISTRAR, True, True),
        (of.AUDITOR, True, None),
        (of.HELPDESK, True, None),
        (of.BOARD_MANAGER, True, None),
        (of.OTHER_BOARD_MANAGER, False, None),
        (of.SCHOOL_MANAGER, True, None),
        (of.OTHER_SCHOOL_MANAGER, False, None),
        (of.SUPPLIERS_DESK, True, True),
        (of.OTHER_SUPPLIERS_DESK, False, False),
        (Caller("x", roles.ROLE_SUPPLIER, ""), False, False),
    ],
)
def test_everybody_sees_its_own(
    mandated: Country,
    caller: Caller,
    sees: bool,  # noqa: FBT001  a column of the table above
    registers: bool | None,  # noqa: FBT001  None: the contract gives the role no such method
) -> None:
    """And a supplier works with mandates given to it, not with others'."""
    mandated.add()
    tx = mandated.call(caller)

    found, _ = list_delivery_points(tx, ListDeliveryPointsRequest())

    assert ([of.POINT] if sees else []) == [one.name for one in found]
    assert of.outcome(get_delivery_point, tx, of.POINT) == ("" if sees else "NOT_ALLOWED")
    if registers is not None:
        expected = "" if registers else "NOT_ALLOWED"
        key = "0000000700000SS00002"
        change = DeliveryPoint(name=of.POINT, address="las:2")
        assert [expected] * 3 == [
            of.outcome(add_delivery_point, tx, of.point(), key),
            of.outcome(change_delivery_point, tx, change, FieldMask()),
            of.outcome(switch_delivery_point, tx, of.POINT, "", disabled=True),
        ]


def test_a_supplier_learns_nothing_of_mandates_it_was_not_given(mandated: Country) -> None:
    """One of another and one that is not there are refused alike."""
    tx = mandated.call(of.OTHER_SUPPLIERS_DESK)

    outcomes = [
        of.outcome(add_delivery_point, tx, of.point(mandate=name), of.ROUTING_KEY)
        for name in (of.MANDATE, _SECOND, "")
    ]

    assert ["NOT_ALLOWED"] * 3 == outcomes


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ListDeliveryPointsRequest(), [1, 2]),
        (ListDeliveryPointsRequest(school=of.SCHOOL), [1, 2]),
        (ListDeliveryPointsRequest(school=of.OTHER_SCHOOL), []),
        (ListDeliveryPointsRequest(supplier=of.SUPPLIER), [1, 2]),
        (ListDeliveryPointsRequest(supplier=of.OTHER_SUPPLIER), []),
        (ListDeliveryPointsRequest(mandate=of.MANDATE), [1, 2]),
        (ListDeliveryPointsRequest(system=of.SCHOOLS_SYSTEM), [2]),
        (ListDeliveryPointsRequest(state=contract.DELIVERY_POINT_STATE_NOT_YET), [2]),
        (
            ListDeliveryPointsRequest(
                state=contract.DELIVERY_POINT_STATE_ACTIVE, system=of.SCHOOLS_SYSTEM
            ),
            [],
        ),
    ],
)
def test_lists_are_narrowed(
    mandated: Country, request_: ListDeliveryPointsRequest, expected: list[int]
) -> None:
    """All given conditions hold."""
    mandated.add()
    mandated.add("0000000700000SS00002", system=of.SCHOOLS_SYSTEM, start_time=of.at(5))

    found, _ = list_delivery_points(mandated.call(), request_)

    assert expected == [int(point.name[-3:]) for point in found]


def test_the_query_and_the_model_tell_the_same_state(country: Country) -> None:
    """Whatever the dates: a list narrowed to a state holds exactly the delivery points in it."""
    tx = country.call()
    dates, ends = (-1, 0, 1), (None, -1, 0, 1)
    for number, (start, end, revoked) in enumerate(product(dates, ends, ends)):
        mandate = Mandate(name=f"mandates/00000000-0000-4000-8000-{number:012}")
        tx.put(MANDATES, _dated(mandate, start_time=start, end_time=end, revoke_time=revoked))
        for disabled, begin, finish in product((False, True), (None, 0, 1), ends):
            point = DeliveryPoint(
                name=f"deliveryPoints/{number}-{disabled}-{begin}-{finish}",
                mandate=mandate.name,
                disabled=disabled,
            )
            tx.put(DELIVERY_POINTS, _dated(point, start_time=begin, end_time=finish))

    every = tx.list(DELIVERY_POINTS)
    told = {one.name: get_delivery_point(tx, one.name).state for one in every[::7]}
    found: dict[str, int] = {}
    for state in filter(None, contract.DeliveryPointState.values()):
        request = ListDeliveryPointsRequest(state=state, page_size=1000)
        while True:
            page, token = list_delivery_points(tx, request)
            found |= {one.name: state for one in page}
            if not token:
                break
            request.page_token = token

    assert len(every) == len(found)
    assert told == {name: found[name] for name in told}
    assert 5 == len(set(told.values()))


def _dated(message: Any, **dates: float | None) -> Any:
    for field, days in dates.items():
        if days is not None:
            getattr(message, field).CopyFrom(of.at(days))
    return message
