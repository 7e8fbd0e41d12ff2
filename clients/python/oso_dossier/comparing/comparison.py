"""What changed between two dossiers of one pupil, by meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from oso_dossier.comparing.matching import match
from oso_dossier.comparing.tree import is_list, tree_of
from oso_dossier.data_set import year_of
from oso_dossier.plan import ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import FieldDescriptor

    from oso_dossier.comparing.tree import Node
    from oso_dossier.document import DossierDocument

# Two dossiers that differ in one of these are of two pupils.
_PUPIL = ("bsn", "onderwijsnummer", "geboortedatum")


class Kind(Enum):
    """What happened."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: a value, or a message that came or went as a whole.

    Attributes:
        kind: What happened.
        old: It in the old dossier; None when it came.
        new: It in the new dossier; None when it went.
        above: What it stands in, from the dossier down, in the new dossier where it is there.

    """

    kind: Kind
    old: Node | None
    new: Node | None
    above: tuple[Node, ...]

    @property
    def node(self) -> Node:
        """It in the new dossier, or in the old one when it is gone."""
        node = self.new or self.old
        if node is None:
            raise TypeError(self.kind)
        return node

    @property
    def category(self) -> str:
        """The category it belongs to, such as `cat_toetsresultaten`."""
        return self.node.facts.category

    @property
    def old_path(self) -> str:
        """The place in the old dossier, in the standard's notation; empty when it came."""
        return self.old.path if self.old else ""

    @property
    def new_path(self) -> str:
        """The place in the new dossier, in the standard's notation; empty when it went."""
        return self.new.path if self.new else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two dossiers.

    Attributes:
        changes: In the order of the standard; empty when both mean the same.
        reordered: Places in the new dossier of lists whose items only stand in another order. That
            is no change.
        other_pupil: Names of the fields that say the dossiers are of two pupils: `bsn`,
            `onderwijsnummer`, `geboortedatum`. Empty when they may be of one.
        years: The year of the standard each is of: old, new.

    """

    changes: tuple[Change, ...]
    reordered: tuple[str, ...]
    other_pupil: tuple[str, ...]
    years: tuple[str, str]

    @property
    def is_same(self) -> bool:
        """The dossiers mean the same."""
        return not self.changes


def compare(old: DossierDocument, new: DossierDocument) -> Comparison:
    """Find what changed between two dossiers.

    Items of lists are matched by what they are, wherever they stand (`matching`). Not a change: the
    order of a list, the spelling of a value (`1` or `true`, `8` or `8.0`) and how an attachment is
    written. Attachments are compared by name and by the SHA-256 in the dossier, which the reader
    takes of their bytes.

    Raises:
        UnknownYearError: A dossier says a year this version does not know.

    """
    ours, theirs = tree_of(old.dossier), tree_of(new.dossier)
    found = _Finder()
    changes = tuple(found.below(ours, theirs, ()))
    return Comparison(
        changes,
        tuple(found.reordered),
        _other_pupil(old, new),
        (year_of(old.dossier).name, year_of(new.dossier).name),
    )


def _other_pupil(old: DossierDocument, new: DossierDocument) -> tuple[str, ...]:
    ours: Any = old.dossier.huidigeschool.leerling
    theirs: Any = new.dossier.huidigeschool.leerling
    return tuple(
        name
        for name in _PUPIL
        if ours.HasField(name)
        and theirs.HasField(name)
        and getattr(ours, name) != getattr(theirs, name)
    )


class _Finder:
    def __init__(self) -> None:
        self.reordered: list[str] = []

    def below(
        self, old: dict[int, list[Node]], new: dict[int, list[Node]], above: tuple[Node, ...]
    ) -> Iterator[Change]:
        """Give the changes in a message, from its nodes by field number."""
        fields = [nodes[0].facts.field for nodes in (old | new).values() if nodes]
        for number in _in_order(fields):
            yield from self._field(old.get(number, []), new.get(number, []), above)

    def _field(self, old: list[Node], new: list[Node], above: tuple[Node, ...]) -> Iterator[Change]:
        if not is_list((old or new)[0].facts.field) and old and new:
            yield from self._both(old[0], new[0], above)
            return
        matching = match(old, new)
        if matching.is_reordered:
            self.reordered.append(new[0].path.rpartition("[")[0])
        partners = dict(matching.pairs)
        for number, one in enumerate(old):
            if number in partners:
                yield from self._both(one, new[partners[number]], above)
            else:
                yield Change(Kind.REMOVED, one, None, above)
        for number in matching.added:
            yield Change(Kind.ADDED, None, new[number], above)

    def _both(self, old: Node, new: Node, above: tuple[Node, ...]) -> Iterator[Change]:
        if old.value is not None or new.value is not None:
            if old.digest != new.digest:
                yield Change(Kind.CHANGED, old, new, above)
            return
        yield from self.below(old.children, new.children, (*above, new))


def _in_order(fields: list[FieldDescriptor]) -> list[int]:
    """Give the numbers of some fields of one message in the order of the standard."""
    places = ranks(fields[0].containing_type) if fields else None
    return sorted((one.number for one in fields), key=places.__getitem__ if places else None)
