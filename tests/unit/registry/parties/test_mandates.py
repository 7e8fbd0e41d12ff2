"""Giving, changing and revoking mandates: what must hold, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.mandate_pb2 import Mandate
from oso.registry.v1.mandate_service_pb2 import ListMandatesRequest
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_CANDIDATE,
    ADMISSION_STATE_WITHDRAWN,
    PARTY_STATUS_CLOSED,
)
from oso_registry.calls import Caller
from oso_registry.mandates.mandates import (
    change_mandate,
    get_mandate,
    give_mandate,
    list_mandates,
    revoke_mandate,
)
from oso_registry.mandates.resources import MANDATES
from oso_registry.parties.resources import BOARDS, SCHOOLS, SUPPLIERS
from oso_rpc.errors import OsoError

from . import country as of

if TYPE_CHECKING:
    from oso_registry.store import Collection

    from .country import Country

_SECOND = "mandates/00000000-0000-4000-8000-000000000002"


def test_a_board_gives_a_mandate_for_its_school(country: Country) -> None:
    """It is in force from its start, has a name, an etag and its times."""
    made = give_mandate(country.call(of.BOARD_MANAGER), of.mandate(), of.MANDATE)

    assert of.MANDATE == made.name
    assert contract.MANDATE_STATE_ACTIVE == made.state
    assert (of.at(0), of.at(0)) == (made.create_time, made.update_time)
    assert made == get_mandate(country.call(of.BOARD_MANAGER), of.MANDATE)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"board": ""}, "REQUEST_INVALID mandate: is given by a board for a school, or by an SWV"),
        ({"board": "boards/1"}, "REQUEST_INVALID mandate.board"),
        ({"school": "schools/00s"}, "REQUEST_INVALID mandate.school"),
        ({"kinds": []}, "REQUEST_INVALID mandate.kinds"),
        ({"kinds": [of.OVERSTAP, of.OVERSTAP]}, "REQUEST_INVALID mandate.kinds"),
        ({"kinds": [0]}, "REQUEST_INVALID mandate.kinds"),
        ({"kinds": [99]}, "REQUEST_INVALID mandate.kinds"),
        ({"start_time": None}, "REQUEST_INVALID mandate.start_time"),
        ({"end_time": of.at(-2)}, "REQUEST_INVALID mandate.end_time: must be later"),
        ({"end_time": of.at(-1)}, "REQUEST_INVALID mandate.end_time: must be later"),
        ({"end_time": of.at(-0.5)}, "REQUEST_INVALID mandate.end_time: has passed"),
        ({"end_time": of.at(0)}, "REQUEST_INVALID mandate.end_time: has passed"),
        ({"start_time": Timestamp(seconds=1 << 60)}, "REQUEST_INVALID mandate.start_time"),
        ({"start_time": Timestamp(nanos=-1)}, "REQUEST_INVALID mandate.start_time"),
        ({"end_time": Timestamp(seconds=1 << 60)}, "REQUEST_INVALID mandate.end_time"),
        ({"school": "schools/99ZZ"}, "RESOURCE_UNKNOWN"),
        ({"supplier": "suppliers/00000099999999999999"}, "RESOURCE_UNKNOWN"),
        ({"school": of.OTHER_SCHOOL}, "BELONGS_ELSEWHERE"),
        ({"board": of.OTHER_BOARD}, "BELONGS_ELSEWHERE"),
    ],
)
def test_a_mandate_that_cannot_be_is_refused(
    country: Country, changes: dict[str, Any], expected: str
) -> None:
    """Forms, dates, and what belongs to what; nothing is written."""
    with pytest.raises(OsoError) as error:
        country.give(**changes)

    assert of.refusal(error.value).startswith(expected)
    assert country.call().get(MANDATES, of.MANDATE) is None


def test_only_an_admitted_supplier_that_takes_part_gets_one(country: Country) -> None:
    """A candidate, one whose admission was taken back and one that closed are refused."""
    reasons = []
    for changes in (
        {"admission": ADMISSION_STATE_CANDIDATE},
        {"admission": ADMISSION_STATE_WITHDRAWN},
        {"status": PARTY_STATUS_CLOSED},
    ):
        tx = country.call()
        supplier = tx.require(SUPPLIERS, of.SUPPLIER)
        for field, value in changes.items():
            setattr(supplier, field, value)
        tx.put(SUPPLIERS, supplier)
        with pytest.raises(OsoError) as error:
            country.give()
        reasons.append(error.value.name)

    assert ["SUPPLIER_NOT_ADMITTED", "SUPPLIER_NOT_ADMITTED", "PARTY_CLOSED"] == reasons


@pytest.mark.parametrize(("collection", "name"), [(BOARDS, of.BOARD), (SCHOOLS, of.SCHOOL)])
def test_a_closed_board_or_school_gives_none(
    country: Country, collection: Collection[Any], name: str
) -> None:
    """What is closed takes no part."""
    tx = country.call()
    party = tx.require(collection, name)
    party.status = PARTY_STATUS_CLOSED
    tx.put(collection, party)

    with pytest.raises(OsoError, match="PARTY_CLOSED"):
        country.give()


@pytest.mark.parametrize(
    ("changes", "in_the_way"),
    [
        ({}, True),
        ({"start_time": of.at(364)}, True),
        ({"start_time": of.at(365), "end_time": of.at(400)}, False),
        ({"start_time": of.at(-9), "end_time": None}, True),
        ({"kinds": [of.SWV_DOSSIER]}, True),
        ({"supplier": of.OTHER_SUPPLIER}, False),
    ],
)
def test_mandates_for_the_same_do_not_overlap(
    country: Country,
    changes: dict[str, Any],
    in_the_way: bool,  # noqa: FBT001  a column of the table above
) -> None:
    """One school, supplier, kind and moment has one mandate; the one in the way is named."""
    country.give()
    found = ""
    try:
        country.give(_SECOND, **changes)
    except OsoError as error:
        found = error.metadata["mandate"]

    assert (of.MANDATE if in_the_way else "") == found


def test_after_a_revocation_another_one_can_be_given_at_once(country: Country) -> None:
    """What was revoked is in nobody's way."""
    country.give()
    revoke_mandate(country.call(), of.MANDATE, "Wrong supplier")

    made = country.give(_SECOND)

    assert contract.MANDATE_STATE_ACTIVE == made.state


