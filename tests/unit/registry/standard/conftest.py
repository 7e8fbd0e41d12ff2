"""What the tests of the standard share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .house import House

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def house() -> Iterator[House]:
    """Make an OfficeHeart on its first day."""
    made = House()
    yield made
    made.close()
