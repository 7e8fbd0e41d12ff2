"""Fetching a dossier from one delivery point: ask, take what comes, go on after a break, verify.

What arrives is believed only when it is whole, matches the signed manifest, and is the dossier of
the pupil who was asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from google.protobuf.message import DecodeError

from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest, Resume
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.result.v1 import result_code_pb2 as codes
from oso_dossier import parse_dossier
from oso_dossier.documents import documents_of
from oso_dossier.writing import check_structure
from oso_las.desk import parts_of, row_of
from oso_las.manifest import ManifestError, check_dossier, open_manifest
from oso_las.model import ACCEPTED_YEARS, NoIdentityError, State
from oso_las.staging import Staging, folder_name
from oso_las.wishes import PersonNumberError, identity_in
from oso_rpc.channel import secure_channel
from oso_rpc.errors import facts_of, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable
    from datetime import datetime

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso.exchange.v1.dossier_exchange_service_pb2 import Chunk, FetchDossierResponse
    from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceAsyncStub
    from oso.exchange.v1.manifest_pb2 import Manifest, SignedManifest
    from oso.result.v1.result_code_pb2 import ResultCode
    from oso.trafficcenter.v1.traffic_center_service_pb2 import (
        DeliveryPointAddress,
        OpenSessionResponse,
    )
    from oso_las.attachments import PartFiles
    from oso_las.model import Identity
    from oso_las.store import Values
    from oso_las.tables import DossierRow
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials

# A write that takes so many seconds was made to wait, by a disk that is slower than the network.
_WAITED = 0.02
_TELL_EVERY = 1024 * 1024

# gRPC waits ever longer before it connects anew, up to two minutes; we decide that ourselves.
_CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # No more than this waits in memory when the network is faster than the disk. Enough for
    # 100 MB/s across the country (20 ms).
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 2 * 1024 * 1024),
)


@dataclass(frozen=True)
class Patience:
    """How long to keep trying.

    Attributes:
        unreached: So many attempts when the other school gave no sign of life at all.
        broken: So many, without a single new byte, when it did: it may be starting again.
        first_pause: Seconds before the second attempt; doubles.
        longest_pause: Until it is so many.
        silence: A stream that gives nothing for so many seconds is broken.

    """

    unreached: int = 4
    broken: int = 14
    first_pause: float = 0.2
    longest_pause: float = 3.0
    silence: float = 30.0

    def pause(self, failures: int) -> float:
        """Give how many seconds to wait after so many failures in a row."""
        return float(min(self.first_pause * 2 ** (failures - 1), self.longest_pause))


class Progress(Protocol):
    """Told how far a part has come."""

    def __call__(self, part_number: int, name: str, done: int, size: int) -> None:
        """Take note: bytes of the part that have come, of so many."""
        ...


@dataclass(frozen=True)
class Received:
    """A dossier that came whole and was verified; its parts are in their place.

    Attributes:
        row: The dossier, to be written down.
        parts: The values of its parts, to be written down with it.
        manifest_sha256: Digest of the manifest it came with.

    """

    row: DossierRow
    parts: list[Values]
    manifest_sha256: bytes


class Fetch:
    """Fetching from one delivery point."""

    def __init__(
        self,
        files: PartFiles,
        credentials: Credentials,
        clock: Clock,
        *,
        salt: bytes,
        coupling_key: str,
        opened: OpenSessionResponse,
        address: DeliveryPointAddress,
        resumed: bool,
        changed_since: datetime | None,
        progress: Progress | None,
        patience: Patience,
    ) -> None:
        """Take what is needed, and what is asked of whom.

        Args:
            files: Where parts come to stand.
            credentials: Who we are.
            clock: Says when a dossier was received.
            salt: What the search key was made with; of no use with a coupling key.
            coupling_key: What a dossier for an SWV is asked for by; empty for other kinds.
            opened: The session, as the Traffic Center granted it.
            address: The delivery point, one of the session's.
            resumed: The session was broken off; something may have come already.
            changed_since: Only what was put together after this moment.
            progress: Told how far it is.
            patience: How long to keep trying.

        """
        self._files = files
        self._clock = clock
        self._salt = salt
        self._coupling_key = coupling_key
        self._opened = opened
        self._address = address
        self._resumed = resumed
        self._changed_since = changed_since
        self._progress = progress
        self._patience = patience
        point = address.delivery_point
        folder = folder_name(opened.session.session_id, point.routing_key)
        self._staging = Staging(files.incoming / folder)
        self._channel = secure_channel(
            point.address, point.system_id, credentials, _CHANNEL_OPTIONS
        )
        self._manifest: Manifest | None = None
        # What a thread does with the files; nobody else may touch them meanwhile.
        self._writing: asyncio.Task[None] | None = None
        self._disk_is_slow = False
        # Checking the dossier, while its attachments come.
        self._checking: asyncio.Task[Received] | None = None
        self.manifest_sha256 = b""

    @property
    def routing_key(self) -> str:
        """The delivery point."""
        return self._address.delivery_point.routing_key

    def connect(self) -> None:
        """Begin to connect, while there is something else to do first."""
        self._channel.get_state(try_to_connect=True)

    async def close(self) -> None:
        """Close the connection."""
        await self._stop_checking()
        await self._channel.close()

    async def run(self, identity: Identity) -> ResultCode.ValueType:
        """Fetch, going on after breaks; give the result. DELIVERED means: all here and verified."""
        stub = DossierExchangeServiceStub(self._channel)
        try:
            if self._resumed and await self._take_up():
                try:
                    return await self._attempts(stub, identity)
                except ManifestError:
                    # What was left may have been spoiled when the machine stopped, and the source
                    # is not to blame for that: once more, from the beginning.
                    await self._begin_anew()
            return await self._attempts(stub, identity)
        except ManifestError:
            await asyncio.to_thread(self._staging.discard)
            return codes.RESULT_CODE_MANIFEST_INVALID

    async def _take_up(self) -> bool:
        """Take up what a broken transfer left; tell whether there was anything."""
        kept = await asyncio.to_thread(self._staging.kept_manifest)
        if kept is None:
            return False
        try:
            self._manifest = self._open(kept)
            self.manifest_sha256 = hashlib.sha256(kept.manifest).digest()
            await asyncio.to_thread(self._staging.go_on, self._manifest)
        except ManifestError:
            await self._begin_anew()
            return False
        return True

    async def _begin_anew(self) -> None:
        await self._stop_checking()
        self._manifest, self.manifest_sha256 = None, b""
        await asyncio.to_thread(self._staging.discard)

    def _open(self, signed: SignedManifest) -> Manifest:
        session = self._opened.session
        manifest = open_manifest(
            signed,
            set(self._address.certificate_sha256),
            session.session_id,
            session.source_brin,
            self._address.delivery_point.routing_key,
        )
        if manifest.kind != session.kind:
            raise ManifestError("manifest is of another kind of transfer")
        return manifest

    async def _attempts(
        self, stub: DossierExchangeServiceAsyncStub, identity: Identity
    ) -> ResultCode.ValueType:
        failures = 0
        furthest = (self._staging.part_number, self._staging.offset)
        reached = False
        while True:
            try:
                await self._stream(stub, identity)
            except grpc.aio.AioRpcError as error:
                refusal = from_rpc_error(error, party=self._address.delivery_point.brin)
                if refusal.code == codes.RESULT_CODE_RESUME_INVALID:
                    await self._begin_anew()
                elif refusal.code != codes.RESULT_CODE_UNREACHABLE:
                    ranked = facts_of(refusal.code).rank > 0
                    return refusal.code if ranked else codes.RESULT_CODE_TRANSFER_INCOMPLETE
            except TimeoutError:
                pass
            if self._manifest is not None and self._staging.is_complete:
                return codes.RESULT_CODE_DELIVERED
            reached = reached or self._manifest is not None
            here = (self._staging.part_number, self._staging.offset)
            if here > furthest:  # further than ever: starting anew again and again is no progress
                furthest, failures = here, 0
            failures += 1
            if failures == (self._patience.broken if reached else self._patience.unreached):
                return (
                    codes.RESULT_CODE_TRANSFER_INCOMPLETE
                    if reached
                    else codes.RESULT_CODE_UNREACHABLE
                )
            await asyncio.sleep(self._patience.pause(failures))

    async def _stream(self, stub: DossierExchangeServiceAsyncStub, identity: Identity) -> None:
        """Read one stream to its end, or as far as it comes."""
        call = stub.FetchDossier(self._request(identity))
        begun = False
        try:
            async for response in _with_patience(call, self._patience.silence):
                if begun:
                    await self._take(response.chunk)
                    if self._staging.part_number > 0:
                        self._check(identity)
                else:
                    self._take_manifest(response)
                    begun = True
        except (grpc.aio.AioRpcError, TimeoutError):
            await self._written()  # what came before the break is worth keeping
            raise
        finally:
            call.cancel()
            if self._writing is not None:  # nobody may touch the files before its thread is done
                await asyncio.wait([self._writing])
        await self._written()
        if self._manifest is None or not self._staging.is_complete:
            raise ManifestError("the source says it is done, and is not")

    async def _take(self, chunk: Chunk) -> None:
        """Write a chunk; when it was the last one, have all seen to the disk."""
        data = chunk.data  # every look at it is a copy
        if not data:
            raise ManifestError("a message without bytes")
        self._tell(chunk.part_number, chunk.offset, len(data))
        await self._written()
        if self._disk_is_slow:
            self._write_in_thread(self._staging.write, chunk.part_number, chunk.offset, data)
            return
        # Here, in the event loop: it takes less time than to have a thread do it (ADR 0025).
        begin = time.monotonic()
        self._staging.write(chunk.part_number, chunk.offset, data)
        self._disk_is_slow = time.monotonic() - begin > _WAITED
        if self._staging.is_complete and self._staging.is_large:
            self._write_in_thread(self._staging.see_to_disk)  # it takes a while: begun right away

    def _write_in_thread(self, do: Callable[..., None], *what: Any) -> None:
        """Have a thread do something with the files, while more comes in."""
        self._writing = asyncio.create_task(asyncio.to_thread(do, *what))

    async def _written(self) -> None:
        """Wait for what a thread does with the files; raise what went wrong with it."""
        if self._writing is not None:
            await asyncio.wait([self._writing])  # who is cancelled here does not cancel it
            writing, self._writing = self._writing, None
            writing.result()

    def _tell(self, number: int, offset: int, count: int) -> None:
        """Tell how far a part comes with these bytes: at its end, and now and then before."""
        parts = self._manifest.parts if self._manifest else ()
        if self._progress is None or number >= len(parts):
            return
        part, end = parts[number], offset + count
        if end >= part.size or end // _TELL_EVERY > offset // _TELL_EVERY:
            self._progress(number, part.name, min(end, part.size), part.size)

    def _request(self, identity: Identity) -> FetchDossierRequest:
        request = FetchDossierRequest(
            session_id=self._opened.session.session_id,
            grant=self._opened.grant,
            source_routing_key=self._address.delivery_point.routing_key,
            accepted_dossier_years=ACCEPTED_YEARS,
        )
        if self._coupling_key:
            request.coupling_key = self._coupling_key
        else:
            request.identity.CopyFrom(identity.message())
            request.salt = self._salt
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

    def _take_manifest(self, response: FetchDossierResponse) -> None:
        # Of a chunk this is an empty message, which no certificate has signed.
        manifest = self._open(response.manifest)
        digest = hashlib.sha256(response.manifest.manifest).digest()
        if self._manifest is not None:
            if digest != self.manifest_sha256:
                raise ManifestError("manifest changed under way")
            return
        if manifest.dossier_year not in ACCEPTED_YEARS:
            raise ManifestError("dossier of a year that was not asked for")
        self._manifest, self.manifest_sha256 = manifest, digest
        self._staging.begin(response.manifest, manifest)

    async def verify(self, identity: Identity, source_brin: str) -> Received | None:
        """Check the dossier as a whole and put its parts in their place.

        Gives what to write down; None when it is not the dossier it should be, and then nothing of
        it is kept.
        """
        try:
            received = await self._check(identity)
        except ManifestError:
            await asyncio.to_thread(self._staging.discard)
            return None
        await asyncio.to_thread(self._staging.hand_over, self._files)
        received.row.source_brin = source_brin
        return received

    def _check(self, identity: Identity) -> asyncio.Task[Received]:
        if self._checking is None:
            self._checking = asyncio.create_task(asyncio.to_thread(self._checked, identity))
        return self._checking

    def _checked(self, identity: Identity) -> Received:
        dossier = self._verified(identity)
        sha256 = self._manifest.parts[0].sha256 if self._manifest else b""
        row = row_of(dossier, identity, sha256, State.RECEIVED, self._clock.now())
        row.session_id = self._opened.session.session_id
        return Received(row, parts_of(dossier), self.manifest_sha256)

    async def _stop_checking(self) -> None:
        """Let go of what was found of a dossier that is not to be kept."""
        if self._checking is not None:
            await asyncio.wait([self._checking])
            self._checking.exception()
            self._checking = None

    def _verified(self, identity: Identity) -> Dossier:
        try:
            dossier = parse_dossier(self._staging.read_dossier())
        except DecodeError:
            raise ManifestError("dossier cannot be read") from None
        if self._manifest is not None:
            documents = [one.bestandsinhoud for one in documents_of(dossier)]
            check_dossier(self._manifest, dossier, documents)
        if check_structure(dossier):
            raise ManifestError("dossier is not built as the standard says")
        try:
            same = identity_in(dossier) == identity
        except NoIdentityError:
            same = False
        except PersonNumberError:
            raise ManifestError("dossier for an SWV has a number of a person") from None
        if not same:
            raise ManifestError("dossier of another pupil")
        return dossier


async def _with_patience(
    call: AsyncIterable[FetchDossierResponse], seconds: float
) -> AsyncIterator[FetchDossierResponse]:
    """Give the messages of a stream; raise TimeoutError when it gives nothing for so long.

    A dossier may take as long as it takes, so the stream has no deadline; silence ends it.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds) as limit:
        async for response in call:
            limit.reschedule(loop.time() + seconds)
            yield response
