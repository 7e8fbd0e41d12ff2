"""What an operator wants to know of an authority: how far everyone is, and what comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from oso_registry.authority.folder import TRUST_FILE, read_certificate
from oso_registry.authority.ledger import Entry, Ledger, State
from oso_registry.authority.profile import ISSUING_LIFETIME
from oso_registry.authority.rotation import in_force_until, known_from, trust_of
from oso_registry.authority.tokens import SCHEME

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_OURS = re.compile(r"((root|issuing)-[0-9]+)\.(key|crt)")


@dataclass(frozen=True)
class Shown:
    """A root or an issuer.

    Attributes:
        entry: What the ledger says.
        ends: When its certificate ends.
        key_is_here: Whether its key file is in the folder; also true for a key in a token.
        next_step: From when it can take its next step (PREPARED, OUTGOING), or until when it does
            its work (ACTIVE: an issuer signs leaves of full length, a root signs issuers). None
            when that depends on others.

    """

    entry: Entry
    ends: datetime
    key_is_here: bool
    next_step: datetime | None


@dataclass(frozen=True)
class Overview:
    """An authority.

    Attributes:
        shown: Roots and issuers, oldest first.
        strays: Files of keys and certificates of nobody: a step was cut off. They can be destroyed.
        trust_is_current: Whether root.crt holds what the ledger says; each step mends that.

    """

    shown: tuple[Shown, ...]
    strays: tuple[str, ...]
    trust_is_current: bool


def overview(folder: Path) -> Overview:
    """Look at an authority; opens no key.

    Raises:
        FolderError: There is none, or it is not whole.
        OSError: A file cannot be read.

    """
    ledger = Ledger.read(folder)
    entries = (*ledger.roots, *ledger.issuers)
    known = {one.name for one in entries}
    found = sorted(path.name for path in folder.iterdir())
    strays = (name for name in found if (ours := _OURS.fullmatch(name)) and ours[1] not in known)
    trust = folder / TRUST_FILE
    return Overview(
        tuple(_shown(folder, ledger, one) for one in entries),
        tuple(strays),
        trust.exists() and trust.read_bytes() == trust_of(folder, ledger),
    )


def _shown(folder: Path, ledger: Ledger, entry: Entry) -> Shown:
    certificate = read_certificate(folder, entry)
    ends = certificate.not_valid_after_utc
    leaf = timedelta(days=ledger.leaf_days)
    next_step: datetime | None
    match entry.state:
        case State.PREPARED:
            next_step = known_from(ledger, entry) if entry.is_root else entry.prepared
        case State.ACTIVE:
            next_step = ends - (ISSUING_LIFETIME if entry.is_root else leaf)
        case State.OUTGOING if not entry.is_root:
            next_step = in_force_until(ledger, entry, certificate)
        case _:
            next_step = None
    here = entry.key.startswith(SCHEME) or (folder / entry.key).exists()
    return Shown(entry, ends, here, next_step)
