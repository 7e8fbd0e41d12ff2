"""Certificate signing requests (RFC 2986): a key, and the proof that the sender has it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from oso_registry.authority.problems import CertificateProfileError, ProfileProblem
from oso_rpc.identity import system_tls_name, system_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

# An honest request with a P-256 key has some 500 bytes.
_LARGEST = 16 * 1024


def public_key_sha256(key: ec.EllipticCurvePublicKey) -> bytes:
    """Name a public key: SHA-256 over its SubjectPublicKeyInfo, 32 bytes."""
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).digest()


@dataclass(frozen=True)
class SigningRequest:
    """What a signing request says, after it was checked.

    Attributes:
        public_key: The key, P-256, that signed the request.
        names: All names the request asks for, as people read them. The authority gives its own.

    """

    public_key: ec.EllipticCurvePublicKey
    names: tuple[str, ...]

    @staticmethod
    def read(pem: bytes) -> SigningRequest:
        """Read and check a request.

        Raises:
            CertificateProfileError: NO_REQUEST, KEY_NOT_PROVEN or KEY_TYPE.

        """
        if len(pem) > _LARGEST:
            raise CertificateProfileError(ProfileProblem.NO_REQUEST)
        try:
            request = x509.load_pem_x509_csr(pem)
        except ValueError:
            raise CertificateProfileError(ProfileProblem.NO_REQUEST) from None
        try:
            key = request.public_key()
        except (ValueError, UnsupportedAlgorithm):
            raise CertificateProfileError(ProfileProblem.KEY_TYPE) from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise CertificateProfileError(ProfileProblem.KEY_TYPE)
        if not _is_proven(request):
            raise CertificateProfileError(ProfileProblem.KEY_NOT_PROVEN)
        try:
            names = tuple(_names(request))
        except ValueError:
            raise CertificateProfileError(ProfileProblem.NO_REQUEST) from None
        return SigningRequest(key, names)

    def ignored_names(self, system_id: str) -> tuple[str, ...]:
        """Give the names asked for that the certificate of this system will not have."""
        own = {system_id, system_uri(system_id), system_tls_name(system_id)}
        return tuple(name for name in self.names if name not in own)


def _is_proven(request: x509.CertificateSigningRequest) -> bool:
    try:
        return request.is_signature_valid
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return False


def _names(request: x509.CertificateSigningRequest) -> Iterator[str]:
    for attribute in request.subject:
        if attribute.oid == NameOID.COMMON_NAME:
            yield str(attribute.value)
        else:
            yield attribute.rfc4514_string()
    try:
        extension = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return
    for name in extension.value:
        yield str(name.value)
