"""Two schools and a Traffic Center, for real: mTLS on loopback, files and databases on disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_dossier import DossierDocument, write_xml
from oso_dossier.synthetic import generate
from oso_las.app import Node, Settings, running
from oso_las.model import Identity
from oso_registry.testing import (
    TRAFFIC_CENTER,
    Landscape,
    routing_key_of,
    swv_routing_key_of,
)
from oso_trafficcenter.app import Settings as CenterSettings
from oso_trafficcenter.app import running as running_center

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso_las.wishes import Wish
    from oso_rpc.server import Server

SOURCE, TARGET, OTHER = "00SS", "01VV", "02ZZ"
SYSTEMS = {SOURCE: "las-a", TARGET: "las-b", OTHER: "las-c"}


class TestClock:
    """A clock that is put forward by hand."""

    __test__ = False

    def __init__(self) -> None:
        """Begin with the present moment."""
        self.offset = timedelta()

    def now(self) -> datetime:
        """Give the moment it shows."""
        return datetime.now(UTC) + self.offset


@dataclass
class Country:
    """Everything that runs in a test."""

    landscape: Landscape
    new_database: Callable[[str], str]
    clock: TestClock = field(default_factory=TestClock)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    schools: dict[str, AsyncExitStack] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    center: Server | None = None
    office_heart: str = ""

    async def start_center(self) -> None:
        """Start the Traffic Center."""
        folder = self.landscape.folder
        settings = CenterSettings(
            listen="127.0.0.1:0",
            certificate=folder / "trafficcenter.crt",
            key=folder / "trafficcenter.key",
            authority=self.landscape.root_file,
            grant_key=folder / "grant.key",
            directory=self.landscape.directory_file,
            directory_keys=[self.landscape.directory_signer.public_key.hex()],
            database=f"sqlite:///{folder / 'center.sqlite'}",
            office_heart=self.office_heart,
        )
        self.center = await self.stack.enter_async_context(running_center(settings, self.clock))

    def home(self, brin: str) -> Path:
        """Give the home folder of a school."""
        return self.landscape.folder / brin

    def settings(self, brin: str) -> Settings:
        """Give the settings of a school."""
        folder, system = self.landscape.folder, SYSTEMS[brin]
        assert self.center is not None
        return Settings(
            brin=brin,
            routing_key=routing_key_of(brin),
            listen="127.0.0.1:0",
            traffic_center=f"127.0.0.1:{self.center.port}",
            traffic_center_system=TRAFFIC_CENTER,
            certificate=folder / f"{system}.crt",
            key=folder / f"{system}.key",
            authority=self.landscape.root_file,
            directory=self.landscape.directory_file,
            directory_keys=[self.landscape.directory_signer.public_key.hex()],
            database=self.new_database(brin),
            parts=self.home(brin) / "parts",
            unknown_pupils=3,
        )

    async def start_school(self, brin: str) -> Server:
        """Start a school's node and tell the directory where it listens."""
        self.home(brin).mkdir(exist_ok=True, mode=0o700)
        stack = self.schools[brin] = AsyncExitStack()
        node, server = await stack.enter_async_context(
            running(self.home(brin), self.settings(brin), self.clock)
        )
        self.nodes[brin] = node
        self.tell_address(brin, f"127.0.0.1:{server.port}")
        await self.publish()
        return server

    async def stop_school(self, brin: str) -> None:
        """Stop a school's node."""
        await self.schools.pop(brin).aclose()
        del self.nodes[brin]

    def tell_address(self, brin: str, address: str) -> None:
        """Change where the directory says a school listens; `publish` makes it known."""
        for point in self.landscape.directory.delivery_points:
            if point.brin == brin:
                point.address = address

    async def publish(self) -> None:
        """Sign the directory anew and wait until the Traffic Center has it."""
        self.landscape.publish()
        version = self.landscape.directory.version
        for node in self.nodes.values():
            for _ in range(200):
                if (await node.traffic_center.ping()).directory_version >= version:
                    break
                await asyncio.sleep(0.05)
            break

    async def ready(
        self, document: DossierDocument | None = None, target: str = TARGET
    ) -> tuple[int, Identity]:
        """Set a dossier ready at the source; give its number and who it is about."""
        document = document or generate("POVO", 7)
        desk = self.nodes[SOURCE].desk
        number = await desk.import_document(document, "test")
        await desk.inspect(number, "test")
        await desk.set_ready(number, target, "test")
        return number, Identity.of_dossier(document.dossier)

    def files(self, brin: str) -> list[str]:
        """Give every file below a school's parts, but for those of dossiers that are stored."""
        folder = self.home(brin) / "parts"
        return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())

    async def nothing_stored(self, brin: str) -> bool:
        """Tell whether a school has neither rows nor files."""
        return not await self.nodes[brin].desk.entries() and not self.files(brin)

    async def timeline(self, session_id: str) -> list[str]:
        """Give the outcomes the Traffic Center recorded in a session."""
        from oso_rpc.errors import name_of  # noqa: PLC0415  used here alone

        found = await self.nodes[TARGET].traffic_center.timeline(session_id)
        return [name_of(event.outcome) for event in found.events]

    async def close(self) -> None:
        """Stop everything."""
        for stack in self.schools.values():
            await stack.aclose()
        await self.stack.aclose()


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Three schools, each with a system of its own."""
    made = Landscape(tmp_path)
    for brin, system in SYSTEMS.items():
        made.add_system(system)
        made.add_school(brin, system, primary=brin == SOURCE)
    made.publish()
    return made


async def _running(landscape: Landscape, new_database: Callable[[str], str]) -> Country:
    country = Country(landscape, new_database)
    await country.start_center()
    await country.start_school(SOURCE)
    await country.start_school(TARGET)
    return country


@pytest.fixture
async def country(landscape: Landscape) -> AsyncIterator[Country]:
    """Source, target and Traffic Center, on SQLite."""
    made = await _running(landscape, lambda _brin: "")
    yield made
    await made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def either_country(
    request: pytest.FixtureRequest, landscape: Landscape
) -> AsyncIterator[Country]:
    """The same, with the schools on SQLite and on PostgreSQL in turn."""
    urls: dict[str, str] = {}

    def new_database(brin: str) -> str:
        if request.param == "sqlite":
            return ""
        if brin not in urls:
            urls[brin] = request.getfixturevalue("postgres_url")()
        return urls[brin]

    made = await _running(landscape, new_database)
    yield made
    await made.close()


def xml_file(folder: Path, seed: int = 7, profile: str = "POVO") -> Path:
    """Write an invented dossier as a file."""
    path = folder / f"{profile}-{seed}.xml"
    path.write_bytes(write_xml(generate(profile, seed)))
    return path


def home_on_disk(country: Country, brin: str) -> Path:
    """Make a home folder for the command `oso las`, for the school that listens nowhere yet."""
    home = country.home(brin)
    home.mkdir(exist_ok=True, mode=0o700)
    settings = country.settings(brin)
    values: dict[str, Any] = {
        name: str(value) if name in _PATHS else value
        for name, value in settings.model_dump().items()
        if name != "database"
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    (home / "las.toml").write_text(text, encoding="utf-8")
    return home


_PATHS = ("certificate", "key", "authority", "directory", "parts")


@contextlib.asynccontextmanager
async def cutting_proxy(
    port: int, after: int, times: int = 1
) -> AsyncIterator[tuple[int, list[int]]]:
    """Stand between two schools; cut the first `times` connections after so many bytes.

    Gives the port, and a list that gets the number of each connection that was cut.
    """
    cut: list[int] = []
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        budget = after if mine <= times else None

        async def pump(
            source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None
        ) -> None:
            passed = 0
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    if limit is not None and passed + len(data) > limit:
                        cut.append(mine)
                        break
                    passed += len(data)
                    sink.write(data)
                    await sink.drain()
            for one in (writer, upstream_writer):
                one.transport.abort()

        await asyncio.gather(
            pump(reader, upstream_writer, None), pump(upstream_reader, writer, budget)
        )

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], cut
    finally:
        server.close()


# --- beside the two schools: a second location of the first one, and an SWV

SWV = "PO3001"
SECOND = routing_key_of(SOURCE, 2)
FOR_SWV = routing_key_of(SOURCE, 3)


def _settle(landscape: Landscape) -> None:
    """Add a second location of the first school, and an SWV."""
    for system in ("las-d", "swv-a"):
        landscape.add_system(system)
    for point in landscape.directory.delivery_points:
        if point.brin == SOURCE:
            point.kinds.append(TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, "las-d", 2, TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, SYSTEMS[SOURCE], 3, TRANSFER_KIND_SWV_DOSSIER)
    landscape.add_swv(SWV, "swv-a")
    landscape.publish()


def _points(country: Country) -> list[DeliveryPoint]:
    directory = country.landscape.directory
    return [*directory.delivery_points, *directory.swv_delivery_points]


async def _start(country: Country, stack: AsyncExitStack, system: str, **changes: Any) -> Node:
    """Start one more node; its delivery points learn where it listens."""
    folder = country.landscape.folder
    home = folder / (SOURCE if system == SYSTEMS[SOURCE] else system)
    home.mkdir(mode=0o700, exist_ok=True)
    files = {
        "certificate": folder / f"{system}.crt",
        "key": folder / f"{system}.key",
        "parts": home / "parts",
    }
    values = {**country.settings(SOURCE).model_dump(), **files, **changes}
    settings = Settings(**values)
    node, server = await stack.enter_async_context(running(home, settings, country.clock))
    for point in _points(country):
        if point.system_id == system:
            point.address = f"127.0.0.1:{server.port}"
    return node


@dataclass
class Neighbours:
    """The nodes beside the two schools.

    Attributes:
        country: The rest.
        second: The second location of the first school.
        swv: The SWV.

    """

    country: Country
    second: Node
    swv: Node

    @property
    def source(self) -> Node:
        """The first school."""
        return self.country.nodes[SOURCE]

    @property
    def target(self) -> Node:
        """The school that asks."""
        return self.country.nodes[TARGET]

    async def ready(self, document: DossierDocument, target: str) -> int:
        """Import a dossier at the first school and set it ready."""
        number = await self.source.desk.import_document(document, "test")
        if document.dossier.overdrachtsoort == "overstapdossier":
            await self.source.desk.inspect(number, "test")
        await self.source.desk.set_ready(number, target, "test")
        return number

    async def told(self, number: int, to: str = "") -> list[tuple[str, str]]:
        """Notify; give whom, with what result."""
        sent = await self.source.notifier.notify(number, "worker", to)
        return [(one.routing_key, one.result) for one in sent]

    async def told_swv(self) -> Wish:
        """Set a dossier ready for the SWV and notify it; give what it may fetch."""
        number = await self.ready(generate("POSWV", 7), SWV)
        assert await self.told(number) == [(swv_routing_key_of(SWV), "ARRIVED")]
        (notice, *_) = await self.swv.inbox.notices()
        return await self.swv.inbox.wish(notice.number)


@pytest.fixture
async def neighbours(landscape: Landscape) -> AsyncIterator[Neighbours]:
    """Source, target, second location and SWV, on SQLite; the directory is published once."""
    _settle(landscape)
    country = Country(landscape, lambda _brin: "")
    await country.start_center()
    async with AsyncExitStack() as stack:
        country.nodes[SOURCE] = await _start(
            country, stack, SYSTEMS[SOURCE], swv_routing_key=FOR_SWV
        )
        second = await _start(country, stack, "las-d", routing_key=SECOND)
        swv_key = swv_routing_key_of(SWV)
        swv = await _start(country, stack, "swv-a", brin="", swv=SWV, routing_key=swv_key)
        await country.start_school(TARGET)
        yield Neighbours(country, second, swv)
    await country.close()
