"""Publishing revocation lists, for those who do not follow the directory.

One list for each issuer that signs or signed what is in force, in the folder `public`; made anew
when something was revoked, and every day. A certificate stays on the list until it ends.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select

from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_REVOKED
from oso_registry.authority import TRUST_FILE, AuthorityError, Reason, RevokedEntry
from oso_registry.authority.crl import publish_list
from oso_registry.calls import Caller
from oso_registry.columns import timestamp
from oso_registry.directory import replace_file
from oso_registry.store import microseconds_of
from oso_registry.systems.resources import CERTIFICATES
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from oso_registry.authority import Authority
    from oso_registry.calls import Office
    from oso_registry.store import Transaction
    from oso_registry.systems.issuing import Issuing

# Long enough for a weekend in which OfficeHeart is down; made anew every day, so nobody who reads
# it then has one that is older.
LIFETIME = timedelta(days=4)
EVERY = timedelta(days=1)
_LOOK_SECONDS = 2.0
_CERTIFICATE: Any = CERTIFICATES.table.c
_log = structlog.get_logger(__name__)

# What tells that lists must be made anew: how many were revoked, when one was last changed, and
# which issuers there are.
_State = tuple[int, int, tuple[str, ...]]


class RevocationLists:
    """Keeps the revocation lists in a folder up to date."""

    def __init__(self, office: Office, issuing: Issuing, folder: Path) -> None:
        """Take where revocations are kept, what signs, and the folder."""
        self._office = office
        self._issuing = issuing
        self._folder = folder
        self._published: tuple[_State, datetime] | None = None

    async def watch(self) -> None:
        """Make lists anew when they must be, again and again."""
        while True:
            try:
                await self.refresh()
            except (AuthorityError, OsoError, OSError) as error:
                _log.error("revocation_lists_failed", error=type(error).__name__, text=str(error))
            await asyncio.sleep(_LOOK_SECONDS)

    async def refresh(self) -> bool:
        """Make lists anew if something was revoked since, or a day has passed; tell whether.

        Raises:
            AuthorityError: A list cannot be signed, or replaced.
            OsoError: NOT_RECORDED, AUTHORITY_UNAVAILABLE.
            OSError: A file cannot be written.

        """
        authority, now = await self._issuing.authority(), self._office.clock.now()
        count, changed = await self._office.look(Caller(), _state)
        state = (count, changed, tuple(one.sha256 for one in authority.listing))
        published, at = self._published or (None, now)
        if published == state and now - at < EVERY:
            return False
        entries = await self._office.look(Caller(), _entries)
        await asyncio.to_thread(_publish, self._folder, authority, entries, now)
        self._published = (state, now)
        return True


def _state(tx: Transaction) -> tuple[int, int]:
    query = select(func.count(), func.max(_CERTIFICATE.update_time)).where(
        _CERTIFICATE.state == CERTIFICATE_STATE_REVOKED
    )
    count, changed = tx.batch.connection.execute(query).one()
    return count, changed or 0


def _entries(tx: Transaction) -> dict[str, list[RevokedEntry]]:
    """Give what was revoked and has not ended, by issuer."""
    query = select(
        _CERTIFICATE.name,
        _CERTIFICATE.issuer_sha256,
        _CERTIFICATE.revoke_time,
        _CERTIFICATE.revocation_reason,
    ).where(
        _CERTIFICATE.state == CERTIFICATE_STATE_REVOKED,
        _CERTIFICATE.expire_time > microseconds_of(tx.now),
    )
    found: dict[str, list[RevokedEntry]] = defaultdict(list)
    for name, issuer, time, reason in tx.batch.connection.execute(query):
        serial = int(name.rpartition("/")[2], 16)
        found[issuer].append(RevokedEntry(serial, moment(timestamp(time)), Reason(reason)))
    return found


def _publish(
    folder: Path, authority: Authority, entries: dict[str, list[RevokedEntry]], now: datetime
) -> None:
    folder.mkdir(mode=0o755, exist_ok=True)
    replace_file(folder / TRUST_FILE, authority.trust_pem)
    # A number that rises without anything to remember: milliseconds since 1970.
    number = microseconds_of(now) // 1000
    for issuer in authority.listing:
        made = authority.revocation_list(
            issuer, entries.get(issuer.sha256, []), number, now, LIFETIME
        )
        pem = issuer.certificate.public_bytes(Encoding.PEM)
        replace_file(folder / f"{issuer.name}.crt", pem)
        publish_list(folder / f"{issuer.name}.crl", made, issuer.certificate)
