"""A registry in memory whose changes are published, and a reader who is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message
from sqlalchemy import create_engine, delete, select
from sqlmodel import SQLModel

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED, SECTOR_PO
from oso.options.v1.access_pb2 import ROLE_LAS
from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    PARTY_STATUS_ACTIVE,
    Product,
    School,
    Supplier,
)
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_ISSUED, Certificate, System
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.calls import OFFICE
from oso_registry.directory.contents import Contents, read
from oso_registry.directory.publishing import DELTAS, DirectoryPublisher, state_of
from oso_registry.directory.snapshot import make_snapshot
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.standard.resources import DOSSIER_YEARS
from oso_registry.store import Batch, Transaction
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_rpc.directory.chain import NOTHING, Chain, Known
from oso_rpc.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table

    from oso_registry.directory.publishing import State
    from oso_registry.store import Collection
    from oso_rpc.directory import DirectoryView

M = TypeVar("M", bound=Message)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SUPPLIER = "suppliers/00000099000000901000"
PRODUCT = f"{SUPPLIER}/products/las-4.2"
MANDATE = "mandates/00000000-0000-4000-8000-000000000001"
ROUTING_KEY = "0000000700000SS00001"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = NOW

    def now(self) -> datetime:
        """Give the moment it was set to."""
        return self.time


class Registry:
    """The registry.

    Attributes:
        clock: Its clock.
        publisher: What tells of its changes.
        signer: The key of the directory.

    """

    def __init__(self) -> None:
        """Make its tables."""
        self.clock = Clock()
        self.publisher = DirectoryPublisher(self.clock)
        self.signer = Signer(Ed25519PrivateKey.generate())
        self._connection = create_engine("sqlite://").connect()
        SQLModel.metadata.create_all(self._connection)

    def do(self, work: Callable[[Transaction], Any]) -> None:
        """Do work in a transaction."""
        batch = Batch(self._connection, self.publisher)
        work(Transaction(batch, OFFICE, self.clock.now()))
        batch.flush()
        self._connection.commit()
        batch.session.close()

    def put(self, *changes: tuple[Collection[Any], Message]) -> None:
        """Write resources in one transaction."""

        def work(tx: Transaction) -> None:
            for collection, message in changes:
                tx.put(collection, message)

        self.do(work)

    def settle(self) -> None:
        """Register a year, a school with one delivery point, and the system of its supplier."""
        self.put(
            (DOSSIER_YEARS, dossier_year()),
            (SUPPLIERS, supplier()),
            (PRODUCTS, product()),
            (SCHOOLS, school("00SS")),
            (SYSTEMS, system("las")),
            (CERTIFICATES, certificate("las")),
            (MANDATES, mandate()),
            (DELIVERY_POINTS, point()),
        )

    def state(self) -> State | None:
        """Give which version is the newest."""
        return state_of(self._connection)

    def numbers(self) -> list[int]:
        """Give the versions of all deltas that are kept."""
        query = select(DELTAS.c.version).order_by(DELTAS.c.version)
        return list(self._connection.execute(query).scalars())

    def read(self, known: Contents | None = None) -> Contents:
        """Read what OfficeHeart gives out, after what it had read before."""
        known = known or Contents()
        batch = Batch(self._connection)
        found = read(batch, known.state)
        batch.session.close()
        return known if found is None else found.after(known, self.signer)

    def forget(self, *tables: Table) -> None:
        """Empty tables, all unless some are named: as before anything was written."""
        for table in tables or SQLModel.metadata.sorted_tables:
            self._connection.execute(delete(table))
        self._connection.commit()
        self.clock.time = NOW

    def reader(self) -> Reader:
        """Make a reader who has the whole of now."""
        return Reader(self)

    def close(self) -> None:
        """Forget it."""
        self._connection.close()
        self._connection.engine.dispose()


class Reader:
    """Somebody who has a snapshot and follows by deltas."""

    def __init__(self, registry: Registry) -> None:
        """Take the snapshot of now."""
        self._registry = registry
        self._chain = Chain({registry.signer.key_id: registry.signer.public_key})
        self._contents = registry.read()
        self.known = self.whole()

    def whole(self) -> Known:
        """Take a snapshot, knowing nothing before."""
        registry = self._registry
        contents = registry.read()
        snapshot = make_snapshot(contents, registry.signer, registry.clock.now())
        content = b"".join(part.snapshot.content for part in snapshot.parts)
        return self._chain.after_snapshot(None, NOTHING, content)

    def follow(self) -> DirectoryView:
        """Take the deltas since; give the newest view."""
        before = self._contents.state
        self._contents = self._registry.read(self._contents)
        deltas = self._contents.since(before.order, before.delta_sha256)
        assert deltas is not None
        for word in deltas:
            self.known = self._chain.after_delta(self.known, word.delta)
        return self.known.view


def seen_of(view: DirectoryView) -> dict[str, Any]:
    """Give everything a view has, but for the moment it was signed."""
    return {name: value for name, value in vars(view).items() if name != "issue_time"}


def school(brin: str, **changes: Any) -> School:
    """Make a school."""
    values = {
        "name": f"schools/{brin}",
        "display_name": f"School {brin}",
        "sector": SECTOR_PO,
        "status": PARTY_STATUS_ACTIVE,
        "qualification": QUALIFICATION_STATE_QUALIFIED,
    }
    return School(**{**values, **changes})


def dossier_year(year: str = "2019.1", begins: timedelta = timedelta(days=-365)) -> DossierYear:
    """Make a year that is accepted from so long from now on."""
    made = DossierYear(name=f"dossierYears/{year}")
    made.start_time.FromDatetime(NOW + begins)
    return made


def supplier(**changes: Any) -> Supplier:
    """Make a supplier that is admitted."""
    values = {
        "name": SUPPLIER,
        "display_name": "Leverancier",
        "status": PARTY_STATUS_ACTIVE,
        "admission": ADMISSION_STATE_ADMITTED,
    }
    return Supplier(**{**values, **changes})


def product(**changes: Any) -> Product:
    """Make its product."""
    values = {
        "name": PRODUCT,
        "display_name": "LAS",
        "version": "4.2",
        "status": PARTY_STATUS_ACTIVE,
    }
    return Product(**{**values, **changes})


def system(system_id: str, **changes: Any) -> System:
    """Make a system of the supplier."""
    values: dict[str, Any] = {
        "name": f"systems/{system_id}",
        "display_name": system_id,
        "role": ROLE_LAS,
        "owner": SUPPLIER,
    }
    return System(**{**values, **changes})


def certificate(system_id: str, number: int = 1, days: float = 90, **changes: Any) -> Certificate:
    """Make a certificate that is in force for so many days from NOW."""
    values: dict[str, Any] = {
        "name": f"systems/{system_id}/certificates/{number:040x}",
        "state": CERTIFICATE_STATE_ISSUED,
        "sha256": thumbprint(system_id, number),
    }
    made = Certificate(**{**values, **changes})
    made.not_before.FromDatetime(NOW - timedelta(days=1))
    made.expire_time.FromDatetime(NOW + timedelta(days=days))
    return made


def thumbprint(system_id: str, number: int = 1) -> bytes:
    """Give the thumbprint a certificate of a test has."""
    return f"{system_id} {number}".encode().ljust(32, b"\0")


def mandate(**days: float | None) -> Mandate:
    """Make a mandate, with moments as days from NOW."""
    made = Mandate(
        name=MANDATE,
        board="boards/41234",
        school="schools/00SS",
        supplier=SUPPLIER,
        kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
    )
    return _dated(made, {"start_time": -1, "end_time": 100, **days})


def point(*, disabled: bool = False, **days: float | None) -> DeliveryPoint:
    """Make a delivery point, with moments as days from NOW."""
    made = DeliveryPoint(
        name=f"deliveryPoints/{ROUTING_KEY}",
        school="schools/00SS",
        vestiging="00",
        mandate=MANDATE,
        system="systems/las",
        address="las.example.nl:7444",
        product=PRODUCT,
        kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
        dossier_years=["2019.1"],
        disabled=disabled,
    )
    return _dated(made, days)


def _dated(made: M, days: dict[str, float | None]) -> M:
    for field, count in days.items():
        if count is not None:
            getattr(made, field).FromDatetime(NOW + timedelta(days=count))
    return made
