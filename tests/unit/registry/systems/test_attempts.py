"""The bound on attempts with tokens that are no good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oso_registry.systems.attempts import Attempts
from oso_rpc.errors import OsoError
from tests.unit.registry.parties.country import NOW

_PEER = "ipv4:192.0.2.1:40000"


def _busy(attempts: Attempts, peer: str = _PEER, seconds: float = 0) -> bool:
    try:
        attempts.require_few(peer, NOW + timedelta(seconds=seconds))
    except OsoError as error:
        return error.name == "ENROLMENT_BUSY"
    return False


def test_the_eleventh_attempt_in_a_minute_waits() -> None:
    """Ten failures are allowed; a minute after the first there is room again."""
    attempts = Attempts()
    for second in range(10):
        assert not _busy(attempts, seconds=second)
        attempts.failed(_PEER, NOW + timedelta(seconds=second))

    assert _busy(attempts, seconds=10)
    assert _busy(attempts, seconds=59.9)
    assert not _busy(attempts, seconds=60)


@pytest.mark.parametrize(
    ("peer", "busy"),
    [
        ("ipv4:192.0.2.1:50000", True),
        ("ipv4:192.0.2.2:40000", False),
        ("ipv6:%5B2001:db8::1%5D:40000", False),
        ("unix:", False),
    ],
)
def test_an_address_counts_whatever_its_port(peer: str, busy: bool) -> None:  # noqa: FBT001  pytest's
    """A guesser that opens another connection is the same guesser; others are not held up."""
    attempts = Attempts()
    for _ in range(10):
        attempts.failed(_PEER, NOW)

    assert busy == _busy(attempts, peer)


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    """Whoever has one IPv6 address has the other 2^64 - 1 beside it too."""
    attempts = Attempts()
    for number in range(10):
        attempts.failed(f"ipv6:%5B2001:db8::{number:x}%5D:40000", NOW)

    assert _busy(attempts, "ipv6:%5B2001:db8::ffff%5D:1")
    assert not _busy(attempts, "ipv6:%5B2001:db8:0:1::1%5D:1")


def test_many_addresses_take_little_memory() -> None:
    """The one that failed longest ago is forgotten first."""
    attempts = Attempts()
    for _ in range(10):
        attempts.failed(_PEER, NOW)
    for number in range(10_000):
        attempts.failed(f"ipv4:10.{number >> 16}.{number >> 8 & 255}.{number & 255}:1", NOW)

    assert not _busy(attempts)
