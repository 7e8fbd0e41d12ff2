"""Changing issuers and roots, in steps that an operator takes (ADR 0018).

    prepare    a new key and certificate; trusted from now on, signs nothing yet
    activate   it signs from now on; the one before goes out, and keeps its revocation list
    retire     out of use, when nothing it signed is in force any more
    revoke     out of use at once, and on its root's revocation list

Each step writes new files first and the ledger, that names them, last: a step that is cut off
changed nothing, and is taken again. Whoever runs OfficeHeart meanwhile reads the ledger before or
after a step, never half of one (`CurrentAuthority`).
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from oso_registry.authority.crl import ListPlan, Reason, RevokedEntry, publish_list, sign_list
from oso_registry.authority.folder import (
    TRUST_FILE,
    entry_of,
    open_key,
    read_certificate,
    write_certificate,
)
from oso_registry.authority.issuing import SETTLING
from oso_registry.authority.ledger import SIGNING, STEPS, Entry, Event, Ledger, State
from oso_registry.authority.problems import CrlError, CrlProblem, KeyLockedError, KeyProblem
from oso_registry.authority.profile import (
    ISSUING_LIFETIME,
    issuing_certificate,
    root_certificate,
)
from oso_registry.authority.steps import RotationError, RotationProblem
from oso_registry.directory import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

    from oso_registry.authority.keys import CaKey, KeyAccess

# A root's list is made by hand, where its key is: at least once a year.
ROOT_LIST_LIFETIME = timedelta(days=400)
_TRIAL = b"OSO: does this key sign?"
_REFUSED = {
    State.PREPARED: RotationProblem.NOT_PREPARED,
    State.ACTIVE: RotationProblem.ACTIVE,
    State.OUTGOING: RotationProblem.NOT_PREPARED,
    State.RETIRED: RotationProblem.RETIRED,
}


@dataclass(frozen=True)
class RootKey:
    """How the key of a root is reached.

    Attributes:
        access: What opens it.
        file: Where it is, when it is not in the folder.

    """

    access: KeyAccess
    file: Path | None = None

    def open(self, folder: Path, entry: Entry, certificate: x509.Certificate) -> CaKey:
        """Open it, and make sure it belongs to the certificate.

        Raises:
            RotationError: It is not here.
            AuthorityError: It does not open, or is another's.
            CredentialsError: Others could read it.
            OSError: It cannot be read.

        """
        try:
            if self.file is None:
                return open_key(folder, entry, certificate, self.access)
            key = self.access.open(self.file.parent, self.file.name)
        except FileNotFoundError:
            raise RotationError(entry.name, RotationProblem.ROOT_KEY) from None
        if key.public_key != certificate.public_key():
            raise KeyLockedError(str(self.file), KeyProblem.OTHER_KEY)
        return key


def prepare_issuer(folder: Path, now: datetime, *, root_key: RootKey, access: KeyAccess) -> str:
    """Make a new issuer under the active root; give its name.

    Args:
        folder: The authority's.
        now: The moment.
        root_key: The key of the root.
        access: What protects the key of the new issuer; it must open that of the active one too,
            as OfficeHeart opens both.

    Raises:
        RotationError: One is prepared already, the root ends too soon, or its key is not here.
        AuthorityError: A key does not open, or cannot be made; or the folder is not whole.
        CredentialsError: Others could read a key.
        OSError: A file cannot be read or written.

    """
    with _step(folder, now) as ledger:
        _check_none_prepared(ledger.issuers)
        active, above = ledger.active(root=False), ledger.active(root=True)
        root = read_certificate(folder, above)
        if root.not_valid_after_utc < now + ISSUING_LIFETIME:
            raise RotationError(above.name, RotationProblem.ROOT_ENDS)
        signer = root_key.open(folder, above, root)
        open_key(folder, active, read_certificate(folder, active), access)
        number = _next_number(folder, "issuing")
        name = f"issuing-{number}"
        access.check(name)
        place, key = access.make(folder, name)
        made = issuing_certificate(f"OSO Issuing CA {number}", key.public_key, root, signer, now)
        made.verify_directly_issued_by(root)
        write_certificate(folder, name, made)
        entry = entry_of(name, made, place, now, state=State.PREPARED, root=above.name)
        ledger.added(entry).write(folder)
        return name


def prepare_root(folder: Path, now: datetime, *, root_access: KeyAccess) -> str:
    """Make a new root; give its name. From now on both are trusted.

    Raises:
        RotationError: One is prepared already.
        AuthorityError: The key cannot be made; or the folder is not whole.
        OSError: A file cannot be read or written.

    """
    with _step(folder, now) as ledger:
        _check_none_prepared(ledger.roots)
        number = _next_number(folder, "root")
        name = f"root-{number}"
        root_access.check(name)
        place, key = root_access.make(folder, name)
        made = root_certificate(f"OSO Root CA {number}", key, now)
        made.verify_directly_issued_by(made)
        write_certificate(folder, name, made)
        changed = ledger.added(entry_of(name, made, place, now, state=State.PREPARED))
        _write(folder, changed)
        return name


def activate(
    folder: Path, name: str, now: datetime, *, access: KeyAccess | None, force: bool = False
) -> str:
    """Let a prepared issuer or root take over; give the name of the one that goes out.

    Args:
        folder: The authority's.
        name: The issuer or root.
        now: The moment.
        access: What opens the issuer's key, as OfficeHeart will; not needed for a root.
        force: Activate a root that not everybody can know yet.

    Raises:
        RotationError: It is not prepared; it ends too soon; a root that not everybody who renewed
            in time can know.
        AuthorityError: Its key does not open or sign; or the folder is not whole.
        CredentialsError: Others could read the key.
        OSError: A file cannot be read or written.

    """
    with _step(folder, now) as ledger:
        entry = _find(ledger, name)
        changed = _moved(entry, Event.ACTIVATE, activated=now)
        certificate = read_certificate(folder, entry)
        leaf = timedelta(days=ledger.leaf_days)
        if certificate.not_valid_after_utc < now + leaf:
            raise RotationError(name, RotationProblem.ENDS_SOON)
        if entry.is_root:
            known = known_from(ledger, entry)
            if now < known and not force:
                raise RotationError(name, RotationProblem.NOT_KNOWN_YET, known)
        else:
            _try_key(folder, entry, certificate, access)
        before = ledger.active(root=entry.is_root)
        out = _moved(before, Event.SUPERSEDE, superseded=now)
        _write(folder, ledger.replaced(changed, out))
        return before.name


def retire(folder: Path, name: str, now: datetime, *, force: bool = False) -> Entry:
    """Take an issuer or a root out of use; give what the ledger says of it.

    One that was only prepared is taken back. Its key can be destroyed after.

    Args:
        folder: The authority's.
        name: The issuer or root.
        now: The moment.
        force: Retire an issuer while what it signed can be in force: its revocation list ends.

    Raises:
        RotationError: It is in use, or out of use already; an issuer with certificates in force; a
            root with issuers that are not retired.
        AuthorityError: The folder is not whole.
        OSError: A file cannot be read or written.

    """
    with _step(folder, now) as ledger:
        entry = _find(ledger, name)
        changed = _moved(entry, Event.RETIRE, retired=now)
        if entry.is_root:
            if any(one.root == name and one.state is not State.RETIRED for one in ledger.issuers):
                raise RotationError(name, RotationProblem.ISSUERS_LEFT)
        elif not force:
            until = in_force_until(ledger, entry, read_certificate(folder, entry))
            if until is not None and now < until:
                raise RotationError(name, RotationProblem.IN_FORCE, until)
        _write(folder, ledger.replaced(changed))
        return changed


def revoke_issuer(
    folder: Path, name: str, reason: Reason, now: datetime, *, root_key: RootKey
) -> Path:
    """Put an issuer on its root's revocation list, and take it out of use; give the list's file.

    Raises:
        RotationError: It is in use, is a root, or the root's key is not here.
        CrlError: The root gives no list in its state; or what is in its place is no list of it.
        AuthorityError: The root's key does not open; or the folder is not whole.
        CredentialsError: Others could read the root's key.
        OSError: A file cannot be read or written.

    """
    with _step(folder, now) as ledger:
        entry = _find(ledger, name)
        if entry.is_root:
            raise RotationError(name, RotationProblem.NO_ISSUER)
        changed = _moved(
            entry,
            Event.REVOKE,
            retired=entry.retired or now,
            revoked=entry.revoked or now,
            reason=reason,
        )
        after = ledger.replaced(changed)
        above = _find(ledger, entry.root)
        path = _publish_root_list(folder, after, above, now, root_key)
        after.write(folder)
        return path


def renew_root_list(folder: Path, name: str, now: datetime, *, root_key: RootKey) -> Path:
    """Make a root's revocation list anew; give its file. Nothing else changes.

    Raises:
        RotationError: There is no such root, or its key is not here.
        CrlError, AuthorityError, CredentialsError, OSError: As for `revoke_issuer`.

    """
    with _step(folder, now) as ledger:
        entry = _find(ledger, name)
        if not entry.is_root:
            raise RotationError(name, RotationProblem.UNKNOWN)
        return _publish_root_list(folder, ledger, entry, now, root_key)


def in_force_until(ledger: Ledger, entry: Entry, certificate: x509.Certificate) -> datetime | None:
    """Tell until when a certificate that an outgoing issuer signed can be in force."""
    if entry.superseded is None:
        return None
    longest = entry.superseded + SETTLING + timedelta(days=ledger.leaf_days)
    return min(longest, certificate.not_valid_after_utc)


def known_from(ledger: Ledger, entry: Entry) -> datetime:
    """Tell from when everybody whose certificate is in force got a root with it."""
    return entry.prepared + SETTLING + timedelta(days=ledger.leaf_days)


def trust_of(folder: Path, ledger: Ledger) -> bytes:
    """Give what everybody trusts by the ledger: the roots that are not retired, as PEM."""
    return b"".join(
        read_certificate(folder, one).public_bytes(Encoding.PEM)
        for one in ledger.roots
        if one.state is not State.RETIRED
    )


@contextmanager
def _step(folder: Path, now: datetime) -> Iterator[Ledger]:
    """Read the ledger, and keep others from taking a step meanwhile."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        Ledger.read(folder)  # says what is wrong
        raise
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RotationError(str(folder), RotationProblem.BUSY) from None
        ledger = Ledger.read(folder)
        latest = max(one.latest for one in (*ledger.roots, *ledger.issuers))
        if now < latest:
            raise RotationError(str(folder), RotationProblem.CLOCK, latest)
        yield ledger
    finally:
        os.close(descriptor)


