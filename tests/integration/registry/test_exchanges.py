"""An exchange with a test school is seen at a real Traffic Center, over mutual TLS."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_TRIAL, SECTOR_PO
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, School
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED
from oso_registry.app import House, running
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import model
from oso_registry.qualification.exchanges import Exchanges, cursor
from oso_registry.qualification.records import record_of
from oso_registry.qualification.resources import done_steps
from oso_registry.settings import Settings
from oso_registry.testing import TRAFFIC_CENTER, Landscape
from oso_registry.traffic_center import TrafficCenter
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.errors import OsoError

from ..trafficcenter.conftest import Center  # noqa: TID252  tests are no package one could name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oso_registry.store import Transaction

_TEST_SCHOOL, _SCHOOL, _OTHER = "00SS", "01VV", "02ZZ"
_SYSTEMS = {_TEST_SCHOOL: "las-a", _SCHOOL: "las-b", _OTHER: "las-c"}
_OFFICE_HEART = "officeheart"
_TRIES = 1000


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """A test school, a school in its trial and another; OfficeHeart is an auditor."""
    made = Landscape(tmp_path)
    for brin, system in _SYSTEMS.items():
        made.add_system(system)
        school, _ = made.add_school(brin, system)
        school.test_school = brin == _TEST_SCHOOL
        if brin == _SCHOOL:
            school.qualification = QUALIFICATION_STATE_TRIAL
    made.add_system(_OFFICE_HEART)
    for system_ in made.directory.systems:
        system_.auditor = system_.system_id == _OFFICE_HEART
    made.publish()
    return made


@pytest.fixture
async def center(landscape: Landscape, tmp_path: Path) -> AsyncIterator[Center]:
    """A Traffic Center that runs; its own database is tested elsewhere, on both."""
    made = Center(landscape, f"sqlite:///{tmp_path / 'trafficcenter.sqlite'}")
    await made.start()
    yield made
    await made.stop()


@asynccontextmanager
async def _office_heart(
    landscape: Landscape, database_url: str, address: str = "", seconds: float = 3600
) -> AsyncIterator[House]:
    """Run an OfficeHeart of the same authority."""
    folder = landscape.folder
    settings = Settings(
        listen="127.0.0.1:0",
        listen_enrolment="127.0.0.1:0",
        certificate=landscape.certificate_file(_OFFICE_HEART),
        key=landscape.key_file(_OFFICE_HEART),
        authority=folder / "ca",
        demo_keys=True,
        directory_key=folder / "directory.key",
        public=folder / "public",
        database=database_url,
        traffic_center=address,
        traffic_center_system=TRAFFIC_CENTER,
        exchange_seconds=seconds,
    )
    async with running(folder, settings) as (house, _):
        await house.office.act(_settle)
        yield house


def _settle(tx: Transaction) -> None:
    for brin in _SYSTEMS:
        if tx.get(SCHOOLS, f"schools/{brin}") is None:
            school = School(name=f"schools/{brin}", display_name="x", sector=SECTOR_PO)
            school.status, school.test_school = PARTY_STATUS_ACTIVE, brin == _TEST_SCHOOL
            tx.put(SCHOOLS, school)


async def _delivered(center: Center) -> str:
    """Open a session with the test school and close it as delivered; give its id."""
    opening, opened = await center.open(source_brin=_TEST_SCHOOL)
    await _check_and_close(center, opening, opened)
    return str(opened.session.session_id)


async def _check_and_close(center: Center, opening: Any, opened: Any) -> None:
    await center.stub("las-a").CheckSession(center.checking(opening, opened), timeout=10)
    await _close(center, opened)


async def _close(center: Center, opened: Any) -> None:
    closing = center.closing(opened, result=RESULT_CODE_DELIVERED, manifest_sha256=bytes(32))
    await center.stub("las-b").CloseSession(closing, timeout=10)


async def _seen(house: House, brin: str = _SCHOOL) -> tuple[bool, str]:
    """Tell whether the step of a school is done, and what shows it."""

    def work(tx: Transaction) -> tuple[bool, str]:
        record = record_of(tx, f"schools/{brin}")
        evidence = [one.evidence for one in record.steps if one.step == model.EXCHANGE]
        return model.EXCHANGE in done_steps(record), "".join(evidence)

    return await house.office.look(Caller(), work)


async def _reach(house: House) -> int:
    return await house.office.look(Caller(), lambda tx: cursor(tx, TRAFFIC_CENTER))


def _asking(center: Center, as_whom: str = _OFFICE_HEART) -> TrafficCenter:
    assert center.server is not None
    address = f"127.0.0.1:{center.server.port}"
    credentials = CredentialsSource(center.landscape.files(as_whom))
    return TrafficCenter(address, TRAFFIC_CENTER, credentials)


async def test_an_exchange_with_the_test_school_is_seen(center: Center, database_url: str) -> None:
    """By the running service itself: nobody says anything, and the session's id shows it."""
    assert center.server is not None
    address = f"127.0.0.1:{center.server.port}"
    async with _office_heart(center.landscape, database_url, address, 0.02) as house:
        before = await _seen(house)
        session_id = await _delivered(center)
        for _ in range(_TRIES):
            if (await _seen(house))[0]:
                break
            await asyncio.sleep(0.01)

        assert (False, "") == before
        assert (True, f"session:{session_id}") == await _seen(house)
        assert (False, "") == await _seen(house, _TEST_SCHOOL)
        assert (False, "") == await _seen(house, _OTHER)


