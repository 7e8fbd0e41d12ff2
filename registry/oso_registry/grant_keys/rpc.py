"""The edge of the keys of Traffic Centers: from messages to calls of the service, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1 import grant_key_service_pb2 as messages
from oso.registry.v1 import grant_key_service_pb2_grpc as stubs
from oso_registry.grant_keys.keys import add_grant_key, list_grant_keys, remove_grant_key
from oso_registry.parties.rpc import Calls
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from oso_registry.calls import Office
    from oso_registry.store import Transaction


class GrantKeyServicer(Calls, stubs.GrantKeyServiceServicer):
    """Serves `oso.registry.v1.GrantKeyService`; the contract has the promises."""

    async def ListGrantKeys(
        self, request: messages.ListGrantKeysRequest, _: Any
    ) -> messages.ListGrantKeysResponse:
        """Give a page of keys."""
        found, token = await self.look(lambda tx: list_grant_keys(tx, request))
        return messages.ListGrantKeysResponse(grant_keys=found, next_page_token=token)

    async def CreateGrantKey(
        self, request: messages.CreateGrantKeyRequest, _: Any
    ) -> messages.CreateGrantKeyResponse:
        """Register a key."""
        return await self.change(
            request,
            lambda tx: messages.CreateGrantKeyResponse(
                grant_key=add_grant_key(tx, request.grant_key, request.parent)
            ),
        )

    async def DeleteGrantKey(
        self, request: messages.DeleteGrantKeyRequest, _: Any
    ) -> messages.DeleteGrantKeyResponse:
        """Take a key away."""

        def work(tx: Transaction) -> messages.DeleteGrantKeyResponse:
            remove_grant_key(tx, request.name, request.etag)
            return messages.DeleteGrantKeyResponse()

        return await self.change(request, work)


def registration(office: Office) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        messages.DESCRIPTOR.services_by_name["GrantKeyService"].full_name,
        lambda server: stubs.add_GrantKeyServiceServicer_to_server(
            GrantKeyServicer(office), server
        ),
    )
