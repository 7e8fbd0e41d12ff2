"""A comparison in words, and as JSON.

National numbers, and what is marked as secret in either dossier (`geheim`, `adresgeheim`), are not
shown unless asked for: what people compare ends up in tickets and mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.dossier.v1.dossier_pb2 import CategorieUitlevering
from oso.dossier.v1.leerling_pb2 import Leerling
from oso.options.v1 import field_pb2
from oso_dossier.comparing.comparison import Kind
from oso_dossier.comparing.tree import find, is_list, item_facts
from oso_dossier.errors import printable
from oso_dossier.labels import label, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.comparing.comparison import Change, Comparison
    from oso_dossier.comparing.tree import Node

_MARKS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}
_WORDS = {
    "nl": {
        "same": "Geen verschillen.",
        "count": "{} verschillen.",
        "count_1": "1 verschil.",
        "other_pupil": "LET OP: dit lijken dossiers van twee leerlingen. Verschillend: {}.",
        "other_year": "De dossiers zijn van verschillende jaren ({} en {}). Wat in het nieuwe jaar "
        "ergens anders staat, staat hier als verwijderd en toegevoegd. Zet het oude dossier eerst "
        "om met `oso dossier convert`.",
        "reordered": "Alleen de volgorde is anders in {} lijst(en). Dat telt niet als verschil.",
        Kind.ADDED: "toegevoegd",
        Kind.REMOVED: "verwijderd",
        Kind.CHANGED: "was {}, is nu {}",
        "hidden": "(niet getoond)",
        "hidden_changed": "gewijzigd (niet getoond)",
        "yes": "ja",
        "no": "nee",
        "file": "bestand van {} bytes",
        "empty": "(leeg)",
    },
    "en": {
        "same": "No differences.",
        "count": "{} differences.",
        "count_1": "1 difference.",
        "other_pupil": "WARNING: these look like dossiers of two pupils. Different: {}.",
        "other_year": "The dossiers are of different years ({} and {}). What stands elsewhere in "
        "the new year is shown here as removed and added. Convert the old dossier first with "
        "`oso dossier convert`.",
        "reordered": "Only the order differs in {} list(s). That does not count as a difference.",
        Kind.ADDED: "added",
        Kind.REMOVED: "removed",
        Kind.CHANGED: "was {}, is now {}",
        "hidden": "(not shown)",
        "hidden_changed": "changed (not shown)",
        "yes": "yes",
        "no": "no",
        "file": "file of {} bytes",
        "empty": "(empty)",
    },
}


class Wording:
    """Tells what changed.

    Attributes:
        comparison: What is told.
        language: `nl` or `en`.
        everything: National numbers and secrets are shown too.

    """

    def __init__(
        self, comparison: Comparison, language: str = "nl", *, everything: bool = False
    ) -> None:
        """Fix what is told, and how."""
        self.comparison = comparison
        self.language = language
        self.everything = everything
        self._words: dict[Any, str] = _WORDS["nl" if language == "nl" else "en"]

    def lines(self) -> Iterator[str]:
        """Give the lines to read: warnings, how many differences, each below its category."""
        told = self.comparison
        if told.other_pupil:
            fields = (Leerling.DESCRIPTOR.fields_by_name[one] for one in told.other_pupil)
            names = ", ".join(label(one, self.language) for one in fields)
            yield self._words["other_pupil"].format(names)
        if told.years[0] != told.years[1]:
            yield self._words["other_year"].format(*told.years)
        count = len(told.changes)
        yield self._words["same" if not count else "count_1" if count == 1 else "count"].format(
            count
        )
        for category in dict.fromkeys(one.category for one in told.changes):
            yield ""
            yield self.category(category)
            for change in told.changes:
                if change.category == category:
                    yield f"  {_MARKS[change.kind]} {self.change(change)}"
        if told.reordered:
            yield ""
            yield self._words["reordered"].format(len(told.reordered))

    def record(self) -> dict[str, Any]:
        """Give the comparison as JSON has it; `docs/diff.md` describes the fields."""
        told = self.comparison
        return {
            "same": told.is_same,
            "other_pupil": list(told.other_pupil),
            "years": list(told.years),
            "changes": [self._change_record(one) for one in told.changes],
            "reordered": list(told.reordered),
        }

    def category(self, name: str) -> str:
        """Give what people read instead of the name of a category."""
        field = CategorieUitlevering.DESCRIPTOR.fields_by_name.get(name)
        return label(field, self.language) if field is not None else name

    def change(self, change: Change) -> str:
        """Give one change as a line."""
        place, what = self.place(change), self._words[change.kind]
        node = change.node
        if node.value is None:
            return f"{place}: {what}"
        if self._is_hidden(change.old) or self._is_hidden(change.new):
            changed = change.kind is Kind.CHANGED
            return f"{place}: {self._words['hidden_changed'] if changed else what}"
        if change.old is not None and change.new is not None:
            return f"{place}: {what.format(self.text(change.old, 0), self.text(change.new, 1))}"
        return f"{place}: {what}: {self.text(node, int(change.old is None))}"

    def place(self, change: Change) -> str:
        """Give where something is, from its category down: `Toets (Rekenen) > Resultaat`."""
        node, year = change.node, int(change.new is not None)
        steps = [one for one in change.above if one.facts.category == node.facts.category]
        return " > ".join(self._step(one, year) for one in (*steps, node))

    def text(self, node: Node, year: int) -> str:
        """Give a value as people write it, for a terminal: 200 characters at most.

        Args:
            node: A value.
            year: The dossier it is from: 0 for the old one, 1 for the new one.

        """
        value, facts = node.value, node.facts
        code_list = facts.field.GetOptions().Extensions[field_pb2.facts].code_list
        kind = value.DESCRIPTOR.name if hasattr(value, "DESCRIPTOR") else ""
        if isinstance(value, bool):
            text = self._words["yes" if value else "no"]
        elif kind == "Date":
            dutch = self.language == "nl"
            text = f"{value.day:02d}-{value.month:02d}-{value.year:04d}" if dutch else _iso(value)
        elif kind == "Decimal":
            text = value.value.replace(".", ",") if self.language == "nl" else value.value
        elif kind:
            text = self._words["file"].format(value.size)
        elif code_list:
            text = meaning(code_list, str(value), self.language, self.comparison.years[year])
            text = f"code {text}" if text.isdigit() else text  # nobody knows what it means
        else:
            text = str(value)
        return printable(text) if text.strip() else self._words["empty"]

    def _step(self, node: Node, year: int) -> str:
        """Give one step of a place: a label, of an item with what it is known by."""
        name = label(node.facts.field, self.language)
        if not is_list(node.facts.field) or node.value is not None:
            return name
        message = node.facts.field.message_type
        facts = item_facts(message) if message is not None else None
        paths = (facts.title or facts.key) if facts else ()
        known_by = [
            self.text(one, year)
            for path in paths
            for one in find(node, path)
            if not self._is_hidden(one)
        ]
        if known_by:
            return f"{name} ({', '.join(known_by)})"
        return f"{name} {node.path.rpartition('[')[2].rstrip(']')}"

    def _is_hidden(self, node: Node | None) -> bool:
        if node is None or self.everything:
            return False
        national = node.facts.privacy >= field_pb2.PRIVACY_NATIONAL_NUMBER
        return national or node.facts.is_secret

    def _change_record(self, change: Change) -> dict[str, Any]:
        hidden = self._is_hidden(change.old) or self._is_hidden(change.new)
        return {
            "kind": change.kind.value,
            "category": change.category,
            "label": self.place(change),
            "old_path": change.old_path,
            "new_path": change.new_path,
            "old": self._side(change.old, 0, hidden=hidden),
            "new": self._side(change.new, 1, hidden=hidden),
        }

    def _side(self, node: Node | None, year: int, *, hidden: bool) -> Any:
        """Give one side of a change: None, a value, or the list of the values in a message."""
        if node is None:
            return None
        if node.value is not None:
            return self._value_record(node, year, hidden=hidden)
        return [
            {
                "path": one.path,
                "label": label(one.facts.field, self.language),
                **self._value_record(one, year, hidden=self._is_hidden(one)),
            }
            for one in node.leaves()
        ]

    def _value_record(self, node: Node, year: int, *, hidden: bool) -> dict[str, Any]:
        if hidden:
            return {"value": None, "text": self._words["hidden"], "hidden": True}
        return {"value": _plain(node.value), "text": self.text(node, year)}


def _plain(value: Any) -> Any:
    """Give a value as JSON has it: dates and decimals as text, of a file its digest and size."""
    kind = value.DESCRIPTOR.name if hasattr(value, "DESCRIPTOR") else ""
    if kind == "Date":
        return _iso(value)
    if kind == "Decimal":
        return value.value
    if kind:
        return {"sha256": value.sha256.hex(), "size": value.size}
    return value


def _iso(value: Any) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
