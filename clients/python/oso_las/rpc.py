"""The edge of the exchange: from messages to calls, and back."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from oso.exchange.v1 import dossier_exchange_service_pb2 as messages
from oso.exchange.v1 import dossier_exchange_service_pb2_grpc as stubs
from oso_rpc.current_call import current_peer
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from oso_las.exchange import Exchange
    from oso_las.inbox import Inbox

SERVICE = messages.DESCRIPTOR.services_by_name["DossierExchangeService"].full_name


class DossierExchangeServicer(stubs.DossierExchangeServiceServicer):
    """Serves `oso.exchange.v1.DossierExchangeService`; the contract has the promises."""

    def __init__(self, exchange: Exchange, inbox: Inbox) -> None:
        """Take the services."""
        self._exchange = exchange
        self._inbox = inbox

    async def FetchDossier(  # noqa: N802  the contract's name
        self, request: messages.FetchDossierRequest, _context: Any
    ) -> AsyncGenerator[messages.FetchDossierResponse, None]:
        """Deliver a dossier: manifest first, then every part in order."""
        delivery = await self._exchange.prepare(request, current_peer())
        yield messages.FetchDossierResponse(manifest=delivery.signed)
        # Closed here, also when the target goes away: its file must not wait for the collector.
        async with aclosing(delivery.chunks()) as responses:
            async for response in responses:
                yield response
        await self._exchange.delivered(delivery)

    async def Notify(  # noqa: N802
        self, request: messages.NotifyRequest, _context: Any
    ) -> messages.NotifyResponse:
        """Take note that a dossier is ready."""
        await self._inbox.receive(request.notification, current_peer())
        return messages.NotifyResponse()

    async def SendFeedback(  # noqa: N802
        self, request: messages.SendFeedbackRequest, _context: Any
    ) -> messages.SendFeedbackResponse:
        """Take note of what an SWV answers."""
        await self._inbox.replies.receive(request, current_peer())
        return messages.SendFeedbackResponse()


def registration(servicer: DossierExchangeServicer) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        SERVICE,
        lambda server: stubs.add_DossierExchangeServiceServicer_to_server(servicer, server),
    )
