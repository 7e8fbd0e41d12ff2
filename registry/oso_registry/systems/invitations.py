"""Inviting a system to ask for a certificate, and knowing an invitation when it comes back.

An invitation has a token. Whoever has the token can be the system, so it is good once and for a
short time, and only its SHA-256 is kept. What it was used for is kept, so that a lost answer can be
asked for again with the same signing request.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from oso.options.v1.access_pb2 import ROLE_REGISTRAR
from oso.registry.v1.invitation_pb2 import Invitation
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import not_allowed
from oso_registry.columns import timestamp
from oso_registry.store import microseconds_of, table_of
from oso_registry.systems.resources import SYSTEMS
from oso_registry.systems.tables import InvitationRow
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso_registry.store import Transaction

LIFETIME = timedelta(hours=24)
_TABLE: Any = table_of(InvitationRow)


def invite(tx: Transaction, system: str, token: str, lifetime: timedelta) -> Invitation:
    """Write an invitation down, in place of those not used yet; give it, without where to go.

    Args:
        tx: The transaction; whether the caller may do this was decided.
        system: The system's resource name.
        token: What `new_token` made.
        lifetime: For how long it can be used.

    """
    end_invitations(tx, system)
    expire = microseconds_of(tx.now + lifetime)
    tx.session.add(
        InvitationRow(
            token_sha256=digest_of(token),
            system=system,
            create_time=microseconds_of(tx.now),
            expire_time=expire,
        )
    )
    tx.note(system)
    return Invitation(system=system, token=token, expire_time=timestamp(expire))


def invite_registrar(tx: Transaction, system: str, lifetime: timedelta) -> Invitation:
    """Invite a registrar, whoever asks; for a command at OfficeHeart's home folder.

    Raises:
        OsoError: RESOURCE_UNKNOWN, SYSTEM_DISABLED; NOT_ALLOWED when it is no registrar.

    """
    known = tx.require(SYSTEMS, system)
    if known.role != ROLE_REGISTRAR:
        raise not_allowed(system)
    if known.disabled:
        raise OsoError(codes.RESULT_CODE_SYSTEM_DISABLED, system=system)
    return invite(tx, system, new_token(), lifetime)


def new_token() -> str:
    """Make a token: 32 random bytes, base64url without padding."""
    return secrets.token_urlsafe(32)


def end_invitations(tx: Transaction, system: str) -> None:
    """End the invitations of a system that were not used."""
    tx.session.flush()
    tx.session.execute(
        update(_TABLE)
        .where(_TABLE.c.system == system, _TABLE.c.certificate == "", _TABLE.c.end_time.is_(None))
        .values(end_time=microseconds_of(tx.now))
    )


def find_invitation(tx: Transaction, system: str, token: str) -> InvitationRow:
    """Find the invitation a token is of, used or not.

    Raises:
        OsoError: ENROLMENT_TOKEN_UNKNOWN, also when it is another system's.

    """
    tx.session.flush()  # what another call wrote may be part of the same transaction
    query = select(InvitationRow).where(_TABLE.c.token_sha256 == digest_of(token))
    found: InvitationRow | None = tx.session.execute(query).scalar_one_or_none()
    if found is None or found.system != system:
        raise OsoError(codes.RESULT_CODE_ENROLMENT_TOKEN_UNKNOWN, system=system)
    return found


def require_current(tx: Transaction, invitation: InvitationRow) -> None:
    """Refuse an invitation whose time is over.

    Raises:
        OsoError: ENROLMENT_TOKEN_EXPIRED.

    """
    end = min(invitation.expire_time, invitation.end_time or invitation.expire_time)
    if end <= microseconds_of(tx.now):
        raise OsoError(codes.RESULT_CODE_ENROLMENT_TOKEN_EXPIRED, expire_time=_shown(end))


def digest_of(token: str) -> str:
    """Give what is kept of a token: its SHA-256, hexadecimal. It has 256 random bits: no salt."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _shown(moment: int) -> str:
    return f"{timestamp(moment).ToDatetime():%Y-%m-%d %H:%M} UTC"
