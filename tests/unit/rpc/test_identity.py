"""Who the other side is: read from the certificate of the connection, and from nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from oso_registry.testing import Landscape
from oso_rpc.errors import OsoError
from oso_rpc.identity import (
    identity_of_certificate,
    is_system_id,
    peer_identity,
    system_tls_name,
    system_uri,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Connection:
    """What gRPC tells of a connection: the part of a call's context that identity reads.

    No program of ours can make a TLS 1.2 connection for a test; that is the point.
    """

    def __init__(self, **properties: bytes) -> None:
        """Take the properties."""
        self._properties = {name: [value] for name, value in properties.items()}

    def auth_context(self) -> Mapping[str, list[bytes]]:
        """Give the properties as gRPC does."""
        return self._properties


def certificate(landscape: Landscape, *names: x509.GeneralName) -> x509.Certificate:
    """Make a certificate with these names; none at all when there are none."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = landscape.authority.root
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(root.not_valid_before_utc)
        .not_valid_after(root.not_valid_after_utc)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Give a landscape with one system."""
    made = Landscape(tmp_path)
    made.add_system("las-a")
    return made


@pytest.mark.parametrize("version", [b"TLSv1.2", b"TLSv1.1", b"TLSv1.33", b"tlsv1.3", b"", b"\xff"])
def test_less_than_tls_1_3_is_nobody(landscape: Landscape, version: bytes) -> None:
    """On a connection that is not TLS 1.3 nobody is recognised, whatever the certificate."""
    pem = landscape.certificate_file("las-a").read_bytes()

    with pytest.raises(OsoError) as caught:
        peer_identity(Connection(ssl_tls_version=version, x509_pem_cert=pem))

    assert caught.value.name == "TLS_VERSION"
    assert caught.value.metadata["found"]


def test_connection_without_tls_is_nobody() -> None:
    """On a connection that tells nothing nobody is recognised."""
    with pytest.raises(OsoError) as caught:
        peer_identity(Connection())

    assert caught.value.name == "TLS_VERSION"
    assert caught.value.metadata == {"found": "-"}


@pytest.mark.parametrize("pem", [None, b"", b"nonsense"])
def test_no_certificate_is_unknown(pem: bytes | None) -> None:
    """Without a certificate that can be read the caller is CERTIFICATE_UNKNOWN."""
    shown = {} if pem is None else {"x509_pem_cert": pem}

    with pytest.raises(OsoError) as caught:
        peer_identity(Connection(ssl_tls_version=b"TLSv1.3", **shown))

    assert caught.value.name == "CERTIFICATE_UNKNOWN"


def test_caller_is_who_the_certificate_names(landscape: Landscape) -> None:
    """The system, thumbprint and dates are those of the certificate shown."""
    own = landscape.credentials("las-a")
    pem = own.certificate.public_bytes(Encoding.PEM)

    peer = peer_identity(Connection(ssl_tls_version=b"TLSv1.3", x509_pem_cert=pem))

    assert peer == own.identity
    assert peer.system_id == "las-a"
    assert peer.certificate_sha256 == own.certificate.fingerprint(hashes.SHA256())
    assert peer.not_after == own.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    "uris",
    [
        (),
        ("https://example.nl/las-a",),
        ("urn:oso:system:",),
        ("urn:oso:system:las-a", "urn:oso:system:las-b"),
        ("urn:oso:system:LAS",),
        ("urn:oso:system:las-a/..",),
        ("urn:oso:systems:las-a",),
    ],
)
def test_certificate_must_name_one_system(landscape: Landscape, uris: tuple[str, ...]) -> None:
    """A certificate that names no system, two, or one that cannot be, is CERTIFICATE_UNKNOWN."""
    shown = certificate(landscape, *(x509.UniformResourceIdentifier(uri) for uri in uris))

    with pytest.raises(OsoError) as caught:
        identity_of_certificate(shown)

    assert caught.value.name == "CERTIFICATE_UNKNOWN"


def test_names_of_other_kinds_do_not_count(landscape: Landscape) -> None:
    """A system's URI written as a DNS name is no identity."""
    with pytest.raises(OsoError):
        identity_of_certificate(certificate(landscape, x509.DNSName("urn:oso:system:las-a")))


def test_names_of_a_system() -> None:
    """A system has one URI and one name for TLS."""
    assert system_uri("las-a") == "urn:oso:system:las-a"
    assert system_tls_name("las-a") == "las-a.system.oso.internal"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a", True),
        ("las-00ss", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("-a", False),
        ("a-", False),
        ("a.b", False),
        ("A", False),
        ("a\n", False),
        ("", False),
    ],
)
def test_system_id(text: str, *, good: bool) -> None:
    """An id is one label of a DNS name in lower case."""
    assert is_system_id(text) is good
