"""Signatures over bytes, each in a domain of its own.

What is signed is the domain, a zero byte and the payload: a signature made for one purpose is worth
nothing for another.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from oso_rpc.credentials import load_private_key, private_pem, read_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography import x509


def _framed(domain: str, payload: bytes) -> bytes:
    return domain.encode("ascii") + b"\0" + payload


def key_id_of(public_key: bytes) -> str:
    """Name a raw Ed25519 public key: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


class Signer:
    """Signs with an Ed25519 key (RFC 8032).

    Attributes:
        public_key: The raw public key, 32 bytes.
        key_id: Its name.

    """

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        """Take the key to sign with."""
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    @staticmethod
    def load(path: Path) -> Signer:
        """Read the key from a private PEM file.

        Raises:
            CredentialsError: Others could read it, or it is a link.
            ValueError: It is no Ed25519 key.

        """
        key = load_private_key(path, read_private(path))
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{path} holds no Ed25519 key")  # noqa: TRY004  it is the file that is wrong
        return Signer(key)

    @staticmethod
    def new_pem() -> bytes:
        """Make a new private key as PEM."""
        return private_pem(Ed25519PrivateKey.generate())

    def sign(self, domain: str, payload: bytes) -> bytes:
        """Sign a payload in a domain; 64 bytes."""
        return self._private_key.sign(_framed(domain, payload))


def verify(
    public_keys: Mapping[str, bytes],
    key_id: str,
    domain: str,
    payload: bytes,
    signature: bytes,
) -> bool:
    """Tell whether one of the keys made this Ed25519 signature."""
    public_key = public_keys.get(key_id)
    if public_key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _framed(domain, payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_with_key(key: ec.EllipticCurvePrivateKey, domain: str, payload: bytes) -> bytes:
    """Sign with the key of a certificate: ECDSA with SHA-256, DER form."""
    return key.sign(_framed(domain, payload), ec.ECDSA(hashes.SHA256()))


def verify_with_certificate(
    certificate: x509.Certificate, domain: str, payload: bytes, signature: bytes
) -> bool:
    """Tell whether the key of a certificate made this signature."""
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return False
    try:
        public_key.verify(signature, _framed(domain, payload), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
