"""The standard on the first day of an OfficeHeart: the year in use, and a test-code table."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso.registry.v1.test_code_pb2 import TestCodeRelease
from oso_dossier.code_table import read_table
from oso_registry.standard.releases import begin_release, publish_release, replace_codes
from oso_registry.standard.resources import DOSSIER_YEARS, TEST_CODE_RELEASES
from oso_registry.standard.years import name_of_year

if TYPE_CHECKING:
    from oso_registry.store import Transaction

FIRST_YEAR = "2019.1"
"""The year every system has. Dossiers of years before it are converted by who still has them."""
# The school year it was made for begins; no OfficeHeart is older.
_SINCE = datetime(2019, 8, 1, tzinfo=UTC)
_FILE = "first_release.csv"
_NOTE = "Eerste uitgave, bij de oprichting van OfficeHeart."


def initial_standard(tx: Transaction) -> None:
    """Register the year in use, and publish the first release of the test-code table.

    What is there already stays as it is: OfficeHeart has gone on since.
    """
    initial_year(tx)
    if not tx.list(TEST_CODE_RELEASES, limit=1):
        release = begin_release(tx, TestCodeRelease(note=_NOTE))
        replace_codes(tx, release, read_table(read_first_release()))
        publish_release(tx, release.name)


def initial_year(tx: Transaction) -> None:
    """Register the year in use, unless there are years already."""
    if not tx.list(DOSSIER_YEARS, limit=1):
        year = DossierYear(name=name_of_year(FIRST_YEAR))
        year.start_time.FromDatetime(_SINCE)
        tx.put(DOSSIER_YEARS, year)


def read_first_release() -> bytes:
    """Give the first release as a file."""
    return files("oso_registry.standard").joinpath(_FILE).read_bytes()
