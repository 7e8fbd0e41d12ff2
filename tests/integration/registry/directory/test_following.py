"""The directory from a real OfficeHeart to those who follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oso.options.v1.access_pb2 import ROLE_TRAFFIC_CENTER
from oso.registry.v1 import grant_key_service_pb2 as keys
from oso.registry.v1.grant_key_pb2 import GrantKey
from oso.registry.v1.grant_key_service_pb2_grpc import GrantKeyServiceStub
from oso_registry.app import running
from oso_registry.directory.publishing import DirectoryPublisher
from oso_rpc.clock import SystemClock
from oso_rpc.errors import from_rpc_error
from oso_rpc.signing import Signer, key_id_of

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


async def test_a_change_reaches_who_follows(followers: Followers, tmp_path: Path) -> None:
    """A watcher gets the whole first, then every change under the next number, without gaps."""
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    first = await until(follower, lambda view: view.active_thumbprints("las-a"))

    await followers.act(put_school("00SS"))
    second = await until(follower, lambda view: view.school("00SS"))
    await followers.act(put_school("01VV"))
    third = await until(follower, lambda view: view.school("01VV"))

    assert [first.version + 1, first.version + 2] == [second.version, third.version]
    assert first.epoch == third.epoch > 0
    assert third.school("00SS") is not None


async def test_a_revocation_reaches_who_follows(followers: Followers, tmp_path: Path) -> None:
    """A certificate that is taken back is no longer active at who follows."""
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    await followers.credentials("las-b")
    await until(follower, lambda view: view.active_thumbprints("las-b"))

    await followers.act(revoke("las-b"))

    await until(follower, lambda view: not view.active_thumbprints("las-b"))


async def test_another_process_tells_of_what_this_one_wrote(
    followers: Followers, tmp_path: Path
) -> None:
    """Of two OfficeHearts on one database each tells its watchers what the other registers."""
    one = followers.head_office
    settings = one.house.settings.model_copy(update={"listen": "127.0.0.1:0"})
    credentials = await followers.credentials("las-a")
    async with running(one.folder, settings) as (_, other):
        follower = await followers.follow(
            credentials, tmp_path / "a.pb", address=f"127.0.0.1:{other.port}"
        )
        await until(follower, lambda view: view.active_thumbprints("las-a"))

        await followers.act(put_school("00SS"))

        await until(follower, lambda view: view.school("00SS"))
        await followers.stop()


async def test_a_restored_office_heart_is_followed(followers: Followers, tmp_path: Path) -> None:
    """After a new epoch began, who follows takes what stands there now, and nothing of before."""
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    before = await until(follower, lambda view: view.active_thumbprints("las-a"))
    publisher = DirectoryPublisher(SystemClock())

    await followers.act(lambda tx: publisher.begin_epoch(tx.batch))
    after = await until(follower, lambda view: view.epoch > before.epoch)
    await followers.act(put_school("00SS"))
    changed = await until(follower, lambda view: view.school("00SS"))

    assert after.order > before.order
    assert after.version + 1 == changed.version


async def test_keys_of_a_traffic_center_are_registered(
    followers: Followers, tmp_path: Path
) -> None:
    """A registrar registers and removes keys; who follows believes them while they are there."""
    follower = await followers.follow(
        await followers.credentials("trafficcenter", ROLE_TRAFFIC_CENTER), tmp_path / "a.pb"
    )
    desk = await followers.head_office.desk()
    stub: Any = GrantKeyServiceStub(desk.channel)
    key = Signer(Ed25519PrivateKey.generate()).public_key
    request = keys.CreateGrantKeyRequest(
        request_id=_UUID, parent="systems/trafficcenter", grant_key=GrantKey(public_key=key)
    )

    made = (await stub.CreateGrantKey(request, timeout=10)).grant_key
    view = await until(follower, lambda view: view.traffic_center_keys)
    listed = await stub.ListGrantKeys(keys.ListGrantKeysRequest(parent="systems/-"), timeout=10)

    assert {key_id_of(key): key} == dict(view.traffic_center_keys)
    assert f"systems/trafficcenter/grantKeys/{key_id_of(key)}" == made.name
    assert [made] == list(listed.grant_keys)

    remove = keys.DeleteGrantKeyRequest(request_id=_UUID[:-1] + "d", name=made.name)
    await stub.DeleteGrantKey(remove, timeout=10)
    await until(follower, lambda view: not view.traffic_center_keys)
