"""The profiles a dossier can be checked as. Imports nothing: commands name them before all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oso.dossier.v1.dossier_pb2 import Dossier

BB = "BB"
"""The profile of a transfer within one BRIN; the others have the name of their move (overstap)."""
PROFILES = ("POPO", "POVO", "VOVO", BB, "POSWV", "VOSWV")
"""The profiles of the standard."""
EXTENSIONS = ("VOMBO", "PORI")
"""Profiles beyond the standard: only for who asks for them."""
WITHIN_BRIN = "overdrachtbinnenbrin"
"""The kind of transfer of a dossier with profile BB."""


def profile_of(dossier: Dossier) -> str:
    """Give the profile a dossier says it has: BB, or the kind of move; empty when it says none."""
    return BB if dossier.overdrachtsoort == WITHIN_BRIN else dossier.metadata.overstap
