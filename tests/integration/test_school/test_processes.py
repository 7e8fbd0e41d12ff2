"""The test school as its operator runs it: real processes, killed for real."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier.synthetic import generate
from oso_las.app import office
from oso_las.model import Identity
from oso_rpc.errors import name_of
from oso_test_school.scenarios import SCENARIOS

from .conftest import (
    LOCATION,
    PRESENT,
    SWV,
    TEST_SCHOOL,
    TRIAL,
    TestClock,
    a_center,
    a_school,
    home_on_disk,
    publish,
    settings,
    tell_address,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oso_registry.testing import Landscape

# As somebody types it: OfficeHeart's command hands over to the test school.
OSO_REGISTRY = [sys.executable, "-c", "from oso_registry.cli import main; main()"]


def oso_registry(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*OSO_REGISTRY, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@contextmanager
def _serving(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `serve`, from the shell's command on; killed at the end of the block."""
    child = subprocess.Popen(
        [*OSO_REGISTRY, "test-school", "serve", "--home", str(home)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        with child.stdout:
            yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.slow
async def test_killed_and_started_again_it_has_its_pupils_once(landscape: Landscape) -> None:
    """`serve` killed while it makes pupils present, started again: each is there, once."""
    clock = TestClock()
    async with a_center(landscape, clock) as center:
        home = home_on_disk(landscape, center)
        with _serving(home):
            for _ in range(2000):
                if len(list((home / "parts").glob("*"))) > 5:
                    break
                await asyncio.sleep(0.02)
        async with office(home, settings(landscape, TEST_SCHOOL, center)) as opened:
            killed = await opened.desk.entries()
        with _serving(home) as child:
            assert child.stdout is not None
            line = await asyncio.to_thread(child.stdout.readline)
            twice = await asyncio.to_thread(oso_registry, "test-school", "serve", "--home", home)
            async with (
                office(home, settings(landscape, TEST_SCHOOL, center)) as opened,
                a_school(landscape, TRIAL, center, clock) as node,
            ):
                entries = await opened.desk.entries()
                tell_address(landscape, TEST_SCHOOL, int(line.rpartition(":")[2]))
                await publish(landscape, node)
                pupil = SCENARIOS[0].pupil.identity
                collected = await node.collector.collect(pupil, TEST_SCHOOL, "supplier")

    names = [one.pupil.name for one in PRESENT]
    assert killed
    assert sorted(names) == sorted(one.pupil_name for one in entries)
    assert line.startswith(f"Test school {TEST_SCHOOL} ready with {len(SCENARIOS)} scenarios on")
    assert (1, f"De testschool in {home} draait al.\n") == (twice.returncode, twice.stderr)
    assert "DELIVERED" == name_of(collected.result)


@pytest.mark.slow
async def test_a_supplier_can_try_whether_he_delivers(landscape: Landscape) -> None:
    """`request` fetches from the supplier's school and tells what is wrong with the dossier."""
    clock = TestClock()
    document = generate("POVO", 7)
    document.dossier.huidigeschool.leerling.overstapadvies.advies = "99"  # no such advice
    identity = Identity.of_dossier(document.dossier)
    async with a_center(landscape, clock) as center:
        home = home_on_disk(landscape, center)
        async with a_school(landscape, TRIAL, center, clock) as node:
            await publish(landscape, node)
            pupil = ("--bsn", identity.number, "--birth-date", identity.birth_date)
            ask = ("request", "--home", home, TRIAL, *pupil)
            early = await asyncio.to_thread(oso_registry, "--json", "test-school", *ask)
            for one in (document, generate("POVO", 7)):
                number = await node.desk.import_document(one, "test")
                await node.desk.inspect(number, "test")
                await node.desk.set_ready(number, TEST_SCHOOL, "test")
                if one is document:
                    faulty = await asyncio.to_thread(oso_registry, "test-school", *ask)
            good = await asyncio.to_thread(oso_registry, "--json", "test-school", *ask)

    assert (1, "DOSSIER_NOT_READY", False) == _result(early)
    assert 1 == faulty.returncode
    assert "Het dossier is overgedragen." in faulty.stdout
    assert "FOUT, profiel POVO: 1 fout" in faulty.stdout
    assert (0, "DELIVERED", True) == _result(good)
    assert 2 == json.loads(good.stdout)["attachments"]


@pytest.mark.slow
async def test_an_swv_is_notified_on_demand(landscape: Landscape) -> None:
    """`notify` brings an SWV coupling keys, all for one dossier; a school gets none."""
    clock = TestClock()
    async with a_center(landscape, clock) as center:
        home = home_on_disk(landscape, center)
        async with a_school(landscape, SWV, center, clock) as node:
            await publish(landscape, node)
            notify = ("test-school", "notify", "--home", home)
            first = await asyncio.to_thread(oso_registry, *notify, SWV)
            again = await asyncio.to_thread(oso_registry, "--json", *notify, SWV)
            school = await asyncio.to_thread(oso_registry, *notify, TRIAL)
            notices = await node.inbox.notices()

    assert (0, "PO3001 is genotificeerd.\n") == (first.returncode, first.stdout)
    assert {"ARRIVED"} == {one["result"] for one in json.loads(again.stdout)["notified"]}
    assert (1, "swv-dossier" in school.stderr) == (school.returncode, True)
    assert ["swv-dossier"] * 2 == [one.kind for one in notices]
    async with office(home, settings(landscape, TEST_SCHOOL, center)) as opened:
        assert 1 == len(await opened.desk.entries())


def _result(done: subprocess.CompletedProcess[str]) -> tuple[int, Any, Any]:
    told = json.loads(done.stdout)
    return done.returncode, told["result"], told["valid"]


@pytest.mark.slow
async def test_a_supplier_can_try_whether_he_delivers_within_one_brin(
    landscape: Landscape,
) -> None:
    """`request --kind overdrachtbinnenbrin` fetches from his delivery point at the same BRIN."""
    clock = TestClock()
    document = generate("BB", 7)
    identity = Identity.of_dossier(document.dossier)
    async with a_center(landscape, clock) as center:
        home = home_on_disk(landscape, center)
        async with a_school(landscape, LOCATION, center, clock) as node:
            await publish(landscape, node)
            number = await node.desk.import_document(document, "test")
            await node.desk.set_ready(number, TEST_SCHOOL, "test")
            pupil = ("--bsn", identity.number, "--birth-date", identity.birth_date)
            ask = ("request", "--home", home, TEST_SCHOOL, *pupil)
            kind = ("--kind", "overdrachtbinnenbrin")
            done = await asyncio.to_thread(oso_registry, "test-school", *ask, *kind)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "dossier 1: GOED, profiel BB" in done.stdout


def test_a_real_pupil_is_never_asked_for(tmp_path: Path) -> None:
    """A number that may be somebody's is refused before any connection, and not repeated."""
    ask = ("--lang", "en", "test-school", "request", "--home", tmp_path, TRIAL)

    done = oso_registry(*ask, "--bsn", "111222333", "--birth-date", "2007-03-01")

    assert 2 == done.returncode
    assert "invented pupils only" in done.stderr
    assert "111222333" not in done.stderr


def test_the_command_hands_over_language_and_form() -> None:
    """`oso-registry --lang en --json test-school scenarios` gives the table as English JSON."""
    done = oso_registry("--lang", "en", "--json", "test-school", "scenarios")

    told = json.loads(done.stdout)
    assert [one.name for one in SCENARIOS] == [one["name"] for one in told]
    assert [one.story.en for one in SCENARIOS] == [one["story"] for one in told]
