"""The target's side of an exchange: open a session, fetch, verify, store, close.

Nothing is stored as received before everything was verified. What was received is never lost
because closing failed: the close is kept, and sent again by the next run with the same request_id.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import grpc
from google.protobuf.message import DecodeError
from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest, Resume
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    CloseSessionRequest,
    DeliveryPointAddress,
    OpenSessionResponse,
)
from oso_dossier import parse_dossier
from oso_dossier.documents import documents_of
from oso_dossier.writing import check_structure
from oso_rpc.channel import secure_channel
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, best_result, facts_of, from_rpc_error, name_of

from oso_las.desk import parts_of, row_of
from oso_las.manifest import ManifestError, check_documents, open_manifest
from oso_las.model import Act, Identity, NoIdentityError, State, microseconds
from oso_las.search_key import SALT_SIZE, search_key
from oso_las.staging import Staging
from oso_las.store import By
from oso_las.tables import DossierRow, PartRow, RetrievalRow
from oso_las.traffic_center import ACCEPTED_YEARS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso.exchange.v1.dossier_exchange_service_pb2 import Chunk, FetchDossierResponse
    from oso.exchange.v1.manifest_pb2 import Manifest
    from oso.result.v1.result_code_pb2 import ResultCode
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials
    from oso_store import Database

    from oso_las.attachments import PartFiles
    from oso_las.store import Transaction
    from oso_las.traffic_center import TrafficCenter

_ATTEMPTS = 4  # without a single new byte between them
_FIRST_PAUSE = 0.2  # seconds; doubles
_IDLE_SECONDS = 30.0  # a stream that gives nothing for so long is broken
_WRITE_AT_ONCE = 2 * 1024 * 1024


class Progress(Protocol):
    """Told how far a part has come."""

    def __call__(self, part_number: int, name: str, done: int, size: int) -> None:
        """Take note: bytes of the part that have come, of so many."""
        ...


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
        received: _Received | None = None
        for address in opened.source_delivery_points:
            fetch = _Fetch(self, row, opened, address, changed_since, progress)
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
        session_id = request.session_id
        await self._database.write(lambda tx: _closed(tx, session_id))
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
            await self._database.write(lambda tx, one=session_id: _closed(tx, one))  # type: ignore[misc]
        return left


@dataclass(frozen=True)
class _Received:
    """A dossier that came whole and was verified; its parts are in their place."""

    row: DossierRow
    parts: list[PartRow]
    manifest_sha256: bytes
    staging: Staging


class _Fetch:
    """Fetching from one delivery point."""

    def __init__(
        self,
        collector: Collector,
        row: RetrievalRow,
        opened: OpenSessionResponse,
        address: DeliveryPointAddress,
        changed_since: datetime | None,
        progress: Progress | None,
    ) -> None:
        self._collector = collector
        self._row = row
        self._opened = opened
        self._address = address
        self._changed_since = changed_since
        self._progress = progress
        point = address.delivery_point
        folder = f"{opened.session.session_id}-{point.routing_key}"
        self._staging = Staging(collector._files.incoming / folder)
        self._manifest: Manifest | None = None
        self.manifest_sha256 = b""

    async def run(self, identity: Identity) -> ResultCode.ValueType:
        """Fetch, going on after breaks; give the result. DELIVERED means: all here and verified."""
        point = self._address.delivery_point
        channel = secure_channel(point.address, point.system_id, self._collector._credentials)
        try:
            await self._take_up()
            return await self._attempts(DossierExchangeServiceStub(channel), identity)
        except ManifestError:
            await asyncio.to_thread(self._staging.discard)
            return codes.RESULT_CODE_MANIFEST_INVALID
        finally:
            await channel.close()

    async def _take_up(self) -> None:
        """Take up what a broken transfer left."""
        kept = await asyncio.to_thread(self._staging.kept_manifest)
        if kept is not None:
            try:
                self._manifest = self._open(kept)
                self.manifest_sha256 = hashlib.sha256(kept.manifest).digest()
                await asyncio.to_thread(self._staging.go_on, self._manifest)
            except ManifestError:
                self._forget()
                await asyncio.to_thread(self._staging.discard)

    def _forget(self) -> None:
        self._manifest, self.manifest_sha256 = None, b""

    def _open(self, signed: object) -> Manifest:
        point = self._address.delivery_point
        return open_manifest(
            signed,  # type: ignore[arg-type]
            set(self._address.certificate_sha256),
            self._opened.session.session_id,
            self._opened.session.source_brin,
            point.routing_key,
        )

    async def _attempts(
        self, stub: DossierExchangeServiceStub, identity: Identity
    ) -> ResultCode.ValueType:
        pause, left = _FIRST_PAUSE, _ATTEMPTS
        reached = False
        while True:
            before = (self._staging.part_number, self._staging.offset)
            try:
                await self._stream(stub, identity)
            except grpc.aio.AioRpcError as error:
                refusal = from_rpc_error(error, party=self._address.delivery_point.brin)
                if refusal.code == codes.RESULT_CODE_RESUME_INVALID:
                    self._forget()
                    await asyncio.to_thread(self._staging.discard)
                elif refusal.code != codes.RESULT_CODE_UNREACHABLE:
                    ranked = facts_of(refusal.code).rank > 0
                    return refusal.code if ranked else codes.RESULT_CODE_TRANSFER_INCOMPLETE
            except TimeoutError:
                pass
            if self._manifest is not None and self._staging.is_complete:
                return codes.RESULT_CODE_DELIVERED
            reached = reached or self._manifest is not None
            if (self._staging.part_number, self._staging.offset) > before:
                pause, left = _FIRST_PAUSE, _ATTEMPTS
            left -= 1
            if left == 0:
                return (
                    codes.RESULT_CODE_TRANSFER_INCOMPLETE
                    if reached
                    else codes.RESULT_CODE_UNREACHABLE
                )
            await asyncio.sleep(pause)
            pause *= 2

    async def _stream(self, stub: DossierExchangeServiceStub, identity: Identity) -> None:
        """Read one stream as far as it comes."""
        call = stub.FetchDossier(self._request(identity))
        chunks: list[Chunk] = []
        waiting = 0
        try:
            async for response in _with_patience(call):
                if response.WhichOneof("content") == "manifest":
                    await self._take_manifest(response)
                    continue
                if self._manifest is None:
                    raise ManifestError("bytes came before the manifest")
                if chunks and response.chunk.part_number != chunks[0].part_number:
                    await self._write(chunks)
                    chunks, waiting = [], 0
                chunks.append(response.chunk)
                waiting += len(response.chunk.data)
                if waiting >= _WRITE_AT_ONCE:
                    await self._write(chunks)
                    chunks, waiting = [], 0
        finally:
            call.cancel()
            if chunks:
                await self._write(chunks)

    def _request(self, identity: Identity) -> FetchDossierRequest:
        request = FetchDossierRequest(
            session_id=self._opened.session.session_id,
            grant=self._opened.grant,
            source_routing_key=self._address.delivery_point.routing_key,
            identity=identity.message(),
            salt=self._row.salt,
            accepted_dossier_years=ACCEPTED_YEARS,
        )
        if self._changed_since is not None:
            request.changed_since.FromDatetime(self._changed_since)
        if self._manifest is not None:
            request.resume.CopyFrom(
                Resume(
                    manifest_sha256=self.manifest_sha256,
                    part_number=self._staging.part_number,
                    offset=self._staging.offset,
                )
            )
        return request

    async def _take_manifest(self, response: FetchDossierResponse) -> None:
        manifest = self._open(response.manifest)
        digest = hashlib.sha256(response.manifest.manifest).digest()
        if self._manifest is not None:
            if digest != self.manifest_sha256:
                raise ManifestError("manifest changed under way")
            return
        if manifest.dossier_year not in ACCEPTED_YEARS:
            raise ManifestError("dossier of a year that was not asked for")
        self._manifest, self.manifest_sha256 = manifest, digest
        await asyncio.to_thread(self._staging.begin, response.manifest, manifest)

    async def _write(self, chunks: list[Chunk]) -> None:
        """Write chunks of one part; they must follow what is here."""
        staging, manifest = self._staging, self._manifest
        if manifest is None or staging.is_complete:
            raise ManifestError("more parts than the manifest says")
        at = staging.offset
        for chunk in chunks:
            if (chunk.part_number, chunk.offset) != (staging.part_number, at):
                raise ManifestError("bytes do not follow each other")
            at += len(chunk.data)
        part = manifest.parts[staging.part_number]
        await asyncio.to_thread(staging.write, [chunk.data for chunk in chunks])
        if self._progress is not None:
            self._progress(part.part_number, part.name, at, part.size)

    async def verify(self, identity: Identity, source_brin: str) -> _Received | None:
        """Check the dossier as a whole and put its parts in their place.

        Gives what to write down; None when it is not the dossier it should be, and then nothing of
        it is kept.
        """
        collector = self._collector
        try:
            dossier = await asyncio.to_thread(self._verified, identity)
        except ManifestError:
            await asyncio.to_thread(self._staging.discard)
            return None
        await asyncio.to_thread(self._staging.hand_over, collector._files)
        sha256 = self._manifest.parts[0].sha256 if self._manifest else b""
        row = row_of(dossier, identity, sha256, State.RECEIVED, collector._clock.now())
        row.session_id, row.source_brin = self._opened.session.session_id, source_brin
        return _Received(row, parts_of(dossier), self.manifest_sha256, self._staging)

    def _verified(self, identity: Identity) -> Dossier:
        try:
            dossier = parse_dossier(self._staging.read_dossier())
        except DecodeError:
            raise ManifestError("dossier cannot be read") from None
        if self._manifest is not None:
            check_documents(self._manifest, [one.bestandsinhoud for one in documents_of(dossier)])
        if check_structure(dossier):
            raise ManifestError("dossier is not built as the standard says")
        try:
            same = Identity.of_dossier(dossier) == identity
        except NoIdentityError:
            same = False
        if not same:
            raise ManifestError("dossier of another pupil")
        return dossier


async def _with_patience(call: object) -> AsyncIterator[FetchDossierResponse]:
    """Give the messages of a stream; raise TimeoutError when it gives nothing for long.

    A dossier may take as long as it takes, so the stream has no deadline; silence ends it.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_IDLE_SECONDS) as limit:
        async for response in call:  # type: ignore[attr-defined]
            limit.reschedule(loop.time() + _IDLE_SECONDS)
            yield response


def _leg(who: str, what: str, result: ResultCode.ValueType, begin: float) -> Leg:
    return Leg(who, what, name_of(result), (time.perf_counter() - begin) * 1000)


def _record(
    tx: Transaction, received: _Received | None, request: CloseSessionRequest, by: By
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
