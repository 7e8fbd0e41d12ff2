"""Work that goes on beside a block, and ends with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine


@asynccontextmanager
async def in_background(work: dict[str, Coroutine[Any, Any, object]]) -> AsyncIterator[None]:
    """Do work, by the names of its tasks, during the block; at its end all of it is cancelled.

    Raises:
        Exception: At the end of the block, what the first work raised that ended by itself.

    """
    tasks = [asyncio.create_task(doing, name=name) for name, doing in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