def test_what_only_we_may_set_is_ignored(country: Country) -> None:
    """A request cannot revoke beforehand, or choose a name or a state (AIP-203)."""
    made = country.give(
        revoke_time=of.at(1),
        revoke_reason="x",
        state=contract.MANDATE_STATE_ENDED,
        etag="x",
        create_time=of.at(-9),
    )

    assert ("", False) == (made.revoke_reason, made.HasField("revoke_time"))
    assert contract.MANDATE_STATE_ACTIVE == made.state
    assert of.at(0) == made.create_time


def test_what_is_answered_is_what_is_kept(country: Country) -> None:
    """A moment finer than a microsecond is cut off at once."""
    made = country.give(start_time=Timestamp(seconds=1, nanos=1999))

    kept = country.call().list(MANDATES)[0]
    kept.state = made.state
    assert 1000 == made.start_time.nanos
    assert made == kept


def test_dates_and_kinds_can_be_changed(country: Country) -> None:
    """Only what the mask names changes."""
    country.give()

    made = change_mandate(
        country.call(of.BOARD_MANAGER),
        of.mandate(name=of.MANDATE, end_time=of.at(30), kinds=[of.OVERSTAP]),
        FieldMask(paths=["end_time"]),
    )

    assert of.at(30) == made.end_time
    assert 3 == len(made.kinds)


