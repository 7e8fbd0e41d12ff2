"""What stands before every handler of every server.

For each call, in this order: a request id for the log, who calls (TLS 1.3 and a certificate that names a
system), whether that certificate may be used now, a deadline on unary calls, and whether the request is
well-formed. Errors become a status with details; what nobody foresaw becomes INTERNAL and a line in the log.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import protovalidate
import structlog
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection
from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_DEADLINE_REQUIRED,
    RESULT_CODE_INTERNAL,
    RESULT_CODE_REQUEST_INVALID,
)

from oso_rpc.errors import OsoError, abort
from oso_rpc.identity import peer_identity, set_current_peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.message import Message

    from oso_rpc.admission import Admission
    from oso_rpc.clock import Clock

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Their requests are not ours to check, and tools call them without a deadline.
_OPERATORS = (f"/{health.SERVICE_NAME}/", f"/{reflection.SERVICE_NAME}/", "/grpc.reflection.")

_log = structlog.get_logger(__name__)


class CallObserver(Protocol):
    """Told of every call that ended: the hook for metrics."""

    def observe(self, method: str, reason: str, seconds: float) -> None:
        """Take note of a call: full method name, `OK` or the reason, how long it took."""
        ...


class NoObserver:
    """Takes no notes."""

    def observe(self, method: str, reason: str, seconds: float) -> None:
        """Do nothing."""


class ServerGuard(grpc.aio.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """Wraps every handler; see the module."""

    def __init__(
        self, admission: Admission, clock: Clock, observer: CallObserver | None = None
    ) -> None:
        """Take who decides on certificates, the clock, and who counts calls."""
        self._admission = admission
        self._clock = clock
        self._observer = observer or NoObserver()
        self._validator = protovalidate.Validator()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Give the handler with the guard around it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        ours = not method.startswith(_OPERATORS)
        request_id = _request_id(handler_call_details)
        if handler.response_streaming:
            inner = handler.stream_stream if handler.request_streaming else handler.unary_stream
            guarded = self._guard_stream(
                inner, method, request_id, checked=ours and not handler.request_streaming
            )
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
        else:
            inner = handler.stream_unary if handler.request_streaming else handler.unary_unary
            guarded = self._guard_unary(inner, method, request_id, checked=ours)
            make = (
                grpc.stream_unary_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_unary_rpc_method_handler
            )
        return make(guarded, handler.request_deserializer, handler.response_serializer)

    def _guard_unary(
        self, inner: Callable[..., Any], method: str, request_id: str, *, checked: bool
    ) -> Callable[..., Any]:
        async def guarded(request: Message, context: Any) -> Any:
            begin = time.perf_counter()
            reason = "OK"
            structlog.contextvars.bind_contextvars(request=request_id)
            try:
                self._admit(context)
                if checked:
                    if context.time_remaining() is None:
                        raise OsoError(RESULT_CODE_DEADLINE_REQUIRED)  # noqa: TRY301
                    self._check(request)
                return await inner(request, context)
            except OsoError as error:
                reason = error.name
                await abort(context, error, ((REQUEST_ID_KEY, request_id),))
            except grpc.aio.AbortError:
                reason = context.code().name
                raise
            except Exception as error:
                reason = "INTERNAL"
                await self._fail(context, error, method, request_id)
            finally:
                self._observer.observe(method, reason, time.perf_counter() - begin)

        return guarded

    def _guard_stream(
        self, inner: Callable[..., Any], method: str, request_id: str, *, checked: bool
    ) -> Callable[..., Any]:
        async def guarded(request: Message, context: Any) -> AsyncIterator[Any]:
            begin = time.perf_counter()
            reason = "OK"
            structlog.contextvars.bind_contextvars(request=request_id)
            try:
                self._admit(context)
                if checked:
                    self._check(request)
                async for response in inner(request, context):
                    yield response
            except OsoError as error:
                reason = error.name
                await abort(context, error, ((REQUEST_ID_KEY, request_id),))
            except grpc.aio.AbortError:
                reason = context.code().name
                raise
            except Exception as error:
                reason = "INTERNAL"
                await self._fail(context, error, method, request_id)
            finally:
                self._observer.observe(method, reason, time.perf_counter() - begin)

        return guarded

    def _admit(self, context: Any) -> None:
        peer = peer_identity(context)
        structlog.contextvars.bind_contextvars(system=peer.system_id)
        self._admission.check(peer, self._clock.now())
        set_current_peer(peer)

    def _check(self, request: Message) -> None:
        violations = self._validator.collect_violations(request)
        if violations:
            found = [(_path_of(one.proto), one.proto.message) for one in violations]
            detail = "; ".join(f"{field}: {message}" for field, message in found)
            raise OsoError(RESULT_CODE_REQUEST_INVALID, violations=found, detail=detail)

    @staticmethod
    async def _fail(context: Any, error: Exception, method: str, request_id: str) -> None:
        """End a call nobody foresaw. The text of the exception may hold personal data: not logged."""
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        _log.error(
            "call_failed",
            method=method,
            error=type(error).__name__,
            where=f"{at.tb_frame.f_code.co_qualname}:{at.tb_lineno}" if at else "",
        )
        await abort(
            context,
            OsoError(RESULT_CODE_INTERNAL, request=request_id),
            ((REQUEST_ID_KEY, request_id),),
        )


def _request_id(details: grpc.HandlerCallDetails) -> str:
    """Take the caller's request id when it is a decent one; make one otherwise."""
    for key, value in details.invocation_metadata or ():
        if key == REQUEST_ID_KEY and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
            return value
    return uuid.uuid4().hex


def _path_of(violation: Any) -> str:
    """Spell the path of a field that is wrong, such as `key.search_key`."""
    return ".".join(
        f"{element.field_name}[{element.index}]"
        if element.HasField("index")
        else element.field_name
        for element in violation.field.elements
    )
