"""The authority of a service that runs: taken up anew when an operator changed it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oso_registry.authority.folder import load_authority
from oso_registry.authority.ledger import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from oso_registry.authority.issuing import Authority
    from oso_registry.authority.keys import KeyAccess


class CurrentAuthority:
    """Gives the authority as its folder says now. For one event loop.

    Ask for it once in each call, and work with what you got until the call is done: it never
    changes under your hands, and what it plans it also signs.

    Every rotation writes `authority.json` last, so its content tells whether anything changed. It
    has some 1,000 bytes, and is read in a thread.
    """

    def __init__(self, folder: Path, access: KeyAccess) -> None:
        """Name the folder, and what opens the keys; reads nothing yet."""
        self._folder = folder
        self._access = access
        self._known: tuple[bytes, Authority] | None = None
        # One reader: a key file takes a fifth of a second to open, and everybody waits for it.
        self._reading = asyncio.Lock()

    async def get(self) -> Authority:
        """Give the authority as it is now.

        An authority that was changed and cannot be read is not replaced by the one before: that
        may have been taken out of use for good reason. The next call tries again.

        Raises:
            AuthorityError: It is not whole, or a key does not open.
            CredentialsError: Others could read a key.
            OSError: A file cannot be read.

        """
        async with self._reading:
            return await asyncio.to_thread(self._read)

    def _read(self) -> Authority:
        path = self._folder / FILE_NAME
        ledger = path.read_bytes() if path.exists() else b""
        known = self._known
        if known is None or known[0] != ledger:
            self._known = None
            # With what was in it before: if it changes meanwhile, the next call reads again.
            known = self._known = (ledger, load_authority(self._folder, self._access))
        return known[1]
