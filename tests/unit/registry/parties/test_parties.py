"""Registering, changing, closing and reopening who takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from oso.directory.v1 import directory_pb2 as directory
from oso.directory.v1.directory_pb2 import SECTOR_PO, SECTOR_VO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import mandate_pb2 as mandates
from oso.registry.v1 import party_pb2 as contract
from oso.registry.v1.board_service_pb2 import ListBoardsRequest
from oso.registry.v1.party_pb2 import (
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    Board,
    Location,
    PostalAddress,
    Product,
    ProductQualification,
    RegionalInitiative,
    School,
    Supplier,
    Swv,
)
from oso.registry.v1.school_service_pb2 import ListSchoolsRequest
from oso_registry.calls import Caller
from oso_registry.mandates.delivery_points import get_delivery_point
from oso_registry.mandates.mandates import get_mandate
from oso_registry.parties.initial import initial_suppliers, read_initial_suppliers
from oso_registry.parties.oin import is_oin
from oso_registry.parties.registers import (
    BOARD,
    PRODUCT,
    REGIONAL_INITIATIVE,
    SCHOOL,
    SUPPLIER,
    SWV,
)
from oso_registry.parties.resources import PRODUCTS, SUPPLIERS
from oso_rpc.errors import OsoError

from . import country as of

if TYPE_CHECKING:
    from oso_registry.parties.register import Register

    from .country import Country

_NEW_SCHOOL = School(display_name="De Brug", board=of.BOARD, sector=SECTOR_PO)
_ALL_KINDS: list[tuple[Register[Any], Any, str]] = [
    (BOARD, Board(display_name="x"), "boards/41236"),
    (SCHOOL, _NEW_SCHOOL, "schools/00UU"),
    (SWV, Swv(display_name="x"), "swvs/PO3001"),
    (REGIONAL_INITIATIVE, RegionalInitiative(display_name="x"), "regionalInitiatives/noord"),
    (SUPPLIER, Supplier(display_name="x"), "suppliers/00000099000000003000"),
    (PRODUCT, Product(display_name="x"), f"{of.SUPPLIER}/products/new-1.0"),
]


@pytest.mark.parametrize(("register", "given", "name"), _ALL_KINDS)
def test_the_life_of_a_party(
    country: Country, register: Register[Any], given: Any, name: str
) -> None:
    """Registered, changed, closed, reopened; twice is as once."""
    tx = country.call()
    made = register.create(tx, given, name)
    changed = register.update(
        country.call(days=1),
        type(given)(name=name, display_name="Anders", etag=made.etag),
        FieldMask(),
    )
    closed = [register.close(country.call(days=2), name, "") for _ in range(2)]
    open_ = [register.reopen(country.call(days=3), name, "") for _ in range(2)]

    assert (name, PARTY_STATUS_ACTIVE) == (made.name, made.status)
    assert ("Anders", of.at(1)) == (changed.display_name, changed.update_time)
    assert changed.etag != made.etag
    assert [PARTY_STATUS_CLOSED] * 2 == [one.status for one in closed]
    assert [PARTY_STATUS_ACTIVE] * 2 == [one.status for one in open_]
    assert closed[0] == closed[1]
    assert open_[0] == open_[1] == register.get(tx, name)


@pytest.mark.parametrize(("register", "given", "name"), _ALL_KINDS)
def test_what_goes_wrong_with_any_party(
    country: Country, register: Register[Any], given: Any, name: str
) -> None:
    """There already; unknown; a stale etag; a path that is no field; closed."""
    tx = country.call()
    register.create(tx, given, name)
    other = type(given)(name=name, display_name="Anders")
    stale = type(given)(name=name, display_name="Anders", etag="stale")
    unknown = type(given)(name=f"{name}9", display_name="Anders")
    path = FieldMask(paths=["nonsense"])

    outcomes = [
        of.outcome(register.create, tx, given, name),
        of.outcome(register.create, tx, type(given)(), f"{name}8"),
        of.outcome(register.get, tx, f"{name}9"),
        of.outcome(register.update, tx, unknown, FieldMask()),
        of.outcome(register.update, tx, stale, FieldMask()),
        of.outcome(register.update, tx, other, path).partition(":")[0],
        of.outcome(register.close, tx, name, "stale"),
        of.outcome(register.reopen, tx, name, "stale"),
        of.outcome(register.close, tx, f"{name}9", ""),
    ]
    register.close(tx, name, "")
    outcomes.append(of.outcome(register.update, tx, other, FieldMask()))

    assert "REQUEST_INVALID" == outcomes.pop(1).partition(" ")[0]
    assert [
        "RESOURCE_EXISTS",
        "RESOURCE_UNKNOWN",
        "RESOURCE_UNKNOWN",
        "ETAG_STALE",
        "REQUEST_INVALID update_mask",
        "ETAG_STALE",
        "ETAG_STALE",
        "RESOURCE_UNKNOWN",
        "PARTY_CLOSED",
    ] == outcomes


@pytest.mark.parametrize(
    ("register", "given", "name"),
    [
        (BOARD, Board(display_name="x"), "boards/4123"),
        (BOARD, Board(display_name=""), "boards/41236"),
        (BOARD, Board(display_name="x" * 201), "boards/41236"),
        (
            BOARD,
            Board(display_name="x", address=PostalAddress(postcode="1234 AB")),
            "boards/41236",
        ),
        (SCHOOL, School(display_name="x", sector=SECTOR_PO), "schools/00uu"),
        (SCHOOL, School(display_name="x"), "schools/00UU"),
        (SCHOOL, School(display_name="x", sector=SECTOR_PO, board="41234"), "schools/00UU"),
        (
            SCHOOL,
            School(display_name="x", sector=SECTOR_PO, locations=[Location(vestiging="1")]),
            "schools/00UU",
        ),
        (
            SCHOOL,
            School(
                display_name="x",
                sector=SECTOR_PO,
                locations=[
                    Location(vestiging="01", display_name="x"),
                    Location(vestiging="01", display_name="y"),
                ],
            ),
            "schools/00UU",
        ),
        (SWV, Swv(display_name="x"), "swvs/po1"),
        (PRODUCT, Product(display_name="x"), f"{of.SUPPLIER}/products/Magister 5"),
        (PRODUCT, Product(display_name="x", version="1" * 41), f"{of.SUPPLIER}/products/a"),
    ],
)
def test_forms_are_checked(
    country: Country, register: Register[Any], given: Any, name: str
) -> None:
    """What has not the form the contract asks is refused."""
    assert of.outcome(register.create, country.call(), given, name).startswith("REQUEST_INVALID")


def test_what_only_we_may_set_is_ignored(country: Country) -> None:
    """Nobody registers a school as qualified, a supplier as admitted, or a product as passed."""
    tx = country.call()
    school = SCHOOL.create(
        tx,
        School(
            display_name="x",
            sector=SECTOR_PO,
            status=PARTY_STATUS_CLOSED,
            qualification=directory.QUALIFICATION_STATE_QUALIFIED,
            etag="x",
        ),
        "schools/00UU",
    )
    supplier = SUPPLIER.create(
        tx,
        Supplier(display_name="x", admission=contract.ADMISSION_STATE_ADMITTED),
        "suppliers/00000099000000003000",
    )
    passed = [
        ProductQualification(
            profile="POVO", role=contract.PRODUCT_ROLE_SOURCE, dossier_year="2019.1"
        )
    ]
    product = PRODUCT.create(
        tx, Product(display_name="x", qualifications=passed), f"{of.SUPPLIER}/products/x"
    )
    later = PRODUCT.update(
        tx, Product(name=product.name, qualifications=passed), FieldMask(paths=["qualifications"])
    )

    assert PARTY_STATUS_ACTIVE == school.status
    assert directory.QUALIFICATION_STATE_REGISTERED == school.qualification
    assert contract.ADMISSION_STATE_CANDIDATE == supplier.admission
    assert ([], product) == (list(product.qualifications), later)


def test_a_suppliers_oin_has_its_form(country: Country) -> None:
    """20 characters are not enough."""
    tx = country.call()

    assert "OIN_INVALID" == of.outcome(
        SUPPLIER.create, tx, Supplier(display_name="x"), "suppliers/12345678901234567890"
    )


@pytest.mark.parametrize(
    ("board", "expected"), [("", ""), ("boards/99999", "RESOURCE_UNKNOWN"), (of.BOARD, "")]
)
def test_a_schools_board_is_there(country: Country, board: str, expected: str) -> None:
    """It may be left out when it is not known."""
    given = School(display_name="x", board=board, sector=SECTOR_VO)

    assert expected == of.outcome(SCHOOL.create, country.call(), given, "schools/00UU")


def test_a_closed_board_gets_no_schools(country: Country) -> None:
    """Not a new one, not one of another board, not one that was closed."""
    tx = country.call()
    SCHOOL.create(tx, _NEW_SCHOOL, "schools/00UU")
    BOARD.close(tx, of.BOARD, "", force=True)
    move = School(name=of.OTHER_SCHOOL, board=of.BOARD)

    assert ["PARTY_CLOSED"] * 3 == [
        of.outcome(SCHOOL.create, tx, _NEW_SCHOOL, "schools/00VV"),
        of.outcome(SCHOOL.update, tx, move, FieldMask()),
        of.outcome(SCHOOL.reopen, tx, "schools/00UU", ""),
    ]


def test_locations_are_in_order_and_take_part_unless_said_otherwise(country: Country) -> None:
    """They come back by number."""
    locations = [
        Location(vestiging="02", display_name="b", status=PARTY_STATUS_CLOSED),
        Location(vestiging="01", display_name="a"),
    ]
    given = School(display_name="x", sector=SECTOR_PO, locations=locations)

    made = SCHOOL.create(country.call(), given, "schools/00UU")

    told = [(one.vestiging, one.status) for one in made.locations]
    assert [("01", PARTY_STATUS_ACTIVE), ("02", PARTY_STATUS_CLOSED)] == told
    assert made == SCHOOL.get(country.call(), "schools/00UU")


def test_a_location_with_a_delivery_point_stays(country: Country) -> None:
    """Neither closed nor left out while the delivery point is in use."""
    tx = country.call()
    location = Location(vestiging="01", display_name="x")
    mask = FieldMask(paths=["locations"])
    SCHOOL.update(tx, School(name=of.SCHOOL, locations=[location]), mask)
    country.give()
    country.add(vestiging="01")
    location.status = PARTY_STATUS_CLOSED

    outcomes = [
        of.outcome(SCHOOL.update, tx, School(name=of.SCHOOL, locations=some), mask)
        for some in ([], [location])
    ]

    assert ["IN_USE", "IN_USE"] == outcomes


def test_what_is_in_use_is_not_closed(country: Country) -> None:
    """What stands in the way is named: schools, mandates, delivery points, products."""
    country.give()
    country.add()
    tx = country.call()
    in_the_way = []
    registers: list[tuple[Register[Any], str]] = [
        (BOARD, of.BOARD),
        (SCHOOL, of.SCHOOL),
        (SUPPLIER, of.SUPPLIER),
        (PRODUCT, of.PRODUCT),
    ]
    for register, name in registers:
        with pytest.raises(OsoError, match="IN_USE") as error:
            register.close(tx, name, "")
        in_the_way.append(error.value.metadata["used_by"])

    assert [
        of.SCHOOL,
        f"{of.MANDATE}, {of.POINT}",
        f"{of.MANDATE}, {of.PRODUCT}",
        of.POINT,
    ] == in_the_way


def test_a_long_row_in_the_way_is_cut(country: Country) -> None:
    """Five are named, the others counted."""
    tx = country.call()
    for letter in "ABCDEF":
        SCHOOL.create(tx, _NEW_SCHOOL, f"schools/00{letter}A")

    with pytest.raises(OsoError) as error:
        BOARD.close(tx, of.BOARD, "")

    assert error.value.metadata["used_by"].endswith("schools/00EA (+2)")


@pytest.mark.parametrize(
    ("register", "name", "mandate", "point"),
    [
        (BOARD, of.BOARD, "REVOKED", "MANDATE_ENDED"),
        (SCHOOL, of.SCHOOL, "REVOKED", "MANDATE_ENDED"),
        (SUPPLIER, of.SUPPLIER, "REVOKED", "MANDATE_ENDED"),
        (PRODUCT, of.PRODUCT, "ACTIVE", "DISABLED"),
    ],
)
def test_with_force_what_depends_on_it_ends_too(
    country: Country, register: Register[Any], name: str, mandate: str, point: str
) -> None:
    """And stays ended when it is reopened."""
    country.give()
    country.add()
    register.close(country.call(), name, "", force=True)
    closed = register.get(country.call(), name).status
    register.reopen(country.call(), name, "")

    tx = country.call()
    state = get_mandate(tx, of.MANDATE).state
    assert PARTY_STATUS_CLOSED == closed
    assert f"MANDATE_STATE_{mandate}" == mandates.MandateState.Name(state)
    told = get_delivery_point(tx, of.POINT).state
    assert f"DELIVERY_POINT_STATE_{point}" == mandates.DeliveryPointState.Name(told)


def test_what_has_ended_is_in_nobodys_way(country: Country) -> None:
    """A school whose mandate ended closes without force."""
    country.give(end_time=of.at(10))
    country.add()

    closed = SCHOOL.close(country.call(days=10), of.SCHOOL, "")

    assert PARTY_STATUS_CLOSED == closed.status


_CHANGES: list[tuple[Caller, Register[Any], Any, str]] = [
    (of.REGISTRAR, BOARD, Board(name=of.BOARD, display_name="y"), ""),
    (of.BOARD_MANAGER, BOARD, Board(name=of.BOARD, address=PostalAddress(town="y")), ""),
    (of.BOARD_MANAGER, BOARD, Board(name=of.BOARD, display_name="y"), "NOT_ALLOWED"),
    (of.OTHER_BOARD_MANAGER, BOARD, Board(name=of.BOARD, address=PostalAddress(town="y")),
     "NOT_ALLOWED"),
    (of.BOARD_MANAGER, SCHOOL, School(name=of.SCHOOL, address=PostalAddress(town="y")), ""),
    (of.SCHOOL_MANAGER, SCHOOL, School(name=of.SCHOOL, address=PostalAddress(town="y")), ""),
    (of.SCHOOL_MANAGER, SCHOOL, School(name=of.SCHOOL, board=of.OTHER_BOARD), "NOT_ALLOWED"),
    (of.SCHOOL_MANAGER, SCHOOL, School(name=of.SCHOOL, test_school=True), "NOT_ALLOWED"),
    (of.BOARD_MANAGER, SCHOOL, School(name=of.SCHOOL, sector=SECTOR_VO), "NOT_ALLOWED"),
    (of.OTHER_BOARD_MANAGER, SCHOOL, School(name=of.SCHOOL, board=of.OTHER_BOARD), "NOT_ALLOWED"),
    (of.OTHER_SCHOOL_MANAGER, SCHOOL, School(name=of.SCHOOL, address=PostalAddress(town="y")),
     "NOT_ALLOWED"),
    (of.SUPPLIERS_DESK, SUPPLIER, Supplier(name=of.SUPPLIER, address=PostalAddress(town="y")), ""),
    (of.SUPPLIERS_DESK, SUPPLIER, Supplier(name=of.SUPPLIER, display_name="OSO"), "NOT_ALLOWED"),
    (of.OTHER_SUPPLIERS_DESK, SUPPLIER, Supplier(name=of.SUPPLIER, display_name="y"),
     "NOT_ALLOWED"),
    (of.SUPPLIERS_DESK, PRODUCT, Product(name=of.PRODUCT, version="4.3"), ""),
    (of.OTHER_SUPPLIERS_DESK, PRODUCT, Product(name=of.PRODUCT, version="4.3"), "NOT_ALLOWED"),
]  # fmt: skip


@pytest.mark.parametrize(("caller", "register", "given", "expected"), _CHANGES)
def test_who_may_change_what(
    country: Country, caller: Caller, register: Register[Any], given: Any, expected: str
) -> None:
    """Whom it belongs to may change its address, a supplier its products; the rest is ours."""
    tx = country.call(caller)

    assert expected == of.outcome(register.update, tx, given, FieldMask())


@pytest.mark.parametrize(
    ("caller", "boards", "schools", "suppliers"),
    [
        (of.REGISTRAR, 2, 2, 2),
        (of.AUDITOR, 2, 2, 2),
        (of.HELPDESK, 2, 2, 2),
        (of.BOARD_MANAGER, 1, 1, 2),
        (of.SCHOOL_MANAGER, 0, 1, 2),
        (of.SUPPLIERS_DESK, 0, 1, 1),
        (of.OTHER_SUPPLIERS_DESK, 0, 0, 1),
        (Caller("las", roles.ROLE_LAS, of.SUPPLIER), 0, 0, 0),
        (Caller("x", roles.ROLE_BOARD_MANAGER, of.SCHOOL), 0, 0, 2),
        (Caller("x", roles.ROLE_BOARD_MANAGER, ""), 0, 0, 0),
        (Caller(), 0, 0, 0),
    ],
)
def test_everybody_sees_its_own(
    country: Country, caller: Caller, boards: int, schools: int, suppliers: int
) -> None:
    """One sees in a list what one may get by name, and nothing else."""
    country.give()
    tx = country.call(caller)
    for register, names, expected in (
        (BOARD, [of.BOARD, of.OTHER_BOARD], boards),
        (SCHOOL, [of.SCHOOL, of.OTHER_SCHOOL], schools),
        (SUPPLIER, [of.SUPPLIER, of.OTHER_SUPPLIER], suppliers),
        (PRODUCT, [of.PRODUCT, of.OTHER_PRODUCT], suppliers),
    ):
        listed, _ = register.page(tx, ListBoardsRequest())
        got = [name for name in names if not of.outcome(register.get, tx, name)]
        assert expected == len(got)
        assert got == [one.name for one in listed]


def test_a_supplier_registers_its_own_products_only(country: Country) -> None:
    """And does not take back what a registrar closed: that is not among its methods."""
    tx = country.call(of.SUPPLIERS_DESK)
    given = Product(display_name="x")

    assert ["", "NOT_ALLOWED"] == [
        of.outcome(PRODUCT.create, tx, given, f"{name}/products/x")
        for name in (of.SUPPLIER, of.OTHER_SUPPLIER)
    ]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ListSchoolsRequest(), ["00SS", "00TT"]),
        (ListSchoolsRequest(text="regen"), ["00SS"]),
        (ListSchoolsRequest(text="  REGENBOOG "), ["00SS"]),
        (ListSchoolsRequest(text="étuis"), ["00TT"]),
        (ListSchoolsRequest(text="ÉTUIS"), ["00TT"]),
        (ListSchoolsRequest(text="00tt"), ["00TT"]),
        (ListSchoolsRequest(text="%"), []),
        (ListSchoolsRequest(text="_"), []),
        (ListSchoolsRequest(text="' or 1=1 --"), []),
        (ListSchoolsRequest(status=PARTY_STATUS_CLOSED), []),
        (ListSchoolsRequest(status=PARTY_STATUS_ACTIVE, text="het"), ["00TT"]),
    ],
)
def test_lists_are_searched(
    country: Country, request_: ListSchoolsRequest, expected: list[str]
) -> None:
    """In name, number and town; capitals do not matter, wildcards are plain characters."""
    found, _ = SCHOOL.page(country.call(), request_)

    assert expected == [one.name.removeprefix("schools/") for one in found]


def test_pages_are_not_disturbed_by_what_comes_and_goes(country: Country) -> None:
    """Each that stays comes once, in the order of their names."""
    tx = country.call()
    for number in range(20, 30):
        BOARD.create(tx, Board(display_name="x"), f"boards/000{number}")
    seen, token = [], ""
    while True:
        found, token = BOARD.page(tx, ListBoardsRequest(page_size=3, page_token=token, text="x"))
        seen += [one.name for one in found]
        if not token:
            break
        BOARD.create(tx, Board(display_name="x"), f"boards/000{10 + len(seen)}")  # goes before

    assert [f"boards/000{number}" for number in range(20, 30)] == seen


def test_the_suppliers_of_the_founding_document_are_loaded_once(country: Country) -> None:
    """Nine are admitted, one is in talks; what changed since stays."""
    others = SUPPLIERS.table.c.display_name != "Leverancier"
    tx = country.call()
    initial_suppliers(tx)
    everybody = tx.list(SUPPLIERS, others)
    changed = SUPPLIER.update(
        tx, Supplier(name=everybody[0].name, display_name="Anders"), FieldMask()
    )

    initial_suppliers(country.call(days=1))

    states = [one.admission for one in everybody]
    assert 9 == states.count(contract.ADMISSION_STATE_ADMITTED)
    assert ["Educus"] == [
        one.display_name for one in everybody if one.admission == contract.ADMISSION_STATE_CANDIDATE
    ]
    assert [changed, *everybody[1:]] == country.call().list(SUPPLIERS, others)
    products = tx.list(PRODUCTS, PRODUCTS.table.c.display_name != "LAS")
    assert _INITIAL_PRODUCTS == {f"{one.display_name} {one.version}".strip() for one in products}


_INITIAL_PRODUCTS = {
    "Eduscope 2.16.0",
    "EduArte",
    "Esis 4.5",
    "LVS2000",
    "Magister 5.3",
    "ParnasSys",
    "SOM 3x",
    "SchoolOAS 5",
    "Schoolfit2",
    "Winsas 6.026",
}


def test_the_initial_suppliers_have_oins_for_tests() -> None:
    """Invented OINs have the prefix that says so, and none is there twice."""
    oins = [entry["oin"] for entry in read_initial_suppliers()]

    assert 10 == len(set(oins))
    assert [] == [oin for oin in oins if not (is_oin(oin) and oin.startswith("00000099"))]
