"""A service that runs takes up a changed authority at its next call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oso_registry.authority import CurrentAuthority, FolderError, KeyAccess, create_authority
from oso_registry.authority.ledger import FILE_NAME, Ledger
from oso_rpc.credentials import KeyFileExposedError

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEMO = KeyAccess(demo=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of an authority."""
    create_authority(tmp_path, NOW, root_access=DEMO, access=DEMO)
    return tmp_path


def change(folder: Path, days: int) -> None:
    """Change something in the ledger, as a step of a rotation would."""
    Ledger.read(folder).model_copy(update={"leaf_days": days}).write(folder)


async def test_unchanged_authority_is_not_read_again(folder: Path) -> None:
    """As long as nothing changed, all get the very same authority."""
    current = CurrentAuthority(folder, DEMO)

    first, *others = await asyncio.gather(*(current.get() for _ in range(20)))

    assert all(one is first for one in others)


async def test_changed_authority_is_taken_up(folder: Path) -> None:
    """The call after a change gets the changed authority; who had the old one keeps it."""
    current = CurrentAuthority(folder, DEMO)
    before = await current.get()
    change(folder, 30)

    after = await current.get()

    assert (90, 30) == (before.leaf_lifetime.days, after.leaf_lifetime.days)


async def test_change_that_cannot_be_read_is_an_error_until_it_can(folder: Path) -> None:
    """A changed authority that does not open is not replaced by the one before."""
    current = CurrentAuthority(folder, DEMO)
    await current.get()
    (folder / "issuing-1.key").chmod(0o644)
    change(folder, 30)

    for _ in range(2):
        with pytest.raises(KeyFileExposedError):
            await current.get()
    (folder / "issuing-1.key").chmod(0o600)

    assert (await current.get()).leaf_lifetime.days == 30


async def test_ledger_that_is_gone_is_an_error(folder: Path) -> None:
    """Without its ledger there is no authority, also for who had read it before."""
    current = CurrentAuthority(folder, DEMO)
    await current.get()
    (folder / FILE_NAME).unlink()

    for _ in range(2):
        with pytest.raises(FolderError):
            await current.get()


async def test_reading_leaves_the_event_loop_free(folder: Path) -> None:
    """While an authority is read, other work goes on, and everybody who asked gets it."""
    passphrase = KeyAccess(b"correct horse battery")
    create_authority(folder / "sealed", NOW, root_access=passphrase, access=passphrase)
    current = CurrentAuthority(folder / "sealed", passphrase)
    waiting = [asyncio.create_task(current.get()) for _ in range(3)]
    turns = 0
    while not all(one.done() for one in waiting):
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10
    assert len({id(one.result()) for one in waiting}) == 1


async def test_caller_that_goes_away_spoils_nothing(folder: Path) -> None:
    """A call that is cancelled while the authority is read leaves it to the next one."""
    current = CurrentAuthority(folder, DEMO)
    task = asyncio.create_task(current.get())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await current.get()).active.name == "issuing-1"
