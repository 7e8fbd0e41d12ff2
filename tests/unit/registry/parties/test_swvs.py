"""SWVs as those who mandate: what must hold, who may, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import protovalidate
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED as QUALIFIED
from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_REGISTERED as REGISTERED
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.delivery_point_service_pb2 import ListDeliveryPointsRequest
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.mandate_service_pb2 import ListMandatesRequest
from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED, Swv
from oso.registry.v1.swv_service_pb2 import CreateSwvRequest, ListSwvsRequest
from oso.registry.v1.system_pb2 import System
from oso_registry.calls import Caller
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
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.registers import SWV
from oso_registry.parties.resources import SWVS
from oso_registry.systems.resources import SYSTEMS

from . import country as of

if TYPE_CHECKING:
    from .country import Country

_SWV, _OTHER = "swvs/PO3001", "swvs/VO2801"
_MANDATE = "mandates/00000000-0000-4000-8000-000000003001"
_SECOND = "mandates/00000000-0000-4000-8000-000000003002"
_KEY = "00000099000PO3001001"
_POINT = f"deliveryPoints/{_KEY}"
_OF_SWV: dict[str, Any] = {"board": "", "school": "", "swv": _SWV, "kinds": [of.SWV_DOSSIER]}
_AT_SWV: dict[str, Any] = {
    "school": "",
    "swv": _SWV,
    "mandate": _MANDATE,
    "kinds": [of.SWV_DOSSIER],
}


@pytest.fixture
def region(country: Country) -> Country:
    """Two SWVs beside the schools; neither has mandated anybody."""
    for name in (_SWV, _OTHER):
        SWV.create(country.call(), Swv(display_name="Passend"), name)
    return country


@pytest.fixture
def mandated(region: Country) -> Country:
    """The same, and the first has mandated the supplier."""
    region.give(_MANDATE, **_OF_SWV)
    return region


# --- SWVs themselves


def test_an_swv_begins_as_one_that_may_not_exchange(country: Country) -> None:
    """Whatever is sent; and a change does not make it more."""
    made = SWV.create(
        country.call(), Swv(display_name="x", test_swv=True, qualification=QUALIFIED), _SWV
    )
    made.qualification = QUALIFIED
    changed = SWV.update(country.call(), made, FieldMask(paths=["qualification", "display_name"]))

    kept = country.call().require(SWVS, _SWV)
    assert (REGISTERED, True) == (kept.qualification, changed.test_swv)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("PO3001", 0), ("VO28", 0), ("PO123456", 0), ("2801VO", 1), ("2801", 1), ("PO1", 1),
     ("PO1234567", 1), ("po3001", 1), ("00SS", 1), ("", 1)],
)  # fmt: skip
def test_a_code_that_could_be_a_brin_is_not_registered(code: str, expected: int) -> None:
    """The directory takes those that begin with a capital; so does the registration."""
    request = CreateSwvRequest(
        request_id="0198f1e0-0000-7000-8000-000000000001", swv_id=code, swv=Swv(display_name="x")
    )

    assert expected == len(protovalidate.collect_violations(request))


def test_a_supplier_sees_the_swvs_that_mandated_it(mandated: Country) -> None:
    """And no other; boards and schools see none."""
    seen = {
        caller.system_id: [
            one.name for one in SWV.page(mandated.call(caller), ListSwvsRequest())[0]
        ]
        for caller in (of.REGISTRAR, of.AUDITOR, of.SUPPLIERS_DESK, of.OTHER_SUPPLIERS_DESK,
                       of.BOARD_MANAGER, of.SCHOOL_MANAGER)
    }  # fmt: skip

    assert seen == {
        "registrar": [_SWV, _OTHER],
        "auditor": [_SWV, _OTHER],
        "supplier": [_SWV],
        "other-supplier": [],
        "board": [],
        "school": [],
    }
    assert "NOT_ALLOWED" == of.outcome(SWV.get, mandated.call(of.SUPPLIERS_DESK), _OTHER)


def test_an_swv_with_a_mandate_is_not_closed(mandated: Country) -> None:
    """What stands in the way is named; forced, its mandate ends, and its delivery point with it."""
    mandated.add(_KEY, **_AT_SWV)

    refused = of.outcome(SWV.close, mandated.call(), _SWV, "")
    closed = SWV.close(mandated.call(), _SWV, "", force=True)
    point = get_delivery_point(mandated.call(), _POINT)

    assert "IN_USE" == refused
    assert PARTY_STATUS_CLOSED == closed.status
    assert contract.MANDATE_STATE_REVOKED == get_mandate(mandated.call(), _MANDATE).state
    assert contract.DELIVERY_POINT_STATE_MANDATE_ENDED == point.state
    assert "" == of.outcome(SWV.close, mandated.call(), _OTHER, "")


# --- mandates


def test_a_registrar_gives_a_mandate_for_an_swv(region: Country) -> None:
    """It is in force, is the SWV's, and is found by it."""
    made = region.give(_MANDATE, **_OF_SWV)
    found, _ = list_mandates(region.call(), ListMandatesRequest(swv=_SWV))
    others, _ = list_mandates(region.call(), ListMandatesRequest(swv=_OTHER))

    assert (_SWV, "", "") == (made.swv, made.school, made.board)
    assert contract.MANDATE_STATE_ACTIVE == made.state
    assert ([made], []) == (found, others)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"school": of.SCHOOL}, "REQUEST_INVALID mandate: is given by"),
        ({"board": of.BOARD}, "REQUEST_INVALID mandate: is given by"),
        ({"board": of.BOARD, "school": of.SCHOOL}, "REQUEST_INVALID mandate: is given by"),
        ({"swv": ""}, "REQUEST_INVALID mandate: is given by"),
        ({"swv": "", "board": of.BOARD}, "REQUEST_INVALID mandate: is given by"),
        ({"swv": "", "school": of.SCHOOL}, "REQUEST_INVALID mandate: is given by"),
        ({"swv": "swvs/2801VO"}, "REQUEST_INVALID mandate.swv"),
        ({"swv": of.SCHOOL}, "REQUEST_INVALID mandate.swv"),
        ({"kinds": [of.OVERSTAP]}, "REQUEST_INVALID mandate: of an SWV is for kind swv-dossier"),
        ({"kinds": [of.SWV_DOSSIER, of.BINNENBRIN]}, "REQUEST_INVALID mandate: of an SWV"),
        ({"kinds": []}, "REQUEST_INVALID mandate.kinds"),
        ({"swv": "swvs/PO9999"}, "RESOURCE_UNKNOWN"),
        ({"supplier": "suppliers/00000099999999999999"}, "RESOURCE_UNKNOWN"),
        ({"end_time": of.at(-2)}, "REQUEST_INVALID mandate.end_time"),
    ],
)
def test_a_mandate_of_an_swv_that_cannot_be_is_refused(
    region: Country, changes: dict[str, Any], expected: str
) -> None:
    """It is of one SWV, and of nobody else, for swv-dossier; nothing is written."""
    assert of.outcome(region.give, _MANDATE, **{**_OF_SWV, **changes}).startswith(expected)
    assert region.call().get(MANDATES, _MANDATE) is None


