"""Giving out certificates: write down what will be signed, sign it, write down that it was.

Two transactions with the signature between them. After a crash in between the certificate is
INTENDED and its order is there: whoever asks again gets it, and `repair` finishes what nobody asks
for again. A key file signs the same bytes the same way twice; a token does not, and there the first
signature that was written down is the one that counts.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_INTENDED
from oso_registry.authority import AuthorityError, IssuerError, ProfileViolationError
from oso_registry.calls import Caller
from oso_registry.systems.orders import (
    Order,
    give_up,
    given,
    issued,
    order_by_system,
    order_by_token,
    unavailable,
    unfinished,
)
from oso_rpc.credentials import CredentialsError
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso.registry.v1.enrolment_service_pb2 import (
        EnrolCertificateRequest,
        RenewCertificateRequest,
    )
    from oso.registry.v1.system_pb2 import Certificate
    from oso_registry.authority import Authority
    from oso_registry.calls import Office

# Nobody waits for a certificate longer than this.
GIVEN_UP = timedelta(days=1)
_METHOD = "IssueCertificate"
_log = structlog.get_logger(__name__)


class AuthoritySource(Protocol):
    """Gives the authority, which changes under a service that runs."""

    async def get(self) -> Authority:
        """Give it as it is now.

        Raises:
            AuthorityError: It is not whole, or a key does not open.
            CredentialsError: Others could read a key.
            OSError: A file cannot be read.

        """
        ...


class Issuing:
    """Gives out certificates.

    Each call asks for the authority anew, and plans and signs with what it got: a rotation may
    change it in between.
    """

    def __init__(self, office: Office, authorities: AuthoritySource) -> None:
        """Take where orders are kept, and what signs."""
        self._office = office
        self._authorities = authorities

    async def authority(self) -> Authority:
        """Give the authority as it is now.

        Raises:
            OsoError: AUTHORITY_UNAVAILABLE.

        """
        try:
            return await self._authorities.get()
        except (AuthorityError, CredentialsError, OSError) as error:
            raise unavailable(error) from error

    async def enrol(self, request: EnrolCertificateRequest) -> Certificate:
        """Give an invited system its certificate.

        Raises:
            OsoError: See `EnrolmentService.EnrolCertificate`.

        """
        authority = await self.authority()
        caller = Caller(system_id=request.system.removeprefix("systems/"))
        order = await self._office.change(
            request, caller, lambda tx: order_by_token(tx, authority, request), keep=False
        )
        return await self._finish(authority, order)

    async def renew(self, request: RenewCertificateRequest, caller: Caller) -> Certificate:
        """Give the calling system its next certificate.

        Raises:
            OsoError: See `EnrolmentService.RenewCertificate`.

        """
        authority = await self.authority()
        order = await self._office.change(
            request, caller, lambda tx: order_by_system(tx, authority, request), keep=False
        )
        return await self._finish(authority, order)

    async def repair(self) -> None:
        """Finish or give up what was left between writing down and signing.

        Raises:
            OsoError: NOT_RECORDED, AUTHORITY_UNAVAILABLE.

        """
        authority = await self.authority()
        for order in await self._office.look(Caller(), unfinished):
            if self._office.clock.now() - order.create_time > GIVEN_UP:
                await self._give_up(order)
                continue
            try:
                await self._finish(authority, order)
            except OsoError as error:
                _log.warning(
                    "certificate_not_issued", name=order.certificate.name, reason=error.name
                )

    async def _finish(self, authority: Authority, order: Order) -> Certificate:
        """Sign an order that was written down, and write down that it was; give the certificate."""
        if order.certificate.state != CERTIFICATE_STATE_INTENDED:
            return given(order.certificate)
        try:
            pem = await asyncio.to_thread(authority.sign, order.plan)
        except (IssuerError, ProfileViolationError) as error:
            # It will not be signed later either: whoever asks again gets another plan.
            await self._give_up(order)
            raise unavailable(error) from error
        except AuthorityError as error:
            raise unavailable(error) from error
        return given(await self._office.act(lambda tx: issued(tx, order, pem), _METHOD))

    async def _give_up(self, order: Order) -> None:
        await self._office.act(lambda tx: give_up(tx, order.certificate.name), _METHOD)
