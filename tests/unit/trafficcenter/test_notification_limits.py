"""How many notifications one source may report for one target, on a real SQLite file."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oso.directory.v1 import directory_pb2 as registry
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.notification_pb2 import Notification
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_rpc.directory import DirectorySource
from oso_rpc.errors import OsoError
from oso_rpc.signing import Signer, key_id_of
from oso_store import Database
from oso_trafficcenter.notifications import Limits, Notifications
from oso_trafficcenter.store import MIGRATIONS, Transaction

from .conftest import NOW, POINTS, SOURCE, SYSTEMS, TARGET, Clock, Country, peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SWV_POINTS = {code: f"00000099000{code}001" for code in ("PO3001", "VO2502")}


def _directory(country: Country, folder: Path, clock: Clock) -> tuple[DirectorySource, Signer]:
    """Sign the directory, with two SWVs, and give it as a Traffic Center reads it."""
    for brin in (SOURCE, TARGET):
        country.point(brin).kinds.append(TRANSFER_KIND_SWV_DOSSIER)
    for code, routing_key in SWV_POINTS.items():
        country.directory.swvs.add(
            code=code, name=code, qualification=registry.QUALIFICATION_STATE_QUALIFIED
        )
        point = country.directory.swv_delivery_points.add()
        point.CopyFrom(country.point(SOURCE))
        point.brin, point.swv, point.routing_key = "", code, routing_key
    key = folder / "directory.key"
    key.write_bytes(Signer.new_pem())
    key.chmod(0o600)
    signer = Signer.load(key)
    content = country.directory.SerializeToString(deterministic=True)
    signed = registry.SignedDirectory(
        directory=content,
        signature=signer.sign("oso.directory.v1", content),
        key_id=signer.key_id,
    )
    (folder / "directory.pb").write_bytes(signed.SerializeToString())
    trusted = {key_id_of(signer.public_key): signer.public_key}
    source = DirectorySource(folder / "directory.pb", trusted, clock, timedelta(days=3650))
    source.load()
    return source, signer


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock(NOW)


@pytest.fixture
async def notifications(
    country: Country, tmp_path: Path, clock: Clock
) -> AsyncIterator[Notifications]:
    """The service, with a limit of three a day to one target."""
    directory, signer = _directory(country, tmp_path, clock)
    database: Database[Transaction] = Database(f"sqlite:///{tmp_path / 'tc.sqlite'}", Transaction)
    await database.migrate(MIGRATIONS)
    await database.start()
    yield Notifications(
        database,
        directory,
        signer,
        clock=clock,
        new_id=lambda: str(uuid.uuid4()),
        new_key=lambda: uuid.uuid4().hex,
        limits=Limits(to_target=3),
    )
    await database.close()


async def _report(
    notifications: Notifications, clock: Clock, code: str = "PO3001", brin: str = SOURCE
) -> str:
    """Report one; give its coupling key, or the reason it was refused for."""
    request = messages.ReportNotificationRequest(
        request_id=str(uuid.uuid4()),
        source_routing_key=POINTS[brin],
        kind=TRANSFER_KIND_SWV_DOSSIER,
        target_routing_key=SWV_POINTS[code],
    )
    request.send_time.FromDatetime(clock.time)
    try:
        told = await notifications.report(request, peer(SYSTEMS[brin]))
    except OsoError as refusal:
        return refusal.name
    return Notification.FromString(told.notification.notification).coupling_key


async def test_one_target_is_not_flooded_by_one_source(
    notifications: Notifications, clock: Clock
) -> None:
    """The fourth in a day is refused; to another target or by another source it is not."""
    at_once = await asyncio.gather(*(_report(notifications, clock) for _ in range(5)))

    assert 2 == at_once.count("TOO_MANY_NOTIFICATIONS")
    assert "TOO_MANY_NOTIFICATIONS" == await _report(notifications, clock)
    assert 32 == len(await _report(notifications, clock, code="VO2502"))
    assert 32 == len(await _report(notifications, clock, brin=TARGET))
    clock.time += timedelta(hours=24, seconds=1)
    assert 32 == len(await _report(notifications, clock))