@pytest.mark.parametrize(
    "caller",
    [of.BOARD_MANAGER, of.SCHOOL_MANAGER, of.SUPPLIERS_DESK,
     Caller("nobody", roles.ROLE_BOARD_MANAGER), Caller("swv", roles.ROLE_LAS, _SWV)],
    ids=lambda caller: caller.system_id,
)  # fmt: skip
@pytest.mark.parametrize("also", [{}, {"board": of.BOARD, "school": of.SCHOOL}], ids=["", "both"])
def test_only_a_registrar_gives_one_for_an_swv(
    region: Country, caller: Caller, also: dict[str, Any]
) -> None:
    """A board that names its own school beside the SWV does not either."""
    given = of.mandate(**{**_OF_SWV, **also})

    assert "NOT_ALLOWED" == of.outcome(give_mandate, region.call(caller), given, _MANDATE)


def test_a_closed_swv_gives_none_and_has_none(mandated: Country) -> None:
    """Neither a mandate nor a delivery point; reopened, both again."""
    tx = mandated.call()
    SWV.close(tx, _SWV, "", force=True)

    refused = [
        of.outcome(mandated.give, _SECOND, **_OF_SWV),
        of.outcome(mandated.add, _KEY, **_AT_SWV),
    ]
    SWV.reopen(mandated.call(), _SWV, "")

    assert ["PARTY_CLOSED", "PARTY_CLOSED"] == refused
    assert _SWV == mandated.give(_SECOND, **_OF_SWV).swv
    assert _SWV == mandated.add(_KEY, **{**_AT_SWV, "mandate": _SECOND}).swv


