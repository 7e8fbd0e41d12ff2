"""What the tests of qualification share: the small country, with a trial and a test school."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .trying import Trying

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def trying() -> Iterator[Trying]:
    """Make a small country, where nobody has done anything yet."""
    made = Trying()
    yield made
    made.close()
