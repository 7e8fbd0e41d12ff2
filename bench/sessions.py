"""(a) and (b): open-check-close at the Traffic Center, durable, against three bare echoes.

Same callers, same number of processes, same two connections. The two take turns, a second or so
each.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
import uuid
from typing import TYPE_CHECKING

from bench.bare import ECHO
from bench.processes import bare_server, process, traffic_center
from bench.report import Measurement, paired_ratio
from oso.result.v1.result_code_pb2 import RESULT_CODE_DOSSIER_NOT_READY
from oso.trafficcenter.v1 import traffic_center_service_pb2 as messages
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_registry.testing import TRAFFIC_CENTER, routing_key_of
from oso_rpc.channel import secure_channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import grpc

    from oso_registry.testing import Landscape

CALLERS = 16
ROUNDS = 9
FLOWS = 640
_DEADLINE = 20.0


class Flow:
    """One caller's open-check-close."""

    def __init__(
        self, landscape: Landscape, target: grpc.aio.Channel, source: grpc.aio.Channel
    ) -> None:
        """Take the channels of target and source."""
        self._target = TrafficCenterServiceStub(target)
        self._source = TrafficCenterServiceStub(source)
        self._thumbprint = landscape.credentials("las-b").identity.certificate_sha256

    async def run(self) -> None:
        """Open, check, close."""
        key = os.urandom(32)
        opening = messages.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=routing_key_of("01VV"),
            source_brin="00SS",
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            accepted_dossier_years=["2019.1"],
        )
        opening.key.search_key = key
        opening.send_time.GetCurrentTime()
        opened = await self._target.OpenSession(opening, timeout=_DEADLINE)
        checking = messages.CheckSessionRequest(
            session_id=opened.session.session_id,
            source_routing_key=routing_key_of("00SS"),
            source_brin="00SS",
            target_brin="01VV",
            target_routing_key=routing_key_of("01VV"),
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            target_certificate_sha256=self._thumbprint,
        )
        checking.key.search_key = key
        await self._source.CheckSession(checking, timeout=_DEADLINE)
        closing = messages.CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=opened.session.session_id,
            result=RESULT_CODE_DOSSIER_NOT_READY,
            source_routing_key=routing_key_of("00SS"),
        )
        await self._target.CloseSession(closing, timeout=_DEADLINE)


async def flows_per_second(flow: Callable[[], Awaitable[None]], flows: int = FLOWS) -> float:
    """Run flows with all callers at once; give how many ended in a second."""

    async def caller() -> None:
        for _ in range(flows // CALLERS):
            await flow()

    begin = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return flows / (time.perf_counter() - begin)


async def _measure(
    landscape: Landscape, bare_port: int, port: int
) -> tuple[list[float], list[float]]:
    credentials = [landscape.credentials(name) for name in ("las-b", "las-a")]
    bare = [secure_channel(f"127.0.0.1:{bare_port}", TRAFFIC_CENTER, one) for one in credentials]
    ours = [secure_channel(f"127.0.0.1:{port}", TRAFFIC_CENTER, one) for one in credentials]
    echoes: list[grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = [
        channel.unary_unary(ECHO) for channel in bare
    ]
    payload = bytes(200)

    async def echo() -> None:
        for number in (0, 1, 0):
            await echoes[number](payload, timeout=_DEADLINE)

    flow = Flow(landscape, *ours)
    await flows_per_second(echo, CALLERS * 4)
    await flows_per_second(flow.run, CALLERS * 4)
    figures: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        figures[0].append(await flows_per_second(echo))
        figures[1].append(await flows_per_second(flow.run))
    for channel in (*bare, *ours):
        await channel.close()
    return figures


def measure(landscape: Landscape) -> Measurement:
    """Measure (b) / (a)."""
    with (
        process(bare_server(landscape, TRAFFIC_CENTER)) as (_, bare_port),
        process(traffic_center(landscape)) as (_, port),
    ):
        import uvloop  # noqa: PLC0415  not on every system, and only here

        bare, ours = uvloop.run(_measure(landscape, bare_port, port))
    return Measurement(
        "b  open-check-close / three echoes",
        paired_ratio(ours, bare),
        0.5,
        at_least=True,
        details={
            "flows/s": statistics.median(ours),
            "bare flows/s": statistics.median(bare),
        },
    )
