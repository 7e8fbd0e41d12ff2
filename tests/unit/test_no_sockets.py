"""The fence around the unit tests."""

from __future__ import annotations

import socket

import pytest


def test_a_unit_test_cannot_connect() -> None:
    """Connecting to anything, even to this machine, is refused before a packet leaves."""
    with socket.socket() as one, pytest.raises(AssertionError):
        one.connect(("127.0.0.1", 9))


async def test_a_unit_test_can_use_an_event_loop() -> None:
    """The fence leaves asyncio alone: this coroutine runs."""
