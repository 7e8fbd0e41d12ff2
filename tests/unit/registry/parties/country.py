"""A small country: two boards with a school each, two suppliers, and whoever may call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from oso.directory.v1.directory_pb2 import SECTOR_PO, SECTOR_VO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    PARTY_STATUS_ACTIVE,
    Board,
    Product,
    School,
    Supplier,
)
from oso.registry.v1.system_pb2 import System
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_registry.calls import Caller
from oso_registry.mandates.delivery_points import add_delivery_point
from oso_registry.mandates.mandates import give_mandate
from oso_registry.parties.resources import BOARDS, PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.store import Batch, Transaction
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable

M = TypeVar("M", bound=Message)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOARD, OTHER_BOARD = "boards/41234", "boards/41235"
SCHOOL, OTHER_SCHOOL = "schools/00SS", "schools/00TT"
SUPPLIER, OTHER_SUPPLIER = "suppliers/00000099000000901000", "suppliers/00000099000000902000"
PRODUCT, OTHER_PRODUCT = f"{SUPPLIER}/products/las-4.2", f"{OTHER_SUPPLIER}/products/las-1"
SYSTEM, OTHER_SYSTEM, SCHOOLS_SYSTEM = "systems/las", "systems/las-other", "systems/las-school"
MANDATE = "mandates/00000000-0000-4000-8000-000000000001"
ROUTING_KEY = "0000000700000SS00001"
POINT = f"deliveryPoints/{ROUTING_KEY}"

OVERSTAP = TRANSFER_KIND_OVERSTAPDOSSIER
BINNENBRIN = TRANSFER_KIND_OVERDRACHTBINNENBRIN
SWV_DOSSIER = TRANSFER_KIND_SWV_DOSSIER

REGISTRAR = Caller("registrar", roles.ROLE_REGISTRAR)
BOARD_MANAGER = Caller("board", roles.ROLE_BOARD_MANAGER, BOARD)
OTHER_BOARD_MANAGER = Caller("other-board", roles.ROLE_BOARD_MANAGER, OTHER_BOARD)
SCHOOL_MANAGER = Caller("school", roles.ROLE_SCHOOL_MANAGER, SCHOOL)
OTHER_SCHOOL_MANAGER = Caller("other-school", roles.ROLE_SCHOOL_MANAGER, OTHER_SCHOOL)
SUPPLIERS_DESK = Caller("supplier", roles.ROLE_SUPPLIER, SUPPLIER)
OTHER_SUPPLIERS_DESK = Caller("other-supplier", roles.ROLE_SUPPLIER, OTHER_SUPPLIER)
AUDITOR = Caller("auditor", roles.ROLE_AUDITOR)
HELPDESK = Caller("helpdesk", roles.ROLE_HELPDESK)


def at(days: float) -> Timestamp:
    """Give the moment so many days from now."""
    moment = Timestamp()
    moment.FromDatetime(NOW + timedelta(days=days))
    return moment


def settle(tx: Transaction) -> None:
    """Register everybody; nobody has a mandate yet."""
    active = PARTY_STATUS_ACTIVE
    for board in (BOARD, OTHER_BOARD):
        tx.put(BOARDS, Board(name=board, display_name=f"Stichting {board[-1]}", status=active))
    tx.put(SCHOOLS, School(name=SCHOOL, display_name="De Regenboog", board=BOARD, sector=SECTOR_PO,
                           status=active))  # fmt: skip
    tx.put(SCHOOLS, School(name=OTHER_SCHOOL, display_name="Het Étuis", board=OTHER_BOARD,
                           sector=SECTOR_VO, status=active))  # fmt: skip
    for supplier, product in ((SUPPLIER, PRODUCT), (OTHER_SUPPLIER, OTHER_PRODUCT)):
        tx.put(SUPPLIERS, Supplier(name=supplier, display_name="Leverancier", status=active,
                                   admission=ADMISSION_STATE_ADMITTED))  # fmt: skip
        tx.put(PRODUCTS, Product(name=product, display_name="LAS", version="4.2", status=active))
    for system, owner in (
        (SYSTEM, SUPPLIER),
        (OTHER_SYSTEM, OTHER_SUPPLIER),
        (SCHOOLS_SYSTEM, SCHOOL),
    ):
        tx.put(SYSTEMS, System(name=system, display_name=system, role=roles.ROLE_LAS, owner=owner))


def mandate(**changes: Any) -> Mandate:
    """Make a mandate of the board to the supplier, from yesterday for a year."""
    made = Mandate(
        board=BOARD,
        school=SCHOOL,
        supplier=SUPPLIER,
        kinds=[OVERSTAP, BINNENBRIN, SWV_DOSSIER],
        start_time=at(-1),
        end_time=at(365),
    )
    return _changed(made, changes)


def point(**changes: Any) -> DeliveryPoint:
    """Make a delivery point of the supplier at the school."""
    made = DeliveryPoint(
        school=SCHOOL,
        vestiging="00",
        mandate=MANDATE,
        system=SYSTEM,
        address="las.example.nl:7444",
        product=PRODUCT,
        kinds=[OVERSTAP, BINNENBRIN],
        dossier_years=["2019.1"],
    )
    return _changed(made, changes)


def refusal(error: OsoError) -> str:
    """Give the reason of a refusal, and the fields that are wrong."""
    fields = " ".join(f"{field}: {text}" for field, text in error.violations)
    return f"{error.name} {fields}".strip()


def outcome(work: Callable[..., object], *arguments: Any, **named: Any) -> str:
    """Call something; give the reason why it was refused, empty when it was not."""
    try:
        work(*arguments, **named)
    except OsoError as error:
        return refusal(error)
    return ""


class Country:
    """The small country, in a database in memory."""

    def __init__(self) -> None:
        """Make its tables, and register everybody."""
        engine = create_engine("sqlite://")
        self._connection = engine.connect()
        SQLModel.metadata.create_all(self._connection)
        self.batch = Batch(self._connection)
        settle(self.call(REGISTRAR))

    def call(self, caller: Caller = REGISTRAR, days: float = 0) -> Transaction:
        """Let somebody work, some days from now."""
        return Transaction(self.batch, caller, NOW + timedelta(days=days))

    def give(self, name: str = MANDATE, **changes: Any) -> Mandate:
        """Give a mandate, as a registrar."""
        return give_mandate(self.call(), mandate(**changes), name)

    def add(self, key: str = ROUTING_KEY, **changes: Any) -> DeliveryPoint:
        """Register a delivery point, as a registrar."""
        return add_delivery_point(self.call(), point(**changes), key)

    def close(self) -> None:
        """Forget it."""
        self.batch.session.close()
        self._connection.close()
        self._connection.engine.dispose()


def _changed(made: M, changes: dict[str, Any]) -> M:
    for field, value in changes.items():
        made.ClearField(field)
        if isinstance(value, list):
            getattr(made, field).extend(value)
        elif isinstance(value, Message):
            getattr(made, field).CopyFrom(value)
        elif value is not None:
            setattr(made, field, value)
    return made
