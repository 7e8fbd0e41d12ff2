"""OfficeHeart as a process that is killed, and one that is made anew from a backup."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oso.options.v1.access_pb2 import ROLE_LAS, ROLE_TRAFFIC_CENTER
from oso.registry.v1.system_pb2 import System
from oso_registry.app import opened
from oso_registry.authority import KeyAccess, load_authority
from oso_registry.founding import found, issue
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.clock import SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory.follower import DirectoryFollower, OfficeHeart, Pauses
from oso_rpc.signing import Signer, key_id_of

from .conftest import put_school, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso_registry.store import Transaction

_PROGRAM = Path(sys.executable).parent / "oso-registry"


class Place:
    """An OfficeHeart on disk, with one LAS that may follow it.

    Attributes:
        home: Its home folder.
        port: Where it listens.

    """

    def __init__(self, folder: Path) -> None:
        """Name a folder that is not there yet."""
        self.home = folder / "officeheart"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    async def found(self) -> None:
        """Found it, and give a LAS a certificate."""
        demo = KeyAccess(demo=True)
        values: dict[str, str | bool] = {
            "listen": f"127.0.0.1:{self.port}",
            "listen_enrolment": "127.0.0.1:0",
            "demo_keys": True,
        }
        for one in found(self.home, values, datetime.now(UTC), root_access=demo, access=demo):
            await self.act(one.register)
        (self.home / "las").mkdir()
        authority = load_authority(self.home / "ca", demo)
        las = System(name="systems/las", display_name="LAS", role=ROLE_LAS)
        await self.act(issue(authority, self.home / "las", las, datetime.now(UTC)).register)

    async def act(self, work: Callable[[Transaction], object]) -> None:
        """Do work in its database."""
        settings = Settings.load(self.home / SETTINGS_FILE)
        async with opened(self.home, settings) as office:
            await office.act(work)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run it as a process of its own; killed at the end, with no time to say anything."""
        process = await asyncio.create_subprocess_exec(
            _PROGRAM, "serve", "--home", self.home, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(60):
                assert b"ready" in await process.stdout.readline()
            yield
        finally:
            process.kill()
            await process.wait()
            # Closed here: the collector would do it some time, with a warning.
            process._transport.close()  # type: ignore[attr-defined]

    def follower(self, cache: Path) -> DirectoryFollower:
        """Make somebody who follows it."""
        folder, signer = self.home / "las", Signer.load(self.home / "directory.key")
        credentials = CredentialsSource.of(
            folder / "system.crt", folder / "system.key", self.home / "ca" / "root.crt"
        )
        made = DirectoryFollower(
            OfficeHeart(f"127.0.0.1:{self.port}", "officeheart", credentials),
            cache,
            {signer.key_id: signer.public_key},
            clock=SystemClock(),
            pauses=Pauses(first=0.05, longest=0.2),
        )
        made.load()
        return made


@contextlib.asynccontextmanager
async def watching(follower: DirectoryFollower) -> AsyncIterator[None]:
    """Follow during the block."""
    task = asyncio.create_task(follower.watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """Found an OfficeHeart that does not run yet."""
    made = Place(tmp_path)
    await made.found()
    return made


async def test_a_killed_office_heart_is_taken_up_again(place: Place, tmp_path: Path) -> None:
    """Who follows keeps what it has while OfficeHeart is dead, and goes on when it is back."""
    follower = place.follower(tmp_path / "a.pb")
    async with watching(follower):
        async with place.serving():
            first = await until(follower, lambda view: view.active_thumbprints("las"))
        await place.act(put_school("00SS"))
        assert first.order == follower.view().order
        async with place.serving():
            second = await until(follower, lambda view: view.school("00SS"))

    assert (first.epoch, first.version + 1) == second.order


async def test_what_a_restored_office_heart_says_is_newer(place: Place, tmp_path: Path) -> None:
    """Made anew from a backup it begins an epoch: who knew more than the backup follows it."""
    follower = place.follower(tmp_path / "a.pb")
    backup = tmp_path / "backup.tar"
    await _command("backup", "--home", place.home, "--out", backup)
    async with watching(follower):
        await place.act(put_school("00SS"))
        async with place.serving():
            lost = await until(follower, lambda view: view.school("00SS"))
        place.home.rename(tmp_path / "lost")
        await _command("restore", "--home", place.home, backup)
        await place.act(put_school("01VV"))
        async with place.serving():
            restored = await until(follower, lambda view: view.school("01VV"))

    assert restored.school("00SS") is None
    assert lost.epoch < restored.epoch


async def test_a_database_put_back_by_hand_is_followed_from_a_new_epoch_on(
    place: Place, tmp_path: Path
) -> None:
    """An OfficeHeart that went back without saying so is refused, until a new epoch begins."""
    database = place.home / "registry.sqlite"
    before = database.read_bytes()
    follower = place.follower(tmp_path / "a.pb")
    async with watching(follower):
        await place.act(put_school("00SS"))
        async with place.serving():
            known = await until(follower, lambda view: view.school("00SS"))
        for file in place.home.glob("registry.sqlite*"):
            file.unlink()
        database.write_bytes(before)
        async with place.serving():
            assert known.order == follower.view().order
            await _command("new-epoch", "--home", place.home)
            after = await until(follower, lambda view: view.epoch > known.epoch)

    assert after.school("00SS") is None


async def test_a_registrar_registers_a_key_by_command(place: Place) -> None:
    """What `oso-trafficcenter init` prints is registered, listed and removed at the desk."""
    center = System(name="systems/trafficcenter", display_name="TC", role=ROLE_TRAFFIC_CENTER)
    await place.act(lambda tx: tx.put(SYSTEMS, center))
    key = bytes(range(32))
    desk = ("--desk", place.home / "desk", "grant-key")
    line = f"systems/trafficcenter/grantKeys/{key_id_of(key)}  {key.hex()}\n"

    async with place.serving():
        added = await _command(*desk, "add", key.hex())
        listed = await _command(*desk, "list")
        removed = await _command(*desk, "remove", key_id_of(key))
        empty = await _command(*desk, "list")

    assert [line, line, ""] == [added, listed, empty]
    assert f"systems/trafficcenter/grantKeys/{key_id_of(key)} is weg.\n" == removed


async def _command(*arguments: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(
        _PROGRAM, *arguments, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert 0 == process.returncode
    return told.decode()
