"""The line to the test school: connections pass through it, and it can cut them.

TLS goes through as it is, from end to end; nothing here can read it. A cut is a real one: the other
side sees its connection reset, wherever the bytes were.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from oso_rpc.server import AddressInUseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import TypeAlias

    _Way: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_BLOCK = 64 * 1024


class Line:
    """Where the test school can be reached, in front of its server. See `laid_line`."""

    def __init__(self) -> None:
        """Nothing listens yet."""
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, address: str, server_port: int) -> int:
        """Listen at an address, and pass connections on to a server on this machine.

        Args:
            address: Where to listen, `host:port`; port 0 takes a free one.
            server_port: Where the server is, at 127.0.0.1.

        Returns:
            The port it listens on.

        Raises:
            AddressInUseError: The address cannot be had.

        """
        host, _, port = address.rpartition(":")
        try:
            self._server = await asyncio.start_server(
                partial(self._pass_on, server_port), host.strip("[]"), int(port)
            )
        except (OSError, ValueError):
            raise AddressInUseError(address) from None
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    def cut(self, peer: str, after: int) -> None:
        """Cut a connection after so many bytes more towards the other side.

        Args:
            peer: The connection as the server knows it, such as `ipv4:127.0.0.1:50111`.
            after: How many bytes; 0 cuts it before the next one.

        """
        connection = self._connections.get(int(peer.rpartition(":")[2]))
        if connection is not None:
            connection.left = after

    async def _pass_on(
        self, server_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass a connection on to the server until one side ends it, or it is cut."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            inner = await asyncio.open_connection("127.0.0.1", server_port)
        except OSError:  # the server is stopping
            writer.transport.abort()
            return
        number = inner[1].get_extra_info("sockname")[1]
        connection = self._connections[number] = _Connection((reader, writer), inner)
        try:
            await connection.run()
        finally:
            del self._connections[number]

    async def close(self) -> None:
        """Stop listening; end every connection."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections.values():
            connection.end()
        await asyncio.gather(*self._tasks)


class _Connection:
    """One connection.

    Attributes:
        left: How many bytes may still pass towards the other side; None for any number.

    """

    def __init__(self, outer: _Way, inner: _Way) -> None:
        self.left: int | None = None
        self._outer = outer
        self._inner = inner

    async def run(self) -> None:
        """Pass bytes both ways until one side ends, then end the other."""
        ways = [
            asyncio.create_task(self._pump(self._outer[0], self._inner[1], counted=False)),
            asyncio.create_task(self._pump(self._inner[0], self._outer[1], counted=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        if self.left == 0:
            self.end()
        else:  # what is on its way still arrives
            self._outer[1].close()
            self._inner[1].close()

    def end(self) -> None:
        """Cut it."""
        self._outer[1].transport.abort()
        self._inner[1].transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while block := await reader.read(_BLOCK):
                passing = block
                if counted and self.left is not None:
                    passing = block[: self.left]
                    self.left -= len(passing)
                writer.write(passing)
                await writer.drain()
                if counted and self.left == 0:
                    return


@asynccontextmanager
async def laid_line() -> AsyncIterator[Line]:
    """Give a line that does not listen yet; at the end of the block it is closed."""
    line = Line()
    try:
        yield line
    finally:
        await line.close()
