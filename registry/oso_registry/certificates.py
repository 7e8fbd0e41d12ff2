"""The certificate authority: an offline root, an issuing authority, leaves for systems.

CertificateProfileError   a request that is refused: weak key, no proof of the key, no such id
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oso_rpc.credentials import (
    KeyMismatchError,
    load_certificate,
    load_private_key,
    private_pem,
    read_private,
    write_private,
)
from oso_rpc.identity import is_system_id, system_tls_name, system_uri

if TYPE_CHECKING:
    from pathlib import Path

ROOT_LIFETIME = timedelta(days=3650)
ISSUING_LIFETIME = timedelta(days=1825)
LEAF_LIFETIME = timedelta(days=90)
# Clocks differ; a certificate valid from this very second would be refused by half the country.
_BACKDATE = timedelta(minutes=5)


class ProfileProblem(Enum):
    """Why a request is not signed, in Dutch and English."""

    NO_REQUEST = (
        "dit is geen certificaataanvraag (CSR, PEM)",
        "this is no certificate signing request (CSR, PEM)",
    )
    KEY_NOT_PROVEN = (
        "de aanvraag is niet ondertekend met de eigen sleutel",
        "the request is not signed with its own key",
    )
    KEY_TYPE = (
        "de sleutel moet ECDSA P-256 zijn",
        "the key must be ECDSA P-256",
    )
    SYSTEM_ID = (
        "een systeem-id bestaat uit kleine letters, cijfers en koppeltekens (hooguit 63)",
        "a system id has lower case letters, digits and hyphens (63 at most)",
    )
    LIFETIME = (
        "het certificaat zou langer gelden dan dat van de uitgever",
        "the certificate would outlive the one of its issuer",
    )


class CertificateProfileError(Exception):
    """A signing request that does not fit the profile.

    Attributes:
        problem: What is wrong.

    """

    def __init__(self, problem: ProfileProblem) -> None:
        """Record what is wrong."""
        super().__init__(problem)
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return self.problem.value[0 if language == "nl" else 1]

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


@dataclass(frozen=True)
class Authority:
    """The issuing authority.

    Attributes:
        root: Certificate of the root: what everybody trusts.
        issuing: Certificate of the issuing authority, signed by the root.
        key: Private key of the issuing authority.

    """

    root: x509.Certificate
    issuing: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @staticmethod
    def create(folder: Path, now: datetime) -> Authority:
        """Make root and issuing authority in a new folder.

        Writes `root.key` (take it offline), `root.crt` (give it to everybody), `issuing.key` and
        `issuing.crt`.

        Raises:
            FileExistsError: There is an authority, or a part of one, in the folder already.

        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("root.key", "root.crt", "issuing.key", "issuing.crt"):
            if (folder / name).exists():
                # Also when root.key was taken offline: two roots in one folder help nobody.
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder / name))
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _root_certificate(root_key, now)
        issuing = _issuing_certificate(key, root, root_key, now)
        write_private(folder / "root.key", private_pem(root_key))
        write_private(folder / "issuing.key", private_pem(key))
        (folder / "root.crt").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (folder / "issuing.crt").write_bytes(issuing.public_bytes(serialization.Encoding.PEM))
        return Authority(root, issuing, key)

    @staticmethod
    def load(folder: Path) -> Authority:
        """Read the issuing authority from its folder; the root's key is not needed.

        Raises:
            CredentialsError: Others could read the key, or it belongs to another certificate.
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.

        """
        root_file, issuing_file, key_file = (
            folder / name for name in ("root.crt", "issuing.crt", "issuing.key")
        )
        key = load_private_key(key_file, read_private(key_file))
        issuing = load_certificate(issuing_file, issuing_file.read_bytes())
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or key.public_key() != issuing.public_key()
        ):
            raise KeyMismatchError(issuing_file)
        return Authority(load_certificate(root_file, root_file.read_bytes()), issuing, key)

    def issue(
        self,
        request_pem: bytes,
        system_id: str,
        now: datetime,
        lifetime: timedelta = LEAF_LIFETIME,
    ) -> bytes:
        """Sign a request; give the certificate and the issuing one as PEM.

        The names are the authority's: whatever the request asks for, the certificate names
        `system_id` and nothing else.

        Raises:
            CertificateProfileError: The request is no request, is not signed with its own key, has
                a key other than ECDSA P-256, or what is asked for does not fit.

        """
        if not is_system_id(system_id):
            raise CertificateProfileError(ProfileProblem.SYSTEM_ID)
        if now + lifetime > self.issuing.not_valid_after_utc:
            raise CertificateProfileError(ProfileProblem.LIFETIME)
        public_key = _requested_key(request_pem)
        names = x509.SubjectAlternativeName(
            [
                x509.UniformResourceIdentifier(system_uri(system_id)),
                x509.DNSName(system_tls_name(system_id)),
            ]
        )
        usage = x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        )
        leaf = (
            _builder(system_id, public_key, self.issuing.subject, now, lifetime)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(_authority_key(self.issuing), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        return leaf.public_bytes(pem) + self.issuing.public_bytes(pem)


def _requested_key(request_pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(request_pem)
        proven = request.is_signature_valid
    except (ValueError, InvalidSignature):
        raise CertificateProfileError(ProfileProblem.NO_REQUEST) from None
    if not proven:
        raise CertificateProfileError(ProfileProblem.KEY_NOT_PROVEN)
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateProfileError(ProfileProblem.KEY_TYPE)
    return key


def _root_certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = "OSO Root CA"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        _builder(name, key.public_key(), subject, now, ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _issuing_certificate(
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    return (
        _builder("OSO Issuing CA", key.public_key(), root.subject, now, ISSUING_LIFETIME)
        .add_extension(_authority_key(root), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )


def _builder(
    name: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


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
