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
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, Board, School, Swv
from oso.registry.v1.system_pb2 import System
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER, TransferKind
from oso_registry.app import opened
from oso_registry.grant_keys.keys import add_grant_key
from oso_registry.mandates.delivery_points import add_delivery_point
from oso_registry.mandates.mandates import give_mandate
from oso_registry.parties.resources import BOARDS, SCHOOLS, SWVS
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
    """A party and the system that speaks for it.

    Attributes:
        party: BRIN of the school, or code of the SWV.
        name: Its name.
        sector: `PO` or `VO`; empty for an SWV.
        system_id: Id of the system.
        points: Its delivery points: routing key, and the kind of transfer each is for.

    """

    party: str
    name: str
    sector: str
    system_id: str
    points: tuple[tuple[str, TransferKind.ValueType], ...]

    @property
    def is_swv(self) -> bool:
        """Whether it is an SWV."""
        return not self.sector


def register(office: Path, grant_key: str, participants: Sequence[tuple[Participant, str]]) -> None:
    """Register a Traffic Center, and parties with where each listens.

    Their systems have no certificates yet.
    """
    asyncio.run(_register(office, grant_key, participants))


async def _register(
    office: Path, grant_key: str, participants: Sequence[tuple[Participant, str]]
) -> None:
    settings = Settings.load(office / SETTINGS_FILE)
    async with opened(office, settings) as opened_office:
        await opened_office.act(partial(_settle, bytes.fromhex(grant_key), participants))


def _settle(
    grant_key: bytes, participants: Sequence[tuple[Participant, str]], tx: Transaction
) -> None:
    _settle_system(tx, TRAFFIC_CENTER, ROLE_TRAFFIC_CENTER)
    add_grant_key(tx, GrantKey(public_key=grant_key), f"systems/{TRAFFIC_CENTER}")
    tx.put(BOARDS, Board(name=_BOARD, display_name="Stichting Demo", status=PARTY_STATUS_ACTIVE))
    mandates: dict[str, Mandate] = {}
    for participant, address in participants:
        _settle_system(tx, participant.system_id, ROLE_LAS, _SUPPLIER)
        if participant.party not in mandates:
            _settle_party(tx, participant)
            kinds = {
                kind
                for one, _ in participants
                if one.party == participant.party
                for _, kind in one.points
            }
            mandates[participant.party] = _give_mandate(tx, participant, sorted(kinds))
        _add_points(tx, participant, mandates[participant.party], address)


def _settle_system(tx: Transaction, system_id: str, role: Role.ValueType, owner: str = "") -> None:
    register_system(tx, System(display_name=system_id, role=role, owner=owner), system_id)


def _settle_party(tx: Transaction, participant: Participant) -> None:
    if participant.is_swv:
        swv = Swv(name=f"swvs/{participant.party}", display_name=participant.name)
        swv.status, swv.qualification = PARTY_STATUS_ACTIVE, QUALIFICATION_STATE_QUALIFIED
        tx.put(SWVS, swv)
        return
    school = School(
        name=f"schools/{participant.party}",
        display_name=participant.name,
        board=_BOARD,
        sector=Sector.Value(f"SECTOR_{participant.sector}"),
        status=PARTY_STATUS_ACTIVE,
        qualification=QUALIFICATION_STATE_QUALIFIED,
    )
    tx.put(SCHOOLS, school)


def _give_mandate(
    tx: Transaction, participant: Participant, kinds: Sequence[TransferKind.ValueType]
) -> Mandate:
    mandate = Mandate(supplier=_SUPPLIER, kinds=kinds)
    if participant.is_swv:
        mandate.swv = f"swvs/{participant.party}"
    else:
        mandate.board, mandate.school = _BOARD, f"schools/{participant.party}"
    mandate.start_time.FromDatetime(_BEGIN)
    return give_mandate(tx, mandate, f"mandates/{uuid4()}")


def _add_points(tx: Transaction, participant: Participant, mandate: Mandate, address: str) -> None:
    for routing_key, kind in participant.points:
        point = DeliveryPoint(
            school=mandate.school,
            swv=mandate.swv,
            vestiging="00",
            mandate=mandate.name,
            system=f"systems/{participant.system_id}",
            address=address,
            product=_PRODUCT,
            kinds=[kind],
            dossier_years=["2019.1"],
        )
        add_delivery_point(tx, point, routing_key)


def swv_point(participant: Participant) -> str:
    """Give the routing key of a school's delivery point for dossiers for an SWV; empty for none."""
    if participant.is_swv:
        return ""
    found = [key for key, kind in participant.points if kind == TRANSFER_KIND_SWV_DOSSIER]
    return found[0] if found else ""
