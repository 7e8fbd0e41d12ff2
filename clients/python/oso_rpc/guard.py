"""What stands before every handler of every server.

For each call, in this order: a request id for the log, who calls (TLS 1.3 and a certificate that
names a system), whether that certificate may be used now, a deadline on unary calls, and whether
the request is well-formed. Before each message of a response stream the certificate is looked at
again: no stream outlives it. Errors become a status with details; what nobody foresaw becomes
INTERNAL and a line in the log. Who still sends is heard out, for a while, before it is refused.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import time
from collections.abc import AsyncIterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import grpc
import protovalidate
import structlog
from google.protobuf.message import DecodeError
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_DEADLINE_REQUIRED,
    RESULT_CODE_INTERNAL,
    RESULT_CODE_REQUEST_INVALID,
)
from oso_rpc.current_call import CurrentCall, current_call, set_current_call
from oso_rpc.errors import REQUEST_ID_KEY, OsoError, abort, status_name
from oso_rpc.identity import has_certificate, peer_identity
from oso_rpc.violations import path_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from google.protobuf.message import Message

    from oso_rpc.admission import Admission
    from oso_rpc.clock import Clock
    from oso_rpc.identity import PeerIdentity

_DECENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Their requests are not ours to check, and tools call them without a deadline.
_OPERATORS = (f"/{health.SERVICE_NAME}/", f"/{reflection.SERVICE_NAME}/", "/grpc.reflection.")
# Trailing metadata has 8 KiB for everything; a caller with more wrong than this can ask again.
_MAX_VIOLATIONS = 20
_MAX_DETAIL = 500
# Who is refused may go on sending for so many seconds before the refusal is sent.
_HEARING = 5.0

_log = structlog.get_logger(__name__)


class CallObserver(Protocol):
    """Told of every call that ended: the hook for metrics."""

    def observe(self, method: str, reason: str, seconds: float) -> None:
        """Take note of a call.

        Args:
            method: Full name, such as `/oso.trafficcenter.v1.TrafficCenterService/Ping`.
            reason: `OK`, the name of a result code, `CANCELLED`, or the gRPC status of a handler
                that is not ours.
            seconds: How long it took.

        """
        ...


@runtime_checkable
class Authorization(Protocol):
    """Decides who may call which method, where a certificate in force is not enough."""

    async def authorize(self, method: str, peer: PeerIdentity | None) -> None:
        """Return when this caller may call this method; raise OsoError when it may not.

        Args:
            method: Full name, such as `/oso.registry.v1.BoardService/GetBoard`.
            peer: Who calls; None when no certificate was shown.

        """
        ...


class NoObserver:
    """Takes no notes."""

    def observe(self, method: str, reason: str, seconds: float) -> None:
        """Do nothing."""


class ServerGuard(grpc.aio.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """Wraps every handler; see the module. Handlers must be `async def`."""

    def __init__(
        self,
        admission: Admission | Authorization,
        clock: Clock,
        observer: CallObserver | None = None,
        request_ids: Callable[[], str] = lambda: os.urandom(16).hex(),
    ) -> None:
        """Take who decides on callers, the clock, who counts calls, who makes request ids.

        An Admission decides by the certificate alone, at once; an Authorization by the method too,
        and may take its time.
        """
        self.observer = observer or NoObserver()
        self._admission: Any = admission
        self._is_authorization = isinstance(admission, Authorization)
        self._clock = clock
        self._request_ids = request_ids
        self._validator = protovalidate.Validator()
        self._wrapped: dict[str, tuple[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Give the handler with the guard around it; made once, for it is asked on each call."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        # The handler runs in this task. Asking the call for its metadata again would copy it again.
        request_id = self.request_id(handler_call_details.invocation_metadata)
        set_current_call(CurrentCall(request_id))
        method = handler_call_details.method
        seen, wrapped = self._wrapped.get(method, (None, None))
        if seen is not handler:
            wrapped = self._wrap(handler, method)
            self._wrapped[method] = handler, wrapped
        return wrapped

    def request_id(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
        """Take the caller's request id when it is a decent one; make one otherwise."""
        for key, value in metadata or ():
            if key == REQUEST_ID_KEY and isinstance(value, str) and _DECENT_ID.fullmatch(value):
                return value
        return self._request_ids()

    def admit(self, call: CurrentCall, context: Any, method: str) -> Awaitable[None] | None:
        """Find out who calls, and refuse a caller that may not do this now.

        Gives what is still to be waited for, if the decision takes time.

        Raises:
            OsoError: TLS_VERSION, or one of the CERTIFICATE reasons.

        """
        if self._is_authorization:
            if has_certificate(context):
                call.peer = peer_identity(context)
            return self._admission.authorize(method, call.peer)  # type: ignore[no-any-return]
        call.peer = peer_identity(context)
        self._admission.check(call.peer, self._clock.now())
        return None

    def _readmit(self, call: CurrentCall) -> None:
        """Refuse a caller whose certificate was taken back, or expired, while its stream runs.

        An Authorization looks at calls only: what it lets stream looks for itself.
        """
        if not self._is_authorization:
            self._admission.check(call.peer, self._clock.now())

    def check(self, request: Message) -> None:
        """Refuse a request that breaks the rules written in the contract.

        Raises:
            OsoError: REQUEST_INVALID, with the fields.

        """
        violations = self._validator.collect_violations(request)
        if violations:
            found = [(path_of(one), one.proto.message) for one in violations]
            found = found[:_MAX_VIOLATIONS]
            detail = "; ".join(f"{path}: {text}" if path else text for path, text in found)
            raise OsoError(
                RESULT_CODE_REQUEST_INVALID, violations=found, detail=detail[:_MAX_DETAIL]
            )

    def _wrap(self, handler: Any, method: str) -> Any:
        kinds = (
            "stream" if handler.request_streaming else "unary",
            "stream" if handler.response_streaming else "unary",
        )
        inner: Callable[..., Any] = getattr(handler, "_".join(kinds))
        # A stream can also be a coroutine that writes to the context, as health's Watch does.
        guard = self._streaming if inspect.isasyncgenfunction(inner) else self._answering
        make = getattr(grpc, f"{kinds[0]}_{kinds[1]}_rpc_method_handler")
        return make(
            guard(inner, self._preparing(handler, method), method),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _preparing(self, handler: Any, method: str) -> Callable[[Any, Any], Any]:
        """Give what a request goes through before the handler gets it."""
        ours = not is_for_operators(method)
        deadline = ours and not handler.request_streaming and not handler.response_streaming

        def prepare(request: Any, context: Any) -> Any:
            if deadline and context.time_remaining() is None:
                raise OsoError(RESULT_CODE_DEADLINE_REQUIRED)
            if ours and handler.request_streaming:
                return self._checked(request)
            if ours:
                self.check(request)
            return request

        return prepare

    def _answering(
        self, inner: Callable[..., Any], prepare: Callable[[Any, Any], Any], method: str
    ) -> Callable[[Any, Any], Any]:
        async def answer(request: Any, context: Any) -> Any:
            call = _Call(self, method, context, request)
            try:
                if (waiting := self.admit(call.current, context, method)) is not None:
                    await waiting
                response = await inner(prepare(request, context), context)
            except BaseException as error:
                await call.fail(error)
                raise
            call.end("OK")
            return response

        return answer

    def _streaming(
        self, inner: Callable[..., Any], prepare: Callable[[Any, Any], Any], method: str
    ) -> Callable[[Any, Any], Any]:
        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            call = _Call(self, method, context, request)
            try:
                if (waiting := self.admit(call.current, context, method)) is not None:
                    await waiting
                # Closed by name: the garbage collector would do it some time, files still open.
                async with aclosing(inner(prepare(request, context), context)) as responses:
                    async for response in responses:
                        self._readmit(call.current)
                        yield response
            except BaseException as error:
                await call.fail(error)
                raise
            call.end("OK")

        return stream

    async def _checked(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for request in requests:
            self.check(request)
            yield request


def is_for_operators(method: str) -> bool:
    """Tell whether a method is one of health or reflection."""
    return method.startswith(_OPERATORS)


async def _hear_out(requests: AsyncIterable[Any]) -> None:
    """Read what a caller still sends that is to be refused.

    A Python client whose write fails because the call has ended overwrites the status that ended it
    (grpc/grpc#36066): the reason would be lost, now and then. Who goes on for longer than the
    hearing, or sends what is no message, is refused all the same.
    """
    with suppress(TimeoutError, DecodeError):
        async with asyncio.timeout(_HEARING):
            async for _ in requests:
                pass


class _Call:
    """One call, from begin to end: its request id, its outcome, its time."""

    __slots__ = ("_begin", "_context", "_guard", "_method", "_request", "current")

    def __init__(self, guard: ServerGuard, method: str, context: Any, request: Any) -> None:
        self._guard = guard
        self._method = method
        self._context = context
        self._request = request
        self._begin = time.perf_counter()
        self.current = current_call()
        context.set_trailing_metadata(self._trailing)

    @property
    def _trailing(self) -> tuple[tuple[str, str]]:
        return ((REQUEST_ID_KEY, self.current.request_id),)

    def end(self, reason: str) -> None:
        """Tell how it ended."""
        self._guard.observer.observe(self._method, reason, time.perf_counter() - self._begin)

    async def fail(self, error: BaseException) -> None:
        """End it with an error; one of gRPC itself, or of who gave it up, is passed on."""
        reason = "CANCELLED"  # by the caller or by its deadline
        try:
            if isinstance(error, OsoError):
                reason = error.name
                if isinstance(self._request, AsyncIterable):
                    await _hear_out(self._request)
                await self._abort(error)
            elif isinstance(error, grpc.aio.AbortError):
                reason = status_name(self._context.code())
            elif isinstance(error, Exception):
                reason = "INTERNAL"
                self._report(error)
                request_id = self.current.request_id
                await self._abort(OsoError(RESULT_CODE_INTERNAL, request=request_id))
        finally:
            self.end(reason)

    async def _abort(self, error: OsoError) -> None:
        await abort(self._context, error, self._trailing)

    def _report(self, error: Exception) -> None:
        """Log where it went wrong. The text of the exception may hold personal data: left out."""
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        _log.error(
            "call_failed",
            method=self._method,
            error=type(error).__name__,
            where=f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else "",
        )
