"""Where the credentials of a system lie, and how one pair takes the place of another.

Two files cannot be swapped at once, so one decides: **the certificate**. The key is found by it.

    system.crt, system.key    in use
    system.renewal/           invitation            what was asked with one, and for which key
                              next.key, next.csr    made here, asked for
                              next.crt              given, not in use yet
                              previous.crt, .key    were in use; sessions opened with them go on
                              taken-up              since when system.crt is in use

To take the next pair into use, `next.crt` is renamed over `system.crt`, then `next.key` over
`system.key`. Between the two the key is found as `next.key`. Whoever is cut off at any step leaves
a pair that belongs together; the next one who changes something does the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oso_rpc.credentials import (
    ChainBrokenError,
    Credentials,
    CredentialsError,
    KeyMismatchError,
    NotEnrolledError,
    OtherSystemError,
    RenewalBusyError,
    load_certificate,
    load_private_key,
    new_key_and_request,
    read_private,
    signing_request,
)
from oso_rpc.durable_files import create_private, replace_file, sync_folder
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

# A session lives half an hour; after a day nothing is left that was begun with the pair before.
KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Previous:
    """The pair that was in use before.

    Attributes:
        credentials: The pair.
        until: When the present one took its place, UTC.

    """

    credentials: Credentials
    until: datetime


@dataclass(frozen=True)
class CredentialFiles:
    """The files of one system.

    Attributes:
        certificate: Its certificate, with those between it and the root.
        key: Its private key.
        authority: The root certificates it trusts.

    """

    certificate: Path
    key: Path
    authority: Path

    @property
    def folder(self) -> Path:
        """Folder with what comes and what was."""
        return self.certificate.with_name(f"{self.certificate.stem}.renewal")

    @property
    def next_certificate(self) -> Path:
        """Certificate that was given and is not in use yet."""
        return self.folder / "next.crt"

    @property
    def next_key(self) -> Path:
        """Key that was made for it."""
        return self.folder / "next.key"

    @property
    def next_request(self) -> Path:
        """Request to certify that key."""
        return self.folder / "next.csr"

    @property
    def first_request(self) -> Path:
        """Request for the first certificate, made with the key itself."""
        return self.key.with_suffix(".csr")

    @property
    def _previous(self) -> tuple[Path, Path]:
        return self.folder / "previous.crt", self.folder / "previous.key"

    @property
    def _invitation(self) -> Path:
        return self.folder / "invitation"

    @property
    def _taken_up(self) -> Path:
        return self.folder / "taken-up"

    def watched(self) -> tuple[Path, ...]:
        """Give the files whose change may mean other credentials."""
        return (self.certificate, self.key, self.authority, *self._previous, self._taken_up)

    def load(self) -> Credentials:
        """Read the pair in use, and check that it belongs together and leads to a trusted root.

        Raises:
            CredentialsError: It does not, others could read the key, or there is none yet.
            OsoError: CERTIFICATE_UNKNOWN when the certificate names no system.
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.

        """
        # The last look is for who came between two renames: the key has its own name by now.
        failures: list[CredentialsError | OSError] = []
        for key in (self.key, self.next_key, self.key):
            try:
                return _whole(self.certificate, key, self.authority)
            except (KeyMismatchError, FileNotFoundError) as error:
                failures.append(error)
        if not self.certificate.exists():
            raise NotEnrolledError(self.certificate)
        raise failures[0]

    def load_next(self) -> Credentials | None:
        """Read the pair that was given and is not in use yet; None when there is no whole one.

        Raises:
            CredentialsError: Others could read the key.
            OSError: A file cannot be read.

        """
        try:
            return _whole(self.next_certificate, self.next_key, self.authority)
        except (KeyMismatchError, ChainBrokenError, FileNotFoundError, ValueError):
            return None

    def load_previous(self) -> Previous | None:
        """Read the pair that was in use before; None when there is none that can be used."""
        try:
            until = datetime.fromisoformat(self._taken_up.read_text(encoding="ascii"))
            return Previous(Credentials.load(*self._previous, self.authority), until)
        except (CredentialsError, OSError, OsoError, ValueError):
            return None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep other processes from changing these files; repair what one left half done.

        Raises:
            RenewalBusyError: One is at it now.
            OSError: The folder cannot be written.

        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RenewalBusyError(self.folder) from None
            self._finish()
            yield
        finally:
            os.close(descriptor)

    @asynccontextmanager
    async def changing_beside(self) -> AsyncIterator[None]:
        """Do as `changing`, beside an event loop that has other work.

        Raises: as `changing`.

        """
        held = self.changing()
        await asyncio.to_thread(held.__enter__)
        try:
            yield
        finally:
            held.__exit__(None, None, None)

    def enrolled_with(self, token: str) -> bool:
        """Tell whether the certificate in use was given for this invitation.

        Raises: as `load`.

        """
        asked = self._asked_with(token)
        return bool(asked) and self.certificate.exists() and key_digest(self.load()) == asked

    def ask_with(self, token: str, system_id: str) -> bytes:
        """Give the request to ask a certificate with by an invitation; as `ask`.

        A next pair that came of something else is dropped: whoever has an invitation begins anew.

        Raises: as `ask`.

        """
        if not self._asked_with(token):
            self.forget_next()
        request = self.ask(system_id)
        digest = _digest_of_key(x509.load_pem_x509_csr(request).public_key())
        replace_file(self._invitation, f"{_digest_of(token)} {digest}".encode("ascii"), 0o600)
        return request

    def _asked_with(self, token: str) -> str:
        """Give which key was asked for with an invitation; empty when none was."""
        try:
            invitation, key = self._invitation.read_text(encoding="ascii").split()
        except (FileNotFoundError, ValueError):
            return ""
        return key if invitation == _digest_of(token) else ""

    def ask(self, system_id: str) -> bytes:
        """Give the request to ask a certificate with: that of a try before, or a new one.

        For a first certificate it is the key itself, as `init` may have made it; else the next one.
        Key and request are on the disk before this returns: asked again, it gives the same.

        Raises:
            CredentialsError: Others could read the key.
            OSError: A file cannot be read or written.
            ValueError: A file is not what it should be.

        """
        first = not self.certificate.exists()
        key_file = self.key if first else self.next_key
        request_file = self.first_request if first else self.next_request
        if not key_file.exists():
            create_private(key_file, new_key_and_request(system_id)[0])
        key = load_private_key(key_file, read_private(key_file))
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_file} holds no ECDSA key")  # noqa: TRY004  it is the file that is wrong
        if not _requests(request_file, key):
            replace_file(request_file, signing_request(key, system_id))
        return request_file.read_bytes()

    def forget_next(self) -> None:
        """Drop the next pair, or what was asked: another key will be made.

        Raises:
            OSError: It cannot be deleted.

        """
        for path in (self.next_certificate, self.next_request, self.next_key):
            path.unlink(missing_ok=True)

    def accept(self, certificate_pem: bytes, authority_pem: bytes, system_id: str) -> Credentials:
        """Put a certificate that was given for what was asked on the disk.

        A first one is in use by that; a next one waits for `take_up`. What it cannot be used with
        is not written.

        Raises:
            CredentialsError: It is for another key or system, or leads to no root.
            OsoError: CERTIFICATE_UNKNOWN when it names no system.
            OSError: A file cannot be read or written.
            ValueError: It is no certificate.

        """
        first = not self.certificate.exists()
        path = self.certificate if first else self.next_certificate
        key_file = self.key if first else self.next_key
        key_pem = read_private(key_file)
        made = Credentials.of(path, certificate_pem, key_file, key_pem, authority_pem)
        if made.identity.system_id != system_id:
            raise OtherSystemError(path, made.identity.system_id, system_id)
        _check_chain(path, self.authority, made)
        # The roots first: with them the old pair is good as well.
        if not self.authority.exists() or self.authority.read_bytes() != authority_pem:
            replace_file(self.authority, authority_pem)
        replace_file(path, certificate_pem)
        return made

    def take_up(self, now: datetime) -> None:
        """Take the next pair into use; the present one becomes the previous one.

        Raises:
            CredentialsError: The next pair is not whole.
            OSError: A file cannot be written.
            ValueError: A file is not what it should be.

        """
        _whole(self.next_certificate, self.next_key, self.authority)
        certificate, key = self._previous
        # A pair that is lost or spoiled needs no place among the previous.
        with contextlib.suppress(CredentialsError, FileNotFoundError, ValueError, OsoError):
            present = self.load()
            replace_file(key, present.key_pem, 0o600)
            replace_file(certificate, present.certificate_pem)
        replace_file(self._taken_up, now.astimezone(UTC).isoformat().encode("ascii"))
        self.next_certificate.replace(self.certificate)
        sync_folder(self.certificate.parent)
        self._finish()

    def forget_previous(self, now: datetime) -> None:
        """Delete the previous pair when nothing can need it any more.

        Raises:
            OSError: It cannot be deleted.

        """
        previous = self.load_previous()
        if previous is not None and previous.until + KEPT <= now:
            for path in (*self._previous, self._taken_up):
                path.unlink(missing_ok=True)

    def _finish(self) -> None:
        """Do what is left when the next certificate is in its place and its key is not."""
        # Whatever else may be wrong with it: the key of the certificate in use must not get lost.
        if _belong(self.certificate, self.next_key):
            self.next_key.replace(self.key)
            sync_folder(self.key.parent)
            self.next_request.unlink(missing_ok=True)


def key_digest(credentials: Credentials) -> str:
    """Give the SHA-256 of a public key (SubjectPublicKeyInfo), hexadecimal."""
    return _digest_of_key(credentials.certificate.public_key())


def _digest_of_key(key: CertificatePublicKeyTypes) -> str:
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def _digest_of(token: str) -> str:
    """Give what is kept of a token. It has 256 random bits, so nobody finds it from this."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _whole(certificate: Path, key: Path, authority: Path) -> Credentials:
    made = Credentials.load(certificate, key, authority)
    _check_chain(certificate, authority, made)
    return made


def _belong(certificate: Path, key: Path) -> bool:
    """Tell whether both are there, and belong together."""
    try:
        private_key = load_private_key(key, key.read_bytes())
        found = load_certificate(certificate, certificate.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return found.public_key() == private_key.public_key()


def _check_chain(path: Path, authority: Path, credentials: Credentials) -> None:
    """Check that each certificate is signed by the next, and the last by a root.

    Raises:
        ChainBrokenError: It is not.
        ValueError: What is trusted are no certificates; names the file.

    """
    try:
        roots = x509.load_pem_x509_certificates(credentials.authority_pem)
    except ValueError:
        raise ValueError(f"{authority} holds no certificate (PEM)") from None
    chain = x509.load_pem_x509_certificates(credentials.certificate_pem)
    for child, parent in pairwise(chain):
        if not _issued(child, parent):
            raise ChainBrokenError(path)
    if not any(_issued(chain[-1], root) for root in roots):
        raise ChainBrokenError(path)


def _issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _requests(path: Path, key: ec.EllipticCurvePrivateKey) -> bool:
    """Tell whether a file is a signing request for a key."""
    try:
        request = x509.load_pem_x509_csr(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return request.public_key() == key.public_key()
