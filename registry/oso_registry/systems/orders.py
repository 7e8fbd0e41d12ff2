"""Orders: what was asked for a certificate, decided and written down before it is signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, select, update

from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_FAILED,
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_ISSUED,
    CERTIFICATE_STATE_REVOKED,
    Certificate,
)
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.authority import (
    Authority,
    AuthorityError,
    CertificateProfileError,
    Plan,
    ProfileProblem,
)
from oso_registry.calls import failed, invalid
from oso_registry.columns import timestamp
from oso_registry.founding import certificate_of
from oso_registry.store import microseconds_of, table_of
from oso_registry.systems.invitations import digest_of, find_invitation, require_current
from oso_registry.systems.register import require_enabled
from oso_registry.systems.resources import (
    CERTIFICATES,
    certificates_of,
    certificates_with_key,
    is_in_force,
    system_of,
)
from oso_registry.systems.revocation import is_blocked
from oso_registry.systems.tables import InvitationRow, OrderRow
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.registry.v1.enrolment_service_pb2 import (
        EnrolCertificateRequest,
        RenewCertificateRequest,
    )
    from oso_registry.store import Transaction

# With the same key from this long before the end, and no more certificates at once than a supplier
# with many machines has.
RENEWAL = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=10)
_MOST_IN_FORCE = 20
_REFUSALS = {
    ProfileProblem.NO_REQUEST: codes.RESULT_CODE_SIGNING_REQUEST_INVALID,
    ProfileProblem.KEY_NOT_PROVEN: codes.RESULT_CODE_SIGNING_REQUEST_INVALID,
    ProfileProblem.KEY_TYPE: codes.RESULT_CODE_KEY_TYPE_REFUSED,
    ProfileProblem.KEY_BLOCKED: codes.RESULT_CODE_KEY_BLOCKED,
}
_ORDER, _INVITATION = table_of(OrderRow), table_of(InvitationRow)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Order:
    """What is to be signed, and for which certificate.

    Attributes:
        certificate: The certificate, as far as it has come.
        plan: What is to be signed.
        create_time: When it was written down.

    """

    certificate: Certificate
    plan: Plan
    create_time: datetime


@dataclass(frozen=True)
class _Wish:
    """A signing request, by whom, and what finds its order again."""

    system: str
    request_id: str
    signing_request: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.signing_request).digest()


def require_clock(sent: Timestamp, now: datetime) -> None:
    """Refuse a clock that is more than ten minutes off; one that was not sent goes.

    Raises:
        OsoError: CLOCK_SKEW, REQUEST_INVALID.

    """
    if sent.ByteSize() == 0:
        return
    try:
        offset = moment(sent) - now
    except ValueError:
        raise invalid("request_time", "is no moment between the years 1 and 9999") from None
    if abs(offset) > CLOCK_SKEW:
        raise OsoError(
            codes.RESULT_CODE_CLOCK_SKEW,
            offset_seconds=str(round(offset.total_seconds())),
            allowed_seconds=str(round(CLOCK_SKEW.total_seconds())),
        )


def order_by_token(
    tx: Transaction, authority: Authority, request: EnrolCertificateRequest
) -> Order:
    """Write down the order of who was invited; find it again for the same signing request.

    Raises:
        OsoError: See `EnrolmentService.EnrolCertificate`.

    """
    require_clock(request.request_time, tx.now)
    invitation = find_invitation(tx, request.system, request.token)
    wish = _Wish(request.system, f"token:{digest_of(request.token)}", request.signing_request)
    if invitation.certificate:
        return _same_order(tx, invitation, wish)
    require_current(tx, invitation)
    order = _place(tx, authority, wish, lambda _certificates: None)
    invitation.certificate = order.certificate.name
    return order


def order_by_system(
    tx: Transaction, authority: Authority, request: RenewCertificateRequest
) -> Order:
    """Write down the order of a system with a certificate; find it again for the same request_id.

    Raises:
        OsoError: See `EnrolmentService.RenewCertificate`.

    """
    require_clock(request.request_time, tx.now)
    system, request_id = f"systems/{tx.caller.system_id}", request.request_id.lower()
    wish = _Wish(system, request_id, request.signing_request)
    known = _find_order(tx, _ORDER.c.system == system, _ORDER.c.request_id == request_id)
    if known is None:
        return _place(tx, authority, wish, lambda certificates: _require_due(tx, certificates))
    if known.request_sha256 != wish.digest:
        raise OsoError(codes.RESULT_CODE_REQUEST_ID_REUSED, request_id=request_id)
    return _order(tx, known)


def _place(
    tx: Transaction,
    authority: Authority,
    wish: _Wish,
    check: Callable[[list[Certificate]], None],
) -> Order:
    """Decide on a wish and write down what will be signed.

    `check` refuses what may not be, given the certificates the key got before.
    """
    require_enabled(tx, wish.system)
    plan = _plan(tx, authority, wish)
    before = certificates_with_key(tx, plan.public_key_sha256)
    if any(system_of(one.name) != wish.system for one in before):
        raise OsoError(codes.RESULT_CODE_KEY_BLOCKED)
    check(before)
    if sum(is_in_force(tx, one) for one in certificates_of(tx, wish.system)) >= _MOST_IN_FORCE:
        raise failed(f"{wish.system} has {_MOST_IN_FORCE} certificates in force; revoke some")
    certificate = tx.put(CERTIFICATES, _intended(wish.system, plan))
    tx.session.add(
        OrderRow(
            certificate=certificate.name,
            system=wish.system,
            request_id=wish.request_id,
            request_sha256=wish.digest,
            content=plan.content,
            create_time=microseconds_of(tx.now),
        )
    )
    return Order(certificate, plan, tx.now)


def _plan(tx: Transaction, authority: Authority, wish: _Wish) -> Plan:
    try:
        return authority.plan(
            wish.signing_request,
            wish.system.removeprefix("systems/"),
            tx.now,
            blocked=lambda key: is_blocked(tx, key),
        )
    except CertificateProfileError as error:
        if error.problem in _REFUSALS:
            raise OsoError(_REFUSALS[error.problem]) from None
        raise unavailable(error) from error
    except AuthorityError as error:
        raise unavailable(error) from error


def _require_due(tx: Transaction, with_key: list[Certificate]) -> None:
    """Refuse the same key while the last certificate it got is good for a while."""
    ends = [moment(one.expire_time) for one in with_key if is_in_force(tx, one)]
    renew_time = max(ends, default=tx.now) - RENEWAL
    if ends and tx.now < renew_time:
        raise OsoError(
            codes.RESULT_CODE_RENEWAL_TOO_EARLY, renew_time=f"{renew_time:%Y-%m-%d %H:%M} UTC"
        )


def _intended(system: str, plan: Plan) -> Certificate:
    certificate = Certificate(
        name=f"{system}/certificates/{plan.serial}",
        state=CERTIFICATE_STATE_INTENDED,
        public_key_sha256=plan.public_key_sha256,
        issuer_sha256=plan.issuer_sha256,
    )
    certificate.not_before.FromDatetime(plan.not_before)
    certificate.expire_time.FromDatetime(plan.not_after)
    return certificate


def _same_order(tx: Transaction, invitation: InvitationRow, wish: _Wish) -> Order:
    """Find what an invitation was used for, when it is the same signing request again."""
    found = _find_order(tx, _ORDER.c.certificate == invitation.certificate)
    if found is None or found.request_sha256 != wish.digest:
        used = found.create_time if found is not None else invitation.create_time
        raise OsoError(
            codes.RESULT_CODE_ENROLMENT_TOKEN_USED,
            certificate=invitation.certificate,
            use_time=f"{timestamp(used).ToDatetime():%Y-%m-%d %H:%M} UTC",
        )
    return _order(tx, found)


def _find_order(tx: Transaction, *where: Any) -> OrderRow | None:
    tx.session.flush()  # what another call wrote may be part of the same transaction
    return tx.session.execute(select(OrderRow).where(*where)).scalar_one_or_none()


def _order(tx: Transaction, row: OrderRow) -> Order:
    certificate = tx.require(CERTIFICATES, row.certificate)
    plan = Plan(row.content, certificate.issuer_sha256)
    return Order(certificate, plan, moment(timestamp(row.create_time)))


def unfinished(tx: Transaction) -> list[Order]:
    """Give the orders that were written down and not signed, as far as we know."""
    intended = CERTIFICATES.table.c.state == CERTIFICATE_STATE_INTENDED
    orders = [
        _find_order(tx, _ORDER.c.certificate == one.name) for one in tx.list(CERTIFICATES, intended)
    ]
    return [_order(tx, row) for row in orders if row is not None]


def issued(tx: Transaction, order: Order, pem: bytes) -> Certificate:
    """Write down that an order was signed; give the certificate as it is from then on."""
    known = tx.require(CERTIFICATES, order.certificate.name)
    if known.state != CERTIFICATE_STATE_INTENDED:  # signed twice at once, or revoked meanwhile
        return known
    return tx.put(CERTIFICATES, certificate_of(system_of(known.name), pem))


def given(certificate: Certificate) -> Certificate:
    """Give a certificate that was issued; refuse one that was taken back or given up meanwhile.

    Raises:
        OsoError: CERTIFICATE_REVOKED, CONDITION_FAILED.

    """
    if certificate.state == CERTIFICATE_STATE_REVOKED:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_REVOKED)
    if certificate.state != CERTIFICATE_STATE_ISSUED:
        raise failed(f"{certificate.name} was given up; ask for a certificate anew")
    return certificate


def give_up(tx: Transaction, name: str) -> None:
    """Give up an order: its invitation is good again, and its request_id too."""
    known = tx.require(CERTIFICATES, name)
    if known.state != CERTIFICATE_STATE_INTENDED:
        return
    known.state = CERTIFICATE_STATE_FAILED
    tx.put(CERTIFICATES, known)
    tx.session.flush()
    tx.session.execute(
        update(_INVITATION).where(_INVITATION.c.certificate == name).values(certificate="")
    )
    tx.session.execute(delete(_ORDER).where(_ORDER.c.certificate == name))


def unavailable(error: Exception) -> OsoError:
    """Make the refusal of an authority that cannot sign now; the log says why, the caller not."""
    _log.error("authority_unavailable", error=type(error).__name__, text=str(error))
    return OsoError(codes.RESULT_CODE_AUTHORITY_UNAVAILABLE, retry_after=timedelta(minutes=1))
