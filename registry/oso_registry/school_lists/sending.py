"""Sending a school list to OfficeHeart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from oso.registry.v1 import school_list_service_pb2 as wire
from oso.registry.v1.school_list_service_pb2_grpc import SchoolListServiceStub
from oso.result.v1.result_code_pb2 import RESULT_CODE_UNREACHABLE
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso.registry.v1.school_list_pb2 import SchoolListReport

_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """What OfficeHeart answered.

    Attributes:
        report: What was, or would be, done.
        refusal: Why nothing was done; None when the list was not refused.

    """

    report: SchoolListReport
    refusal: OsoError | None


async def send_school_list(
    channel: grpc.aio.Channel,
    content: bytes,
    settings: wire.ImportSchoolsSettings,
    progress: Callable[[wire.ImportSchoolsProgress], None],
    timeout: float,  # noqa: ASYNC109  gRPC's deadline, told to the other side
) -> Answer:
    """Send a list and wait for the report.

    Args:
        channel: To OfficeHeart.
        content: The file.
        settings: What to do with it; size and digest are filled in here.
        progress: Told how far it is.
        timeout: Seconds it may take in all.

    Raises:
        OsoError: Refused without a report, or nobody answered.

    """
    sent = wire.ImportSchoolsSettings()
    sent.CopyFrom(settings)
    sent.size, sent.sha256 = len(content), hashlib.sha256(content).digest()

    async def requests() -> AsyncIterator[wire.ImportSchoolsRequest]:
        yield wire.ImportSchoolsRequest(settings=sent)
        for start in range(0, len(content), _CHUNK):
            yield wire.ImportSchoolsRequest(chunk=content[start : start + _CHUNK])

    report = None
    try:
        stub = SchoolListServiceStub(channel)
        async for response in stub.ImportSchools(requests(), timeout=timeout):
            if response.HasField("report"):
                report = response.report
            else:
                progress(response.progress)
    except grpc.aio.AioRpcError as error:
        refusal = from_rpc_error(error, party="OfficeHeart")
        if report is None:
            raise refusal from None
        return Answer(report, refusal)
    if report is None:
        raise OsoError(RESULT_CODE_UNREACHABLE, party="OfficeHeart")
    return Answer(report, None)
