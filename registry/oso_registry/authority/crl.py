"""Revocation lists (RFC 5280, 5): which certificates of an issuer, or issuers of a root, are void.

Making and checking are written apart, as for leaves: a mistake in one is found by the other. The
same input gives the same list: entries are in order of their serial numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from oso_registry.authority.der import signed
from oso_registry.authority.problems import CrlError, CrlProblem
from oso_registry.authority.profile import BACKDATE, authority_key, stand_in
from oso_registry.directory import replace_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from oso_registry.authority.keys import CaKey

LONGEST_LIST = timedelta(days=400)
# RFC 5280, 5.2.3 and 4.1.2.2: 20 bytes, positive.
_LARGEST_NUMBER = (1 << 159) - 1


class Reason(IntEnum):
    """Why a certificate was revoked, with the numbers of RFC 5280, 5.3.1.

    `RevocationReason` of the contract has them too: `Reason(certificate.revocation_reason)`.
    """

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    PRIVILEGE_WITHDRAWN = 9


_FLAGS = {
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.CA_COMPROMISE: x509.ReasonFlags.ca_compromise,
    Reason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    Reason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}


@dataclass(frozen=True)
class RevokedEntry:
    """A certificate that was revoked.

    Attributes:
        serial: Its serial number.
        time: When it was revoked, aware; the list tells whole seconds.
        reason: Why. UNSPECIFIED is left out of the list, as RFC 5280 asks.

    """

    serial: int
    time: datetime
    reason: Reason = Reason.UNSPECIFIED


@dataclass(frozen=True)
class ListPlan:
    """A revocation list that is to be signed.

    Attributes:
        name: Whose list, for people.
        issuer: Certificate of who signs it.
        entries: What is on it.
        number: Its number, higher than that of the one before.
        now: The moment.
        lifetime: How long from then it is valid: the next one must be there by then.

    """

    name: str
    issuer: x509.Certificate
    entries: tuple[RevokedEntry, ...]
    number: int
    now: datetime
    lifetime: timedelta

    @property
    def last_update(self) -> datetime:
        """From when it is valid: a little earlier, as leaves are, for clocks that are behind."""
        return (self.now - BACKDATE).replace(microsecond=0)

    @property
    def next_update(self) -> datetime:
        """Until when it is valid."""
        return (self.now + self.lifetime).replace(microsecond=0)

    def check(self) -> None:
        """Make sure that such a list can be.

        Raises:
            CrlError: NUMBER, LIFETIME, ENTRY or TWICE.

        """
        if not 1 <= self.number <= _LARGEST_NUMBER:
            raise CrlError(self.name, CrlProblem.NUMBER)
        if not timedelta(seconds=1) < self.lifetime <= LONGEST_LIST:
            raise CrlError(self.name, CrlProblem.LIFETIME)
        for one in self.entries:
            if not 1 <= one.serial <= _LARGEST_NUMBER or one.time > self.now:
                raise CrlError(self.name, CrlProblem.ENTRY)
        if len({one.serial for one in self.entries}) != len(self.entries):
            raise CrlError(self.name, CrlProblem.TWICE)


def sign_list(plan: ListPlan, key: CaKey) -> bytes:
    """Sign a revocation list; give it as DER.

    Raises:
        CrlError: It cannot be made, or what was signed is not what was to be signed.
        AuthorityError: The key cannot be used now.

    """
    plan.check()
    content = _content(plan)
    made = signed(content, key.sign(content))
    if not _is_as_planned(made, content, plan):
        raise CrlError(plan.name, CrlProblem.SIGNATURE)
    return made


def publish_list(path: Path, made: bytes, issuer: x509.Certificate) -> None:
    """Put a list in place of the one before, at once; its number must be higher.

    Args:
        path: The file; DER, as RFC 5280 has it.
        made: The list, DER.
        issuer: Certificate of who signed it, and the one before.

    Raises:
        CrlError: NUMBER_NOT_HIGHER; OTHER_LIST when one of both is not signed by the issuer.
        OSError: It cannot be written; then the old one is still there.

    """
    new = _number(path, made, issuer)
    if path.exists() and _number(path, path.read_bytes(), issuer) >= new:
        raise CrlError(str(path), CrlProblem.NUMBER_NOT_HIGHER)
    replace_file(path, made)


def _number(path: Path, content: bytes, issuer: x509.Certificate) -> int:
    try:
        read = x509.load_der_x509_crl(content)
        number = read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        own = read.issuer == issuer.subject and _is_signed_by(read, issuer)
    except (ValueError, x509.ExtensionNotFound):
        own = False
    if not own:
        raise CrlError(str(path), CrlProblem.OTHER_LIST)
    return number


def _content(plan: ListPlan) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(plan.issuer.subject)
        .last_update(plan.last_update)
        .next_update(plan.next_update)
        .add_extension(authority_key(plan.issuer), critical=False)
        .add_extension(x509.CRLNumber(plan.number), critical=False)
    )
    for one in sorted(plan.entries, key=lambda entry: entry.serial):
        builder = builder.add_revoked_certificate(_revoked(one))
    return builder.sign(stand_in(), hashes.SHA256()).tbs_certlist_bytes


def _revoked(entry: RevokedEntry) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(entry.serial)
    builder = builder.revocation_date(entry.time)
    if entry.reason is not Reason.UNSPECIFIED:
        builder = builder.add_extension(x509.CRLReason(_FLAGS[entry.reason]), critical=False)
    return builder.build()


def _is_as_planned(made: bytes, content: bytes, plan: ListPlan) -> bool:
    """Read what was signed again, and compare every field with the plan."""
    try:
        read = x509.load_der_x509_crl(made)
        found = {(one.serial_number, one.revocation_date_utc, _reason(one)) for one in read}
        extensions = {one.oid: (one.value, one.critical) for one in read.extensions}
    except (ValueError, x509.DuplicateExtension):
        return False
    expected = {(one.serial, one.time.replace(microsecond=0), one.reason) for one in plan.entries}
    return (
        read.tbs_certlist_bytes == content
        and read.issuer == plan.issuer.subject
        and (read.last_update_utc, read.next_update_utc) == (plan.last_update, plan.next_update)
        and extensions
        == {
            ExtensionOID.AUTHORITY_KEY_IDENTIFIER: (authority_key(plan.issuer), False),
            ExtensionOID.CRL_NUMBER: (x509.CRLNumber(plan.number), False),
        }
        and (found, len(read)) == (expected, len(plan.entries))
        and _is_signed_by(read, plan.issuer)
    )


def _reason(entry: x509.RevokedCertificate) -> Reason:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            flag = extension.value.reason
            return next(one for one, known in _FLAGS.items() if known is flag)
    return Reason.UNSPECIFIED


def _is_signed_by(read: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and read.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
        and read.is_signature_valid(key)
    )
