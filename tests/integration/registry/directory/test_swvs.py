"""An SWV that OfficeHeart registered receives a dossier: nothing is signed by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oso.options.v1.access_pb2 import ROLE_LAS
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import Swv
from oso.registry.v1.qualification_service_pb2 import ActOnQualificationRequest
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_dossier import canonical, write_xml
from oso_dossier.synthetic import generate
from oso_registry.mandates.delivery_points import add_delivery_point, switch_delivery_point
from oso_registry.mandates.mandates import give_mandate
from oso_registry.mandates.resources import MANDATES
from oso_registry.parties.registers import SWV as REGISTER
from oso_registry.qualification import model
from oso_registry.qualification.swvs import act_on_swv
from oso_registry.testing import routing_key_of, swv_routing_key_of
from oso_rpc.errors import OsoError, name_of

from .country import PRODUCT, SOURCE, SUPPLIER, Country

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oso.directory.v1.directory_pb2 import QualificationState
    from oso.registry.v1.qualification_pb2 import QualificationAct
    from oso_las.app import Node
    from oso_registry.store import Transaction

    from .conftest import Followers

CODE, SYSTEM = "PO3001", "swv-a"
NAME, KEY = f"swvs/{CODE}", swv_routing_key_of(CODE)
FOR_SWV = routing_key_of(SOURCE[0], 3)


class Neighbours(Country):
    """A country with an SWV, registered by the services of OfficeHeart.

    Attributes:
        swv: The SWV's node.

    """

    def __init__(self, followers: Followers) -> None:
        """Take who follows."""
        super().__init__(followers)
        self.swv: Node

    async def start(self) -> None:
        """Register and start the SWV too."""
        await super().start()
        await self.followers.credentials(SYSTEM, ROLE_LAS, SUPPLIER)
        self.swv, at = await self.start_node(SYSTEM, brin="", swv=CODE, routing_key=KEY)
        await self.followers.act(lambda tx: _register(tx, at))
        await self.followers.act(lambda tx: _source_gives_to_swvs(tx, self.address))
        await self.known(lambda view: view.delivery_point(KEY) and view.delivery_point(FOR_SWV))
        async with asyncio.timeout(20):
            await self.swv.directory.until(lambda view: view.delivery_point(KEY))  # type: ignore[union-attr]

    async def decide(
        self, act: QualificationAct.ValueType, expected: QualificationState.ValueType
    ) -> None:
        """Have a registrar decide about the SWV, and wait until all know."""
        await self.followers.act(lambda tx: _decide(tx, act))
        await self.known(lambda view: view.swv(CODE).qualification == expected)

    async def ready(self) -> int:
        """Have a dossier for the SWV ready at the source."""
        number = await self.node.desk.import_document(generate("POSWV", 7), "test")
        await self.node.desk.set_ready(number, CODE, "test")
        return number

    async def notified(self, number: int) -> str:
        """Notify the SWV; give how that went."""
        try:
            (sent,) = await self.node.notifier.notify(number, "worker", KEY)
        except OsoError as error:
            return error.name
        return sent.result


def _register(tx: Transaction, address: str) -> None:
    REGISTER.create(tx, Swv(display_name="Passend"), NAME)
    given = Mandate(swv=NAME, supplier=SUPPLIER, kinds=[TRANSFER_KIND_SWV_DOSSIER])
    given.start_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))
    mandate = give_mandate(tx, given, "mandates/00000000-0000-4000-8000-000000003001")
    point = DeliveryPoint(
        swv=NAME,
        vestiging="00",
        mandate=mandate.name,
        system=f"systems/{SYSTEM}",
        address=address,
        product=PRODUCT,
        kinds=[TRANSFER_KIND_SWV_DOSSIER],
        dossier_years=["2019.1"],
    )
    add_delivery_point(tx, point, KEY)


def _source_gives_to_swvs(tx: Transaction, address: str) -> None:
    """Give the source a delivery point of its own for dossiers to SWVs."""
    (mandate,) = tx.list(MANDATES, MANDATES.table.c.school == f"schools/{SOURCE[0]}")
    mandate.kinds.append(TRANSFER_KIND_SWV_DOSSIER)
    tx.put(MANDATES, mandate)
    point = DeliveryPoint(
        school=mandate.school,
        vestiging="00",
        mandate=mandate.name,
        system=f"systems/{SOURCE[1]}",
        address=address,
        product=PRODUCT,
        kinds=[TRANSFER_KIND_SWV_DOSSIER],
        dossier_years=["2019.1"],
    )
    add_delivery_point(tx, point, FOR_SWV)


def _decide(tx: Transaction, act: QualificationAct.ValueType) -> None:
    act_on_swv(
        tx, ActOnQualificationRequest(name=f"{NAME}/qualification", act=act, reason="Proef gezien")
    )


def _switch_off(tx: Transaction) -> None:
    switch_delivery_point(tx, f"deliveryPoints/{KEY}", "", disabled=True)


@pytest.fixture
async def neighbours(followers: Followers) -> AsyncIterator[Neighbours]:
    """A country with an SWV that may not exchange yet, on each database of OfficeHeart."""
    made = Neighbours(followers)
    async with made.stack:
        await made.start()
        yield made


async def test_a_dossier_goes_to_an_swv_by_what_office_heart_says(neighbours: Neighbours) -> None:
    """Refused until it is qualified; then it is told, fetches with its key, and has all of it.

    Once switched off, or suspended, it is not told any more.
    """
    number = await neighbours.ready()
    assert "NOT_QUALIFIED" == await neighbours.notified(number)
    await neighbours.decide(model.START_TRIAL, model.TRIAL)
    assert "NOT_QUALIFIED" == await neighbours.notified(number)
    await neighbours.decide(model.QUALIFY, model.QUALIFIED)

    assert "ARRIVED" == await neighbours.notified(number)
    (notice,) = await neighbours.swv.inbox.notices()
    wish = await neighbours.swv.inbox.wish(notice.number)
    collected = await neighbours.swv.collector.fulfil(wish, "worker")

    assert "DELIVERED" == name_of(collected.result)
    received = await neighbours.swv.desk.document(collected.dossier_number or 0)
    expected = canonical(write_xml(generate("POSWV", 7)))
    assert expected == canonical(write_xml(received))

    another = await neighbours.ready()
    await neighbours.decide(model.SUSPEND, model.SUSPENDED)
    assert "NOT_QUALIFIED" == await neighbours.notified(another)
    await neighbours.decide(model.RESUME, model.QUALIFIED)
    await neighbours.followers.act(_switch_off)
    await neighbours.known(lambda view: not view.delivery_point(KEY).active)
    assert "TARGET_INACTIVE" == await neighbours.notified(another)