def test_mandates_of_one_swv_do_not_overlap(mandated: Country) -> None:
    """Those of another SWV, of a school, or to another supplier stand in nobody's way."""
    assert "MANDATE_OVERLAPS" == of.outcome(mandated.give, _SECOND, **_OF_SWV)
    for number, changes in enumerate(
        [{**_OF_SWV, "swv": _OTHER}, {**_OF_SWV, "supplier": of.OTHER_SUPPLIER}, {}]
    ):
        assert "" == of.outcome(mandated.give, f"{_SECOND[:-1]}{number + 3}", **changes)


@pytest.mark.parametrize(
    ("changes", "paths", "expected"),
    [
        ({"end_time": of.at(30)}, ["end_time"], ""),
        ({"swv": _OTHER}, ["swv"], "REQUEST_INVALID mandate.swv: stays as it is"),
        ({"swv": "", "board": of.BOARD, "school": of.SCHOOL}, ["swv", "board", "school"],
         "REQUEST_INVALID mandate.board: stays as it is"),
        ({"kinds": [of.OVERSTAP]}, ["kinds"], "REQUEST_INVALID mandate: of an SWV"),
        ({"school": of.SCHOOL}, ["school"], "REQUEST_INVALID mandate: is given by"),
    ],
)  # fmt: skip
def test_a_mandate_stays_the_swvs(
    mandated: Country, changes: dict[str, Any], paths: list[str], expected: str
) -> None:
    """Dates change; whose it is, and for what, does not."""
    given = Mandate(name=_MANDATE)
    for field, value in changes.items():
        if field == "kinds":
            given.kinds.extend(value)
        elif field == "end_time":
            given.end_time.CopyFrom(value)
        else:
            setattr(given, field, value)

    told = of.outcome(change_mandate, mandated.call(), given, FieldMask(paths=paths))

    assert (told.startswith(expected), bool(expected)) == (True, bool(told))


def test_a_revoked_mandate_ends_the_delivery_point(mandated: Country) -> None:
    """As a school's; the supplier sees it."""
    mandated.add(_KEY, **_AT_SWV)

    revoke_mandate(mandated.call(), _MANDATE, "Overstap")

    told = get_delivery_point(mandated.call(of.SUPPLIERS_DESK), _POINT)
    assert contract.DELIVERY_POINT_STATE_MANDATE_ENDED == told.state


# --- delivery points


def test_the_supplier_registers_a_delivery_point(mandated: Country) -> None:
    """Under the mandate of the SWV; it is found by the SWV, and by nobody who has no part in it."""
    given = of.point(**_AT_SWV)
    others = of.outcome(add_delivery_point, mandated.call(of.OTHER_SUPPLIERS_DESK), given, _KEY)
    made = add_delivery_point(mandated.call(of.SUPPLIERS_DESK), given, _KEY)
    found, _ = list_delivery_points(
        mandated.call(of.SUPPLIERS_DESK), ListDeliveryPointsRequest(swv=_SWV)
    )
    none, _ = list_delivery_points(mandated.call(), ListDeliveryPointsRequest(swv=_OTHER))

    assert "NOT_ALLOWED" == others
    assert (contract.DELIVERY_POINT_STATE_ACTIVE, _SWV, "") == (made.state, made.swv, made.school)
    assert ([made], []) == (found, none)
    assert ["NOT_ALLOWED"] * 3 == [
        of.outcome(get_delivery_point, mandated.call(caller), _POINT)
        for caller in (of.OTHER_SUPPLIERS_DESK, of.BOARD_MANAGER, of.SCHOOL_MANAGER)
    ]


