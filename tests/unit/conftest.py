"""Unit tests reach nobody: what needs a socket is an integration test."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class SocketInUnitTestError(AssertionError):
    """A unit test tried to use the network; move it to tests/integration."""


@pytest.fixture(autouse=True, scope="module")
def no_sockets() -> Iterator[None]:
    """Refuse to connect or listen.

    Python's own sockets only: uvloop and gRPC open theirs below it. An event loop's socket pair
    still works.
    """

    def refuse(*_arguments: object) -> NoReturn:
        raise SocketInUnitTestError

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "bind", "listen"):
            patch.setattr(socket.socket, name, refuse)
        yield
