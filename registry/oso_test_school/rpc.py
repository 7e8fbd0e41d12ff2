"""The edge of the test school: what a school answers, and what the scenario does to it."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from oso_las.model import Identity
from oso_las.rpc import DossierExchangeServicer
from oso_test_school.scenarios import Script, scenario_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from oso.exchange.v1.dossier_exchange_service_pb2 import (
        FetchDossierRequest,
        FetchDossierResponse,
    )
    from oso_las.exchange import Exchange
    from oso_las.inbox import Inbox
    from oso_test_school.line import Line

_MIB = 1024 * 1024
# Bytes on the line until it is cut. An attachment of the scenario is larger than both.
_CUT_ONCE_AFTER = 3 * _MIB
_CUT_ALWAYS_AFTER = _MIB


class ScriptedServicer(DossierExchangeServicer):
    """Serves as any school does; then acts as the pupil's scenario says."""

    def __init__(self, exchange: Exchange, inbox: Inbox, line: Line) -> None:
        """Take the services, and the line to cut."""
        super().__init__(exchange, inbox)
        self._line = line

    async def FetchDossier(  # noqa: N802  the contract's name
        self, request: FetchDossierRequest, context: Any
    ) -> AsyncGenerator[FetchDossierResponse, None]:
        """Deliver a dossier, or something like it."""
        script = _script_of(request)
        is_first = True
        async with aclosing(super().FetchDossier(request, context)) as responses:
            async for response in responses:
                if is_first:  # only now the request is known to be a session's
                    self._cut(script, request, context.peer())
                    is_first = False
                _damage(script, response)
                yield response

    def _cut(self, script: Script, request: FetchDossierRequest, peer: str) -> None:
        resumed = request.HasField("resume")
        if script is Script.CUTS_ONCE and not resumed:
            self._line.cut(peer, _CUT_ONCE_AFTER)
        elif script is Script.CUTS_ALWAYS:
            self._line.cut(peer, 0 if resumed else _CUT_ALWAYS_AFTER)


def _script_of(request: FetchDossierRequest) -> Script:
    if request.WhichOneof("subject") != "identity":
        return Script.NONE
    scenario = scenario_of(Identity.of_message(request.identity))
    return Script.NONE if scenario is None else scenario.script


def _damage(script: Script, response: FetchDossierResponse) -> None:
    """Change one byte of what goes out, where the scenario says so."""
    if script is Script.DAMAGES_SIGNATURE and response.HasField("manifest"):
        signature = response.manifest.signature
        response.manifest.signature = signature[:-1] + bytes([signature[-1] ^ 1])
    elif script is Script.DAMAGES_PART and response.chunk.part_number == 1:
        data = response.chunk.data
        response.chunk.data = bytes([data[0] ^ 1]) + data[1:]
