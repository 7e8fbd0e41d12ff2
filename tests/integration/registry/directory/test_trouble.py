"""Followers and OfficeHeart when something is not as it should be; on SQLite, whatever it is on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oso.directory.v1.directory_service_pb2 import (
    SignedDirectoryHeartbeat,
    WatchDirectoryRequest,
)
from oso.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from oso.options.v1.access_pb2 import ROLE_LAS, ROLE_TRAFFIC_CENTER
from oso.registry.v1 import grant_key_service_pb2 as keys
from oso.registry.v1.grant_key_pb2 import GrantKey
from oso.registry.v1.grant_key_service_pb2_grpc import GrantKeyServiceStub
from oso_registry.directory.published import Published
from oso_rpc.channel import secure_channel
from oso_rpc.clock import SystemClock
from oso_rpc.directory.signed import open_directory, open_heartbeat
from oso_rpc.errors import from_rpc_error
from oso_rpc.signing import Signer

from .conftest import put_school, revoke, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from oso_registry.store import Transaction

    from .conftest import Followers

_UUID = "7f2c6f0e-3a57-4d07-9d0c-5e8f3f1a2b3c"


def _put_schools(count: int, name: str) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        for number in range(count):
            put_school(f"{number:02d}AA", name)(tx)

    return work


async def _reason(call: Awaitable[Any]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value, party="OfficeHeart").name


async def _ending(call: Any) -> None:
    """Read until there is no more."""
    while await call.read():
        pass


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite alone: what is tried here does not depend on the database."""
    return f"sqlite:///{tmp_path / 'test.db'}"


async def test_what_was_kept_serves_without_office_heart(
    followers: Followers, tmp_path: Path
) -> None:
    """Begun anew with nobody to follow, a system has the directory it had."""
    credentials = await followers.credentials("las-a")
    await followers.act(put_school("00SS"))
    follower = await followers.follow(credentials, tmp_path / "a.pb")
    await until(follower, lambda view: view.school("00SS"))
    await followers.act(put_school("01VV"))
    before = await until(follower, lambda view: view.school("01VV"))
    await followers.stop()

    again = await followers.follow(credentials, tmp_path / "a.pb", address="127.0.0.1:1")

    assert before.order == again.view().order
    assert again.view().school("01VV") is not None


async def test_who_comes_back_goes_on_from_its_version(
    followers: Followers, tmp_path: Path
) -> None:
    """What changed while it was away comes as deltas, not as the whole once more."""
    credentials = await followers.credentials("las-a")
    await until(
        await followers.follow(credentials, tmp_path / "a.pb"),
        lambda view: view.active_thumbprints("las-a"),
    )
    await followers.stop()
    snapshot = (tmp_path / "a.pb").stat()
    await followers.act(put_school("00SS"))
    await followers.act(put_school("01VV"))

    follower = await followers.follow(credentials, tmp_path / "a.pb")
    await until(follower, lambda view: view.school("00SS") and view.school("01VV"))
    await followers.stop()

    assert snapshot.st_mtime_ns == (tmp_path / "a.pb").stat().st_mtime_ns
    assert (tmp_path / "a.pb.words").stat().st_size > 0


async def test_a_cache_that_was_tampered_with_is_mended_by_office_heart(
    followers: Followers, tmp_path: Path
) -> None:
    """What is no good on disk is not used, and replaced by what OfficeHeart says."""
    credentials = await followers.credentials("las-a")
    cache = tmp_path / "a.pb"
    await until(
        await followers.follow(credentials, cache),
        lambda view: view.active_thumbprints("las-a"),
    )
    await followers.stop()
    cache.write_bytes(cache.read_bytes()[:-1] + b"x")

    follower = await followers.follow(credentials, cache)
    await until(follower, lambda view: view.active_thumbprints("las-a"))
    await followers.stop()

    assert open_directory(cache.read_bytes(), followers.keys).version == follower.view().version


async def test_a_foreign_key_is_not_believed(followers: Followers, tmp_path: Path) -> None:
    """What is signed with a key we do not trust never comes into force, whoever it comes from."""
    stranger = Signer(Ed25519PrivateKey.generate())
    published = followers.head_office.house.published
    own = published._signer
    published._signer = stranger
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")

    assert not await follower.arrived(0.3)

    published._signer = own
    published._snapshot = None
    published._heartbeat = None
    await followers.act(put_school("00SS"))
    # What the stranger signed is still given out, and refused: then the whole is asked for.
    published._contents = type(published._contents)()
    await published.refresh()
    await until(follower, lambda view: view.school("00SS"))


async def test_a_revoked_watcher_is_told_nothing_more(followers: Followers) -> None:
    """The stream of a system ends when its certificate is taken back."""
    credentials = await followers.credentials("las-a")
    address = followers.head_office.address
    async with secure_channel(address, "officeheart", credentials.current) as channel:
        call: Any = DirectoryServiceStub(channel).WatchDirectory(WatchDirectoryRequest())
        while not (await call.read()).HasField("heartbeat"):
            pass

        await followers.act(revoke("las-a"))

        assert "CERTIFICATE_REVOKED" == await _reason(_ending(call))


async def test_a_watcher_from_the_future_is_refused(followers: Followers) -> None:
    """Who has a version the database does not is told so: the database was put back."""
    credentials = await followers.credentials("las-a")
    state = followers.head_office.house.published.contents.state
    request = WatchDirectoryRequest(epoch=state.order.epoch, version=state.order.number + 9)
    async with secure_channel(
        followers.head_office.address, "officeheart", credentials.current
    ) as channel:
        call: Any = DirectoryServiceStub(channel).WatchDirectory(request)

        assert "CONDITION_FAILED" == await _reason(call.read())