@pytest.mark.parametrize(
    ("changes", "paths", "expected"),
    [
        ({"supplier": of.OTHER_SUPPLIER}, ["supplier"], "REQUEST_INVALID mandate.supplier"),
        ({"school": of.OTHER_SCHOOL}, ["*"], "REQUEST_INVALID mandate.school"),
        ({"board": of.OTHER_BOARD}, [], "REQUEST_INVALID mandate.board"),
        ({"start_time": of.at(2)}, ["start_time"], "REQUEST_INVALID mandate.start_time"),
        ({"end_time": of.at(-0.1)}, ["end_time"], "REQUEST_INVALID mandate.end_time"),
        ({"kinds": []}, ["kinds"], "REQUEST_INVALID mandate.kinds"),
        ({"etag": "stale"}, ["end_time"], "ETAG_STALE"),
        ({}, ["nonsense"], "REQUEST_INVALID update_mask"),
        ({}, ["kinds.x"], "REQUEST_INVALID update_mask"),
        ({"end_time": None}, ["end_time"], "MANDATE_OVERLAPS"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    country: Country, changes: dict[str, Any], paths: list[str], expected: str
) -> None:
    """Nothing changes."""
    before = country.give()
    country.give(_SECOND, start_time=of.at(365), end_time=None)

    with pytest.raises(OsoError) as error:
        change_mandate(
            country.call(), of.mandate(name=of.MANDATE, **changes), FieldMask(paths=paths)
        )

    assert of.refusal(error.value).startswith(expected)
    assert before == get_mandate(country.call(), of.MANDATE)


def test_fields_only_we_may_set_stay_as_they_are(country: Country) -> None:
    """A mask that names them changes nothing (AIP-203)."""
    before = country.give()

    after = change_mandate(
        country.call(days=1),
        of.mandate(name=of.MANDATE, revoke_reason="x", state=contract.MANDATE_STATE_ENDED),
        FieldMask(paths=["revoke_reason", "state", "create_time"]),
    )

    assert before == after


def test_the_start_moves_until_it_has_passed(country: Country) -> None:
    """What has been in force has been so since it said."""
    country.give(start_time=of.at(10))

    made = change_mandate(
        country.call(),
        of.mandate(name=of.MANDATE, start_time=of.at(5)),
        FieldMask(paths=["start_time"]),
    )

    assert (of.at(5), contract.MANDATE_STATE_NOT_YET) == (made.start_time, made.state)


def test_kinds_that_delivery_points_serve_stay(country: Country) -> None:
    """What stands in the way is named."""
    country.give()
    country.add()

    with pytest.raises(OsoError) as error:
        change_mandate(
            country.call(),
            of.mandate(name=of.MANDATE, kinds=[of.OVERSTAP]),
            FieldMask(paths=["kinds"]),
        )

    assert ("IN_USE", of.POINT) == (error.value.name, error.value.metadata["used_by"])


def test_a_revocation_is_from_now_and_once(country: Country) -> None:
    """The first reason and moment stay, whoever revokes again."""
    country.give()
    first = revoke_mandate(country.call(of.BOARD_MANAGER, 1), of.MANDATE, "Contract ended")

    second = revoke_mandate(country.call(days=2), of.MANDATE, "Again")

    assert (of.at(1), "Contract ended") == (first.revoke_time, first.revoke_reason)
    assert contract.MANDATE_STATE_REVOKED == first.state
    assert first == second


def test_what_has_ended_is_not_changed_any_more(country: Country) -> None:
    """Neither by a change nor by a revocation: what was, was."""
    before = country.give(end_time=of.at(10))
    tx = country.call(days=10)

    after = revoke_mandate(tx, of.MANDATE, "Too late")

    assert (False, contract.MANDATE_STATE_ENDED) == (after.HasField("revoke_time"), after.state)
    assert before.etag == after.etag
    with pytest.raises(OsoError, match="MANDATE_ENDED"):
        change_mandate(
            tx, of.mandate(name=of.MANDATE, end_time=of.at(20)), FieldMask(paths=["end_time"])
        )


def test_a_stale_etag_revokes_nothing(country: Country) -> None:
    """Somebody else changed it meanwhile."""
    country.give()

    with pytest.raises(OsoError, match="ETAG_STALE"):
        revoke_mandate(country.call(), of.MANDATE, "x", "stale")

    assert contract.MANDATE_STATE_ACTIVE == get_mandate(country.call(), of.MANDATE).state


@pytest.mark.parametrize(
    ("caller", "sees", "revokes"),
    [
        (of.REGISTRAR, True, True),
        (of.AUDITOR, True, None),
        (of.HELPDESK, True, None),
        (of.BOARD_MANAGER, True, True),
        (of.OTHER_BOARD_MANAGER, False, False),
        (of.SCHOOL_MANAGER, True, None),
        (of.OTHER_SCHOOL_MANAGER, False, None),
        (of.SUPPLIERS_DESK, True, None),
        (of.OTHER_SUPPLIERS_DESK, False, None),
        (Caller("x", of.BOARD_MANAGER.role, ""), False, False),
        (Caller("x", of.BOARD_MANAGER.role, of.SCHOOL), False, False),
    ],
)
def test_everybody_sees_its_own(
    country: Country,
    caller: Caller,
    sees: bool,  # noqa: FBT001  a column of the table above
    revokes: bool | None,  # noqa: FBT001  None: the contract gives the role no such method
) -> None:
    """What one may not see is not told from what is not there."""
    country.give()
    tx = country.call(caller)

    found, _ = list_mandates(tx, ListMandatesRequest())
    assert ([of.MANDATE] if sees else []) == [one.name for one in found]
    outcomes = [of.outcome(get_mandate, tx, name) for name in (of.MANDATE, _SECOND)]
    unknown = "RESOURCE_UNKNOWN" if caller.owner == "" and sees else "NOT_ALLOWED"
    assert ["" if sees else "NOT_ALLOWED", unknown] == outcomes
    if revokes is not None:
        outcome = of.outcome(revoke_mandate, tx, of.MANDATE, "x")
        assert ("" if revokes else "NOT_ALLOWED") == outcome


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (of.REGISTRAR, ""),
        (of.BOARD_MANAGER, ""),
        (of.OTHER_BOARD_MANAGER, "NOT_ALLOWED"),
        (Caller("x", of.BOARD_MANAGER.role, ""), "NOT_ALLOWED"),
    ],
)
def test_only_the_schools_own_board_gives(country: Country, caller: Caller, expected: str) -> None:
    """Not even in the name of the school's board."""
    tx = country.call(caller)

    assert expected == of.outcome(give_mandate, tx, of.mandate(), of.MANDATE)


