"""What the tests of who takes part share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .country import Country

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def country() -> Iterator[Country]:
    """Make a small country, with everybody registered and nobody mandated."""
    made = Country()
    yield made
    made.close()
