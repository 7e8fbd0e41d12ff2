"""Where a system gets its directory from, and keeping it up to date while the system runs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import structlog

from oso_rpc.background import in_background
from oso_rpc.directory.current import MAX_AGE
from oso_rpc.directory.file import DirectorySource
from oso_rpc.directory.follower import DirectoryFollower, OfficeHeart
from oso_rpc.signing import key_id_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import timedelta
    from pathlib import Path

    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource

# A new system waits so long for its first directory before it begins to refuse everybody.
_ARRIVAL_SECONDS = 10.0
LiveDirectory: TypeAlias = DirectorySource | DirectoryFollower
_log = structlog.get_logger(__name__)


def directory_from(
    office_heart: tuple[str, str],
    credentials: CredentialsSource,
    file: Path,
    keys: Iterable[str],
    *,
    clock: Clock,
    max_age: timedelta = MAX_AGE,
) -> LiveDirectory:
    """Give the directory a system's settings ask for.

    Args:
        office_heart: Where OfficeHeart listens, and the id of the system that must answer there; an
            empty address for a directory that is signed by hand.
        credentials: Who we are; may change.
        file: The signed file, or where to keep what OfficeHeart says.
        keys: Public keys of OfficeHeart that may have signed it, in hexadecimal.
        clock: The clock.
        max_age: How long after OfficeHeart's last word it is in force.

    Raises:
        ValueError: A key is not written in hexadecimal.

    """
    public_keys = [bytes.fromhex(text) for text in keys]
    trusted = {key_id_of(key): key for key in public_keys}
    address, system_id = office_heart
    if not address:
        return DirectorySource(file, trusted, clock, max_age)
    return DirectoryFollower(
        OfficeHeart(address, system_id, credentials), file, trusted, clock=clock, max_age=max_age
    )


@asynccontextmanager
async def up_to_date(directory: LiveDirectory) -> AsyncIterator[None]:
    """Keep a directory up to date during the block, which begins when there is one.

    Where OfficeHeart does not answer and nothing was kept, the block begins after ten seconds all
    the same: then everybody is refused, until it answers.

    Raises:
        DirectoryError: A file signed by hand is no good.
        OSError: It cannot be read.

    """
    await asyncio.to_thread(directory.load)
    async with in_background({"directory-watch": directory.watch()}):
        if not await directory.arrived(_ARRIVAL_SECONDS):
            _log.error("directory_missing")
        yield
