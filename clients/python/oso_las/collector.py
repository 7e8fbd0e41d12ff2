"""The target's side of an exchange: open a session, fetch, verify, store, close.

Nothing is stored as received before everything was verified. What was received is never lost
because closing failed: the close is kept, and sent again by the next run with the same request_id.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    CloseSessionRequest,
    OpenSessionResponse,
)
from oso_las.fetching import Fetch, Received
from oso_las.model import Act, microseconds
from oso_las.search_key import SALT_SIZE, search_key
from oso_las.staging import Staging
from oso_las.store import By
from oso_las.tables import RetrievalRow
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, best_result, name_of

if TYPE_CHECKING:
    from datetime import datetime

    from oso.result.v1.result_code_pb2 import ResultCode
    from oso_las.attachments import PartFiles
    from oso_las.fetching import Progress
    from oso_las.model import Identity
    from oso_las.store import Transaction
    from oso_las.traffic_center import TrafficCenter
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials
    from oso_store import Database


@dataclass(frozen=True)
class Leg:
    """One step of an exchange.

    Attributes:
        who: Whom it was with.
        what: What was done.
        result: Name of the result.
        milliseconds: How long it took.

    """

    who: str
    what: str
    result: str
    milliseconds: float


@dataclass
class Collected:
    """What came of a request.

    Attributes:
        session_id: The session.
        result: The best result.
        dossier_number: Number of the dossier at our desk; None when nothing was delivered.
        closed: Whether the Traffic Center knows; when not, it will be told later.
        legs: Every step.

    """

    session_id: str
    result: ResultCode.ValueType
    dossier_number: int | None = None
    closed: bool = False
    legs: list[Leg] = field(default_factory=list)


class Collector:
    """Fetches dossiers for one school."""

    def __init__(
        self,
        database: Database[Transaction],
        files: PartFiles,
        traffic_center: TrafficCenter,
        credentials: Credentials,
        clock: Clock,
        *,
        routing_key: str,
    ) -> None:
        """Take what is needed, and who we are."""
        self._database = database
        self._files = files
        self._traffic_center = traffic_center
        self._credentials = credentials
        self._clock = clock
        self._routing_key = routing_key

    async def collect(
        self,
        identity: Identity,
        source_brin: str,
        account: str,
        *,
        changed_since: datetime | None = None,
        progress: Progress | None = None,
    ) -> Collected:
        """Fetch the dossier of a pupil who applied at our school.

        A session for the same pupil that was broken off goes on where it stopped.

        Args:
            identity: Who the pupil is.
            source_brin: The school to ask.
            account: Who asks.
            changed_since: Only what was put together after this moment.
            progress: Told how far it is.

        Raises:
            OsoError: The Traffic Center refused the session, or cannot be reached.
            StoreUnavailableError: The database failed.
            OSError: A file cannot be written. What came so far is kept for a next try.

        """
        legs: list[Leg] = []
        row, opened = await self._session(identity, source_brin, legs)
        collected = Collected(opened.session.session_id, codes.RESULT_CODE_UNREACHABLE, legs=legs)
        results: list[tuple[ResultCode.ValueType, str]] = []
        received: Received | None = None
        for address in opened.source_delivery_points:
            fetch = Fetch(
                self._files,
                self._credentials,
                self._clock,
                row=row,
                opened=opened,
                address=address,
                changed_since=changed_since,
                progress=progress,
            )
            begin = time.perf_counter()
            result = await fetch.run(identity)
            legs.append(_leg(f"school {source_brin}", "fetch", result, begin))
            if result == codes.RESULT_CODE_DELIVERED:
                begin = time.perf_counter()
                received = await fetch.verify(identity, source_brin)
                result = result if received else codes.RESULT_CODE_MANIFEST_INVALID
                legs.append(_leg("here", "verify and store", result, begin))
            results.append((result, address.delivery_point.routing_key))
            if received is not None:
                break
        collected.result, routing_key = best_result(results)
        request = CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=collected.session_id,
            result=collected.result,
            source_routing_key=routing_key,
            manifest_sha256=received.manifest_sha256 if received else b"",
        )
        by = By(account, self._clock.now(), f"from {source_brin}")
        # The dossier and what the centre must still be told are one transaction: neither without
        # the other.
        collected.dossier_number = await self._database.write(
            lambda tx: _record(tx, received, request, by)
        )
        if received is not None:
            await asyncio.to_thread(received.staging.discard)
        begin = time.perf_counter()
        collected.closed = await self._close(request)
        told = codes.RESULT_CODE_DELIVERED if collected.closed else codes.RESULT_CODE_UNREACHABLE
        legs.append(
            Leg(
                "Traffic Center",
                "close session",
                "CLOSED" if told == codes.RESULT_CODE_DELIVERED else "LATER",
                (time.perf_counter() - begin) * 1000,
            )
        )
        return collected

    async def _session(
        self, identity: Identity, source_brin: str, legs: list[Leg]
    ) -> tuple[RetrievalRow, OpenSessionResponse]:
        """Find the session that was broken off, or open one."""
        now = self._clock.now()

        def find(tx: Transaction) -> RetrievalRow | None:
            row = tx.open_retrieval(identity, source_brin, now)
            tx.expunge_all()
            return row

        row = await self._database.read(find)
        if row is not None:
            return row, OpenSessionResponse.FromString(row.opened)
        begin = time.perf_counter()
        salt = os.urandom(SALT_SIZE)
        opened = await self._traffic_center.open(
            self._routing_key, source_brin, search_key(identity, salt)
        )
        legs.append(_leg("Traffic Center", "open session", codes.RESULT_CODE_GRANTED, begin))

        def keep(tx: Transaction) -> RetrievalRow:
            row = RetrievalRow(
                session_id=opened.session.session_id,
                source_brin=source_brin,
                number_kind=identity.kind,
                pupil_number=identity.number,
                birth_date=identity.birth_date,
                salt=salt,
                opened=opened.SerializeToString(),
                expire_time=microseconds(moment(opened.session.expire_time)),
                state="open",
            )
            tx.add(row)
            tx.flush()
            tx.expunge_all()
            return row

        return await self._database.write(keep), opened

    async def _close(self, request: CloseSessionRequest) -> bool:
        """Tell the Traffic Center; tell whether it knows now, or will never need to."""
        try:
            await self._traffic_center.close(request)
        except OsoError as error:
            over = {codes.RESULT_CODE_SESSION_CLOSED, codes.RESULT_CODE_SESSION_EXPIRED}
            if error.code not in over:
                return False
        await self._database.write(partial(_closed, session_id=request.session_id))
        return True

    async def finish(self) -> int:
        """Do what was left: send closes again, clean up after sessions that are over.

        Gives how many closes could still not be sent.
        """
        now = microseconds(self._clock.now())

        def find(tx: Transaction) -> tuple[list[bytes], list[str]]:
            waiting = [row.close_request for row in tx.retrievals("to_close")]
            over = [row.session_id for row in tx.retrievals("open") if row.expire_time <= now]
            return waiting, over

        waiting, over = await self._database.read(find)
        left = 0
        for request in waiting:
            left += not await self._close(CloseSessionRequest.FromString(request))
        for session_id in over:
            for folder in self._files.incoming.glob(f"{session_id}-*"):
                await asyncio.to_thread(Staging(folder).discard)
            await self._database.write(partial(_closed, session_id=session_id))
        return left


def _leg(who: str, what: str, result: ResultCode.ValueType, begin: float) -> Leg:
    return Leg(who, what, name_of(result), (time.perf_counter() - begin) * 1000)


def _record(
    tx: Transaction, received: Received | None, request: CloseSessionRequest, by: By
) -> int | None:
    """Write down what was received, and what the Traffic Center must be told of it."""
    number = None
    if received is not None:
        number = tx.add_dossier(received.row, received.parts, Act.RECEIVE, by)
    row = tx.retrieval(request.session_id)
    if row is not None:
        row.state, row.close_request = "to_close", request.SerializeToString()
        row.dossier_number = number
        tx.add(row)
    return number


def _closed(tx: Transaction, session_id: str) -> None:
    row = tx.retrieval(session_id)
    if row is not None:
        # Who the pupil is was needed to go on; now it is not.
        row.state, row.salt, row.opened = "closed", b"", b""
        row.pupil_number, row.birth_date, row.number_kind = "", "", ""
        tx.add(row)
