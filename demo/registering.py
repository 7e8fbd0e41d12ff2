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
from oso_registry.app import SETTINGS_FILE, Settings, opened
from oso_registry.authority import load_authority
from oso_registry.founding import Issued, certificate_of
from oso_registry.grant_keys.keys import add_grant_key
from oso_registry.mandates.delivery_points import add_delivery_point
from oso_registry.mandates.mandates import give_mandate
from oso_registry.parties.resources import BOARDS, SCHOOLS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oso_registry.store import Transaction

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
        home: The system's folder, with its signing request.

    """

    brin: str
    system_id: str
    routing_key: str
    name: str
    sector: str
    address: str
    home: Path


def register(
    office: Path, traffic_center: Path, grant_key: str, participants: Sequence[Participant]
) -> None:
    """Register a Traffic Center and schools, and give each system its certificate."""
    asyncio.run(_register(office, traffic_center, grant_key, participants))


async def _register(
    office: Path, traffic_center: Path, grant_key: str, participants: Sequence[Participant]
) -> None:
    settings = Settings.load(office / SETTINGS_FILE)
    async with opened(office, settings) as opened_office:
        issued = [_issue(settings, traffic_center, "trafficcenter", ROLE_TRAFFIC_CENTER)]
        issued += [_issue(settings, one.home, one.system_id, ROLE_LAS) for one in participants]
        await opened_office.act(partial(_settle, issued, bytes.fromhex(grant_key), participants))


def _issue(settings: Settings, home: Path, system_id: str, role: Role.ValueType) -> Issued:
    """Sign the request of a system; its key never leaves it."""
    authority = load_authority(settings.authority, settings.key_access())
    pem = authority.issue((home / "system.csr").read_bytes(), system_id, datetime.now(UTC))
    (home / "system.crt").write_bytes(pem)
    (home / "root.crt").write_bytes((settings.authority / "root.crt").read_bytes())
    owner = _SUPPLIER if role == ROLE_LAS else ""
    name = f"systems/{system_id}"
    system = System(name=name, display_name=system_id, role=role, owner=owner)
    return Issued(system, certificate_of(name, pem))


def _settle(
    issued: Sequence[Issued],
    grant_key: bytes,
    participants: Sequence[Participant],
    tx: Transaction,
) -> None:
    for one in issued:
        one.register(tx)
    add_grant_key(tx, GrantKey(public_key=grant_key), "systems/trafficcenter")
    tx.put(BOARDS, Board(name=_BOARD, display_name="Stichting Demo", status=PARTY_STATUS_ACTIVE))
    for participant in participants:
        _settle_school(tx, participant)


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
