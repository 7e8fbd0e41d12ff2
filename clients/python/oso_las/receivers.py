"""Who may get a dossier of which kind."""

from __future__ import annotations

import re

from oso_dossier.errors import printable
from oso_las.kinds import BINNEN_BRIN, OVERSTAP, SWV
from oso_las.model import DeskError, NotABrinError, is_brin

_SWV_CODE = re.compile("[A-Z][A-Z0-9]{3,7}")
_RECEIVERS = {
    OVERSTAP: ("een school (BRIN, zoals 01VV)", "a school (BRIN, such as 01VV)"),
    BINNEN_BRIN: ("een vestiging met uw eigen BRIN", "a location with your own BRIN"),
    SWV: (
        "een samenwerkingsverband (code, zoals PO3001)",
        "a samenwerkingsverband (code, such as PO3001)",
    ),
}


class WrongReceiverError(DeskError):
    """A dossier of this kind is for another sort of receiver.

    Attributes:
        kind: The kind of transfer.
        given: The BRIN or code that was given.

    """

    def __init__(self, kind: str, given: str) -> None:
        """Record kind and receiver."""
        super().__init__(kind, given)
        self.kind = kind
        self.given = given

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        nl, en = _RECEIVERS.get(self.kind, _RECEIVERS[OVERSTAP])
        kind, given = printable(self.kind), printable(self.given)
        if language == "nl":
            return f"Een dossier van soort {kind} kan niet naar {given}, maar naar {nl}."
        return f"A dossier of kind {kind} cannot go to {given}, but to {en}."


def is_swv(text: str) -> bool:
    """Tell whether a text has the form of the code of an SWV: never that of a BRIN."""
    return _SWV_CODE.fullmatch(text) is not None


def check_receiver(kind: str, target: str, own_brin: str) -> None:
    """Refuse a receiver that cannot get a dossier of this kind.

    Args:
        kind: The kind of transfer.
        target: BRIN of a school, or code of an SWV.
        own_brin: BRIN of the school that has the dossier.

    Raises:
        NotABrinError: It is neither.
        WrongReceiverError: It is of the other sort, or not our own school within one BRIN.

    """
    if not is_brin(target) and not is_swv(target):
        raise NotABrinError(target)
    if kind == BINNEN_BRIN:
        right = target == own_brin
    else:
        right = is_swv(target) if kind == SWV else is_brin(target)
    if not right:
        raise WrongReceiverError(kind, target)