async def test_it_stops_when_told_so_at_the_moment_of_a_change(followers: Followers) -> None:
    """An OfficeHeart that is stopped while something is written does not run on for ever."""
    house = followers.head_office.house
    signer = Signer.load(followers.head_office.folder / "directory.key")
    published = Published(house.office.database, signer, SystemClock(), timedelta(minutes=5))
    await published.refresh()
    following = asyncio.create_task(published.keep_up())
    while not published._look._waiters:  # noqa: ASYNC110  nothing tells when it begins to wait
        await asyncio.sleep(0.01)

    published.look()
    following.cancel()

    done, _ = await asyncio.wait([following], timeout=10)
    following.cancel()
    assert {following} == done


async def test_age_is_told_again_and_again(followers: Followers) -> None:
    """While nothing changes a heartbeat says that the version is still the newest, and when."""
    house = followers.head_office.house
    clock = SystemClock()
    signer = Signer.load(followers.head_office.folder / "directory.key")
    published = Published(house.office.database, signer, clock, timedelta(seconds=0.01))
    await published.refresh()
    beating = asyncio.create_task(published.beat())
    beats: list[SignedDirectoryHeartbeat] = []
    async with aclosing(published.words(WatchDirectoryRequest())) as words:
        async for word in words:
            if word.HasField("heartbeat"):
                beats.append(word.heartbeat)
            if len(beats) == 3:
                break
    beating.cancel()

    told = [open_heartbeat(beat, followers.keys) for beat in beats]
    times = [beat.issue_time.ToNanoseconds() for beat in told]
    assert times == sorted(set(times))
    assert {published.contents.state.order.number} == {beat.version for beat in told}


async def test_nobody_says_what_is_newest_without_looking(
    followers: Followers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OfficeHeart that cannot reach its database makes no directory younger."""
    monkeypatch.setattr("oso_registry.directory.published._SURE_SECONDS", -1.0)
    house = followers.head_office.house
    signer = Signer.load(followers.head_office.folder / "directory.key")
    published = Published(house.office.database, signer, SystemClock(), timedelta(seconds=0.01))
    await published.refresh()
    beating = asyncio.create_task(published.beat())
    async with aclosing(published.words(WatchDirectoryRequest())) as words:
        while not (await anext(words)).HasField("heartbeat"):
            pass
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(words), 0.3)
    beating.cancel()


async def test_many_watchers_share_one_snapshot(followers: Followers) -> None:
    """Whoever comes while little has changed gets the same snapshot, and the changes since."""
    published = followers.head_office.house.published
    await followers.act(_put_schools(100, "De Regenboog"))
    await published.refresh()

    async def first_parts() -> list[bytes]:
        parts = []
        async with aclosing(published.words(WatchDirectoryRequest())) as words:
            async for word in words:
                if word.HasField("heartbeat"):
                    break
                parts.append(word.SerializeToString())
        return parts

    early = await first_parts()
    await followers.act(put_school("99ZZ"))
    await published.refresh()
    late = await asyncio.gather(*(first_parts() for _ in range(50)))

    assert [[*early, late[0][-1]]] * 50 == late


async def test_a_slow_watcher_is_cut_off_and_holds_nobody_up(
    followers: Followers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not take what it asked for loses its stream; others are told meanwhile."""
    monkeypatch.setattr("oso_registry.directory.rpc._TAKEN_SECONDS", 0.2)
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    slow = await followers.credentials("las-b")
    # More than the buffers of a connection hold.
    await followers.act(_put_schools(100, "x" * 200_000))
    await until(follower, lambda view: view.school("00AA"))
    async with secure_channel(
        followers.head_office.address,
        "officeheart",
        slow.current,
        (("grpc.http2.lookahead_bytes", 65_536), ("grpc.http2.bdp_probe", 0)),
    ) as channel:
        call: Any = DirectoryServiceStub(channel).WatchDirectory(WatchDirectoryRequest())
        words = aiter(call)
        first = await anext(words)
        await asyncio.sleep(0.5)  # longer than is waited for it; nothing tells when that is over
        await followers.act(put_school("99ZZ"))
        await until(follower, lambda view: view.school("99ZZ"))
        async with asyncio.timeout(20):
            parts = [one async for one in words]

    assert sum(len(one.snapshot.content) for one in (first, *parts)) < first.snapshot.size


@pytest.mark.parametrize(
    ("system", "key", "reason"),
    [
        ("las-a", b"k" * 32, "REQUEST_INVALID"),
        ("nobody", b"k" * 32, "RESOURCE_UNKNOWN"),
        ("trafficcenter", b"short", "REQUEST_INVALID"),
        ("trafficcenter", b"", "REQUEST_INVALID"),
        ("trafficcenter", b"r" * 32, "RESOURCE_EXISTS"),
    ],
)
async def test_what_is_no_key_of_a_traffic_center_is_refused(
    followers: Followers, system: str, key: bytes, reason: str
) -> None:
    """Only a key, of a system that is a Traffic Center, can be registered, and only once."""
    await followers.credentials("las-a", ROLE_LAS)
    await followers.credentials("trafficcenter", ROLE_TRAFFIC_CENTER)
    desk = await followers.head_office.desk()
    stub: Any = GrantKeyServiceStub(desk.channel)
    there = keys.CreateGrantKeyRequest(
        request_id=_UUID, parent="systems/trafficcenter", grant_key=GrantKey(public_key=b"r" * 32)
    )
    await stub.CreateGrantKey(there, timeout=10)
    request = keys.CreateGrantKeyRequest(
        request_id=_UUID[:-1] + "d", parent=f"systems/{system}", grant_key=GrantKey(public_key=key)
    )

    assert reason == await _reason(stub.CreateGrantKey(request, timeout=10))
