"""What a dossier is asked for by, and what we ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso_dossier.person_numbers import person_number_places
from oso_las.kinds import SWV
from oso_las.model import DeskError, Identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier

NOBODY = Identity("", "", "")
"""The identity in a dossier for an SWV: none."""


class PersonNumberError(DeskError):
    """A dossier for an SWV holds a BSN or onderwijsnummer, in its own field or in a text.

    Attributes:
        places: Paths of the fields. The number itself is not repeated.

    """

    def __init__(self, places: Sequence[str]) -> None:
        """Record where."""
        super().__init__(tuple(places))
        self.places = tuple(places)

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        places = ", ".join(self.places[:5])
        if language == "nl":
            return (
                "Een dossier voor een samenwerkingsverband mag geen BSN of onderwijsnummer "
                f"bevatten. Haal het weg: {places}."
            )
        return f"A dossier for an SWV may hold no BSN or onderwijsnummer. Take it out: {places}."


@dataclass(frozen=True)
class Wish:
    """Which dossier we ask for.

    Attributes:
        source_brin: The school to ask.
        kind: Kind of transfer.
        identity: Who the pupil is; NOBODY for an SWV.
        coupling_key: The key an SWV was notified with; empty otherwise.

    """

    source_brin: str
    kind: str
    identity: Identity
    coupling_key: str = ""


def identity_in(dossier: Dossier) -> Identity:
    """Give who a dossier is asked for by; NOBODY for one for an SWV, which is asked for by a key.

    Raises:
        NoIdentityError: It has none, and needs one.
        PersonNumberError: It has a BSN or onderwijsnummer, and may have none.

    """
    if dossier.overdrachtsoort != SWV:
        return Identity.of_dossier(dossier)
    places = person_number_places(dossier)
    if places:
        raise PersonNumberError(places)
    return NOBODY
