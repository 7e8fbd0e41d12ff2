"""The authority's folder: making one, and reading it.

| file | what |
|---|---|
| `authority.json` | roots and issuers with their states; written last: it names nothing absent |
| `root.crt` | what everybody trusts: one root, or more during a change of root |
| `root-1.crt`, `issuing-1.crt` | certificates |
| `root-1.key` | key of the root: take it offline |
| `issuing-1.key` | key of the issuer |
"""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from oso_registry.authority.issuing import Authority, Issuer, Root
from oso_registry.authority.ledger import SIGNING, Entry, Ledger, State
from oso_registry.authority.problems import (
    FolderError,
    FolderProblem,
    KeyLockedError,
    KeyProblem,
)
from oso_registry.authority.profile import LEAF_LIFETIME, issuing_certificate, root_certificate
from oso_registry.directory import replace_file
from oso_rpc.credentials import load_certificate

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509

    from oso_registry.authority.keys import CaKey, KeyAccess

TRUST_FILE = "root.crt"


def create_authority(
    folder: Path,
    now: datetime,
    *,
    root_access: KeyAccess,
    access: KeyAccess,
    leaf_lifetime: timedelta = LEAF_LIFETIME,
) -> Authority:
    """Make a root and an issuer in a new folder.

    Args:
        folder: Where; it is made if it is not there.
        now: The moment.
        root_access: What protects the key of the root.
        access: What protects the key of the issuer.
        leaf_lifetime: How long a leaf is valid, in whole days.

    Raises:
        FileExistsError: There is an authority, or a part of one, in the folder already.
        AuthorityError: A key cannot be made or protected.
        OSError: The folder cannot be written.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.name == "authority.json" or path.suffix in {".key", ".crt"}:
            # Also when the root's key was taken offline: two roots in one folder help nobody.
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    root_access.check("root-1")
    access.check("issuing-1")
    root_place, root_key = root_access.make(folder, "root-1")
    place, key = access.make(folder, "issuing-1")
    root = root_certificate("OSO Root CA 1", root_key, now)
    issuing = issuing_certificate("OSO Issuing CA 1", key.public_key, root, root_key, now)
    write_certificate(folder, "root-1", root)
    write_certificate(folder, "issuing-1", issuing)
    replace_file(folder / TRUST_FILE, root.public_bytes(Encoding.PEM))
    Ledger(
        leaf_days=leaf_lifetime // timedelta(days=1),
        roots=(entry_of("root-1", root, root_place, now, state=State.ACTIVE),),
        issuers=(entry_of("issuing-1", issuing, place, now, state=State.ACTIVE, root="root-1"),),
    ).write(folder)
    return load_authority(folder, access)


def load_authority(folder: Path, access: KeyAccess | None) -> Authority:
    """Read an authority; the key of a root is not needed.

    Args:
        folder: Its folder.
        access: What opens the keys of its issuers; None leaves them closed: nothing can be signed.

    Raises:
        FolderError: There is none, it is not whole, or was changed.
        KeyLockedError: A key does not open, or is another's.
        CredentialsError: Others could read a key.
        OSError: A file cannot be read.

    """
    ledger = Ledger.read(folder)
    roots = {
        one.name: Root(one.name, one.state, read_certificate(folder, one)) for one in ledger.roots
    }
    issuers = tuple(_read_issuer(folder, one, roots[one.root], access) for one in ledger.issuers)
    return Authority(tuple(roots.values()), issuers, timedelta(days=ledger.leaf_days))


def entry_of(
    name: str,
    certificate: x509.Certificate,
    place: str,
    now: datetime,
    *,
    state: State,
    root: str = "",
) -> Entry:
    """Write down a root or an issuer that was made now."""
    return Entry(
        name=name,
        state=state,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        key=place,
        root=root,
        prepared=now,
        activated=now if state is State.ACTIVE else None,
    )


def write_certificate(folder: Path, name: str, certificate: x509.Certificate) -> None:
    """Write the certificate of a root or an issuer.

    Raises:
        OSError: It cannot be written.

    """
    replace_file(folder / f"{name}.crt", certificate.public_bytes(Encoding.PEM))


def read_certificate(folder: Path, entry: Entry) -> x509.Certificate:
    """Read the certificate of a root or an issuer, and make sure it is the one written down.

    Raises:
        FolderError: It is missing, or another.
        OSError: It cannot be read.

    """
    path = folder / f"{entry.name}.crt"
    try:
        certificate = load_certificate(path, path.read_bytes())
    except FileNotFoundError:
        raise FolderError(path, FolderProblem.CERTIFICATE_MISSING) from None
    except ValueError:
        raise FolderError(path, FolderProblem.CERTIFICATE_CHANGED) from None
    if certificate.fingerprint(hashes.SHA256()).hex() != entry.sha256:
        raise FolderError(path, FolderProblem.CERTIFICATE_CHANGED)
    return certificate


def open_key(folder: Path, entry: Entry, certificate: x509.Certificate, access: KeyAccess) -> CaKey:
    """Open the key of a root or an issuer, and make sure it belongs to the certificate.

    Raises:
        KeyLockedError: It does not open, or is another's.
        CredentialsError: Others could read it.
        OSError: It cannot be read.

    """
    key = access.open(folder, entry.key)
    if key.public_key != certificate.public_key():
        raise KeyLockedError(entry.key, KeyProblem.OTHER_KEY)
    return key


def _read_issuer(folder: Path, entry: Entry, root: Root, access: KeyAccess | None) -> Issuer:
    certificate = read_certificate(folder, entry)
    try:
        certificate.verify_directly_issued_by(root.certificate)
    except Exception:  # noqa: BLE001  whatever cryptography says of it: it is not the root's
        raise FolderError(folder / f"{entry.name}.crt", FolderProblem.CHAIN) from None
    opened = access is not None and entry.state in SIGNING
    key = open_key(folder, entry, certificate, access) if opened and access else None
    return Issuer(entry.name, entry.state, certificate, root, entry.superseded, key)
