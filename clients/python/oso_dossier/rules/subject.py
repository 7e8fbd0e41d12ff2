"""A dossier under check, with what many rules ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.data_set import ROOT
from oso_dossier.place import spell
from oso_dossier.spelling import spellings_of
from oso_dossier.values import StringType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.data_set import Year
    from oso_dossier.place import Place
    from oso_dossier.rules.routes import Stop, Walk
    from oso_dossier.spelling import Spelling
    from oso_dossier.values import ValueType

TEXT = StringType()
"""The type of a text without further rules."""
MOVE, WITHIN_BRIN, SUPPORT = "overstapdossier", "overdrachtbinnenbrin", "swv-dossier"
"""The kinds of transfer (overdrachtsoort)."""
KINDS = (MOVE, WITHIN_BRIN, SUPPORT)
"""The kinds of transfer there are rules for."""
MOVES = ("POPO", "POVO", "VOVO", "POSWV", "VOSWV", "VOMBO")
"""The profiles (overstap) there are rules for, in any year."""
SPECIAL = "SO"
ADMINISTRATION = frozenset({"LAS", "LASLVS"})
"""Parts of a dossier (deeldossier) that come from the pupil administration."""


class Subject:
    """A dossier under check.

    Attributes:
        dossier: The message.
        metadata: Its header.
        school: The sending school.
        pupil: The pupil.
        year: Its year of the standard.
        own_kind: The kinds of transfer (overdrachtsoort) it says it is: one, unless a comment cuts
            the text in pieces.
        own_move: The profiles (overstap) it says it is, likewise.
        kind: The kind of transfer it is checked as; empty when it is no known one.
        move: The profile it is checked as; empty when it is no known one.
        place: Where the dossier stands.
        metadata_place: Where its header stands.
        walk: The messages rules are about, when they have been looked up.

    """

    walk: Walk

    def __init__(self, dossier: Dossier, year: Year) -> None:
        """Take the dossier as what it says it is."""
        self.dossier = dossier
        self.metadata: Any = dossier.metadata
        self.school: Any = dossier.huidigeschool
        self.pupil: Any = dossier.huidigeschool.leerling
        self.year = year
        self.place: Place = (None, ROOT, 1)
        self.metadata_place: Place = (self.place, "metadata", 1)
        self.has_spellings = bool(dossier.schrijfwijzen)
        self._spellings: Mapping[str, Spelling] | None = None
        self.own_kind = self._said(self.place, dossier, "overdrachtsoort")
        self.own_move = self._said(self.metadata_place, dossier.metadata, "overstap")
        self.kind = next((one for one in self.own_kind if one in KINDS), "")
        self.move = next((one for one in self.own_move if one in MOVES), "")

    def stops(self, name: str) -> Sequence[Stop]:
        """Give the messages of a type, in the order of the document."""
        return self.walk.by_type.get(name, ())

    def has_administration(self) -> bool:
        """Tell whether the dossier says it has a part from the pupil administration."""
        return not ADMINISTRATION.isdisjoint(
            self._said(self.metadata_place, self.metadata, "deeldossier")
        )

    def is_special_school(self) -> bool:
        """Tell whether the sending school says it is one for special education."""
        return SPECIAL in self._said((self.place, "huidigeschool", 1), self.school, "soort")

    def _said(self, place: Place, message: Any, name: str) -> tuple[str, ...]:
        """Give the text of an element of a message in its pieces."""
        text: str = getattr(message, name)
        return self.texts((place, name, 1), TEXT, text) if self.has_spellings else (text,)

    def spelled_names(self) -> set[str]:
        """Give the names of the elements that have a spelling of their own."""
        return {one.pad.rpartition("/")[2].partition("[")[0] for one in self.dossier.schrijfwijzen}

    def texts(self, place: Place, kind: ValueType, value: Any) -> tuple[str, ...]:
        """Give the text of an element as its file had it, in one piece for each text node.

        The spelling that was kept counts only as long as the value was not changed since.
        """
        usual = kind.format(value)
        if not self.has_spellings:
            return (usual,)
        if self._spellings is None:
            self._spellings = spellings_of(self.dossier)
        spelling = self._spellings.get(spell(place))
        return (usual,) if spelling is None else spelling.texts(kind, value, usual)
