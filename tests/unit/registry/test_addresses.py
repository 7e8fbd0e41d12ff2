"""Where a delivery point may say it listens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from oso_registry.mandates.addresses import wrong_with


@pytest.mark.parametrize(
    "address",
    [
        "las.example.nl:7444",
        "las:1",
        "LAS-2.Example.NL:65535",
        "3las.example.nl:443",
        "127.0.0.1:7444",
        "[2001:db8::1]:7444",
        "[::1]:1",
        f"{'a' * 63}.nl:443",
    ],
)
def test_a_host_and_a_port_are_an_address(address: str) -> None:
    """A name, an IPv4 address, or an IPv6 address in brackets; and a port."""
    assert "" == wrong_with(address)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://las.example.nl:7444", "without https://"),
        ("grpc://las.example.nl:7444", "without https://"),
        ("user:secret@las.example.nl:7444", "without a user name"),
        ("las.example.nl:7444/path", "or path"),
        ("las.example.nl", "host:port"),
        (":7444", "host:port"),
        ("las.example.nl:", "a port"),
        ("las.example.nl:0", "a port"),
        ("las.example.nl:65536", "a port"),
        ("las.example.nl:-1", "a port"),
        ("las.example.nl:+443", "a port"),
        ("las.example.nl:" + "\u0667" * 4, "a port"),
        ("las.example.nl:000443", "a port"),
        ("2001:db8::1:7444", "in brackets"),
        ("[2001:db8::1:7444", "in brackets"),
        ("[fe80::1%eth0]:7444", "in brackets"),
        ("[las.example.nl]:7444", "in brackets"),
        ("256.1.1.1:7444", "IPv4"),
        ("10.1:7444", "IPv4"),
        ("-las.example.nl:7444", "host name"),
        ("las..example.nl:7444", "host name"),
        ("las.example.nl.:7444", "host name"),
        ("las_1.example.nl:7444", "host name"),
        ("las example.nl:7444", "host name"),
        ("las\n.example.nl:7444", "host name"),
        (f"{'a' * 64}.nl:7444", "host name"),
        (f"{'a.' * 130}nl:7444", "host name"),
        ("läs.example.nl:7444", "host name"),
    ],
)
def test_what_is_none_is_told(address: str, says: str) -> None:
    """The reason says what to write instead."""
    assert says in wrong_with(address)


@given(some.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    """What passes is one line of plain characters with one port at its end."""
    if not wrong_with(text):
        assert text.isascii()
        assert text.isprintable()
        assert text.rpartition(":")[2].isdigit()
