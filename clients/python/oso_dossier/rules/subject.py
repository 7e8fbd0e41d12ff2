"""A dossier under check, with what many rules ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.place import spell
from oso_dossier.values import ValueProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.place import Place
    from oso_dossier.rules.routes import Stop, Walk
    from oso_dossier.values import ValueType

ADMINISTRATION = frozenset({"LAS", "LASLVS"})
"""Parts of a dossier (deeldossier) that come from the pupil administration."""


class Subject:
    """A dossier under check.

    Attributes:
        dossier: The message.
        metadata: Its header.
        school: The sending school.
        pupil: The pupil.
        year: Name of its year of the standard.
        kind: Kind of transfer (overdrachtsoort) the rules are chosen by.
        move: Profile (overstap) the rules are chosen by; empty when there is none.
        walk: The messages rules are about.

    """

    def __init__(self, dossier: Dossier, walk: Walk, year: str, kind: str, move: str) -> None:
        """Put together what rules ask for."""
        self.dossier = dossier
        self.metadata: Any = dossier.metadata
        self.school: Any = dossier.huidigeschool
        self.pupil: Any = dossier.huidigeschool.leerling
        self.year, self.kind, self.move = year, kind, move
        self.walk = walk
        self.has_spellings = bool(dossier.schrijfwijzen)
        self._spellings: dict[str, str] | None = None

    def stops(self, name: str) -> Sequence[Stop]:
        """Give the messages of a type, in the order of the document."""
        return self.walk.by_type.get(name, ())

    def has_administration(self) -> bool:
        """Tell whether the dossier says it has a part from the pupil administration."""
        return self.metadata.deeldossier in ADMINISTRATION

    def texts(self, place: Place, kind: ValueType, value: Any) -> tuple[str, ...]:
        """Give the text of an element as its file had it, in one piece for each text node.

        The spelling that was kept counts only as long as the value was not changed since.
        """
        usual = (kind.format(value),)
        if not self.has_spellings:
            return usual
        if self._spellings is None:
            self._spellings = {one.pad: one.tekst for one in self.dossier.schrijfwijzen}
        spelling = self._spellings.get(spell(place))
        if spelling is None:
            return usual
        try:
            return (spelling,) if kind.parse(spelling) == value else usual
        except ValueProblemError:
            return usual
