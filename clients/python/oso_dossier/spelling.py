"""How values were spelled in the file they came from, where that is not how we would."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from oso_dossier.values import ValueProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.values import ValueType


@dataclass(frozen=True, slots=True)
class Spelling:
    """The text of an element, to the letter.

    Attributes:
        text: The text as a whole.
        cuts: Where comments cut it in pieces, from its start.

    """

    text: str
    cuts: tuple[int, ...]

    def texts(self, kind: ValueType, value: Any, usual: str) -> tuple[str, ...]:
        """Give the pieces; what is usual when the value was changed since, or never was this."""
        try:
            if kind.parse(self.text) != value:
                return (usual,)
        except ValueProblemError:
            return (usual,)
        inside = sorted({cut for cut in self.cuts if 0 < cut < len(self.text)})
        return tuple(self.text[start:end] for start, end in pairwise((0, *inside, len(self.text))))


def spellings_of(dossier: Dossier) -> Mapping[str, Spelling]:
    """Give the spellings of a dossier by the place of the element."""
    return {one.pad: Spelling(one.tekst, tuple(one.knippen)) for one in dossier.schrijfwijzen}
