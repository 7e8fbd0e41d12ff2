"""The test school, a supplier's school in its trial, another school and a Traffic Center."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_TRIAL
from oso_las.app import Settings, running
from oso_las.fetching import Patience
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of
from oso_test_school.app import Settings as OwnSettings
from oso_test_school.app import TestSchool
from oso_test_school.app import running as running_test_school
from oso_trafficcenter.app import Settings as CenterSettings
from oso_trafficcenter.app import running as running_center

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oso_las.app import Node

TEST_SCHOOL, TRIAL, QUALIFIED = "00SS", "01VV", "02ZZ"
SYSTEMS = {TEST_SCHOOL: "test-school", TRIAL: "las-trial", QUALIFIED: "las-qualified"}


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
class Stage:
    """Everything that runs in a test.

    Attributes:
        landscape: Who takes part.
        center: Port of the Traffic Center.
        clock: The clock of all.
        test_school: The test school.
        trial: The school of a supplier, in its trial.
        qualified: A school that may exchange with any.

    """

    landscape: Landscape
    center: int
    clock: TestClock
    test_school: TestSchool
    trial: Node
    qualified: Node


def settings(landscape: Landscape, brin: str, center: int) -> Settings:
    """Give the settings of a school."""
    folder, system = landscape.folder, SYSTEMS[brin]
    home(landscape, brin).mkdir(exist_ok=True, mode=0o700)
    return Settings(
        brin=brin,
        routing_key=routing_key_of(brin),
        listen="127.0.0.1:0",
        traffic_center=f"127.0.0.1:{center}",
        traffic_center_system=TRAFFIC_CENTER,
        certificate=folder / f"{system}.crt",
        key=folder / f"{system}.key",
        authority=landscape.root_file,
        directory=landscape.directory_file,
        directory_keys=[landscape.directory_signer.public_key.hex()],
        parts=home(landscape, brin) / "parts",
    )


def home(landscape: Landscape, brin: str) -> Path:
    """Give the home folder of a school."""
    return landscape.folder / brin


def home_on_disk(landscape: Landscape, center: int) -> Path:
    """Make the home folder of the test school for its command."""
    made = settings(landscape, TEST_SCHOOL, center).model_dump(exclude={"database"})
    plain = (str, int, float, list)
    values = {key: one if isinstance(one, plain) else str(one) for key, one in made.items()}
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    folder = home(landscape, TEST_SCHOOL)
    (folder / "las.toml").write_text(text, encoding="utf-8")
    (folder / "test-school.toml").write_text("unknown_pupils = 7\n", encoding="utf-8")
    return folder


def tell_address(landscape: Landscape, brin: str, port: int) -> None:
    """Change where the directory says a school listens; `publish` makes it known."""
    for point in landscape.directory.delivery_points:
        if point.brin == brin:
            point.address = f"127.0.0.1:{port}"


async def publish(landscape: Landscape, node: Node) -> None:
    """Sign the directory anew and wait until the Traffic Center has it."""
    landscape.publish()
    for _ in range(200):
        version = (await node.traffic_center.ping()).directory_version
        if version >= landscape.directory.version:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(version)


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Three schools, each with a system of its own."""
    return _landscape(tmp_path)


def _landscape(folder: Path) -> Landscape:
    made = Landscape(folder)
    for brin, system in SYSTEMS.items():
        made.add_system(system)
        school, _ = made.add_school(brin, system, primary=brin == TEST_SCHOOL)
        school.test_school = brin == TEST_SCHOOL
        if brin == TRIAL:
            school.qualification = QUALIFICATION_STATE_TRIAL
    made.publish()
    return made


@asynccontextmanager
async def a_center(landscape: Landscape, clock: TestClock) -> AsyncIterator[int]:
    """Run a Traffic Center; give its port."""
    folder = landscape.folder
    made = CenterSettings(
        listen="127.0.0.1:0",
        certificate=folder / "trafficcenter.crt",
        key=folder / "trafficcenter.key",
        authority=landscape.root_file,
        grant_key=folder / "grant.key",
        directory=landscape.directory_file,
        directory_keys=[landscape.directory_signer.public_key.hex()],
        database=f"sqlite:///{folder / 'center.sqlite'}",
    )
    async with running_center(made, clock) as server:
        yield server.port


@asynccontextmanager
async def a_school(
    landscape: Landscape, brin: str, center: int, clock: TestClock
) -> AsyncIterator[Node]:
    """Run a school's node, which does not keep trying for long."""
    async with running(home(landscape, brin), settings(landscape, brin, center), clock) as (
        node,
        server,
    ):
        tell_address(landscape, brin, server.port)
        node.collector._patience = Patience(broken=4, first_pause=0.01)
        yield node


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """All of them, running; shared by the tests of a module."""
    async with _running(_landscape(tmp_path_factory.mktemp("stage"))) as made:
        yield made


@asynccontextmanager
async def _running(landscape: Landscape) -> AsyncIterator[Stage]:
    clock = TestClock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        center = await enter(a_center(landscape, clock))
        trial, qualified = [
            await enter(a_school(landscape, brin, center, clock)) for brin in (TRIAL, QUALIFIED)
        ]
        own = OwnSettings(changes_after_seconds=10_000)  # at the test's own word
        school = settings(landscape, TEST_SCHOOL, center)
        test_school = await enter(
            running_test_school(home(landscape, TEST_SCHOOL), school, own, clock)
        )
        tell_address(landscape, TEST_SCHOOL, test_school.port)
        await publish(landscape, trial)
        yield Stage(landscape, center, clock, test_school, trial, qualified)