def test_a_school_takes_its_mandates_along_to_another_board(country: Country) -> None:
    """Whoever took the school over sees them and may revoke them; the old board no more."""
    country.give()
    tx = country.call()
    school = tx.require(SCHOOLS, of.SCHOOL)
    school.board = of.OTHER_BOARD
    tx.put(SCHOOLS, school)

    outcomes = [
        of.outcome(revoke_mandate, country.call(caller), of.MANDATE, "x")
        for caller in (of.BOARD_MANAGER, of.OTHER_BOARD_MANAGER)
    ]

    assert ["NOT_ALLOWED", ""] == outcomes


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ListMandatesRequest(), 3),
        (ListMandatesRequest(board=of.BOARD), 3),
        (ListMandatesRequest(board=of.OTHER_BOARD), 0),
        (ListMandatesRequest(school=of.SCHOOL), 3),
        (ListMandatesRequest(supplier=of.OTHER_SUPPLIER), 1),
        (ListMandatesRequest(state=contract.MANDATE_STATE_ACTIVE), 1),
        (ListMandatesRequest(state=contract.MANDATE_STATE_NOT_YET), 1),
        (ListMandatesRequest(state=contract.MANDATE_STATE_REVOKED), 1),
        (ListMandatesRequest(state=contract.MANDATE_STATE_ENDED), 0),
        (ListMandatesRequest(state=contract.MANDATE_STATE_ACTIVE, supplier=of.OTHER_SUPPLIER), 0),
    ],
)
def test_lists_are_narrowed(country: Country, request_: ListMandatesRequest, expected: int) -> None:
    """All given conditions hold."""
    country.give()
    country.give(_SECOND, supplier=of.OTHER_SUPPLIER)
    revoke_mandate(country.call(), _SECOND, "x")
    third = "mandates/00000000-0000-4000-8000-000000000003"
    country.give(third, start_time=of.at(365), end_time=None)

    found, _ = list_mandates(country.call(), request_)

    assert expected == len(found)


def test_the_query_and_the_model_tell_the_same_state(country: Country) -> None:
    """Whatever the dates: a list narrowed to a state holds exactly the mandates in it."""
    tx = country.call()
    made = [
        Mandate(name=f"mandates/00000000-0000-4000-8000-{number:012}", start_time=of.at(start))
        for number, (start, end, revoked) in enumerate(_DATES)
    ]
    for one, (_, end, revoked) in zip(made, _DATES, strict=True):
        if end is not None:
            one.end_time.CopyFrom(of.at(end))
        if revoked is not None:
            one.revoke_time.CopyFrom(of.at(revoked))
        tx.put(MANDATES, one)

    found = {
        state: {one.name for one in list_mandates(tx, ListMandatesRequest(state=state))[0]}
        for state in contract.MandateState.values()
        if state
    }

    every, _ = list_mandates(tx, ListMandatesRequest())
    assert {state: {one.name for one in every if one.state == state} for state in found} == found
    assert all(found.values())


_DATES = [
    (start, end, revoked)
    for start in (-1, 0, 1)
    for end in (None, -1, 0, 1)
    for revoked in (None, -1, 0)
]
