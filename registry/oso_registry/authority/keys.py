"""The keys of the authority: the seam behind which they sign, and key files.

Whoever signs sees a `CaKey` only. Key files are PKCS#8, encrypted with a passphrase; keys in a
token are in `hsm`.
"""

from __future__ import annotations

import secrets
import textwrap
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from oso_registry.authority import der
from oso_registry.authority.problems import KeyLockedError, KeyProblem
from oso_registry.authority.tokens import SCHEME
from oso_rpc.credentials import private_pem, read_private, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from oso_registry.authority.hsm import TokenAccess
    from oso_registry.authority.tokens import TokenUri

# OWASP's scrypt with 16 MiB: a fifth of a second here. More memory would ask no more time of an
# attacker, and `openssl` refuses above 32 MiB: a root's key must open in ten years without us.
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 14, 8, 5
_SHORTEST_PASSPHRASE = 12
# Object identifiers, DER: PBES2 and scrypt (RFC 8018, RFC 7914), AES-256-CBC (RFC 3565).
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


class CaKey(Protocol):
    """A key of the authority, wherever it lives. Safe to use from several threads."""

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key, P-256."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; give ECDSA-Sig-Value, DER.

        Raises:
            AuthorityError: The key cannot be used now.

        """
        ...


class FileKey:
    """A key in memory, read from a file.

    The same content gives the same signature (RFC 6979): a certificate that is signed again after
    a crash is the same certificate, with the same thumbprint.
    """

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        """Take the key to sign with."""
        self._private_key = private_key

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key, P-256."""
        return self._private_key.public_key()

    def sign(self, content: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; give ECDSA-Sig-Value, DER."""
        return self._private_key.sign(
            content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        )


@dataclass(frozen=True)
class KeyAccess:
    """What opens keys, and makes new ones.

    Attributes:
        passphrase: Of the key files.
        demo: Keys need no passphrase. For demos and tests only.
        token: Reaches keys in tokens; None where there are none.
        new_in: The token new keys are made in; None: in key files.

    """

    passphrase: bytes | None = field(default=None, repr=False)
    demo: bool = False
    token: TokenAccess | None = None
    new_in: TokenUri | None = None

    def make(self, folder: Path, name: str) -> tuple[str, CaKey]:
        """Make a new key; give where it is, as `open` takes it, and the key.

        Raises:
            KeyLockedError: There is no passphrase, it is too short, or no module for the token.
            TokenError: The token does not make it.
            FileExistsError: There is one of this name already.
            OSError: It cannot be written.

        """
        if self.new_in is not None:
            return self._tokens(str(self.new_in)).make(self.new_in, name)
        path = folder / f"{name}.key"
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(path, self._pem(path, key))
        return path.name, FileKey(key)

    def check(self, name: str) -> None:
        """Make sure that a new key can be protected, before anything is written.

        Raises:
            KeyLockedError: There is no passphrase, it is too short, or no module for the token.

        """
        if self.new_in is not None:
            self._tokens(str(self.new_in))
        elif self.passphrase is None:
            if not self.demo:
                raise KeyLockedError(name, KeyProblem.PASSPHRASE_MISSING)
        elif len(self.passphrase) < _SHORTEST_PASSPHRASE:
            raise KeyLockedError(name, KeyProblem.PASSPHRASE_SHORT)

    def open(self, folder: Path, place: str) -> CaKey:
        """Open a key.

        Args:
            folder: The authority's.
            place: Name of a file in it, or a PKCS#11 URI (RFC 7512).

        Raises:
            KeyLockedError: The passphrase is wrong or missing, the key is not encrypted, or is none
                of ours; or it is in a token and no module was named.
            TokenError: The token does not open it.
            CredentialsError: Others could read the file.
            OSError: It cannot be read.

        """
        if place.startswith(SCHEME):
            return self._tokens(place).open(place)
        return self._open_file(folder / place)

    def _tokens(self, place: str) -> TokenAccess:
        if self.token is None:
            raise KeyLockedError(place, KeyProblem.NO_TOKEN)
        return self.token

    def _pem(self, path: Path, key: ec.EllipticCurvePrivateKey) -> bytes:
        self.check(str(path))
        return private_pem(key) if self.passphrase is None else encrypted_pem(key, self.passphrase)

    def _open_file(self, path: Path) -> FileKey:
        pem = read_private(path)
        encrypted = b"ENCRYPTED" in pem
        if not encrypted and not self.demo:
            raise KeyLockedError(str(path), KeyProblem.NOT_ENCRYPTED)
        if encrypted and self.passphrase is None:
            raise KeyLockedError(str(path), KeyProblem.PASSPHRASE_MISSING)
        try:
            key = serialization.load_pem_private_key(pem, self.passphrase if encrypted else None)
        except (TypeError, ValueError, UnsupportedAlgorithm):
            problem = KeyProblem.PASSPHRASE_WRONG if encrypted else KeyProblem.KEY_TYPE
            raise KeyLockedError(str(path), problem) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise KeyLockedError(str(path), KeyProblem.KEY_TYPE)
        return FileKey(key)


def encrypted_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes) -> bytes:
    """Give a private key as PKCS#8 PEM, encrypted with scrypt and AES-256-CBC (RFC 8018, PBES2).

    `cryptography` writes PBKDF2 with 2,048 rounds and lets nobody choose: too few for a key that
    may lie in a safe for ten years. What is written here is read by it and by `openssl`.
    """
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    secret = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase)
    padder = padding.PKCS7(128).padder()
    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    hidden = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    costs = (der.integer(_SCRYPT_N), der.integer(_SCRYPT_R), der.integer(_SCRYPT_P))
    scrypt = der.sequence(_SCRYPT, der.sequence(der.octets(salt), *costs))
    cipher = der.sequence(_AES_256_CBC, der.octets(iv))
    method = der.sequence(_PBES2, der.sequence(scrypt, cipher))
    text = b64encode(der.sequence(method, der.octets(hidden))).decode("ascii")
    lines = "\n".join(textwrap.wrap(text, 64))
    return (
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{lines}\n-----END ENCRYPTED PRIVATE KEY-----\n"
    ).encode("ascii")
