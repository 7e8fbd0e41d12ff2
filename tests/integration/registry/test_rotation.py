"""An OfficeHeart that runs gets another issuer, and no call fails."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oso.options.v1.access_pb2 import ROLE_AUDITOR
from oso.registry.v1 import audit_service_pb2_grpc
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.system_pb2 import System
from oso_registry.authority import KeyAccess, State
from oso_registry.authority.rotation import RootKey, activate, prepare_issuer, retire
from oso_registry.founding import issue
from oso_rpc.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import HeadOffice

DEMO = KeyAccess(demo=True)


async def call(head_office: HeadOffice, credentials: Credentials) -> None:
    """Call OfficeHeart over a connection of its own; a refusal is an error."""
    system_id = credentials.identity.system_id
    desk = head_office.connect(system_id, credentials)
    stub = desk.stub(audit_service_pb2_grpc.AuditServiceStub)
    await stub.ListAuditEntries(ListAuditEntriesRequest(), timeout=10)
    await desk.channel.close()


async def enrol(head_office: HeadOffice, system_id: str) -> tuple[str, Credentials]:
    """Have the authority that OfficeHeart works with issue a leaf; give its issuer as well."""
    authority = await head_office.house.authority.get()
    folder = head_office.folder / system_id
    folder.mkdir()
    system = System(name=f"systems/{system_id}", display_name=system_id, role=ROLE_AUDITOR)
    issued = issue(authority, folder, system, datetime.now(UTC))
    await head_office.house.office.act(issued.register)
    (folder / "root.crt").write_bytes(authority.trust_pem)
    files = (folder / name for name in ("system.crt", "system.key", "root.crt"))
    return authority.active.name, Credentials.load(*files)


@asynccontextmanager
async def calling(head_office: HeadOffice, credentials: Credentials) -> AsyncIterator[list[int]]:
    """Call all the while, over ever new connections; a call that fails is raised at the end."""
    done: list[int] = []
    stop = asyncio.Event()

    async def go() -> None:
        while not stop.is_set():
            await call(head_office, credentials)
            done.append(len(done))

    async with asyncio.TaskGroup() as group:
        group.create_task(go())
        yield done
        stop.set()


async def test_calls_go_on_while_the_issuer_is_changed(head_office: HeadOffice) -> None:
    """Old leaves and new ones are served through prepare, activate and retire, without a gap."""
    ca = head_office.folder / "ca"
    root_key = RootKey(DEMO)
    steps = [
        lambda now: prepare_issuer(ca, now, root_key=root_key, access=DEMO),
        lambda now: activate(ca, "issuing-2", now, access=DEMO),
        lambda now: retire(ca, "issuing-1", now, force=True),
    ]
    leaves = [await enrol(head_office, "before")]
    async with calling(head_office, leaves[0][1]) as done:
        for number, step in enumerate(steps):
            await asyncio.to_thread(step, datetime.now(UTC))
            leaves.append(await enrol(head_office, f"after-{number}"))
            for _, credentials in leaves:
                await call(head_office, credentials)

    authority = await head_office.house.authority.get()
    assert ["issuing-1", "issuing-1", "issuing-2", "issuing-2"] == [name for name, _ in leaves]
    assert [State.RETIRED, State.ACTIVE] == [one.state for one in authority.issuers]
    assert len(done) > 1
