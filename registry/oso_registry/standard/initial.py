"""The standard on the first day of an OfficeHeart: the year in use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso_registry.standard.resources import DOSSIER_YEARS
from oso_registry.standard.years import name_of_year

if TYPE_CHECKING:
    from oso_registry.store import Transaction

# The year every system has. It began with the school year 2019-2020, before any OfficeHeart; years
# before it are converted to it by who has such dossiers still.
FIRST_YEAR = "2019.1"
_SINCE = datetime(2019, 8, 1, tzinfo=UTC)


def initial_standard(tx: Transaction) -> None:
    """Register the year in use.

    What is there already stays as it is: OfficeHeart has gone on since.
    """
    if not tx.list(DOSSIER_YEARS, limit=1):
        year = DossierYear(name=name_of_year(FIRST_YEAR))
        year.start_time.FromDatetime(_SINCE)
        tx.put(DOSSIER_YEARS, year)
