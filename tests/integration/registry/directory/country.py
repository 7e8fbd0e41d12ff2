"""A country that follows a real OfficeHeart: a Traffic Center, a source, and whoever receives."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest
from oso.options.v1.access_pb2 import ROLE_LAS, ROLE_TRAFFIC_CENTER
from oso.registry.v1.grant_key_pb2 import GrantKey
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    PARTY_STATUS_ACTIVE,
    Product,
    Supplier,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_las.app import Node
from oso_las.app import Settings as SchoolSettings
from oso_las.app import running as running_school
from oso_las.model import Identity
from oso_las.search_key import search_key
from oso_las.traffic_center import TrafficCenter
from oso_registry.grant_keys.resources import GRANT_KEYS
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SUPPLIERS
from oso_registry.standard.initial import initial_year
from oso_registry.testing import routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.clock import SystemClock
from oso_rpc.signing import Signer, key_id_of
from oso_trafficcenter.app import Settings as CenterSettings
from oso_trafficcenter.app import running as running_center

from .conftest import put_school

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from oso_dossier import DossierDocument
    from oso_registry.store import Transaction

    from .conftest import Followers

SUPPLIER = "suppliers/00000099000000901000"
PRODUCT = f"{SUPPLIER}/products/las"
SOURCE, TARGET = ("00SS", "las-a"), ("01VV", "las-b")


class Country:
    """A Traffic Center and a school that follow OfficeHeart, and a target that calls them.

    Attributes:
        node: The source's node.
        address: Where it listens.
        center_address: Where the Traffic Center listens.
        center: The target's side of the Traffic Center.
        source: The target's connection to the source.

    """

    def __init__(self, followers: Followers) -> None:
        """Take who follows."""
        self.followers = followers
        self.stack = AsyncExitStack()
        self.node: Node
        self.address = ""
        self.center_address = ""
        self.center: TrafficCenter
        self.source: grpc.aio.Channel

    async def start(self) -> None:
        """Register everybody, and start all but OfficeHeart, which runs."""
        followers = self.followers
        for system_id, role in ((SOURCE[1], ROLE_LAS), (TARGET[1], ROLE_LAS)):
            await followers.credentials(system_id, role, SUPPLIER)
        await followers.credentials("trafficcenter", ROLE_TRAFFIC_CENTER)
        folder = followers.folder("trafficcenter")
        (folder / "grant.key").write_bytes(Signer.new_pem())
        (folder / "grant.key").chmod(0o600)
        await followers.act(self._settle(Signer.load(folder / "grant.key").public_key))
        center = await self.stack.enter_async_context(running_center(self._center_settings()))
        self.center_address = address = f"127.0.0.1:{center.port}"
        self.node, self.address = await self.start_node(
            SOURCE[1],
            brin=SOURCE[0],
            routing_key=routing_key_of(SOURCE[0]),
            swv_routing_key=routing_key_of(SOURCE[0], 3),
        )
        for school in (SOURCE, TARGET):
            await followers.act(_put_point(*school, self.address))
        credentials = followers.load(TARGET[1])
        self.center = TrafficCenter(address, "trafficcenter", credentials, SystemClock())
        self.stack.push_async_callback(self.center.close_channel)
        self.source = await self.stack.enter_async_context(
            secure_channel(self.address, SOURCE[1], credentials.current)
        )

    async def start_node(self, system_id: str, **settings: Any) -> tuple[Node, str]:
        """Start a node of a system that has its certificate; give it, and where it listens."""
        folder = self.followers.folder(system_id)
        known = SchoolSettings(
            listen="127.0.0.1:0",
            traffic_center=self.center_address,
            certificate=folder / "system.crt",
            key=folder / "system.key",
            directory=folder / "directory.pb",
            parts=folder / "parts",
            **self._office_heart,
            **settings,
        )
        node, server = await self.stack.enter_async_context(running_school(folder, known))
        return node, f"127.0.0.1:{server.port}"

    async def known(self, holds: Callable[[Any], object]) -> None:
        """Wait until something holds of the directory the source and the centre have."""
        async with asyncio.timeout(20):
            version = (await self.node.directory.until(holds)).version  # type: ignore[union-attr]
            for _ in range(1000):
                if (await self.node.traffic_center.ping()).directory_version >= version:
                    return
                await asyncio.sleep(0.01)

    async def request(self, document: DossierDocument) -> FetchDossierRequest:
        """Have a dossier ready at the source, and a session to fetch it."""
        desk = self.node.desk
        number = await desk.import_document(document, "test")
        await desk.inspect(number, "test")
        await desk.set_ready(number, TARGET[0], "test")
        identity, salt = Identity.of_dossier(document.dossier), os.urandom(32)
        opened = await self.center.open(
            routing_key_of(TARGET[0]), SOURCE[0], search_key(identity, salt)
        )
        return FetchDossierRequest(
            session_id=opened.session.session_id,
            grant=opened.grant,
            source_routing_key=routing_key_of(SOURCE[0]),
            identity=identity.message(),
            salt=salt,
            accepted_dossier_years=["2019.1"],
        )

    @property
    def _office_heart(self) -> dict[str, Any]:
        return {
            "office_heart": self.followers.head_office.address,
            "directory_keys": [key.hex() for key in self.followers.keys.values()],
            "authority": self.followers.root,
        }

    def _center_settings(self) -> CenterSettings:
        folder = self.followers.folder("trafficcenter")
        return CenterSettings(
            listen="127.0.0.1:0",
            certificate=folder / "system.crt",
            key=folder / "system.key",
            grant_key=folder / "grant.key",
            directory=folder / "directory.pb",
            database=f"sqlite:///{folder / 'center.sqlite'}",
            **self._office_heart,
        )

    @staticmethod
    def _settle(grant_key: bytes) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            tx.put(SUPPLIERS, Supplier(name=SUPPLIER, display_name="L", status=PARTY_STATUS_ACTIVE,
                                       admission=ADMISSION_STATE_ADMITTED))  # fmt: skip
            tx.put(PRODUCTS, Product(name=PRODUCT, display_name="LAS",
                                     version="1", status=PARTY_STATUS_ACTIVE))  # fmt: skip
            name = f"systems/trafficcenter/grantKeys/{key_id_of(grant_key)}"
            tx.put(GRANT_KEYS, GrantKey(name=name, public_key=grant_key))
            initial_year(tx)
            for brin, _ in (SOURCE, TARGET):
                put_school(brin)(tx)

        return work


def _put_point(brin: str, system_id: str, address: str) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        given = Mandate(
            name=f"mandates/00000000-0000-4000-8000-0000000000{brin[:2]}",
            board="boards/41234",
            school=f"schools/{brin}",
            supplier=SUPPLIER,
            kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
        )
        given.start_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))
        tx.put(MANDATES, given)
        tx.put(
            DELIVERY_POINTS,
            DeliveryPoint(
                name=f"deliveryPoints/{routing_key_of(brin)}",
                school=f"schools/{brin}",
                vestiging="00",
                mandate=given.name,
                system=f"systems/{system_id}",
                address=address,
                product=PRODUCT,
                kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
                dossier_years=["2019.1"],
            ),
        )

    return work
