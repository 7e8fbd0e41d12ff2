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
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_las.app import Settings, running
from oso_las.fetching import Patience
from oso_las.kinds import BINNEN_BRIN, OVERSTAP
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of
from oso_test_school import app
from oso_test_school.app import Settings as OwnSettings
from oso_test_school.app import TestSchool
from oso_test_school.app import running as running_test_school
from oso_test_school.scenarios import SCENARIOS, Scenario, Standing
from oso_trafficcenter.app import Settings as CenterSettings
from oso_trafficcenter.app import running as running_center

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso_las.app import Node
    from oso_las.collector import Collected

TEST_SCHOOL, TRIAL, QUALIFIED, LOCATION, SWV = "00SS", "01VV", "02ZZ", "location", "PO3001"
# The location is a delivery point of a supplier at the test school's BRIN.
SYSTEMS = {
    TEST_SCHOOL: "test-school",
    TRIAL: "las-trial",
    QUALIFIED: "las-qualified",
    LOCATION: "las-location",
    SWV: "las-swv",
}
ROUTING_KEYS = {
    TEST_SCHOOL: routing_key_of(TEST_SCHOOL),
    TRIAL: routing_key_of(TRIAL),
    QUALIFIED: routing_key_of(QUALIFIED),
    LOCATION: routing_key_of(TEST_SCHOOL, 2),
    SWV: "0000000800PO30010001",
}
SWV_ROUTING_KEY = routing_key_of(TEST_SCHOOL, 3)
PRESENT = [one for one in SCENARIOS if one.standing not in {Standing.ABSENT, Standing.ON_DEMAND}]
"""The scenarios whose pupil the test school makes present by itself."""


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
        location: A supplier's delivery point at the test school's BRIN.
        swv: A supplier's SWV, in its trial.

    """

    landscape: Landscape
    center: int
    clock: TestClock
    test_school: TestSchool
    trial: Node
    qualified: Node
    location: Node
    swv: Node

    def asker(self, scenario: Scenario) -> Node:
        """Give who can ask for the pupil of a scenario."""
        if scenario.standing is Standing.ON_DEMAND:
            return self.swv
        return self.location if scenario.profile == "BB" else self.trial


async def ask(
    stage: Stage,
    scenario: Scenario,
    *,
    node: Node | None = None,
    changed_since: datetime | None = None,
) -> Collected:
    """Ask the test school for the pupil of a scenario, as a supplier's system would."""
    node = node or stage.asker(scenario)
    if scenario.standing is Standing.ON_DEMAND:
        number = await stage.test_school.presence.for_swv(scenario, SWV)
        (notified,) = await stage.test_school.node.notifier.notify(number, "registrar")
        assert notified.result == "ARRIVED"
        notice = (await node.inbox.notices())[0]
        return await node.collector.fulfil(await node.inbox.wish(notice.number), "supplier")
    return await node.collector.collect(
        scenario.pupil.identity,
        TEST_SCHOOL,
        "supplier",
        kind=BINNEN_BRIN if scenario.profile == "BB" else OVERSTAP,
        changed_since=changed_since,
    )


def settings(landscape: Landscape, party: str, center: int) -> Settings:
    """Give the settings of a party."""
    folder, system = landscape.folder, SYSTEMS[party]
    home(landscape, party).mkdir(exist_ok=True, mode=0o700)
    brin = {LOCATION: TEST_SCHOOL, SWV: ""}.get(party, party)
    return Settings(
        brin=brin,
        swv="" if brin else party,
        routing_key=ROUTING_KEYS[party],
        swv_routing_key=SWV_ROUTING_KEY if party == TEST_SCHOOL else "",
        listen="127.0.0.1:0",
        traffic_center=f"127.0.0.1:{center}",
        traffic_center_system=TRAFFIC_CENTER,
        certificate=folder / f"{system}.crt",
        key=folder / f"{system}.key",
        authority=landscape.root_file,
        directory=landscape.directory_file,
        directory_keys=[landscape.directory_signer.public_key.hex()],
        parts=home(landscape, party) / "parts",
    )


def home(landscape: Landscape, party: str) -> Path:
    """Give the home folder of a party."""
    return landscape.folder / party


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


def tell_address(landscape: Landscape, party: str, port: int) -> None:
    """Change where the directory says a party listens; `publish` makes it known."""
    directory = landscape.directory
    for point in (*directory.delivery_points, *directory.swv_delivery_points):
        if point.system_id == SYSTEMS[party]:
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
    for system in SYSTEMS.values():
        made.add_system(system)
    for brin in (TEST_SCHOOL, TRIAL, QUALIFIED):
        school, point = made.add_school(brin, SYSTEMS[brin], primary=brin == TEST_SCHOOL)
        if brin == TRIAL:
            school.qualification = QUALIFICATION_STATE_TRIAL
        if brin == TEST_SCHOOL:
            school.test_school = True
            point.kinds.append(TRANSFER_KIND_OVERDRACHTBINNENBRIN)
            _add_special_points(made, point)
    made.publish()
    return made


def _add_special_points(made: Landscape, usual: DeliveryPoint) -> None:
    """Register what is needed within one BRIN, and for an SWV."""
    directory = made.directory
    for_swv = directory.delivery_points.add()
    for_swv.CopyFrom(usual)
    for_swv.routing_key, for_swv.kinds[:] = SWV_ROUTING_KEY, [TRANSFER_KIND_SWV_DOSSIER]
    location = directory.delivery_points.add()
    location.CopyFrom(usual)
    location.routing_key, location.system_id = ROUTING_KEYS[LOCATION], SYSTEMS[LOCATION]
    location.kinds[:] = [TRANSFER_KIND_OVERDRACHTBINNENBRIN]
    directory.swvs.add(code=SWV, name="SWV of a supplier", qualification=QUALIFICATION_STATE_TRIAL)
    swv = directory.swv_delivery_points.add()
    swv.CopyFrom(for_swv)
    swv.routing_key, swv.brin, swv.swv, swv.system_id = ROUTING_KEYS[SWV], "", SWV, SYSTEMS[SWV]


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
    landscape: Landscape, party: str, center: int, clock: TestClock
) -> AsyncIterator[Node]:
    """Run a party's node, which does not keep trying for long."""
    async with running(home(landscape, party), settings(landscape, party, center), clock) as (
        node,
        server,
    ):
        tell_address(landscape, party, server.port)
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
        trial, qualified, location, swv = [
            await enter(a_school(landscape, party, center, clock))
            for party in (TRIAL, QUALIFIED, LOCATION, SWV)
        ]
        own = OwnSettings(changes_after_seconds=10_000)  # at the test's own word
        school = settings(landscape, TEST_SCHOOL, center)
        test_school = await enter(
            running_test_school(home(landscape, TEST_SCHOOL), school, own, clock)
        )
        tell_address(landscape, TEST_SCHOOL, test_school.port)
        await publish(landscape, trial)
        # What is waited for in a test comes soon.
        enter_now = stack.enter_context
        enter_now(pytest.MonkeyPatch.context()).setattr(app, "_TICK_SECONDS", 0.05)
        yield Stage(landscape, center, clock, test_school, trial, qualified, location, swv)
