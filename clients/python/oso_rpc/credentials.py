"""Keys and certificates on disk.

CredentialsError
├── KeyFileExposedError   others could read a private key
└── KeyMismatchError      key and certificate do not belong together
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oso_rpc.identity import PeerIdentity, identity_of_certificate

if TYPE_CHECKING:
    from pathlib import Path


class CredentialsError(Exception):
    """Base of errors about keys and certificates on disk."""


class KeyFileExposedError(CredentialsError):
    """A private key is not a regular file that its owner alone can read.

    Attributes:
        path: The file.
        mode: Its mode, such as 0o644.

    """

    def __init__(self, path: Path, mode: int) -> None:
        """Record the file and its mode."""
        super().__init__(path, mode)
        self.path = path
        self.mode = mode

    def __str__(self) -> str:
        """Say what to do."""
        return (
            f"{self.path} holds a private key, but others than its owner can reach it "
            f"(mode {self.mode:04o}). Run: chmod 600 {self.path}"
        )


class KeyMismatchError(CredentialsError):
    """The private key does not belong to the certificate.

    Attributes:
        path: File of the certificate.

    """

    def __init__(self, path: Path) -> None:
        """Record the certificate's file."""
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        """Say what is wrong."""
        return f"the certificate in {self.path} belongs to another private key"


@dataclass(frozen=True)
class Credentials:
    """What a party shows and trusts.

    Attributes:
        certificate_pem: Its certificate, with those between it and the root.
        key_pem: The private key.
        authority_pem: The root certificates it trusts.
        certificate: Its own certificate.
        private_key: The private key, to sign with.
        identity: Who it is.

    """

    certificate_pem: bytes
    key_pem: bytes
    authority_pem: bytes
    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey
    identity: PeerIdentity

    @staticmethod
    def load(certificate: Path, key: Path, authority: Path) -> Credentials:
        """Read key, certificate and trusted roots.

        Raises:
            KeyFileExposedError: Others could read the key.
            KeyMismatchError: Key and certificate do not belong together.
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.

        """
        key_pem = read_private(key)
        certificate_pem = certificate.read_bytes()
        private_key = serialization.load_pem_private_key(key_pem, password=None)
        leaf = x509.load_pem_x509_certificate(certificate_pem)
        if leaf.public_key() != private_key.public_key():
            raise KeyMismatchError(certificate)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise KeyMismatchError(certificate)
        return Credentials(
            certificate_pem,
            key_pem,
            authority.read_bytes(),
            leaf,
            private_key,
            identity_of_certificate(leaf),
        )


def read_private(path: Path) -> bytes:
    """Read a private file, after making sure that its owner alone can.

    Raises:
        KeyFileExposedError: Others could read or replace it, or it is a link.
        OSError: It cannot be read.

    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor, so that what is checked is what is read
        facts = os.fstat(descriptor)
        exposed = stat.S_IMODE(facts.st_mode) & 0o077 or not stat.S_ISREG(facts.st_mode)
        if exposed or facts.st_uid != os.geteuid():
            raise KeyFileExposedError(path, stat.S_IMODE(facts.st_mode))
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """Write a new private file, readable by its owner only, and see it to the disk.

    Raises:
        FileExistsError: There is one already; a key is never overwritten.

    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  opened with its mode from the start
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def new_key_and_request(system_id: str) -> tuple[bytes, bytes]:
    """Make a private key (ECDSA P-256) and a certificate signing request; both PEM.

    The names in the certificate are set by the authority; the request only proves the key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, system_id)]))
        .sign(key, hashes.SHA256())
    )
    return private_pem(key), request.public_bytes(serialization.Encoding.PEM)


def private_pem(key: serialization.PrivateFormat | object) -> bytes:
    """Give a private key as PKCS#8 PEM, not encrypted."""
    pem: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem
