"""The edge of systems, enrolment and certificates: from messages to the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oso.registry.v1 import certificate_service_pb2 as certificates
from oso.registry.v1 import certificate_service_pb2_grpc as certificates_grpc
from oso.registry.v1 import enrolment_service_pb2 as enrolment
from oso.registry.v1 import enrolment_service_pb2_grpc as enrolment_grpc
from oso.registry.v1 import system_service_pb2 as systems
from oso.registry.v1 import system_service_pb2_grpc as systems_grpc
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import current_caller
from oso_registry.parties.rpc import Calls
from oso_registry.systems.attempts import Attempts
from oso_registry.systems.invitations import LIFETIME, invite, new_token
from oso_registry.systems.register import (
    change_system,
    disable_system,
    enable_system,
    get_system,
    list_systems,
    register_system,
    require_enabled,
)
from oso_registry.systems.resources import OFFICE_HEART
from oso_registry.systems.revocation import (
    block_key,
    get_certificate,
    list_blocked_keys,
    list_certificates,
    revoke_certificate,
    unblock_key,
)
from oso_rpc.errors import OsoError
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.registry.v1.invitation_pb2 import Invitation
    from oso_registry.calls import Office
    from oso_registry.store import Transaction
    from oso_registry.systems.issuing import Issuing

# Refusals that only somebody without a good invitation gets.
_GUESSES = frozenset(
    {codes.RESULT_CODE_ENROLMENT_TOKEN_UNKNOWN, codes.RESULT_CODE_ENROLMENT_TOKEN_USED}
)


@dataclass(frozen=True)
class Addresses:
    """Where OfficeHeart answers, as the world outside knows it.

    Attributes:
        enrolment: Who has no certificate yet, `host:port`.
        usual: Everybody else, `host:port`.

    """

    enrolment: str
    usual: str

    def complete(self, invitation: Invitation, authority_pem: bytes) -> Invitation:
        """Add to an invitation where to go, and whom to trust there."""
        invitation.enrolment_address = self.enrolment
        invitation.address = self.usual
        invitation.office_heart = OFFICE_HEART
        invitation.authority_pem = authority_pem.decode("ascii")
        return invitation


class SystemServicer(Calls, systems_grpc.SystemServiceServicer):
    """Serves `oso.registry.v1.SystemService`; the contract has the promises."""

    async def GetSystem(
        self, request: systems.GetSystemRequest, _: Any
    ) -> systems.GetSystemResponse:
        """Give a system."""
        return await self.look(
            lambda tx: systems.GetSystemResponse(system=get_system(tx, request.name))
        )

    async def ListSystems(
        self, request: systems.ListSystemsRequest, _: Any
    ) -> systems.ListSystemsResponse:
        """Give a page of systems."""
        found, token = await self.look(lambda tx: list_systems(tx, request))
        return systems.ListSystemsResponse(systems=found, next_page_token=token)

    async def CreateSystem(
        self, request: systems.CreateSystemRequest, _: Any
    ) -> systems.CreateSystemResponse:
        """Register a system."""
        return await self.change(
            request,
            lambda tx: systems.CreateSystemResponse(
                system=register_system(tx, request.system, request.system_id)
            ),
        )

    async def UpdateSystem(
        self, request: systems.UpdateSystemRequest, _: Any
    ) -> systems.UpdateSystemResponse:
        """Change a system."""
        return await self.change(
            request,
            lambda tx: systems.UpdateSystemResponse(
                system=change_system(tx, request.system, request.update_mask)
            ),
        )

    async def DisableSystem(
        self, request: systems.DisableSystemRequest, _: Any
    ) -> systems.DisableSystemResponse:
        """Put a system out of use."""
        return await self.change(
            request,
            lambda tx: systems.DisableSystemResponse(
                system=disable_system(tx, request.name, request.etag)
            ),
        )

    async def EnableSystem(
        self, request: systems.EnableSystemRequest, _: Any
    ) -> systems.EnableSystemResponse:
        """Let a system enrol again."""
        return await self.change(
            request,
            lambda tx: systems.EnableSystemResponse(
                system=enable_system(tx, request.name, request.etag)
            ),
        )


class EnrolmentServicer(Calls, enrolment_grpc.EnrolmentServiceServicer):
    """Serves `oso.registry.v1.EnrolmentService`; the contract has the promises."""

    def __init__(
        self, office: Office, issuing: Issuing, addresses: Callable[[], Addresses]
    ) -> None:
        """Take where the work is done, who gives certificates, and where OfficeHeart answers."""
        super().__init__(office)
        self._issuing = issuing
        self._addresses = addresses
        self._attempts = Attempts()

    async def InviteSystem(
        self, request: enrolment.InviteSystemRequest, _: Any
    ) -> enrolment.InviteSystemResponse:
        """Invite a system."""
        token = new_token()
        lifetime = request.lifetime.ToTimedelta() if request.HasField("lifetime") else LIFETIME

        def work(tx: Transaction) -> Invitation:
            get_system(tx, request.system)
            require_enabled(tx, request.system)
            return invite(tx, request.system, token, lifetime)

        # Not kept under its request_id: a token must not lie in the database.
        given = await self._office.change(request, current_caller(), work, keep=False)
        trust = (await self._issuing.authority()).trust_pem
        return enrolment.InviteSystemResponse(invitation=self._addresses().complete(given, trust))

    async def EnrolCertificate(
        self, request: enrolment.EnrolCertificateRequest, context: Any
    ) -> enrolment.EnrolCertificateResponse:
        """Give an invited system its certificate."""
        peer, now = context.peer(), self._office.clock.now()
        self._attempts.require_few(peer, now)
        try:
            certificate = await self._issuing.enrol(request)
        except OsoError as error:
            if error.code in _GUESSES:
                self._attempts.failed(peer, now)
            raise
        return enrolment.EnrolCertificateResponse(
            certificate=certificate, authority_pem=await self._trust()
        )

    async def RenewCertificate(
        self, request: enrolment.RenewCertificateRequest, _: Any
    ) -> enrolment.RenewCertificateResponse:
        """Give the calling system its next certificate."""
        certificate = await self._issuing.renew(request, current_caller())
        return enrolment.RenewCertificateResponse(
            certificate=certificate, authority_pem=await self._trust()
        )

    async def _trust(self) -> str:
        return (await self._issuing.authority()).trust_pem.decode("ascii")


class CertificateServicer(Calls, certificates_grpc.CertificateServiceServicer):
    """Serves `oso.registry.v1.CertificateService`; the contract has the promises."""

    async def GetCertificate(
        self, request: certificates.GetCertificateRequest, _: Any
    ) -> certificates.GetCertificateResponse:
        """Give a certificate."""
        return await self.look(
            lambda tx: certificates.GetCertificateResponse(
                certificate=get_certificate(tx, request.name)
            )
        )

    async def ListCertificates(
        self, request: certificates.ListCertificatesRequest, _: Any
    ) -> certificates.ListCertificatesResponse:
        """Give a page of certificates."""
        found, token = await self.look(lambda tx: list_certificates(tx, request))
        return certificates.ListCertificatesResponse(certificates=found, next_page_token=token)

    async def RevokeCertificate(
        self, request: certificates.RevokeCertificateRequest, _: Any
    ) -> certificates.RevokeCertificateResponse:
        """Take a certificate back."""
        return await self.change(
            request,
            lambda tx: certificates.RevokeCertificateResponse(
                certificate=revoke_certificate(tx, request.name, request.reason, request.etag)
            ),
        )

    async def ListBlockedKeys(
        self, request: certificates.ListBlockedKeysRequest, _: Any
    ) -> certificates.ListBlockedKeysResponse:
        """Give a page of blocked keys."""
        found, token = await self.look(lambda tx: list_blocked_keys(tx, request))
        return certificates.ListBlockedKeysResponse(blocked_keys=found, next_page_token=token)

    async def CreateBlockedKey(
        self, request: certificates.CreateBlockedKeyRequest, _: Any
    ) -> certificates.CreateBlockedKeyResponse:
        """Block a key."""
        return await self.change(
            request,
            lambda tx: certificates.CreateBlockedKeyResponse(
                blocked_key=block_key(tx, request.blocked_key, request.blocked_key_id)
            ),
        )

    async def DeleteBlockedKey(
        self, request: certificates.DeleteBlockedKeyRequest, _: Any
    ) -> certificates.DeleteBlockedKeyResponse:
        """Unblock a key."""

        def work(tx: Transaction) -> certificates.DeleteBlockedKeyResponse:
            unblock_key(tx, request.name, request.etag)
            return certificates.DeleteBlockedKeyResponse()

        return await self.change(request, work)


def registrations(
    office: Office, issuing: Issuing, addresses: Callable[[], Addresses]
) -> list[Registration]:
    """Give what a server needs to serve all three."""
    return [
        Registration(
            systems.DESCRIPTOR.services_by_name["SystemService"].full_name,
            lambda server: systems_grpc.add_SystemServiceServicer_to_server(
                SystemServicer(office), server
            ),
        ),
        Registration(
            enrolment.DESCRIPTOR.services_by_name["EnrolmentService"].full_name,
            lambda server: enrolment_grpc.add_EnrolmentServiceServicer_to_server(
                EnrolmentServicer(office, issuing, addresses), server
            ),
        ),
        Registration(
            certificates.DESCRIPTOR.services_by_name["CertificateService"].full_name,
            lambda server: certificates_grpc.add_CertificateServiceServicer_to_server(
                CertificateServicer(office), server
            ),
        ),
    ]
