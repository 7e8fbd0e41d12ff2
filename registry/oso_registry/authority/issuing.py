"""Issuing: plan what will be signed, write the plan down, sign it.

Whoever issues records `Plan.content` first, signs then, and records the result. After a crash in
between the plan is signed again: a key file gives the very same certificate, a token one with the
same content and serial number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from oso_registry.authority.crl import ListPlan, sign_list
from oso_registry.authority.der import signed
from oso_registry.authority.ledger import SIGNING, State
from oso_registry.authority.problems import (
    CertificateProfileError,
    CrlError,
    CrlProblem,
    IssuerError,
    IssuerProblem,
    ProfileProblem,
    ProfileViolationError,
    Violation,
)
from oso_registry.authority.profile import (
    BACKDATE,
    is_serial,
    leaf_content,
    system_of,
    unsigned_certificate,
    violations,
)
from oso_registry.authority.requests import SigningRequest, public_key_sha256
from oso_rpc.identity import is_system_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from oso_registry.authority.crl import RevokedEntry
    from oso_registry.authority.keys import CaKey


# Whoever read the authority just before another issuer took over may plan with it a moment longer.
SETTLING = timedelta(minutes=1)


def _nothing_blocked(_public_key_sha256: bytes) -> bool:
    return False


@dataclass(frozen=True)
class Plan:
    """A certificate that is to be signed.

    Attributes:
        content: What will be signed (TBSCertificate, DER). It holds all the rest: record it.
        issuer_sha256: Whose signature it will have: SHA-256 of the issuer's certificate, in hex.
        ignored_names: Names the request asked for and does not get. Not part of what is recorded.

    """

    content: bytes
    issuer_sha256: str
    ignored_names: tuple[str, ...] = ()

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate as it will be, but for its signature.

        Raises:
            ProfileViolationError: The content is none of a certificate.

        """
        try:
            return unsigned_certificate(self.content)
        except ValueError:
            raise ProfileViolationError((Violation.UNREADABLE,)) from None

    @property
    def system_id(self) -> str:
        """The system it will name."""
        return system_of(self.certificate)

    @property
    def serial(self) -> str:
        """Its serial number, 40 hexadecimal digits."""
        return f"{self.certificate.serial_number:040x}"

    @property
    def public_key_sha256(self) -> bytes:
        """SHA-256 over its public key (SubjectPublicKeyInfo), 32 bytes."""
        key = self.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ProfileViolationError((Violation.KEY,))
        return public_key_sha256(key)

    @property
    def not_before(self) -> datetime:
        """Begin of its validity, UTC, in whole seconds."""
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """End of its validity, UTC, in whole seconds."""
        return self.certificate.not_valid_after_utc


@dataclass(frozen=True)
class Root:
    """A root of the authority.

    Attributes:
        name: Its name, such as `root-1`.
        state: How far it is.
        certificate: Its certificate.

    """

    name: str
    state: State
    certificate: x509.Certificate


