"""What a registrar would do at OfficeHeart, in one go and before it runs: register everybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED, Sector
from oso.options.v1.access_pb2 import ROLE_LAS, ROLE_TRAFFIC_CENTER, Role
from oso.registry.v1.grant_key_pb2 import GrantKey
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, Board, School
from oso.registry.v1.system_pb2 import System
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.app import opened
from oso_registry.grant_keys.keys import add_grant_key
from oso_registry.mandates.delivery_points import add_delivery_point
from oso_registry.mandates.mandates import give_mandate
from oso_registry.parties.resources import BOARDS, SCHOOLS
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.systems.register import register_system

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oso_registry.store import Transaction

TRAFFIC_CENTER = "trafficcenter"
_BOARD = "boards/41234"
_SUPPLIER = "suppliers/00000099000000003000"
_PRODUCT = f"{_SUPPLIER}/products/parnassys"
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Participant:
    """A school and the system that speaks for it.

    Attributes:
        brin: BRIN of the school.
        system_id: Id of the system.
        routing_key: Routing key of its delivery point.
        name: Name of the school.
        sector: `PO` or `VO`.
        address: Where the system listens.

    """

    brin: str
    system_id: str
    routing_key: str
    name: str
    sector: str
    address: str


def register(office: Path, grant_key: str, participants: Sequence[Participant]) -> None:
    """Register a Traffic Center and schools; their systems have no certificates yet."""
    asyncio.run(_register(office, grant_key, participants))


async def _register(office: Path, grant_key: str, participants: Sequence[Participant]) -> None:
    settings = Settings.load(office / SETTINGS_FILE)
    async with opened(office, settings) as opened_office:
        await opened_office.act(partial(_settle, bytes.fromhex(grant_key), participants))


def _settle(grant_key: bytes, participants: Sequence[Participant], tx: Transaction) -> None:
    _settle_system(tx, TRAFFIC_CENTER, ROLE_TRAFFIC_CENTER)
    add_grant_key(tx, GrantKey(public_key=grant_key), f"systems/{TRAFFIC_CENTER}")
    tx.put(BOARDS, Board(name=_BOARD, display_name="Stichting Demo", status=PARTY_STATUS_ACTIVE))
    for participant in participants:
        _settle_system(tx, participant.system_id, ROLE_LAS, _SUPPLIER)
        _settle_school(tx, participant)


def _settle_system(tx: Transaction, system_id: str, role: Role.ValueType, owner: str = "") -> None:
    register_system(tx, System(display_name=system_id, role=role, owner=owner), system_id)


def _settle_school(tx: Transaction, participant: Participant) -> None:
    school = School(
        name=f"schools/{participant.brin}",
        display_name=participant.name,
        board=_BOARD,
        sector=Sector.Value(f"SECTOR_{participant.sector}"),
        status=PARTY_STATUS_ACTIVE,
        qualification=QUALIFICATION_STATE_QUALIFIED,
    )
    tx.put(SCHOOLS, school)
    kinds = [TRANSFER_KIND_OVERSTAPDOSSIER]
    mandate = Mandate(board=_BOARD, school=school.name, supplier=_SUPPLIER, kinds=kinds)
    mandate.start_time.FromDatetime(_BEGIN)
    given = give_mandate(tx, mandate, f"mandates/{uuid4()}")
    point = DeliveryPoint(
        school=school.name,
        vestiging="00",
        mandate=given.name,
        system=f"systems/{participant.system_id}",
        address=participant.address,
        product=_PRODUCT,
        kinds=kinds,
        dossier_years=["2019.1"],
    )
    add_delivery_point(tx, point, participant.routing_key)
