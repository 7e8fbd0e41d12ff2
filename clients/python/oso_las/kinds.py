"""The kinds of transfer, by the name the standard gives them (overdrachtsoort)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_dossier.profiles import BB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.transfer.v1.transfer_pb2 import TransferKind

OVERSTAP = "overstapdossier"
BINNEN_BRIN = "overdrachtbinnenbrin"
SWV = "swv-dossier"

TRANSFER_KINDS: Mapping[str, TransferKind.ValueType] = {
    OVERSTAP: TRANSFER_KIND_OVERSTAPDOSSIER,
    BINNEN_BRIN: TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    SWV: TRANSFER_KIND_SWV_DOSSIER,
}
"""What the contract calls each kind."""

KIND_NAMES: Mapping[TransferKind.ValueType, str] = {
    kind: name for name, kind in TRANSFER_KINDS.items()
}
"""The other way round."""

PROFILES_OF: Mapping[str, frozenset[str]] = {
    OVERSTAP: frozenset({"POPO", "POVO", "VOVO"}),
    BINNEN_BRIN: frozenset({BB}),
    SWV: frozenset({"POSWV", "VOSWV"}),
}
"""The profiles of each kind that can be transferred."""

INSPECTED_FIRST = frozenset({OVERSTAP})
"""Kinds whose dossier the parents must have inspected (cat_ouderinzage is VERPLICHT)."""
