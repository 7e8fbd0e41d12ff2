"""The credentials in use, which may change while a process runs.

A certificate is replaced long before it ends, without stopping anybody: new connections show the
new one, calls and connections that stand go on with the old one, which stays valid. What was begun
with the old one and is bound to it, as a session is, is ended with it.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from oso_rpc.credential_files import CredentialFiles, Previous
from oso_rpc.credentials import OtherSystemError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from oso_rpc.credentials import Credentials

# What others know of us may be that much older than what we show, and their clocks that far off.
_OTHERS_LAG = timedelta(minutes=10)

_Stamp = tuple[tuple[int, int, int] | None, ...]
_log = structlog.get_logger(__name__)


class CredentialsSource:
    """Holds the credentials in use, and takes up others when the files change.

    A pair that does not belong together, leads to no trusted root, or is another system's is never
    taken: what was in use stays in use, and the log says why.

    Attributes:
        files: Where they lie.
        current: What to show and trust now.

    """

    def __init__(self, files: CredentialFiles) -> None:
        """Read the files.

        Raises: as `CredentialFiles.load`.

        """
        self.files = files
        self._reading = threading.Lock()
        self._stamp = self._stamp_of_files()
        self.current = files.load()
        self._previous = files.load_previous()

    @staticmethod
    def of(certificate: Path, key: Path, authority: Path) -> CredentialsSource:
        """Read the files of a system; `Credentials.load` for who may go on changing.

        Raises: as `CredentialFiles.load`.

        """
        return CredentialsSource(CredentialFiles(certificate, key, authority))

    def shown(self, certificate_sha256: bytes) -> Credentials | None:
        """Find the credentials with a certificate, the present or the previous; None if neither."""
        known = [self.current]
        if self._previous is not None:
            known.append(self._previous.credentials)
        found = (one for one in known if one.identity.certificate_sha256 == certificate_sha256)
        return next(found, None)

    def shown_at(self, time: datetime) -> Credentials:
        """Give what was in use at a moment, as far as others could know then; else the present."""
        previous = self._previous
        if previous is None or time >= previous.until + _OTHERS_LAG:
            return self.current
        return previous.credentials

    @property
    def previous_until(self) -> datetime | None:
        """When the present credentials took the place of the previous; None without previous."""
        return None if self._previous is None else self._previous.until

    async def refresh(self) -> None:
        """Take up what the files hold, if they changed and it is good."""
        await asyncio.to_thread(self._refresh)

    async def watch(self, interval: float = 1.0) -> None:
        """Refresh every `interval` seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await self.refresh()

    def _refresh(self) -> None:
        with self._reading:  # one after the other: what was read last is what stays
            self._read()

    def _read(self) -> None:
        stamp = self._stamp_of_files()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            found, previous = self.files.load(), self.files.load_previous()
            self._require_same_system(found)
        except Exception as error:  # noqa: BLE001  whatever it is, the next one may be good and must come in
            _log.error("credentials_refused", reason=type(error).__name__)
            return
        self._take(found, previous)

    def _require_same_system(self, found: Credentials) -> None:
        ours, theirs = self.current.identity.system_id, found.identity.system_id
        if ours != theirs:
            raise OtherSystemError(self.files.certificate, theirs, ours)

    def _take(self, found: Credentials, previous: Previous | None) -> None:
        before = self.current
        self._previous = previous
        if (found.certificate_pem, found.authority_pem) == (
            before.certificate_pem,
            before.authority_pem,
        ):
            return
        # Last: whoever looks from another thread sees the old whole or the new whole.
        self.current = found
        _log.info(
            "credentials_taken_up",
            certificate=found.identity.certificate_sha256.hex(),
            expires=found.identity.not_after.isoformat(),
        )

    def _stamp_of_files(self) -> _Stamp:
        return tuple(_stamp_of(path) for path in self.files.watched())


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
