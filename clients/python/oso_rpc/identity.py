"""Who the other side is, by its certificate.

Every party is a *system* with an id. Its certificate names it twice: as URI `urn:oso:system:<id>`,
which a server reads, and as DNS name `<id>.system.oso.internal`, which a client has TLS compare. So
a client knows who answers, wherever it runs (ADR 0005).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_CERTIFICATE_UNKNOWN,
    RESULT_CODE_TLS_VERSION,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime

URI_PREFIX = "urn:oso:system:"
_TLS_SUFFIX = ".system.oso.internal"
_TLS_VERSION = b"TLSv1.3"
# One label of a DNS name (RFC 1123), for it becomes one. The contract has the same pattern.
_SYSTEM_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class PeerIdentity:
    """What a certificate says of its holder.

    Attributes:
        system_id: Id of the system.
        certificate_sha256: Thumbprint of the certificate (RFC 8705), 32 bytes.
        not_before: Begin of its validity, UTC.
        not_after: End of its validity, UTC.
        certificate_der: The certificate.

    """

    system_id: str
    certificate_sha256: bytes
    not_before: datetime
    not_after: datetime
    certificate_der: bytes


def is_system_id(text: str) -> bool:
    """Tell whether a text can be the id of a system: lower case letters, digits and hyphens."""
    return _SYSTEM_ID.fullmatch(text) is not None


def system_uri(system_id: str) -> str:
    """Give the URI that names a system in its certificate."""
    return URI_PREFIX + system_id


def system_tls_name(system_id: str) -> str:
    """Give the DNS name that names a system in its certificate."""
    return system_id + _TLS_SUFFIX


def identity_of_certificate(certificate: x509.Certificate) -> PeerIdentity:
    """Read the identity from a certificate.

    Raises:
        OsoError: CERTIFICATE_UNKNOWN when it does not name exactly one system.

    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN) from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    systems = [uri.removeprefix(URI_PREFIX) for uri in uris if uri.startswith(URI_PREFIX)]
    if len(systems) != 1 or not is_system_id(systems[0]):
        raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN)
    return PeerIdentity(
        system_id=systems[0],
        certificate_sha256=certificate.fingerprint(hashes.SHA256()),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        certificate_der=certificate.public_bytes(Encoding.DER),
    )


@lru_cache(maxsize=16_384)
def _identity_of_pem(pem: bytes) -> PeerIdentity:
    return identity_of_certificate(x509.load_pem_x509_certificate(pem))


def has_certificate(context: Any) -> bool:
    """Tell whether whoever calls showed a certificate.

    Raises:
        OsoError: TLS_VERSION when the connection is not TLS 1.3.

    """
    properties = context.auth_context()
    _require_tls_1_3(properties)
    return bool(properties.get("x509_pem_cert"))


def _require_tls_1_3(properties: Any) -> None:
    version = properties.get("ssl_tls_version", (b"",))[0]
    if version != _TLS_VERSION:
        found = version.decode("ascii", "replace") or "-"
        raise OsoError(RESULT_CODE_TLS_VERSION, found=found)


def peer_identity(context: Any) -> PeerIdentity:
    """Read who calls from the connection of a call.

    Raises:
        OsoError: TLS_VERSION when the connection is not TLS 1.3; CERTIFICATE_UNKNOWN when there is
            no certificate, or none that names a system.

    """
    properties = context.auth_context()
    _require_tls_1_3(properties)
    pem = properties.get("x509_pem_cert")
    if not pem:
        raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN)
    try:
        return _identity_of_pem(pem[0])
    except ValueError:  # TLS took it, our reader does not: nobody we know
        raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN) from None
