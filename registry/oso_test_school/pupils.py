"""The pupils of the test school: invented, the same for everybody, for ever.

Who a pupil is stands here and not in the generator of invented dossiers: a supplier writes these
numbers into tests of his own, and they must hold when the generator has learned something new.
docs/synthetic-dossiers.md says how to recognise an invented pupil.
"""

from __future__ import annotations

from dataclasses import dataclass

from oso_las.model import Identity
from oso_las.wishes import NOBODY

# BSNs that begin so are given to nobody. Of onderwijsnummers no range is set apart: ours are the
# highest there can be.
INVENTED = {"bsn": "9999", "onderwijsnummer": "109999"}


def is_invented(identity: Identity) -> bool:
    """Tell whether a number is one that we know to be nobody's."""
    return identity.number.startswith(INVENTED[identity.kind])


@dataclass(frozen=True)
class Pupil:
    """An invented pupil.

    Attributes:
        number: BSN or onderwijsnummer, nine digits; empty for one whose dossier goes to an SWV.
        birth_date: `yyyy-mm-dd`.
        first_names: The first of them is what people call the pupil.
        prefix: What stands before the surname; empty for nothing.
        surname: The surname.
        kind: `bsn` or `onderwijsnummer`; empty without a number.

    """

    number: str
    birth_date: str
    first_names: tuple[str, ...]
    prefix: str
    surname: str
    kind: str = "bsn"

    @property
    def identity(self) -> Identity:
        """Who it is, as schools agree on it; NOBODY for an SWV, which asks by a key."""
        return Identity(self.kind, self.number, self.birth_date) if self.number else NOBODY

    @property
    def name(self) -> str:
        """The name as people write it."""
        return " ".join(filter(None, (self.first_names[0], self.prefix, self.surname)))
