"""Which years of the standard may travel at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from oso_registry.store import Batch

# The year OSO began with.
_FOUNDING = ("2019.1",)


def accepted_years(_batch: Batch, _now: datetime) -> tuple[str, ...]:
    """Give the years that may travel at a moment, in order."""
    return _FOUNDING
