"""Where a delivery point listens: `host:port` and nothing else."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_HIGHEST_PORT = 65535
_LONGEST_NAME = 253
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)


def wrong_with(address: str) -> str:
    """Say what is wrong with an address; empty when nothing is.

    Good are a host name (RFC 1123), an IPv4 address or an IPv6 address in brackets, then a colon
    and a port (1-65535). A scheme, user name, password or path are not.
    """
    if "://" in address:
        return "must be host:port, such as las.example.nl:7444, without https://"
    if "@" in address or "/" in address:
        return "must be host:port, without a user name, password or path"
    host, colon, port = address.rpartition(":")
    if not colon or not host:
        return "must be host:port, such as las.example.nl:7444"
    if not (port.isascii() and port.isdigit() and len(port) <= len(str(_HIGHEST_PORT))):
        return "must end in a port, a number from 1 to 65535"
    if not 0 < int(port) <= _HIGHEST_PORT:
        return "must end in a port, a number from 1 to 65535"
    return _wrong_with_host(host)


def _wrong_with_host(host: str) -> str:
    if host.startswith("["):
        return "" if host.endswith("]") and _is(IPv6Address, host[1:-1]) else _bad_ipv6()
    if ":" in host:
        return _bad_ipv6()
    labels = host.split(".")
    if labels[-1].isdigit():  # no top level domain is a number: it must be an IPv4 address
        return "" if _is(IPv4Address, host) else "holds an IPv4 address that cannot be"
    if len(host) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in labels):
        return ""
    return "holds a host name that cannot be"


def _is(kind: type[IPv4Address | IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except AddressValueError:
        return False
    return "%" not in text  # a zone means something on one machine only


def _bad_ipv6() -> str:
    return "holds an IPv6 address that cannot be; write it in brackets, such as [2001:db8::1]:7444"
