"""The target's side of an exchange: open a session, fetch, verify, store, close.

Nothing is stored as received before everything was verified. What was received is never lost
because closing failed: the close is kept, and sent again by the next run with the same request_id.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.traffic_center_service_pb2 import (
    CloseSessionRequest,
    OpenSessionResponse,
)
from oso_las.binding import bound_to, only_binding
from oso_las.fetching import Fetch, Patience, Received
from oso_las.kinds import OVERSTAP, TRANSFER_KINDS
from oso_las.model import Act, BeingFetchedError, NotABrinError, is_brin, microseconds
from oso_las.search_key import SALT_SIZE, search_key
from oso_las.staging import SessionLock, discard_folders, discard_session, sessions_in
from oso_las.store import By
from oso_las.tables import RetrievalRow
from oso_las.wishes import Wish
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, best_result, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from oso.result.v1.result_code_pb2 import ResultCode
    from oso_las.attachments import PartFiles
    from oso_las.fetching import Progress
    from oso_las.model import Identity
    from oso_las.store import Transaction
    from oso_las.traffic_center import TrafficCenter
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials
    from oso_rpc.credentials_source import CredentialsSource
    from oso_store import Database

_log = structlog.get_logger(__name__)

# Answers to a close that will be the same tomorrow. Whatever else goes wrong is tried again.
_CLOSE_IS_OF_NO_USE = frozenset(
    {
        codes.RESULT_CODE_SESSION_CLOSED,
        codes.RESULT_CODE_SESSION_EXPIRED,
        codes.RESULT_CODE_SESSION_REVOKED,
        codes.RESULT_CODE_SESSION_UNKNOWN,
        codes.RESULT_CODE_SESSION_MISMATCH,
        codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED,
        codes.RESULT_CODE_REQUEST_INVALID,
    }
)


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


@dataclass(frozen=True)
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
    dossier_number: int | None
    closed: bool
    legs: Sequence[Leg]


@dataclass(frozen=True)
class _Asked:
    """What a worker asked for, and how."""

    wish: Wish
    account: str
    changed_since: datetime | None
    progress: Progress | None


@dataclass(frozen=True)
class _Session:
    """A session of ours, in the hands of this process.

    Attributes:
        opened: As the Traffic Center granted it.
        lock: Keeps other processes from it.
        fetches: One for each delivery point; the first one is connecting.

    """

    opened: OpenSessionResponse
    lock: SessionLock
    fetches: Sequence[Fetch]

    async def disconnect(self) -> None:
        """Close the connections."""
        for fetch in self.fetches:
            await fetch.close()

    async def end(self) -> None:
        """Close the connections, give the session free."""
        try:
            await self.disconnect()
        finally:
            self.lock.release()


class Collector:
    """Fetches dossiers for one school."""

    def __init__(
        self,
        database: Database[Transaction],
        files: PartFiles,
        traffic_center: TrafficCenter,
        credentials: CredentialsSource,
        clock: Clock,
        *,
        routing_key: str,
        patience: Patience | None = None,
    ) -> None:
        """Take what is needed, and who we are."""
        self._database = database
        self._files = files
        self._traffic_center = traffic_center
        self._credentials = credentials
        self._clock = clock
        self._routing_key = routing_key
        self._patience = patience or Patience()

    async def collect(
        self,
        identity: Identity,
        source_brin: str,
        account: str,
        *,
        kind: str = OVERSTAP,
        changed_since: datetime | None = None,
        progress: Progress | None = None,
    ) -> Collected:
        """Fetch the dossier of a pupil who applied at our school.

        A session for the same pupil that was broken off goes on where it stopped.

        Args:
            identity: Who the pupil is.
            source_brin: The school to ask.
            account: Who asks.
            kind: Kind of transfer: `overstapdossier`, or `overdrachtbinnenbrin`.
            changed_since: Only what was put together after this moment.
            progress: Told how far it is.

        Raises:
            NotABrinError: The school to ask cannot exist.
            BeingFetchedError: Another process fetches this dossier right now.
            OsoError: The Traffic Center refused the session, or cannot be reached.
            StoreUnavailableError: The database failed.
            OSError: A file cannot be written. What came so far is kept for a next try.

        """
        wish = Wish(source_brin, kind, identity)
        return await self.fulfil(wish, account, changed_since=changed_since, progress=progress)

    async def fulfil(
        self,
        wish: Wish,
        account: str,
        *,
        changed_since: datetime | None = None,
        progress: Progress | None = None,
    ) -> Collected:
        """Fetch what is wished for: as `collect`, and for an SWV by its coupling key."""
        if not is_brin(wish.source_brin):
            raise NotABrinError(wish.source_brin)
        asked = _Asked(wish, account, changed_since, progress)
        legs: list[Leg] = []
        session = await self._session(asked, legs)
        try:
            return await self._collect(asked, session, legs)
        finally:
            await session.end()

    async def _collect(self, asked: _Asked, session: _Session, legs: list[Leg]) -> Collected:
        session_id = session.opened.session.session_id
        received, results = await self._fetch(asked.wish, session.fetches, legs)
        result, routing_key = best_result(results)
        request = CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=session_id,
            result=result,
            source_routing_key=routing_key,
            manifest_sha256=received.manifest_sha256 if received else b"",
        )
        by = By(asked.account, self._clock.now(), f"from {asked.wish.source_brin}")
        # The dossier and what the centre must still be told are one transaction: neither without
        # the other.
        binding = only_binding(session.opened)
        number, _ = await asyncio.gather(
            self._database.write(lambda tx: _record(tx, received, request, by, binding)),
            session.disconnect(),
        )
        begin = time.perf_counter()
        closed = await self._close(request, bound_to(session.opened))
        taken = (time.perf_counter() - begin) * 1000
        legs.append(Leg("Traffic Center", "close session", "CLOSED" if closed else "LATER", taken))
        if received is None or len(results) > 1:  # what came and is no dossier does not stay
            await asyncio.to_thread(discard_folders, self._files.incoming, session_id)
        return Collected(session_id, result, number, closed, legs)

    async def _fetch(
        self, wish: Wish, fetches: Sequence[Fetch], legs: list[Leg]
    ) -> tuple[Received | None, list[tuple[ResultCode.ValueType, str]]]:
        """Ask one delivery point after the other until one delivers; give what each one said."""
        results: list[tuple[ResultCode.ValueType, str]] = []
        received: Received | None = None
        for fetch in fetches:
            begin = time.perf_counter()
            result = await fetch.run(wish.identity)
            legs.append(_leg(f"school {wish.source_brin}", "fetch", result, begin))
            if result == codes.RESULT_CODE_DELIVERED:
                begin = time.perf_counter()
                received = await fetch.verify(wish.identity, wish.source_brin)
                result = result if received else codes.RESULT_CODE_MANIFEST_INVALID
                legs.append(_leg("here", "verify and store", result, begin))
            results.append((result, fetch.routing_key))
            if received is not None:
                break
        return received, results

    async def _session(self, asked: _Asked, legs: list[Leg]) -> _Session:
        """Take up the session that was broken off, or open one."""
        self._traffic_center.connect()
        while True:
            row = await self._found(asked.wish)
            if row is None:
                return await self._open(asked, legs)
            lock = await self._lock(row.session_id)
            # Who had it before us may have ended it meanwhile.
            if await self._database.read(partial(_is_open, session_id=row.session_id)):
                opened = OpenSessionResponse.FromString(row.opened)
                credentials = self._credentials.shown(bound_to(opened))
                if credentials is not None:
                    fetches = self._fetches(asked, opened, row.salt, credentials, resumed=True)
                    return _Session(opened, lock, fetches)
                # Nobody can go on with it: the certificate it is bound to is no longer here.
                await self._database.write(partial(_expired, session_id=row.session_id))
            lock.release()

    async def _lock(self, session_id: str) -> SessionLock:
        return await asyncio.to_thread(SessionLock, self._files.incoming, session_id)

    def _fetches(
        self,
        asked: _Asked,
        opened: OpenSessionResponse,
        salt: bytes,
        credentials: Credentials,
        *,
        resumed: bool,
    ) -> Sequence[Fetch]:
        """Prepare to fetch from each delivery point; begin to connect to the first."""
        fetches = [
            Fetch(
                self._files,
                credentials,
                self._clock,
                salt=salt,
                coupling_key=asked.wish.coupling_key,
                opened=opened,
                address=address,
                resumed=resumed,
                changed_since=asked.changed_since,
                progress=asked.progress,
                patience=self._patience,
            )
            for address in opened.source_delivery_points
        ]
        for fetch in fetches[:1]:
            fetch.connect()
        return fetches

    async def _found(self, wish: Wish) -> RetrievalRow | None:
        now = self._clock.now()

        def find(tx: Transaction) -> RetrievalRow | None:
            row = tx.open_retrieval(wish, now)
            tx.expunge_all()
            return row

        return await self._database.read(find)

    async def _open(self, asked: _Asked, legs: list[Leg]) -> _Session:
        begin = time.perf_counter()
        wish, salt = asked.wish, os.urandom(SALT_SIZE)
        opened = await self._traffic_center.open(
            self._routing_key,
            wish.source_brin,
            search_key(wish.identity, salt),
            coupling_key=wish.coupling_key,
            kind=TRANSFER_KINDS[wish.kind],
        )
        legs.append(_leg("Traffic Center", "open session", codes.RESULT_CODE_GRANTED, begin))
        credentials = self._credentials.shown(bound_to(opened)) or self._credentials.current
        async with contextlib.AsyncExitStack() as undo:
            # They connect while we see to our own.
            fetches = self._fetches(asked, opened, salt, credentials, resumed=False)
            for fetch in fetches:
                undo.push_async_callback(fetch.close)
            lock = await self._lock(opened.session.session_id)  # before anybody can read of it
            undo.callback(lock.release)
            row = _begun(wish, salt, opened)
            await self._database.write(lambda tx: tx.add_retrieval(row))
            undo.pop_all()
        return _Session(opened, lock, fetches)

    async def _close(self, request: CloseSessionRequest, certificate_sha256: bytes) -> bool:
        """Tell the Traffic Center; tell whether it knows now, or will never need to."""
        try:
            await self._traffic_center.close(request, certificate_sha256)
        except OsoError as error:
            if error.code not in _CLOSE_IS_OF_NO_USE:
                return False
            _log.warning("close_refused", session_id=request.session_id, reason=error.name)
        # Nobody needs to wait for our own note of it: without it, the same request is sent again.
        noted = self._database.submit(lambda tx: tx.close_retrieval(request.session_id))
        noted.add_done_callback(partial(_tell_if_not_noted, request.session_id))
        return True

    async def finish(self) -> int:
        """Do what was left: send closes again, clean up after sessions that are over.

        Gives how many closes could still not be sent.

        Raises:
            StoreUnavailableError: The database failed.
            OSError: A file cannot be deleted.

        """
        now = microseconds(self._clock.now())

        def find(tx: Transaction) -> tuple[list[tuple[bytes, bytes]], set[str], set[str]]:
            waiting = [(row.close_request, row.opened) for row in tx.retrievals("to_close")]
            rows = tx.retrievals("open")
            over = {row.session_id for row in rows if row.expire_time <= now}
            return waiting, over, {row.session_id for row in rows} - over

        arriving = await asyncio.to_thread(sessions_in, self._files.incoming)
        waiting, over, running = await self._database.read(find)
        left = 0
        for request, opened in waiting:
            bound = bound_to(OpenSessionResponse.FromString(opened))
            left += not await self._close(CloseSessionRequest.FromString(request), bound)
        for session_id in over | (arriving - running):
            with contextlib.suppress(BeingFetchedError):  # slow, but under way
                await asyncio.to_thread(discard_session, self._files.incoming, session_id)
                await self._database.write(partial(_expired, session_id=session_id))
        return left


def _begun(wish: Wish, salt: bytes, opened: OpenSessionResponse) -> RetrievalRow:
    """Give what is needed to go on with a session that was broken off."""
    return RetrievalRow(
        session_id=opened.session.session_id,
        kind=wish.kind,
        source_brin=wish.source_brin,
        coupling_key=wish.coupling_key,
        number_kind=wish.identity.kind,
        pupil_number=wish.identity.number,
        birth_date=wish.identity.birth_date,
        salt=salt,
        opened=opened.SerializeToString(),
        expire_time=microseconds(moment(opened.session.expire_time)),
        state="open",
    )


def _leg(who: str, what: str, result: ResultCode.ValueType, begin: float) -> Leg:
    return Leg(who, what, name_of(result), (time.perf_counter() - begin) * 1000)


def _record(
    tx: Transaction,
    received: Received | None,
    request: CloseSessionRequest,
    by: By,
    binding: bytes,
) -> int | None:
    """Write down what was received, and what the Traffic Center must be told of it."""
    number = None
    if received is not None:
        number = tx.add_dossier(received.row, received.parts, Act.RECEIVE, by)
    tx.end_retrieval(request.session_id, request.SerializeToString(), number, binding)
    return number


def _tell_if_not_noted(session_id: str, noted: asyncio.Future[None]) -> None:
    if noted.exception() is not None:
        _log.warning("close_not_noted", session_id=session_id)


def _is_open(tx: Transaction, session_id: str) -> bool:
    row = tx.retrieval(session_id)
    return row is not None and row.state == "open"


def _expired(tx: Transaction, session_id: str) -> None:
    if _is_open(tx, session_id):
        tx.close_retrieval(session_id)