@dataclass(frozen=True)
class Issuer:
    """An issuer: signs leaves and its revocation list.

    Attributes:
        name: Its name, such as `issuing-1`.
        state: How far it is.
        certificate: Its certificate.
        root: The root that signed it.
        superseded: When another took its place; None while that has not happened.
        key: Its key; None where the keys were not opened, or it may sign nothing.

    """

    name: str
    state: State
    certificate: x509.Certificate
    root: Root
    superseded: datetime | None = None
    key: CaKey | None = None

    @property
    def sha256(self) -> str:
        """Its name in records: hexadecimal SHA-256 of its certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def open_key(self) -> CaKey:
        """Give its key.

        Raises:
            IssuerError: NO_KEY when it was not opened.

        """
        if self.key is None:
            raise IssuerError(self.name, IssuerProblem.NO_KEY)
        return self.key


@dataclass(frozen=True)
class Authority:
    """The certificate authority as its folder says it is. It never changes: load it again.

    Safe to use from several threads. Signing takes milliseconds with a key file; a token may take
    longer: keep it off the event loop.

    Attributes:
        roots: All roots, oldest first.
        issuers: All issuers, oldest first.
        leaf_lifetime: How long a leaf is valid, at most and unless less is asked for.

    """

    roots: tuple[Root, ...]
    issuers: tuple[Issuer, ...]
    leaf_lifetime: timedelta

    @property
    def active(self) -> Issuer:
        """The issuer that signs new leaves."""
        return next(one for one in self.issuers if one.state is State.ACTIVE)

    @property
    def root(self) -> x509.Certificate:
        """Certificate of the active root."""
        return next(one.certificate for one in self.roots if one.state is State.ACTIVE)

    @property
    def issuing(self) -> x509.Certificate:
        """Certificate of the active issuer."""
        return self.active.certificate

    @property
    def listing(self) -> tuple[Issuer, ...]:
        """The issuers that give a revocation list, oldest first: ACTIVE and OUTGOING."""
        return tuple(one for one in self.issuers if one.state in SIGNING)

    @property
    def trust_pem(self) -> bytes:
        """What everybody trusts: the roots that are not retired, as PEM."""
        return b"".join(
            one.certificate.public_bytes(Encoding.PEM)
            for one in self.roots
            if one.state is not State.RETIRED
        )

    def issuer(self, sha256: str) -> Issuer:
        """Find an issuer by its name in records.

        Raises:
            IssuerError: UNKNOWN.

        """
        for one in self.issuers:
            if one.sha256 == sha256:
                return one
        raise IssuerError(sha256, IssuerProblem.UNKNOWN)

    def plan(
        self,
        request_pem: bytes,
        system_id: str,
        now: datetime,
        *,
        serial: int | None = None,
        lifetime: timedelta | None = None,
        blocked: Callable[[bytes], bool] = _nothing_blocked,
    ) -> Plan:
        """Decide what will be signed for a request; signs nothing.

        The names are the authority's: whatever the request asks for, the certificate names
        `system_id` and nothing else.

        Args:
            request_pem: The signing request, PEM.
            system_id: The system it is for.
            now: The moment; the certificate is valid from five minutes before.
            serial: Its serial number; a random one of 20 bytes if not given.
            lifetime: How long from `now` it is valid; the authority's own if not given.
            blocked: Tells, from the SHA-256 of a public key, whether it may not be certified.

        Raises:
            CertificateProfileError: The request is refused.
            ProfileViolationError: The plan does not fit the profile; a mistake of ours.

        """
        serial = x509.random_serial_number() if serial is None else serial
        lifetime = self.leaf_lifetime if lifetime is None else lifetime
        if not is_system_id(system_id):
            raise CertificateProfileError(ProfileProblem.SYSTEM_ID)
        if not is_serial(serial):
            raise CertificateProfileError(ProfileProblem.SERIAL)
        now = now.replace(microsecond=0)
        self._check_lifetime(now, lifetime)
        request = SigningRequest.read(request_pem)
        key = request.public_key
        if self._is_own(key) or blocked(public_key_sha256(key)):
            raise CertificateProfileError(ProfileProblem.KEY_BLOCKED)
        issuer = self.active
        content = leaf_content(
            system_id, key, issuer.certificate, serial, (now - BACKDATE, now + lifetime)
        )
        plan = Plan(content, issuer.sha256, request.ignored_names(system_id))
        self._check_profile(plan.certificate, issuer)
        return plan

    def sign(self, plan: Plan) -> bytes:
        """Sign a plan, now or after a crash; give the certificate and its issuer's as PEM.

        The plan is compared with the profile again: it may have lain in a database.

        Raises:
            IssuerError: Its issuer is unknown, retired, was not active when it was made, or its key
                is not open.
            ProfileViolationError: It does not fit, or what was signed does not verify up to the
                root.
            AuthorityError: The key cannot be used now.

        """
        issuer = self.issuer(plan.issuer_sha256)
        unsigned = plan.certificate
        self._check_profile(unsigned, issuer)
        _check_may_sign(issuer, unsigned.not_valid_before_utc + BACKDATE)
        leaf = x509.load_der_x509_certificate(
            signed(plan.content, issuer.open_key().sign(plan.content))
        )
        self._check_profile(leaf, issuer)
        if leaf.tbs_certificate_bytes != plan.content or not _verifies(leaf, issuer):
            raise ProfileViolationError((Violation.SIGNATURE,))
        return leaf.public_bytes(Encoding.PEM) + issuer.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        request_pem: bytes,
        system_id: str,
        now: datetime,
        lifetime: timedelta | None = None,
    ) -> bytes:
        """Plan and sign in one go, without a record; give certificate and issuer's as PEM.

        Raises:
            AuthorityError: As `plan` and `sign` do.

        """
        return self.sign(self.plan(request_pem, system_id, now, lifetime=lifetime))

    def revocation_list(
        self,
        issuer: Issuer,
        revoked: Iterable[RevokedEntry],
        number: int,
        now: datetime,
        lifetime: timedelta,
    ) -> bytes:
        """Make and sign the revocation list of an issuer; give it as DER.

        A thousand entries take tens of milliseconds: keep it off the event loop.

        Args:
            issuer: One of `listing`.
            revoked: What is on the list, in any order: certificates of this issuer.
            number: 1 or higher; it must rise from list to list.
            now: The moment; the list is valid from five minutes before.
            lifetime: How long from `now` it is valid, 400 days at most.

        Raises:
            CrlError: The issuer gives no list in its state, the list cannot be, or what was signed
                does not verify.
            IssuerError: It is none of this authority, or its key was not opened.
            AuthorityError: The key cannot be used now.

        """
        own = self.issuer(issuer.sha256)
        if own.state not in SIGNING:
            raise CrlError(own.name, CrlProblem.NOT_SIGNING)
        plan = ListPlan(own.name, own.certificate, tuple(revoked), number, now, lifetime)
        return sign_list(plan, own.open_key())

    def _check_lifetime(self, now: datetime, lifetime: timedelta) -> None:
        if not -BACKDATE < lifetime <= self.leaf_lifetime:
            raise CertificateProfileError(ProfileProblem.TOO_LONG)
        if now + lifetime > self.issuing.not_valid_after_utc:
            raise CertificateProfileError(ProfileProblem.LIFETIME)

    def _is_own(self, key: ec.EllipticCurvePublicKey) -> bool:
        certificates = [one.certificate for one in self.roots]
        certificates += [one.certificate for one in self.issuers]
        return any(one.public_key() == key for one in certificates)

    def _check_profile(self, leaf: x509.Certificate, issuer: Issuer) -> None:
        found = violations(leaf, issuer.certificate, self.leaf_lifetime)
        if found:
            raise ProfileViolationError(found)


def _check_may_sign(issuer: Issuer, planned: datetime) -> None:
    if issuer.state is State.ACTIVE:
        return
    # What was planned before another took over is still signed: no intent is lost in a rotation.
    before = issuer.superseded is not None and planned <= issuer.superseded + SETTLING
    if issuer.state is not State.OUTGOING or not before:
        raise IssuerError(issuer.name, IssuerProblem.NOT_ACTIVE)


def _verifies(leaf: x509.Certificate, issuer: Issuer) -> bool:
    store = Store([issuer.root.certificate])
    verifier = PolicyBuilder().store(store).time(leaf.not_valid_before_utc).build_client_verifier()
    try:
        leaf.verify_directly_issued_by(issuer.certificate)
        verifier.verify(leaf, [issuer.certificate])
    except (InvalidSignature, TypeError, ValueError, VerificationError):
        return False
    return True
