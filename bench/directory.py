"""(w): the directory of the whole country, from OfficeHeart to who follows it.

8,000 schools, 10,000 delivery points, 1,010 systems. OfficeHeart and the follower share a process
and its interpreter lock, which makes both slower than they are; the Traffic Center is a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from bench.processes import process
from bench.report import Measurement
from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED, SECTOR_PO
from oso.options.v1.access_pb2 import ROLE_LAS, ROLE_REGISTRAR, ROLE_TRAFFIC_CENTER, Role
from oso.registry.v1 import delivery_point_service_pb2 as points
from oso.registry.v1.delivery_point_service_pb2_grpc import DeliveryPointServiceStub
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import (
    ADMISSION_STATE_ADMITTED,
    PARTY_STATUS_ACTIVE,
    Product,
    School,
    Supplier,
)
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_ISSUED,
    CERTIFICATE_STATE_REVOKED,
    Certificate,
    System,
)
from oso.trafficcenter.v1.traffic_center_service_pb2 import PingRequest
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.app import House, opened, running
from oso_registry.authority import KeyAccess
from oso_registry.founding import found, issue
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS, certificates_of
from oso_registry.testing import routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.clock import SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory.follower import DirectoryFollower, OfficeHeart
from oso_rpc.signing import Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oso_registry.store import Transaction
    from oso_rpc.directory import DirectoryView

SCHOOLS_OF_THE_COUNTRY, DELIVERY_POINTS_OF_THE_COUNTRY, OWN_SYSTEMS, PRODUCTS_OF_ALL = (
    8_000,
    10_000,
    1_000,
    10,
)
_ROUNDS = 15
_SUPPLIER = "suppliers/00000099000000901000"


def _brin(number: int) -> str:
    letters = number // 100
    return f"{number % 100:02d}{chr(65 + letters % 26)}{chr(65 + letters // 26)}"


def _settle(tx: Transaction) -> None:
    """Register the country."""
    active = PARTY_STATUS_ACTIVE
    tx.put(SUPPLIERS, Supplier(name=_SUPPLIER, display_name="Leverancier", status=active,
                               admission=ADMISSION_STATE_ADMITTED))  # fmt: skip
    tx.put(PRODUCTS, Product(name=f"{_SUPPLIER}/products/las", display_name="Een LAS",
                             version="4.2", status=active))  # fmt: skip
    for number in range(PRODUCTS_OF_ALL + OWN_SYSTEMS):
        _put_system(tx, f"las-{number}", number)
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(SCHOOLS_OF_THE_COUNTRY):
        brin = _brin(number)
        tx.put(SCHOOLS, School(name=f"schools/{brin}", display_name=f"Basisschool {brin}",
                               sector=SECTOR_PO, status=active,
                               qualification=QUALIFICATION_STATE_QUALIFIED))  # fmt: skip
        mandate = Mandate(name=_mandate(number), board="boards/41234", school=f"schools/{brin}",
                          supplier=_SUPPLIER, kinds=[TRANSFER_KIND_OVERSTAPDOSSIER])  # fmt: skip
        mandate.start_time.FromDatetime(begin)
        tx.put(MANDATES, mandate)
    for number in range(DELIVERY_POINTS_OF_THE_COUNTRY):
        at = number % SCHOOLS_OF_THE_COUNTRY
        administration = number // SCHOOLS_OF_THE_COUNTRY + 1
        tx.put(
            DELIVERY_POINTS,
            DeliveryPoint(
                name=f"deliveryPoints/{routing_key_of(_brin(at), administration)}",
                school=f"schools/{_brin(at)}",
                vestiging="00",
                mandate=_mandate(at),
                system=f"systems/las-{number % PRODUCTS_OF_ALL}",
                address=f"las-{number % PRODUCTS_OF_ALL}.example.nl:7444",
                product=f"{_SUPPLIER}/products/las",
                kinds=[TRANSFER_KIND_OVERSTAPDOSSIER],
                dossier_years=["2019.1"],
            ),
        )


def _put_system(tx: Transaction, system_id: str, number: int) -> None:
    tx.put(SYSTEMS, System(name=f"systems/{system_id}", display_name=system_id, role=ROLE_LAS,
                           owner=_SUPPLIER))  # fmt: skip
    certificate = Certificate(
        name=f"systems/{system_id}/certificates/{number:040x}",
        state=CERTIFICATE_STATE_ISSUED,
        sha256=number.to_bytes(32, "big"),
    )
    now = datetime.now(UTC)
    certificate.not_before.FromDatetime(now)
    certificate.expire_time.FromDatetime(now + timedelta(days=90))
    tx.put(CERTIFICATES, certificate)


def _mandate(number: int) -> str:
    return f"mandates/00000000-0000-4000-8000-{number:012d}"


class _Country:
    """An OfficeHeart of the whole country, that runs."""

    def __init__(self, home: Path, house: House, port: int) -> None:
        self.home = home
        self.house = house
        self.address = f"127.0.0.1:{port}"
        signer = Signer.load(home / "directory.key")
        self.keys = {signer.key_id: signer.public_key}

    async def system(self, system_id: str, role: Role.ValueType) -> CredentialsSource:
        """Register a system with a real certificate."""
        folder = self.home / system_id
        folder.mkdir()
        system = System(name=f"systems/{system_id}", display_name=system_id, role=role)
        issued = issue(await self.house.authority.get(), folder, system, datetime.now(UTC))
        await self.house.office.act(issued.register)
        root = self.home / "ca" / "root.crt"
        return CredentialsSource.of(folder / "system.crt", folder / "system.key", root)

    @contextlib.asynccontextmanager
    async def following(
        self, credentials: CredentialsSource, cache: Path
    ) -> AsyncIterator[DirectoryFollower]:
        """Follow during the block."""
        at = OfficeHeart(self.address, "officeheart", credentials)
        follower = DirectoryFollower(at, cache, self.keys, clock=SystemClock())
        follower.load()
        task = asyncio.create_task(follower.watch())
        try:
            yield follower
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextlib.asynccontextmanager
async def _country(home: Path) -> AsyncIterator[_Country]:
    demo = KeyAccess(demo=True)
    values: dict[str, str | bool] = {
        "listen": "127.0.0.1:0",
        "listen_enrolment": "127.0.0.1:0",
        "demo_keys": True,
    }
    issued = found(home, values, datetime.now(UTC), root_access=demo, access=demo)
    settings = Settings.load(home / SETTINGS_FILE)
    async with opened(home, settings) as office:
        for one in issued:
            await office.act(one.register)
        await office.act(_settle)
    async with running(home, settings) as (house, server):
        yield _Country(home, house, server.port)


async def _snapshot(country: _Country, credentials: CredentialsSource) -> list[Measurement]:
    """From a first connection until the whole is in force; OfficeHeart has none at hand."""
    cache = country.home / "bench.pb"
    begin = time.perf_counter()
    async with country.following(credentials, cache) as follower:
        await follower.arrived(60)
        seconds = time.perf_counter() - begin
        view = follower.view()
    return [
        Measurement("w  snapshot of the country", seconds, 2, at_least=False, unit="s",
                    details={"delivery points": len(view.delivery_points)}),
        Measurement("w  its size", cache.stat().st_size / 1e6, 10, at_least=False, unit="MB"),
    ]  # fmt: skip


async def _delta(
    country: _Country, credentials: CredentialsSource, registrar: CredentialsSource
) -> Measurement:
    """From the call that switches a delivery point off until it is off at who follows."""
    totals, calls = [], []
    routing_key = routing_key_of(_brin(17))
    async with (
        country.following(credentials, country.home / "bench.pb") as follower,
        secure_channel(country.address, "officeheart", registrar.current) as channel,
    ):
        await follower.arrived(60)
        stub: Any = DeliveryPointServiceStub(channel)
        for number in range(_ROUNDS):
            off = number % 2 == 0
            kind = points.DisableDeliveryPointRequest if off else points.EnableDeliveryPointRequest
            call = stub.DisableDeliveryPoint if off else stub.EnableDeliveryPoint
            request = kind(
                request_id=f"00000000-0000-4000-8000-{number:012d}",
                name=f"deliveryPoints/{routing_key}",
            )
            begin = time.perf_counter()
            asked = asyncio.ensure_future(call(request, timeout=20))
            await follower.until(partial(_is_switched, routing_key, off))
            totals.append((time.perf_counter() - begin) * 1000)
            await asked
            calls.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.05)
    return Measurement(
        "w  change until in force",
        statistics.median(totals),
        50,
        at_least=False,
        unit="ms",
        details={"slowest ms": max(totals), "answer to the call ms": statistics.median(calls)},
    )


def _is_switched(routing_key: str, off: bool, view: DirectoryView) -> bool:  # noqa: FBT001  for partial
    point = view.delivery_point(routing_key)
    return point is not None and point.active is not off


def _center_settings(country: _Country) -> Path:
    folder = country.home / "trafficcenter"
    (folder / "grant.key").write_bytes(Signer.new_pem())
    (folder / "grant.key").chmod(0o600)
    config = folder / "trafficcenter.toml"
    key = next(iter(country.keys.values())).hex()
    config.write_text(
        'listen = "127.0.0.1:0"\ncertificate = "system.crt"\nkey = "system.key"\n'
        'authority = "../ca/root.crt"\ngrant_key = "grant.key"\ndirectory = "directory.pb"\n'
        f'office_heart = "{country.address}"\ndirectory_keys = ["{key}"]\n'
        f'database = "sqlite:///{folder.absolute() / "center.sqlite"}"\n',
        encoding="utf-8",
    )
    return config


async def _refused(country: _Country, system: str, channel: grpc.aio.Channel) -> float:
    """Revoke a system that calls; give the milliseconds until it is refused."""
    stub: Any = TrafficCenterServiceStub(channel)
    await stub.Ping(PingRequest(), timeout=20)

    def work(tx: Transaction) -> None:
        for certificate in certificates_of(tx, system):
            certificate.state = CERTIFICATE_STATE_REVOKED
            tx.put(CERTIFICATES, certificate)

    begin = time.perf_counter()
    await country.house.office.act(work)
    try:
        while True:
            await stub.Ping(PingRequest(), timeout=20)
    except grpc.aio.AioRpcError:
        return (time.perf_counter() - begin) * 1000


async def _revocation(country: _Country) -> Measurement:
    """From the transaction that revokes until the Traffic Center refuses on an open connection."""
    times = []
    await country.system("trafficcenter", ROLE_TRAFFIC_CENTER)
    config = _center_settings(country)
    victims = [await country.system(f"victim-{n}", ROLE_LAS) for n in range(5)]
    center = process([sys.executable, "-m", "oso_trafficcenter", "serve", "--config", str(config)])
    # In a thread: it starts when OfficeHeart, which is in this loop, has answered it.
    _, port = await asyncio.to_thread(center.__enter__)
    try:
        for number, credentials in enumerate(victims):
            address = f"127.0.0.1:{port}"
            async with secure_channel(address, "trafficcenter", credentials.current) as channel:
                times.append(await _refused(country, f"systems/victim-{number}", channel))
    finally:
        await asyncio.to_thread(center.__exit__, None, None, None)
    return Measurement(
        "w  revoked until refused",
        statistics.median(times),
        1000,
        at_least=False,
        unit="ms",
        details={"slowest ms": max(times)},
    )


async def _measure(home: Path) -> list[Measurement]:
    async with _country(home) as country:
        follower = await country.system("follower", ROLE_TRAFFIC_CENTER)
        registrar = await country.system("bench", ROLE_REGISTRAR)
        measured = await _snapshot(country, follower)
        measured.append(await _delta(country, follower, registrar))
        measured.append(await _revocation(country))
    return measured


def measure(folder: Path) -> list[Measurement]:
    """Measure (w)."""
    import uvloop  # noqa: PLC0415  not on every system, and only here

    return uvloop.run(_measure(folder / "officeheart"))
