"""What is delivered, signed by who delivers it.

ManifestError   a delivery that is not what it says, or not from whom it should be; has a detail
                without personal data
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import protovalidate
from cryptography import x509
from google.protobuf.message import DecodeError

from oso.exchange.v1.manifest_pb2 import (
    PART_TYPE_ATTACHMENT,
    PART_TYPE_DOSSIER,
    Manifest,
    SignedManifest,
)
from oso_dossier.data_set import UnknownYearError, year_of
from oso_dossier.profiles import profile_of
from oso_las.kinds import TRANSFER_KINDS
from oso_rpc.signing import sign_with_key, verify_with_certificate

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cryptography.hazmat.primitives.asymmetric import ec

    from oso.dossier.v1.document_pb2 import Bestandsinhoud
    from oso.dossier.v1.dossier_pb2 import Dossier

DOMAIN = "oso.exchange.v1.Manifest"
# The dossier itself is read into memory to verify it; its attachments are not. The largest XML that
# is read has 64 MiB, and the message of a dossier is smaller than its XML.
LARGEST_DOSSIER = 64 * 1024 * 1024


class ManifestError(Exception):
    """A delivery that is not what it says, or not from whom it should be.

    Attributes:
        detail: What is wrong, in a few English words without personal data.

    """

    def __init__(self, detail: str) -> None:
        """Record what is wrong."""
        super().__init__(detail)
        self.detail = detail


def sign_manifest(
    manifest: Manifest, key: ec.EllipticCurvePrivateKey, certificate_der: bytes
) -> SignedManifest:
    """Sign a manifest with the key of the source's certificate."""
    content = manifest.SerializeToString(deterministic=True)
    return SignedManifest(
        manifest=content,
        signature=sign_with_key(key, DOMAIN, content),
        certificate=certificate_der,
    )


def open_manifest(
    signed: SignedManifest,
    thumbprints: Collection[bytes],
    session_id: str,
    source_brin: str,
    routing_key: str,
) -> Manifest:
    """Verify a manifest before anything of the delivery is believed.

    Args:
        signed: What came.
        thumbprints: Certificates the Traffic Center named for this delivery point.
        session_id: The session it must be for.
        source_brin: The school it must be from.
        routing_key: The delivery point it must be from.

    Raises:
        ManifestError: It is not what it should be.

    """
    if hashlib.sha256(signed.certificate).digest() not in thumbprints:
        raise ManifestError("certificate is not one of this delivery point")
    try:
        certificate = x509.load_der_x509_certificate(signed.certificate)
    except ValueError:
        raise ManifestError("certificate cannot be read") from None
    if not verify_with_certificate(certificate, DOMAIN, signed.manifest, signed.signature):
        raise ManifestError("signature is wrong")
    try:
        manifest = Manifest.FromString(signed.manifest)
        protovalidate.validate(manifest)
    except (DecodeError, protovalidate.ValidationError):
        raise ManifestError("manifest cannot be read") from None
    if (manifest.session_id, manifest.source_brin, manifest.source_routing_key) != (
        session_id,
        source_brin,
        routing_key,
    ):
        raise ManifestError("manifest is of another session or source")
    _check_parts(manifest)
    return manifest


def _check_parts(manifest: Manifest) -> None:
    if manifest.parts[0].size > LARGEST_DOSSIER:
        raise ManifestError("dossier is larger than a dossier can be")
    for number, part in enumerate(manifest.parts):
        wanted = PART_TYPE_ATTACHMENT if number else PART_TYPE_DOSSIER
        if part.part_number != number or part.type != wanted:
            raise ManifestError("parts are not numbered as they should be")


def check_dossier(
    manifest: Manifest, dossier: Dossier, documents: Sequence[Bestandsinhoud]
) -> None:
    """Check that a dossier and the attachments it names are the ones the manifest has.

    Raises:
        ManifestError: They are not.

    """
    try:
        year = year_of(dossier)
    except UnknownYearError:
        raise ManifestError("dossier is of an unknown year") from None
    if TRANSFER_KINDS.get(dossier.overdrachtsoort) != manifest.kind:
        raise ManifestError("kind of transfer is not that of the dossier")
    told = (profile_of(dossier), dossier.metadata.standaardversie, year.standaardversie)
    if told != (manifest.profile, manifest.dossier_year, manifest.dossier_year):
        raise ManifestError("profile or year is not that of the dossier")
    named = [(one.part_number, one.size, one.sha256) for one in documents]
    carried = [(part.part_number, part.size, part.sha256) for part in manifest.parts[1:]]
    if named != carried:
        raise ManifestError("attachments are not those of the dossier")
