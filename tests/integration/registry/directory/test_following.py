"""The directory from a real OfficeHeart to those who follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import put_school, revoke, until

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Followers


async def test_a_change_reaches_who_follows(followers: Followers, tmp_path: Path) -> None:
    """A watcher gets the whole first, then every change under the next number, without gaps."""
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    first = await until(follower, lambda view: view.certificate)
    act = followers.head_office.house.office.act

    await act(put_school("00SS"))
    second = await until(follower, lambda view: view.school("00SS"))
    await act(put_school("01VV"))
    third = await until(follower, lambda view: view.school("01VV"))

    assert [first.version + 1, first.version + 2] == [second.version, third.version]
    assert first.epoch == third.epoch > 0
    assert third.school("00SS") is not None


async def test_a_revocation_reaches_who_follows(followers: Followers, tmp_path: Path) -> None:
    """A certificate that is taken back is no longer active at who follows."""
    follower = await followers.follow(await followers.credentials("las-a"), tmp_path / "a.pb")
    await followers.credentials("las-b")
    await until(follower, lambda view: view.active_thumbprints("las-b"))

    await followers.head_office.house.office.act(revoke("las-b"))

    await until(follower, lambda view: not view.active_thumbprints("las-b"))