@pytest.mark.parametrize(
    ("key", "changes", "expected"),
    [
        (_KEY, {"school": of.SCHOOL}, "REQUEST_INVALID delivery_point: belongs to a school or"),
        (_KEY, {"swv": ""}, "REQUEST_INVALID delivery_point: belongs to a school or"),
        (_KEY, {"swv": "swvs/2801VO"}, "REQUEST_INVALID delivery_point.swv"),
        (_KEY, {"swv": "swvs/PO3001\n"}, "REQUEST_INVALID delivery_point.swv"),
        (_KEY, {"vestiging": "01"}, "REQUEST_INVALID delivery_point: of an SWV has vestiging 00"),
        (_KEY, {"kinds": [of.OVERSTAP]}, "REQUEST_INVALID delivery_point: of an SWV serves"),
        (_KEY, {"kinds": [of.SWV_DOSSIER, of.OVERSTAP]}, "REQUEST_INVALID delivery_point: of an"),
        (_KEY, {"swv": _OTHER}, "ROUTING_KEY_INVALID"),
        (of.ROUTING_KEY, {}, "ROUTING_KEY_INVALID"),
        ("0000000700000PO30001", {}, "ROUTING_KEY_INVALID"),
        ("00000099000VO2801001", {"swv": _OTHER}, "BELONGS_ELSEWHERE"),
        ("00000099000PO9999001", {"swv": "swvs/PO9999"}, "RESOURCE_UNKNOWN"),
        (_KEY, {"mandate": of.MANDATE}, "BELONGS_ELSEWHERE"),
        (_KEY, {"system": of.OTHER_SYSTEM}, "BELONGS_ELSEWHERE"),
        (_KEY, {"system": of.SCHOOLS_SYSTEM}, "BELONGS_ELSEWHERE"),
        (_KEY, {"product": of.OTHER_PRODUCT}, "BELONGS_ELSEWHERE"),
        (_KEY, {"address": "https://swv.example.nl"}, "REQUEST_INVALID delivery_point.address"),
        (_KEY, {"end_time": of.at(366)}, "OUTSIDE_MANDATE"),
    ],
)
def test_a_delivery_point_of_an_swv_that_could_not_be_used_is_refused(
    mandated: Country, key: str, changes: dict[str, Any], expected: str
) -> None:
    """One owner, one kind, no locations, its own routing key, its own mandate."""
    mandated.give()
    told = of.outcome(mandated.add, key, **{**_AT_SWV, **changes})

    assert told.startswith(expected)
    assert [] == mandated.call().list(DELIVERY_POINTS)


def test_a_school_does_not_use_the_mandate_of_an_swv(mandated: Country) -> None:
    """A delivery point for dossiers to SWVs is a school's own, under the school's mandate."""
    told = of.outcome(mandated.add, of.ROUTING_KEY, mandate=_MANDATE, kinds=[of.SWV_DOSSIER])

    assert "BELONGS_ELSEWHERE" == told


def test_a_system_of_the_swv_itself_may_speak_for_it(mandated: Country) -> None:
    """As that of a school may for the school."""
    own = System(name="systems/swv", display_name="x", role=roles.ROLE_LAS, owner=_SWV)
    mandated.call().put(SYSTEMS, own)

    assert "systems/swv" == mandated.add(_KEY, **{**_AT_SWV, "system": own.name}).system


def test_a_delivery_point_stays_the_swvs(mandated: Country) -> None:
    """It is switched off and on, and moved to a new address; not to another owner."""
    mandated.add(_KEY, **_AT_SWV)
    for disabled in (True, False):
        told = switch_delivery_point(
            mandated.call(of.SUPPLIERS_DESK), _POINT, "", disabled=disabled
        )
        assert disabled == told.disabled
    moved = DeliveryPoint(name=_POINT, address="swv.example.nl:7444")
    told = change_delivery_point(
        mandated.call(of.SUPPLIERS_DESK), moved, FieldMask(paths=["address"])
    )
    taken = DeliveryPoint(name=_POINT, school=of.SCHOOL)
    refused = [
        of.outcome(change_delivery_point, mandated.call(), taken, FieldMask(paths=paths))
        for paths in (["school"], ["school", "swv"])
    ]

    assert "swv.example.nl:7444" == told.address
    assert (
        "REQUEST_INVALID delivery_point: belongs to a school or to an SWV: give one of them"
        == (refused[0])
    )
    assert refused[1].startswith("REQUEST_INVALID delivery_point.school: stays as it is")