def _write(folder: Path, ledger: Ledger) -> None:
    replace_file(folder / TRUST_FILE, trust_of(folder, ledger))
    ledger.write(folder)


def _find(ledger: Ledger, name: str) -> Entry:
    entry = ledger.entry(name)
    if entry is None:
        raise RotationError(name, RotationProblem.UNKNOWN)
    return entry


def _moved(entry: Entry, event: Event, **changes: object) -> Entry:
    state = STEPS.get((entry.state, event))
    if state is None:
        raise RotationError(entry.name, _REFUSED[entry.state])
    return entry.model_copy(update={"state": state, **changes})


def _check_none_prepared(entries: tuple[Entry, ...]) -> None:
    for one in entries:
        if one.state is State.PREPARED:
            raise RotationError(one.name, RotationProblem.ALREADY_PREPARED)


def _next_number(folder: Path, kind: str) -> int:
    """Give a number that was never used, also not by a step that was cut off."""
    found = (re.match(rf"{kind}-([0-9]+)\.", path.name) for path in folder.iterdir())
    return 1 + max((int(one[1]) for one in found if one), default=0)


def _try_key(
    folder: Path, entry: Entry, certificate: x509.Certificate, access: KeyAccess | None
) -> None:
    """Open a key and have it sign something, before OfficeHeart depends on it."""
    if access is None:
        raise KeyLockedError(entry.key, KeyProblem.PASSPHRASE_MISSING)
    key = open_key(folder, entry, certificate, access)
    try:
        key.public_key.verify(key.sign(_TRIAL), _TRIAL, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise RotationError(entry.name, RotationProblem.KEY_FAILS) from None


def _publish_root_list(
    folder: Path, ledger: Ledger, root: Entry, now: datetime, root_key: RootKey
) -> Path:
    if root.state not in SIGNING:
        raise CrlError(root.name, CrlProblem.NOT_SIGNING)
    certificate = read_certificate(folder, root)
    key = root_key.open(folder, root, certificate)
    revoked = tuple(
        RevokedEntry(
            read_certificate(folder, one).serial_number, one.revoked, one.reason or Reason(0)
        )
        for one in ledger.issuers
        if one.root == root.name and one.revoked is not None
    )
    # The seconds since 1970: a number that rises by itself, also when the list before is lost.
    number = int(now.timestamp())
    plan = ListPlan(root.name, certificate, revoked, number, now, ROOT_LIST_LIFETIME)
    path = folder / f"{root.name}.crl"
    publish_list(path, sign_list(plan, key), certificate)
    return path
