"""A dossier on its way out: its parts, from the disk to the network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from oso.exchange.v1.manifest_pb2 import SignedManifest

CHUNK = 256 * 1024
# Read from disk at once: few changes of thread, little memory.
_BLOCK = 8 * CHUNK


@dataclass(frozen=True)
class Delivery:
    """A dossier on its way out.

    Attributes:
        number: Number of the dossier at our desk.
        signed: The manifest, signed.
        files: Where each part is, and its length, by part number.
        part_number: Part to begin with.
        offset: Byte of it to begin with.
        target: School or SWV it goes to.

    """

    number: int
    signed: SignedManifest
    files: tuple[tuple[Path, int], ...]
    part_number: int
    offset: int
    target: str

    async def chunks(self) -> AsyncGenerator[FetchDossierResponse, None]:
        """Give the bytes in order; the disk is read one block ahead of the network.

        No file stays open between two messages: a target that goes away leaves nothing behind.
        """
        blocks = self._blocks()
        reading = _start_reading(blocks)
        while reading is not None:
            block = await reading
            reading = _start_reading(blocks)
            for at in range(0, len(block.content), CHUNK):
                # Filled in place: a message put into another would be copied.
                response = FetchDossierResponse()
                chunk = response.chunk
                chunk.part_number, chunk.offset = block.part_number, block.offset + at
                chunk.data = block.content[at : at + CHUNK]
                yield response

    def _blocks(self) -> Iterator[Callable[[], _Block]]:
        """Give what reads each block that is to be sent, in order."""
        begin = self.offset
        for number in range(self.part_number, len(self.files)):
            path, size = self.files[number]
            for offset in range(begin, size, _BLOCK):
                yield partial(_read_block, path, number, offset, min(_BLOCK, size - offset))
            begin = 0


class _Block(NamedTuple):
    """Bytes of a part that are sent next."""

    part_number: int
    offset: int
    content: bytes


def _start_reading(blocks: Iterator[Callable[[], _Block]]) -> asyncio.Task[_Block] | None:
    read = next(blocks, None)
    return None if read is None else asyncio.create_task(asyncio.to_thread(read))


def _read_block(path: Path, part_number: int, offset: int, size: int) -> _Block:
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read(size)
    if len(content) < size:
        raise EOFError(path.name)
    return _Block(part_number, offset, content)
