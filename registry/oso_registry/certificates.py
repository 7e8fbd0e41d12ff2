"""The certificate authority: an offline root, an issuing authority, leaves for systems.

CertificateProfileError   a request that is not signed: weak key, no proof of the key
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from oso_rpc.credentials import private_pem, read_private, write_private
from oso_rpc.identity import system_tls_name, system_uri

if TYPE_CHECKING:
    from pathlib import Path

ROOT_LIFETIME = timedelta(days=3650)
ISSUING_LIFETIME = timedelta(days=1825)
LEAF_LIFETIME = timedelta(days=90)
# Clocks differ; a certificate that is valid from this very second would be refused by half the country.
_BACKDATE = timedelta(minutes=5)


class CertificateProfileError(Exception):
    """A signing request that does not fit the profile.

    Attributes:
        reason: What is wrong.

    """

    def __init__(self, reason: str) -> None:
        """Record what is wrong."""
        super().__init__(reason)
        self.reason = reason


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
    key: ec.EllipticCurvePrivateKey

    @staticmethod
    def create(folder: Path, now: datetime) -> Authority:
        """Make root and issuing authority in a new folder.

        Writes `root.key` (take it offline), `root.crt` (give it to everybody), `issuing.key` and `issuing.crt`.

        Raises:
            FileExistsError: There is an authority in the folder already.

        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _authority_certificate("OSO Root CA", root_key, None, root_key, now, ROOT_LIFETIME)
        issuing = _authority_certificate(
            "OSO Issuing CA", key, root, root_key, now, ISSUING_LIFETIME
        )
        write_private(folder / "root.key", private_pem(root_key))
        write_private(folder / "issuing.key", private_pem(key))
        (folder / "root.crt").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (folder / "issuing.crt").write_bytes(issuing.public_bytes(serialization.Encoding.PEM))
        return Authority(root, issuing, key)

    @staticmethod
    def load(folder: Path) -> Authority:
        """Read the issuing authority from its folder; the root's key is not needed.

        Raises:
            KeyFileExposedError: Others could read the key.
            OSError: A file cannot be read.

        """
        key = serialization.load_pem_private_key(read_private(folder / "issuing.key"), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateProfileError("the issuing key is not ECDSA")
        return Authority(
            x509.load_pem_x509_certificate((folder / "root.crt").read_bytes()),
            x509.load_pem_x509_certificate((folder / "issuing.crt").read_bytes()),
            key,
        )

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
            CertificateProfileError: The request is no request, is not signed with its own key, or has a
                key other than ECDSA P-256.

        """
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
        raise CertificateProfileError("this is no certificate signing request (PEM)") from None
    if not proven:
        raise CertificateProfileError("the request is not signed with its own key")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CertificateProfileError("the key is not ECDSA P-256")
    return key


def _authority_certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(name, key.public_key(), issuer.subject if issuer else subject, now, lifetime)
    if issuer is not None:
        builder = builder.add_extension(_authority_key(issuer), critical=False)
    depth = 1 if issuer is None else 0
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(issuer_key, hashes.SHA256())
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
