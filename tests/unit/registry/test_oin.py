"""What can be an OIN, and what cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oso_registry.parties.oin import is_oin

_FACTS = Path(__file__).parents[4] / "shared" / "facts" / "identifiers.md"


@pytest.mark.parametrize(
    "text",
    [
        "00000001111222333000",  # RSIN 111222333 passes the eleven-test
        "00000003272448340204",  # KvK number and a suffix of four
        "00000004123456789000",
        "00000006123456789000",
        "0000000700000AV00000",  # a school: letters
        "00000008DE1234567890",
        "00000099000000001000",
        "00000099TESTLEVERANC",
    ],
)
def test_each_kind_has_its_form(text: str) -> None:
    """An OIN is what its prefix says."""
    assert is_oin(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000000327244834020",  # 19 characters
        "000000032724483402040",  # 21
        "00000002272448340204",  # no such prefix
        "00000005272448340204",
        "00000001111222334000",  # RSIN that fails the eleven-test
        "00000003000000000204",  # no KvK number
        "000000032724483A0204",  # letters in a KvK number
        "0000000700000av00000",  # small letters
        "00000007000000000000",  # a BRIN has two capitals
        "00000007100001AV0000",  # three zeros come before the BRIN
        "00000099 00000001000",
        "00000099" + "\u0660" * 12,  # digits of another script
        "00000003" + "\u0662" * 12,
    ],
)
def test_whatever_else_is_none(text: str) -> None:
    """A wrong length, an unknown prefix, or what does not fit it."""
    assert not is_oin(text)


def test_the_examples_of_the_standard_are_read() -> None:
    """OINs and routing keys of the public examples have the form we ask."""
    if not _FACTS.exists():
        pytest.skip("no facts here")
    examples = re.findall(r"`([0-9A-Z]{20})`", _FACTS.read_text(encoding="utf-8"))

    assert 4 == len(examples)
    assert [] == [one for one in examples if not is_oin(one)]
