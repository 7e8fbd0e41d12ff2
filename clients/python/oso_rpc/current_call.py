"""The call that is being served: for the handler that serves it, and for its lines in the log.

One variable of the context holds all that is known of the call. It is set once, and asked only by
whoever needs it: most calls write no line.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

    from oso_rpc.identity import PeerIdentity


class CurrentCall:
    """What is known of a call.

    Attributes:
        request_id: The number a helpdesk can find it by.
        peer: Who calls; None before that is found out, and when no certificate was shown.

    """

    __slots__ = ("peer", "request_id")

    def __init__(self, request_id: str) -> None:
        """Begin with the number; who calls comes later."""
        self.request_id = request_id
        self.peer: PeerIdentity | None = None


_current: ContextVar[CurrentCall] = ContextVar("oso_call")


def current_call() -> CurrentCall:
    """Give the call that is being served.

    Raises:
        LookupError: None is.

    """
    return _current.get()


def set_current_call(call: CurrentCall) -> None:
    """Remember the call, for whatever runs to serve it."""
    _current.set(call)


def current_peer() -> PeerIdentity:
    """Give who calls, inside a handler.

    Raises:
        LookupError: Nobody who showed a certificate.

    """
    peer = _current.get().peer
    if peer is None:
        raise LookupError
    return peer


def name_call(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add to a line of the log which call it belongs to, and who calls."""
    call = _current.get(None)
    if call is None:
        return event
    system = {} if call.peer is None else {"system": call.peer.system_id}
    return {**event, "request": call.request_id, **system}
