"""Who may call what: the contract says it of each method; what it does not allow is refused.

Asked on each call, before the handler: is the certificate one we gave out, in force, and may its
system's role call this? What of the resources it may see or change is the service's affair.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pool

from oso.options.v1 import access_pb2
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_ISSUED, CERTIFICATE_STATE_REVOKED
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import Caller, not_allowed, set_current_caller
from oso_registry.systems.resources import SYSTEMS, certificate_with
from oso_rpc.errors import OsoError
from oso_rpc.guard import is_for_operators

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.options.v1.access_pb2 import Access, Role
    from oso_registry.calls import Office
    from oso_registry.store import Transaction
    from oso_rpc.identity import PeerIdentity

_NOBODY = access_pb2.Access()
_ANY_SYSTEM = access_pb2.Access(any_system=True)


@cache
def access_of(method: str) -> Access:
    """Give who may call a method, such as `/oso.registry.v1.BoardService/GetBoard`.

    Health and reflection are for every system. A method without the option is for nobody.
    """
    if is_for_operators(method):
        return _ANY_SYSTEM
    try:
        found = descriptor_pool.Default().FindMethodByName(method.strip("/").replace("/", "."))  # type: ignore[no-untyped-call,unused-ignore]
    except KeyError:
        return _NOBODY
    return found.GetOptions().Extensions[access_pb2.access]  # type: ignore[no-any-return,unused-ignore]


def may_call(role: Role.ValueType, method: str) -> bool:
    """Tell whether a role may call a method."""
    access = access_of(method)
    return access.any_system or access.without_certificate or role in access.roles


class Authorization:
    """Decides on every call; see the module."""

    def __init__(self, office: Office, saw: Callable[[Caller], None] | None = None) -> None:
        """Take where systems and certificates are kept, and who is told of each caller.

        Args:
            office: Where systems and certificates are kept.
            saw: Hears of each caller with a certificate that may make its call. It must not wait
                and must not fail.

        """
        self._office = office
        self._saw = saw

    async def authorize(self, method: str, peer: PeerIdentity | None) -> None:
        """Refuse a caller that may not call this; remember the others as `current_caller`.

        Raises:
            OsoError: CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, NOT_ALLOWED,
                NOT_RECORDED.

        """
        if peer is None:
            if not access_of(method).without_certificate:
                raise OsoError(codes.RESULT_CODE_CERTIFICATE_UNKNOWN)
            set_current_caller(Caller())
            return
        caller = await self._office.look(Caller(), lambda tx: identify(tx, peer))
        if not may_call(caller.role, method):
            raise not_allowed(method.rpartition("/")[2])
        set_current_caller(caller)
        if self._saw is not None:
            self._saw(caller)


def identify(tx: Transaction, peer: PeerIdentity) -> Caller:
    """Find out which system a certificate belongs to, if it may be used now.

    Raises:
        OsoError: CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED.

    """
    if not peer.not_before <= tx.now < peer.not_after:
        raise OsoError(
            codes.RESULT_CODE_CERTIFICATE_EXPIRED,
            not_before=peer.not_before.isoformat(),
            not_after=peer.not_after.isoformat(),
        )
    certificate = certificate_with(tx, peer.certificate_sha256)
    name = f"systems/{peer.system_id}"
    system = tx.get(SYSTEMS, name)
    if certificate is None or system is None or not certificate.name.startswith(f"{name}/"):
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_UNKNOWN)
    if certificate.state == CERTIFICATE_STATE_REVOKED:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_REVOKED)
    if certificate.state != CERTIFICATE_STATE_ISSUED:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_UNKNOWN)
    if system.disabled:
        raise OsoError(codes.RESULT_CODE_SYSTEM_DISABLED, system=name)
    return Caller(peer.system_id, system.role, system.owner, peer.certificate_sha256)
