"""A dossier with its attachments, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from oso.dossier.v1.dossier_pb2 import Dossier


@dataclass(frozen=True)
class DossierDocument:
    """A dossier and the bytes of its attachments.

    Attributes:
        dossier: The message of the contract.
        attachments: Bytes by part number: the first one is part 1.

    """

    dossier: Dossier
    attachments: tuple[bytes, ...] = ()


def dossier_bytes(dossier: Dossier) -> bytes:
    """Give the deterministic bytes of a dossier: what is stored, digested and sent."""
    return dossier.SerializeToString(deterministic=True)


def parse_dossier(content: bytes) -> Dossier:
    """Read the bytes of `dossier_bytes`.

    Raises:
        google.protobuf.message.DecodeError: They are no Dossier message.

    """
    return Dossier.FromString(content)
