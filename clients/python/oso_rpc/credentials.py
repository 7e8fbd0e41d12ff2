"""Keys and certificates on disk.

CredentialsError
├── KeyFileExposedError   others could read or replace a private key
├── KeyFileLinkError      a private key is behind a link
├── KeyMismatchError      key and certificate do not belong together
├── ChainBrokenError      the certificate leads to no root that is trusted
├── OtherSystemError      the certificate is another system's
├── NotEnrolledError      there is no certificate yet
└── RenewalBusyError      another process changes the files at this moment

Each carries data; `text("nl")` and `text("en")` make the sentence for people.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oso_rpc.identity import PeerIdentity, identity_of_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


class CredentialsError(Exception):
    """Base of errors about keys and certificates on disk.

    Attributes:
        path: The file.

    """

    text_nl = "{path} kan niet worden gebruikt"
    text_en = "{path} cannot be used"

    def __init__(self, path: Path) -> None:
        """Record the file."""
        super().__init__(path)
        self.path = path

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return (self.text_nl if language == "nl" else self.text_en).format_map(vars(self))

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class KeyFileExposedError(CredentialsError):
    """A private key is not a regular file of ours that we alone can read.

    Attributes:
        path: The file.
        mode: Its mode, such as 0o644.

    """

    text_nl = (
        "{path} bevat een privésleutel, maar anderen dan de eigenaar kunnen erbij (rechten "
        "{mode:04o}), of het is geen gewoon bestand van deze gebruiker. Voer uit: chmod 600 {path}"
    )
    text_en = (
        "{path} holds a private key, but others than its owner can reach it (mode {mode:04o}), or "
        "it is no regular file of this user. Run: chmod 600 {path}"
    )

    def __init__(self, path: Path, mode: int) -> None:
        """Record the file and its mode."""
        super().__init__(path)
        self.mode = mode


class KeyFileLinkError(CredentialsError):
    """A private key is behind a symbolic link, which somebody could point elsewhere."""

    text_nl = "{path} is een verwijzing (symlink). Noem het bestand met de privésleutel zelf."
    text_en = "{path} is a symbolic link. Name the file that holds the private key itself."


class KeyMismatchError(CredentialsError):
    """The private key does not belong to the certificate.

    Attributes:
        path: File of the certificate.

    """

    text_nl = "het certificaat in {path} hoort bij een andere privésleutel"
    text_en = "the certificate in {path} belongs to another private key"


class ChainBrokenError(CredentialsError):
    """The certificate does not lead to one of the trusted roots."""

    text_nl = (
        "het certificaat in {path} is niet gegeven onder een rootcertificaat dat wij vertrouwen"
    )
    text_en = "the certificate in {path} was not given under a root certificate that we trust"


class OtherSystemError(CredentialsError):
    """The certificate names another system than it should.

    Attributes:
        path: File of the certificate.
        found: The system it names.
        wanted: The system it should name.

    """

    text_nl = "het certificaat in {path} is van {found}, niet van {wanted}"
    text_en = "the certificate in {path} is of {found}, not of {wanted}"

    def __init__(self, path: Path, found: str, wanted: str) -> None:
        """Record the file and both systems."""
        super().__init__(path)
        self.found = found
        self.wanted = wanted


class NotEnrolledError(CredentialsError):
    """There is no certificate yet."""

    text_nl = "{path} is er nog niet: meld dit systeem aan met een uitnodiging (enroll)"
    text_en = "{path} is not there yet: enrol this system with an invitation (enroll)"


class RenewalBusyError(CredentialsError):
    """Another process is renewing or enrolling at this moment.

    Attributes:
        path: The folder it works in.

    """

    text_nl = "een ander proces is nu met het certificaat bezig ({path}); probeer het zo opnieuw"
    text_en = "another process is at work on the certificate ({path}); try again in a moment"


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
    key_pem: bytes = field(repr=False)
    authority_pem: bytes
    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    identity: PeerIdentity

    @staticmethod
    def load(certificate: Path, key: Path, authority: Path) -> Credentials:
        """Read key, certificate and trusted roots.

        Raises:
            CredentialsError: Others could read the key, it is a link, or it belongs to another
                certificate.
            OsoError: CERTIFICATE_UNKNOWN when the certificate names no system.
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.

        """
        return Credentials.of(
            certificate, certificate.read_bytes(), key, read_private(key), authority.read_bytes()
        )

    @staticmethod
    def of(
        certificate: Path, certificate_pem: bytes, key: Path, key_pem: bytes, authority_pem: bytes
    ) -> Credentials:
        """Put together what was read, or is to be written; the paths are for what errors name.

        Raises:
            KeyMismatchError: The key belongs to another certificate.
            OsoError: CERTIFICATE_UNKNOWN when the certificate names no system.
            ValueError: Something is not what it should be.

        """
        private_key = load_private_key(key, key_pem)
        leaf = load_certificate(certificate, certificate_pem)
        if leaf.public_key() != private_key.public_key():
            raise KeyMismatchError(certificate)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise KeyMismatchError(certificate)
        return Credentials(
            certificate_pem,
            key_pem,
            authority_pem,
            leaf,
            private_key,
            identity_of_certificate(leaf),
        )


def read_private(path: Path) -> bytes:
    """Read a private file, after making sure that its owner alone can.

    Raises:
        KeyFileExposedError: Others could read or replace it.
        KeyFileLinkError: It is a link.
        OSError: It cannot be read.

    """
    try:
        # Without waiting: opening a pipe would hang until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KeyFileLinkError(path) from None
        raise
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor, so that what is checked is what is read
        facts = os.fstat(descriptor)
        exposed = stat.S_IMODE(facts.st_mode) & 0o077 or not stat.S_ISREG(facts.st_mode)
        if exposed or facts.st_uid != os.geteuid():
            raise KeyFileExposedError(path, stat.S_IMODE(facts.st_mode))
        return file.read()


def load_private_key(path: Path, pem: bytes) -> PrivateKeyTypes:
    """Read a private key from PEM.

    Raises:
        ValueError: It is no private key, or is encrypted; names the file.

    """
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError(f"{path} is encrypted with a password; decrypt it first") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{path} holds no private key (PEM)") from None


def load_certificate(path: Path, pem: bytes) -> x509.Certificate:
    """Read the first certificate from PEM.

    Raises:
        ValueError: There is none; names the file.

    """
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise ValueError(f"{path} holds no certificate (PEM)") from None


def write_private(path: Path, content: bytes) -> None:
    """Write a new private file, readable by its owner only, and see it to the disk.

    Raises:
        FileExistsError: There is one already; a key is never overwritten.
        OSError: It cannot be written; then nothing is left of it.

    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  opened with its mode from the start
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()
        raise


def new_key_and_request(system_id: str) -> tuple[bytes, bytes]:
    """Make a private key (ECDSA P-256) and a certificate signing request; both PEM.

    The names in the certificate are set by the authority; the request only proves the key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    return private_pem(key), signing_request(key, system_id)


def signing_request(key: ec.EllipticCurvePrivateKey, system_id: str) -> bytes:
    """Make a certificate signing request (PKCS#10, PEM) for a key."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, system_id)]))
        .sign(key, hashes.SHA256())
    )
    return request.public_bytes(serialization.Encoding.PEM)


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """Give a private key as PKCS#8 PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
