"""The search key has the form the documentation gives, and says nothing without its salt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oso_las.model import Identity
from oso_las.search_key import reproduces, search_key

_DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol" / "search-key.md"
_VECTOR = re.compile(r"\| `(\w{64})` \| (\w+) \| (\d{9}) \| ([\d-]+) \| `(\w{64})` \|")


def _vectors() -> list[tuple[bytes, Identity, bytes]]:
    found = _VECTOR.findall(_DOCUMENT.read_text(encoding="utf-8"))
    return [
        (bytes.fromhex(salt), Identity(kind, number, born), bytes.fromhex(key))
        for salt, kind, number, born, key in found
    ]


def test_the_vectors_of_the_documentation_are_reproduced() -> None:
    """Each test vector in docs/protocol/search-key.md is what the code computes."""
    vectors = _vectors()

    assert len(vectors) == 3
    for salt, identity, key in vectors:
        assert search_key(identity, salt) == key
        assert reproduces(identity, salt, key)


@pytest.mark.parametrize(
    "other",
    [
        Identity("onderwijsnummer", "999900006", "2007-03-01"),
        Identity("bsn", "999900018", "2007-03-01"),
        Identity("bsn", "999900006", "2007-03-02"),
    ],
)
def test_another_identity_does_not_reproduce_the_key(other: Identity) -> None:
    """Kind, number and birth date each count."""
    salt = bytes(32)
    key = search_key(Identity("bsn", "999900006", "2007-03-01"), salt)

    assert not reproduces(other, salt, key)


def test_another_salt_gives_another_key() -> None:
    """The same pupil under two salts has two keys, so sessions cannot be linked."""
    identity = Identity("bsn", "999900006", "2007-03-01")

    assert search_key(identity, bytes(32)) != search_key(identity, b"\1" + bytes(31))


def test_a_salt_of_another_length_is_refused() -> None:
    """A salt has 32 bytes, or there is no key."""
    identity = Identity("bsn", "999900006", "2007-03-01")

    with pytest.raises(ValueError, match="32 bytes"):
        search_key(identity, b"short")
    assert not reproduces(identity, b"short", bytes(32))
