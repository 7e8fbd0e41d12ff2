"""What every call has in common: who asks, one transaction, one answer to one request id."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import delete

from oso.options.v1.access_pb2 import ROLE_REGISTRAR, ROLE_UNSPECIFIED, Role
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.store import Batch, Transaction, microseconds_of
from oso_registry.tables import ReplyRow
from oso_rpc.errors import OsoError
from oso_store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_rpc.clock import Clock
    from oso_store import Database

# An answer is kept for a week: nobody asks again later than that.
KEPT = timedelta(days=7)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        system_id: The system its certificate names; empty without one, and for OfficeHeart itself.
        role: What it is.
        owner: Whom it speaks for, such as `boards/41234`; empty for OfficeHeart's own.
        certificate_sha256: Thumbprint of its certificate; empty without one.

    """

    system_id: str = ""
    role: Role.ValueType = ROLE_UNSPECIFIED
    owner: str = ""
    certificate_sha256: bytes = b""

    @property
    def is_registrar(self) -> bool:
        """Whether it is a worker of OfficeHeart who decides."""
        return self.role == ROLE_REGISTRAR


# Changes nobody called for: what is loaded at the start, what happens when its time has come.
OFFICE = Caller(role=ROLE_REGISTRAR)
_caller: ContextVar[Caller] = ContextVar("oso_registry_caller")


def current_caller() -> Caller:
    """Give who calls, inside a handler."""
    return _caller.get()


def set_current_caller(caller: Caller) -> None:
    """Remember who calls, for the handler that follows."""
    _caller.set(caller)


def not_allowed(detail: str) -> OsoError:
    """Make the refusal of a caller whose role or owner does not allow this."""
    return OsoError(codes.RESULT_CODE_NOT_ALLOWED, detail=detail)


def invalid(field: str, description: str) -> OsoError:
    """Make the refusal of a request one of whose fields is wrong."""
    return OsoError(
        codes.RESULT_CODE_REQUEST_INVALID,
        violations=[(field, description)],
        detail=f"{field}: {description}",
    )


def failed(detail: str) -> OsoError:
    """Make the refusal of what is registered not allowing this now; `detail` says what."""
    return OsoError(codes.RESULT_CODE_CONDITION_FAILED, detail=detail)


class Office:
    """Runs the work of calls.

    Attributes:
        database: Where everything is kept.
        clock: The clock.

    """

    def __init__(self, database: Database[Batch], clock: Clock) -> None:
        """Take the database and the clock."""
        self.database = database
        self.clock = clock
        self._written: Callable[[], None] = lambda: None

    def on_written(self, tell: Callable[[], None]) -> None:
        """Have somebody told, after a commit, that something may have been written."""
        self._written = tell

    async def change(
        self,
        request: Message,
        caller: Caller,
        work: Callable[[Transaction], Result],
        *,
        keep: bool = True,
        request_id: str | None = None,
    ) -> Result:
        """Do the work of a request that changes something, in one transaction.

        A request with a `request_id` that was answered before gets the same answer again, and
        nothing is done (AIP-155). A refusal is not kept: it changed nothing.

        Args:
            request: The request; its `request_id`, if it has one, is honoured.
            caller: Who asks.
            work: Gives the response. May run more than once; only the last run counts.
            keep: False for a response with a secret in it, which must not lie in the database; such
                work finds out by itself that it was done before.
            request_id: Goes before the request's own: that of a stream lies in its first message.

        Raises:
            OsoError: REQUEST_ID_REUSED; NOT_RECORDED when the database fails; what the work raises.

        """
        now = self.clock.now()
        repeated = str(request_id or getattr(request, "request_id", "")).lower()
        method = request.DESCRIPTOR.name.removesuffix("Request")

        def do(batch: Batch) -> Result:
            given = _given_before(batch, caller, request, repeated) if keep else None
            if given is not None:
                return given  # type: ignore[no-any-return]
            result = work(Transaction(batch, caller, now, method, repeated))
            if keep and repeated and isinstance(result, Message):
                batch.session.add(_reply(caller, request, repeated, result, now))
            return result

        return await self._write(do)

    async def act(self, work: Callable[[Transaction], Result], method: str = "") -> Result:
        """Do work nobody called for, on behalf of OfficeHeart itself.

        Raises:
            OsoError: NOT_RECORDED when the database fails; what the work raises.

        """
        now = self.clock.now()
        return await self._write(lambda batch: work(Transaction(batch, OFFICE, now, method)))

    async def look(self, caller: Caller, work: Callable[[Transaction], Result]) -> Result:
        """Do work that changes nothing.

        Raises:
            OsoError: NOT_RECORDED when the database fails; what the work raises.

        """
        now = self.clock.now()
        return await self._run(
            self.database.read, lambda batch: work(Transaction(batch, caller, now))
        )

    async def forget_replies(self) -> None:
        """Drop answers nobody will ask for again."""
        before = microseconds_of(self.clock.now() - KEPT)

        def work(batch: Batch) -> None:
            batch.session.execute(delete(ReplyRow).where(ReplyRow.create_time < before))  # type: ignore[arg-type]

        await self._run(self.database.write, work)

    async def _write(self, work: Callable[[Batch], Result]) -> Result:
        try:
            return await self._run(self.database.write, work)
        finally:
            # Also when it failed: the work of others may have been in the same transaction.
            self._written()

    @staticmethod
    async def _run(how: Callable[[Any], Any], work: Callable[[Batch], Result]) -> Result:
        try:
            return await how(work)  # type: ignore[no-any-return]
        except StoreUnavailableError as error:
            raise OsoError(
                codes.RESULT_CODE_NOT_RECORDED, retry_after=timedelta(seconds=5)
            ) from error


def _given_before(batch: Batch, caller: Caller, request: Message, request_id: str) -> Any:
    """Find the answer a request got before; None when its request_id is new."""
    if not request_id:
        return None
    row = batch.session.get(ReplyRow, (request_id, caller.system_id))
    if row is None:
        return None
    if row.request_sha256 != _digest(request):
        raise OsoError(codes.RESULT_CODE_REQUEST_ID_REUSED, request_id=request_id)
    return _response_class(request).FromString(row.content)


def _reply(
    caller: Caller, request: Message, request_id: str, response: Message, now: Any
) -> ReplyRow:
    return ReplyRow(
        request_id=request_id,
        system_id=caller.system_id,
        request_sha256=_digest(request),
        content=response.SerializeToString(deterministic=True),
        create_time=microseconds_of(now),
    )


def _digest(request: Message) -> bytes:
    """Give the digest that tells a repetition from another request or another call."""
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + request.SerializeToString(deterministic=True)).digest()


def _response_class(request: Message) -> Any:
    """Give the class of the response that goes with a request: they stand in one file."""
    name = request.DESCRIPTOR.name.removesuffix("Request") + "Response"
    file: Any = request.DESCRIPTOR.file
    return GetMessageClass(file.message_types_by_name[name])
