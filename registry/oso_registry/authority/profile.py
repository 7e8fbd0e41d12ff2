"""What our certificates look like (RFC 5280), and the check that one does.

A leaf names one system twice (ADR 0005), may be client and server, and signs nothing but handshakes
and manifests. Making and checking are written apart: a mistake in one is found by the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, SignatureAlgorithmOID

from oso_registry.authority.der import signed
from oso_registry.authority.problems import Violation
from oso_rpc.identity import is_system_id, system_tls_name, system_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oso_registry.authority.keys import CaKey

ROOT_LIFETIME = timedelta(days=3650)
ISSUING_LIFETIME = timedelta(days=1825)
LEAF_LIFETIME = timedelta(days=90)
# Clocks differ; a certificate valid from this very second would be refused by half the country.
BACKDATE = timedelta(minutes=5)
# 20 bytes, positive (RFC 5280, 4.1.2.2), and not shorter than 8 random ones make it.
_SMALLEST_SERIAL, _LARGEST_SERIAL = 1 << 63, (1 << 159) - 1


def is_serial(number: int) -> bool:
    """Tell whether a number can be the serial number of a certificate of ours."""
    return _SMALLEST_SERIAL <= number <= _LARGEST_SERIAL


def root_certificate(name: str, key: CaKey, now: datetime) -> x509.Certificate:
    """Make the certificate of a root, signed by itself."""
    subject = _common_name(name)
    builder = _authority_builder(subject, key.public_key, now, ROOT_LIFETIME, path_length=1)
    return _sign(builder.issuer_name(subject), key)


def issuing_certificate(
    name: str,
    key: ec.EllipticCurvePublicKey,
    root: x509.Certificate,
    root_key: CaKey,
    now: datetime,
) -> x509.Certificate:
    """Make the certificate of an issuer, signed by a root."""
    builder = _authority_builder(_common_name(name), key, now, ISSUING_LIFETIME, path_length=0)
    builder = builder.issuer_name(root.subject).add_extension(authority_key(root), critical=False)
    return _sign(builder, root_key)


def leaf_content(
    system_id: str,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate,
    serial: int,
    validity: tuple[datetime, datetime],
) -> bytes:
    """Give what is to be signed for a system: TBSCertificate, DER. The same for the same input."""
    names = x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier(system_uri(system_id)),
            x509.DNSName(system_tls_name(system_id)),
        ]
    )
    usage = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_common_name(system_id))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(authority_key(issuer), critical=False)
    )
    return certificate_content(builder)


def certificate_content(builder: x509.CertificateBuilder) -> bytes:
    """Give what a builder wants signed: TBSCertificate, DER.

    The stand-in key leaves no trace: the content names the algorithm and the issuer, not the key.
    """
    return builder.sign(stand_in(), hashes.SHA256()).tbs_certificate_bytes


@lru_cache(maxsize=1)
def stand_in() -> ec.EllipticCurvePrivateKey:
    """Give a key that signs what is thrown away; `cryptography` builds nothing without one."""
    return ec.generate_private_key(ec.SECP256R1())


def unsigned_certificate(content: bytes) -> x509.Certificate:
    """Read what is to be signed, as a certificate with an empty signature.

    Raises:
        ValueError: It is no TBSCertificate.

    """
    return x509.load_der_x509_certificate(signed(content, b""))


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Give the extension that names the key of an issuer."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def system_of(leaf: x509.Certificate) -> str:
    """Give the one name in the subject; empty when there is not exactly one."""
    names = [str(one.value) for one in leaf.subject if one.oid == NameOID.COMMON_NAME]
    return names[0] if len(names) == len(leaf.subject) == 1 else ""


def violations(
    leaf: x509.Certificate, issuer: x509.Certificate, longest: timedelta
) -> tuple[Violation, ...]:
    """Compare a leaf, signed or not, with the profile; the signature itself is not looked at.

    Args:
        leaf: The certificate.
        issuer: Whose signature it has or will have.
        longest: How long a leaf may be valid, from the moment it was made.

    """
    try:
        return tuple(
            violation for violation, fits in _PROFILE.items() if not fits(leaf, issuer, longest)
        )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return (Violation.UNREADABLE,)


def _fits_version(leaf: x509.Certificate, _issuer: x509.Certificate, _longest: timedelta) -> bool:
    return (
        leaf.version is x509.Version.v3
        and leaf.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
    )


def _fits_subject(leaf: x509.Certificate, _issuer: x509.Certificate, _longest: timedelta) -> bool:
    return is_system_id(system_of(leaf))


def _fits_key(leaf: x509.Certificate, issuer: x509.Certificate, _longest: timedelta) -> bool:
    key = leaf.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and key.curve.name == "secp256r1"
        and key != issuer.public_key()
    )


def _fits_validity(leaf: x509.Certificate, issuer: x509.Certificate, longest: timedelta) -> bool:
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return (
        issuer.not_valid_before_utc <= begin < end <= issuer.not_valid_after_utc
        and end - begin <= longest + BACKDATE
    )


def _fits_extensions(leaf: x509.Certificate, issuer: x509.Certificate, _longest: timedelta) -> bool:
    system_id, key = system_of(leaf), leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    names = [
        x509.UniformResourceIdentifier(system_uri(system_id)),
        x509.DNSName(system_tls_name(system_id)),
    ]
    usage = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    expected = {
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: x509.SubjectKeyIdentifier.from_public_key(key),
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: authority_key(issuer),
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: x509.SubjectAlternativeName(names),
        ExtensionOID.BASIC_CONSTRAINTS: x509.BasicConstraints(ca=False, path_length=None),
        ExtensionOID.KEY_USAGE: _key_usage(signs_certificates=False),
        ExtensionOID.EXTENDED_KEY_USAGE: x509.ExtendedKeyUsage(usage),
    }
    critical = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE}
    found = list(leaf.extensions)
    return (
        {one.oid: one.value for one in found} == expected
        and len(found) == len(expected)
        and {one.oid for one in found if one.critical} == critical
    )


_PROFILE: Mapping[Violation, Callable[[x509.Certificate, x509.Certificate, timedelta], bool]] = {
    Violation.VERSION: _fits_version,
    Violation.ISSUER: lambda leaf, issuer, _: leaf.issuer == issuer.subject,
    Violation.SERIAL: lambda leaf, _issuer, _: is_serial(leaf.serial_number),
    Violation.SUBJECT: _fits_subject,
    Violation.KEY: _fits_key,
    Violation.VALIDITY: _fits_validity,
    Violation.EXTENSIONS: _fits_extensions,
}


def _sign(builder: x509.CertificateBuilder, key: CaKey) -> x509.Certificate:
    content = certificate_content(builder)
    return x509.load_der_x509_certificate(signed(content, key.sign(content)))


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _authority_builder(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
    *,
    path_length: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
