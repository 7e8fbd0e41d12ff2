"""Who tries tokens: a bound on attempts that failed, before the database is asked."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_ENROLMENT_BUSY
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime

_WINDOW = timedelta(minutes=1)
_MOST_FAILURES = 10
# So many addresses are remembered; the one that failed longest ago is forgotten first.
_MOST_ADDRESSES = 10_000
# Whoever has an IPv6 address has 2^64 of them (RFC 6177).
_IPV6_NETWORK = 64


class Attempts:
    """Counts failed attempts by address, in memory: 10 a minute.

    A token has 256 random bits; this keeps guessers from using up the database, not from guessing
    right.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def require_few(self, peer: str, now: datetime) -> None:
        """Refuse whoever failed too often.

        Args:
            peer: Address of the caller as gRPC gives it, such as `ipv4:192.0.2.1:50000`.
            now: The moment.

        Raises:
            OsoError: ENROLMENT_BUSY.

        """
        failures = self._failures.get(_address(peer), ())
        recent = [one for one in failures if now - one < _WINDOW]
        if len(recent) >= _MOST_FAILURES:
            raise OsoError(
                RESULT_CODE_ENROLMENT_BUSY,
                retry_after=max(_WINDOW - (now - recent[0]), timedelta(seconds=1)),
            )

    def failed(self, peer: str, now: datetime) -> None:
        """Count a failed attempt."""
        address = _address(peer)
        failures = self._failures.setdefault(address, deque(maxlen=_MOST_FAILURES))
        failures.append(now)
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)


def _address(peer: str) -> str:
    """Give the address without its port; of IPv6 its network."""
    text = peer.partition(":")[2].rpartition(":")[0].replace("%5B", "[").replace("%5D", "]")
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return peer.partition(":")[0]  # a Unix socket: whoever is on this machine
    if address.version == 6:  # noqa: PLR2004  IPv6
        return str(ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)