async def test_reading_goes_on_where_it_was(center: Center, database_url: str) -> None:
    """After a restart of both, what was read is not read again, and nothing is missed."""
    opening, opened = await center.open(source_brin=_TEST_SCHOOL)
    async with _office_heart(center.landscape, database_url) as house:
        asking = _asking(center)
        nothing = await Exchanges(house.office, asking).read()
        first = await _reach(house)
        await asking.close()
    await center.stop()
    await center.start()
    await _check_and_close(center, opening, opened)
    await _delivered(center)
    async with _office_heart(center.landscape, database_url) as house:
        asking = _asking(center)
        news = [await Exchanges(house.office, asking).read() for _ in range(2)]
        await asking.close()

        assert (0, 1) == (nothing, first)
        assert [1, 0] == news
        assert 6 == await _reach(house)
        assert (True, f"session:{opened.session.session_id}") == await _seen(house)


async def test_a_traffic_center_that_was_restored_is_read_anew(
    center: Center, database_url: str, tmp_path: Path
) -> None:
    """Its journal ends before what was read: reading begins again, from its beginning."""
    async with _office_heart(center.landscape, database_url) as house:
        for _ in range(2):
            _, opened = await center.open(source_brin=_TEST_SCHOOL)
            await center.stub("las-b").CloseSession(center.closing(opened), timeout=10)
        asking = _asking(center)
        await Exchanges(house.office, asking).read()
        await asking.close()
        before = await _reach(house)
        await center.stop()
        center.database_url = f"sqlite:///{tmp_path / 'restored.sqlite'}"
        await center.start()
        await _delivered(center)
        asking = _asking(center)
        news = await Exchanges(house.office, asking).read()
        await asking.close()

        assert (4, 1, 3) == (before, news, await _reach(house))


async def test_a_delivery_its_source_never_checked_is_no_evidence(
    center: Center, tmp_path: Path
) -> None:
    """A target that only says it was delivered to has exchanged nothing."""
    _, opened = await center.open(source_brin=_TEST_SCHOOL)
    await _close(center, opened)
    async with _office_heart(center.landscape, f"sqlite:///{tmp_path / 'r.sqlite'}") as house:
        asking = _asking(center)
        news = await Exchanges(house.office, asking).read()
        await asking.close()

        assert (0, (False, ""), 2) == (news, await _seen(house), await _reach(house))


async def test_without_the_rights_of_an_auditor_nothing_is_read(
    center: Center, tmp_path: Path
) -> None:
    """The Traffic Center refuses; nothing is marked and nothing counts as read."""
    await _delivered(center)
    database = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    async with _office_heart(center.landscape, database) as house:
        asking = _asking(center, "las-b")
        with pytest.raises(OsoError) as refused:
            await Exchanges(house.office, asking).read()
        await asking.close()

        assert "NOT_ALLOWED" == refused.value.name
        assert ((False, ""), 0) == (await _seen(house), await _reach(house))


async def test_a_traffic_center_that_is_away_is_waited_for(
    landscape: Landscape, tmp_path: Path
) -> None:
    """OfficeHeart serves meanwhile, and reads as soon as it is there again."""
    made = Center(landscape, f"sqlite:///{tmp_path / 'trafficcenter.sqlite'}")
    await made.start()
    session_id = await _delivered(made)
    assert made.server is not None
    port = made.server.port
    await made.stop()
    database: Any = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    async with _office_heart(landscape, database, f"127.0.0.1:{port}", 0.02) as house:
        missed = await _seen(house)
        await made.start(f"127.0.0.1:{port}")
        for _ in range(_TRIES):
            if (await _seen(house))[0]:
                break
            await asyncio.sleep(0.01)
        seen = await _seen(house)
    await made.stop()

    assert (False, "") == missed
    assert (True, f"session:{session_id}") == seen
