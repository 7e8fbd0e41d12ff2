"""The standard as resources: dossier years, releases of the test-code table, and their codes."""

from __future__ import annotations

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso_registry.standard.tables import DossierYearRow
from oso_registry.store import Collection

DOSSIER_YEARS = Collection(DossierYear, DossierYearRow)
