"""The directory from a signed file: for a country without a running OfficeHeart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from oso_rpc.directory.current import MAX_AGE, CurrentDirectory
from oso_rpc.directory.errors import DirectoryEpochError, DirectoryOlderError
from oso_rpc.directory.signed import open_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path

    from oso_rpc.clock import Clock
    from oso_rpc.directory.view import DirectoryView

_log = structlog.get_logger(__name__)


class DirectorySource(CurrentDirectory):
    """The directory in force, read from a signed file and read again when the file changes."""

    def __init__(
        self,
        path: Path,
        trusted_keys: Mapping[str, bytes],
        clock: Clock,
        max_age: timedelta = MAX_AGE,
    ) -> None:
        """Name the file and the keys that may have signed it; `load` reads it."""
        super().__init__(clock, max_age)
        self._path = path
        self._trusted_keys = trusted_keys
        self._stamp: tuple[int, int, int] | None = None

    def load(self) -> DirectoryView:
        """Read the file.

        Raises:
            DirectoryError: It is tampered with, foreign, no directory, or older than ours.
            OSError: It cannot be read.

        """
        self._stamp = self._stamp_of_file()
        view = open_directory(self._path.read_bytes(), self._trusted_keys)
        if self._held is not None:
            have = self._held[0]
            if view.epoch < have.epoch:
                raise DirectoryEpochError(view.version, have.version)
            if (view.order, view.issue_time) < (have.order, have.issue_time):
                raise DirectoryOlderError(view.version, have.version)
        self.hold(view, view.issue_time)
        return view

    def refresh(self) -> None:
        """Read the file again if it changed; keep what we have, and log why, if it is not good."""
        try:
            if self._stamp_of_file() == self._stamp:
                return
            view = self.load()
        except Exception as error:  # noqa: BLE001  whatever it is, the next one may be good and must come in
            _log.error("directory_refused", reason=type(error).__name__)
        else:
            _log.info("directory_loaded", version=view.version)

    async def watch(self, interval: float = 0.25) -> None:
        """Refresh every `interval` seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await asyncio.to_thread(self.refresh)

    def _stamp_of_file(self) -> tuple[int, int, int]:
        facts = self._path.stat()
        return facts.st_mtime_ns, facts.st_size, facts.st_ino
