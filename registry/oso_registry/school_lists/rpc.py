"""SchoolListService on the wire."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from oso.registry.v1 import school_list_service_pb2 as wire
from oso.registry.v1 import school_list_service_pb2_grpc
from oso_registry.calls import current_caller, invalid
from oso_registry.school_lists.importing import SchoolLists
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oso_registry.calls import Office
    from oso_registry.school_lists.importing import Imported


class SchoolListServicer(school_list_service_pb2_grpc.SchoolListServiceServicer):
    """Serves SchoolListService."""

    def __init__(self, office: Office) -> None:
        """Take where boards and schools are kept."""
        self._lists = SchoolLists(office)

    async def ImportSchools(  # noqa: N802  the contract's name
        self, requests: AsyncIterator[wire.ImportSchoolsRequest], _context: object
    ) -> AsyncIterator[wire.ImportSchoolsResponse]:
        """Receive a list and import it; the report comes before a refusal."""
        caller = current_caller()
        settings = await _settings(requests)
        content = bytearray()
        async for request in requests:
            content += _chunk(request, settings.size - len(content))
            yield _progress(
                wire.ImportSchoolsProgress(
                    stage=wire.IMPORT_SCHOOLS_STAGE_RECEIVING,
                    done=len(content),
                    total=settings.size,
                )
            )
        if hashlib.sha256(content).digest() != settings.sha256:
            raise invalid("settings.sha256", "is not that of the bytes that came")
        told = _Told()
        work = asyncio.create_task(
            self._lists.take_in(settings, bytes(content), caller, told), name="import-schools"
        )
        work.add_done_callback(told.end)
        try:
            async for progress in told:
                yield _progress(progress)
            imported: Imported = await work
        finally:
            work.cancel()
        yield wire.ImportSchoolsResponse(report=imported.report)
        if imported.refusal is not None:
            raise imported.refusal


class _Told:
    """Passes on how far the work is, from its thread to the stream, until it ends."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[wire.ImportSchoolsProgress | None] = asyncio.Queue()

    def __call__(self, progress: wire.ImportSchoolsProgress) -> None:
        """Take how far it is; from any thread."""
        self._loop.call_soon_threadsafe(self._queue.put_nowait, progress)

    def end(self, _work: object) -> None:
        """Take that it ended."""
        self._loop.call_soon(self._queue.put_nowait, None)

    async def __aiter__(self) -> AsyncIterator[wire.ImportSchoolsProgress]:
        """Give what is told, until the end."""
        while (progress := await self._queue.get()) is not None:
            yield progress


def registration(servicer: SchoolListServicer) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        wire.DESCRIPTOR.services_by_name["SchoolListService"].full_name,
        lambda server: school_list_service_pb2_grpc.add_SchoolListServiceServicer_to_server(
            servicer, server
        ),
    )


async def _settings(
    requests: AsyncIterator[wire.ImportSchoolsRequest],
) -> wire.ImportSchoolsSettings:
    async for request in requests:
        if request.HasField("settings"):
            return request.settings
        break
    raise invalid("settings", "must come in the first message")


def _chunk(request: wire.ImportSchoolsRequest, room: int) -> bytes:
    if request.HasField("settings"):
        raise invalid("settings", "must come in the first message only")
    if len(request.chunk) > room:
        raise invalid("settings.size", "is less than the bytes that come")
    return request.chunk


def _progress(progress: wire.ImportSchoolsProgress) -> wire.ImportSchoolsResponse:
    return wire.ImportSchoolsResponse(progress=progress)
