"""Any message of the contract as blocks to read, driven by descriptor and options.

Nothing is left out here but what is secret, and what is technical: fields that are nothing in the
XML. `false` for `geheim` and `noodnummer` of a phone number shows in that nothing is said of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.dossier.v1 import contact_pb2, document_pb2, eindtoets_pb2, leerling_pb2, toets_pb2
from oso.dossier.v1.cijferlijst_pb2 import CijferlijstTypelijst, Score
from oso.options.v1 import field_pb2
from oso_dossier.printing.columns import COLUMNS, Column
from oso_dossier.printing.model import Fields, Group, Line, Table
from oso_dossier.printing.withheld import is_secret_contact, secret_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

    from oso_dossier.printing.formatting import Formatter
    from oso_dossier.printing.model import Block

_FACTS = field_pb2.facts
_NOTHING: frozenset[str] = frozenset()
_MOST_COLUMNS = 5  # of a table nobody described: more do not fit on paper


class Blocks:
    """Makes blocks of messages, in the language and year of a formatter."""

    def __init__(self, formatter: Formatter) -> None:
        """Write with this formatter."""
        self._format = formatter
        self._words = formatter.words
        self._in_one_line: dict[Descriptor, Callable[[FieldDescriptor, Any], Line]] = {
            contact_pb2.Adres.DESCRIPTOR: self._address,
            contact_pb2.Communicatie.DESCRIPTOR: self._contact,
            document_pb2.Document.DESCRIPTOR: self._document,
            leerling_pb2.Nationaliteit.DESCRIPTOR: self._nationality,
            toets_pb2.Betrouwbaarheidsinterval.DESCRIPTOR: self._interval,
            eindtoets_pb2.EindtoetsDomein.DESCRIPTOR: self._domain,
            Score.DESCRIPTOR: self._grade,
        }

    def of_message(self, message: Any, skip: frozenset[str] = _NOTHING) -> list[Block]:
        """Give the blocks of a message; `skip` names fields by their dotted paths."""
        return self.of_fields(message.ListFields(), secret_fields(message), skip)

    def of_fields(
        self,
        pairs: Iterable[tuple[FieldDescriptor, Any]],
        secret: frozenset[str],
        skip: frozenset[str] = _NOTHING,
    ) -> list[Block]:
        """Give the blocks of fields: first what fits on a line each, then the rest in groups."""
        lines: list[Line] = []
        blocks: list[Block] = []
        for field, value in pairs:
            if field.name in skip or _is_technical(field):
                continue
            if field.name in secret:
                lines.append(Line(self._format.label(field), self._words.withheld))
            elif self._is_line(field):
                lines += self._lines(field, value)
            else:
                blocks += self._groups(field, value, _below(field.name, skip))
        return [Fields(tuple(lines)), *blocks] if lines else blocks

    def flat(self, message: Any, skip: frozenset[str] = _NOTHING) -> list[Block]:
        """Give the blocks of a message without headings inside; only tables stand apart."""
        lines: list[Line] = []
        blocks: list[Block] = []
        secret = secret_fields(message)
        for field, value in message.ListFields():
            if field.name in skip or _is_technical(field):
                continue
            if field.name in secret:
                lines.append(Line(self._format.label(field), self._words.withheld))
            elif self._is_line(field):
                lines += self._lines(field, value)
            elif field.is_repeated:
                blocks += self._groups(field, value, _below(field.name, skip))
            else:
                for block in self.flat(value, _below(field.name, skip)):
                    if isinstance(block, Fields):
                        lines += block.lines
                    else:
                        blocks.append(block)
        return [Fields(tuple(lines)), *blocks] if lines else blocks

    def table(
        self,
        field: FieldDescriptor,
        items: Iterable[Any],
        caption: str,
        skip: frozenset[str] = _NOTHING,
    ) -> list[Block]:
        """Give repeated messages as a table, and below it what its columns do not show."""
        items = list(items)
        columns = COLUMNS[_message_type(field).full_name]
        cells = [[self._cell(item, column) for column in columns] for item in items]
        kept = [place for place in range(len(columns)) if any(row[place] for row in cells)]
        blocks: list[Block] = []
        if kept:
            headings = tuple(getattr(self._words, columns[place].heading) for place in kept)
            rows = tuple(tuple(row[place] for place in kept) for row in cells)
            blocks.append(Table(caption, headings, rows))
        shown = frozenset(path.rstrip("*") for column in columns for path in column.paths)
        for item, row in zip(items, cells, strict=True):
            rest = self.flat(item, shown | skip)
            if rest:
                title = ", ".join(one.partition("\n")[0].rstrip(" ,") for one in row[1::-1] if one)
                blocks.append(Group(self._words.details.format(title), tuple(rest)))
        return blocks

    def _groups(self, field: FieldDescriptor, value: Any, skip: frozenset[str]) -> list[Block]:
        """Give blocks for a message field that does not fit on a line."""
        label = self._format.label(field)
        if not field.is_repeated:
            inside = self.of_message(value, skip)
            return [Group(label, tuple(inside))] if inside else []
        if _message_type(field).full_name in COLUMNS:
            return self.table(field, value, label)
        if len(value) > 1 and (table := self._plain_table(field, value)):
            return [table]
        groups: list[Block] = []
        for number, item in enumerate(value, 1):
            inside = self.of_message(item, skip)
            if inside:
                title = self._title(item) or (
                    self._words.numbered.format(label, number) if len(value) > 1 else label
                )
                groups.append(Group(title, tuple(inside)))
        return groups

    def _plain_table(self, field: FieldDescriptor, items: Any) -> Table | None:
        """Give a table with a column for each field, where all are values and few are used."""
        used = [
            one
            for one in _message_type(field).fields
            if any(one.is_repeated or item.HasField(one.name) for item in items)
        ]
        if len(used) > _MOST_COLUMNS or any(
            one.is_repeated or not self._is_line(one) for one in used
        ):
            return None
        rows = tuple(
            tuple(
                "\n".join(line.value for line in self._lines(one, getattr(item, one.name)))
                if item.HasField(one.name)
                else ""
                for one in used
            )
            for item in items
        )
        label = self._format.label(field)
        return Table(label, tuple(map(self._format.label, used)), rows) if used else None

    def _title(self, item: Any) -> str:
        """Give the name of a person or list, where the message has one."""
        if isinstance(item, CijferlijstTypelijst):
            return self._text(item, "naam")
        if "achternaam" not in item.DESCRIPTOR.fields_by_name:
            return ""
        first = "roepnaam" if item.HasField("roepnaam") else "voornaam"
        parts = [self._text(item, name) for name in (first, "voorvoegsel", "achternaam")]
        name = " ".join(filter(None, parts))
        relation = self._text(item, "relatietotkind")
        return f"{name} ({relation.lower()})" if relation and name else name

    def _cell(self, item: Any, column: Column) -> str:
        lines: list[str] = []
        for path in column.paths:
            for line in self._found(item, path.rstrip("*").split(".")):
                between = ":\n" if "\n" in line.value else ": "
                labelled = path.endswith("*")
                lines.append(f"{line.label}{between}{line.value}" if labelled else line.value)
        return "\n".join(lines)

    def _found(self, message: Any, path: list[str]) -> Iterator[Line]:
        """Give the lines of the field at a path; none when it is not there."""
        field = message.DESCRIPTOR.fields_by_name.get(path[0])
        if field is None or not (field.is_repeated or message.HasField(field.name)):
            return
        value = getattr(message, field.name)
        if len(path) > 1:
            yield from self._found(value, path[1:])
        elif self._is_line(field):
            yield from self._lines(field, value)
        else:
            for block in self.flat(value):
                if isinstance(block, Fields):
                    yield from block.lines

    def _is_line(self, field: FieldDescriptor) -> bool:
        """Tell whether a value of the field fits on one line."""
        kind = field.message_type
        if kind is None or kind.full_name.startswith("google.type.") or kind in self._in_one_line:
            return True
        if kind is toets_pb2.Referentiescore.DESCRIPTOR:
            return True
        return len(kind.fields) == 1 and self._is_line(kind.fields[0])

    def _lines(self, field: FieldDescriptor, value: Any) -> list[Line]:
        """Give the lines of a field for which `_is_line` is true."""
        kind = field.message_type
        items = list(value) if field.is_repeated else [value]
        if kind is None or kind.full_name.startswith("google.type."):
            between = " " if field.name.endswith("voornaam") else ", "
            text = between.join(self._format.value(field, one) for one in items)
            return [Line(self._format.label(field), text)] if items else []
        if kind in self._in_one_line:
            return [self._in_one_line[kind](field, one) for one in items]
        if kind is toets_pb2.Referentiescore.DESCRIPTOR:
            return self._compared(field, items)
        inner = kind.fields[0]  # a message that is nothing but this field
        return [
            line
            for one in items
            if inner.is_repeated or one.HasField(inner.name)
            for line in self._lines(inner, getattr(one, inner.name))
        ]

    def _text(self, message: Any, name: str) -> str:
        """Give a field as text, empty when it is not there."""
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None or not (field.is_repeated or message.HasField(name)):
            return ""
        return "\n".join(line.value for line in self._lines(field, getattr(message, name)))

    def _address(self, field: FieldDescriptor, one: contact_pb2.Adres) -> Line:
        street = [self._text(one, name) for name in ("straat", "aanduiding", "nummer")]
        street.append(self._text(one, "toevoeging"))
        place = [self._text(one, name) for name in ("postcode", "plaats")]
        town = self._text(one, "gemeente")
        country = [self._text(one.land, "omschrijving")]
        if code := self._text(one.land, "code"):
            country.append(f"({self._words.land_code.format(code)})")
        parts = (
            " ".join(filter(None, street)),
            self._text(one, "locatieomschrijving"),
            " ".join(filter(None, place)),
            self._words.of_municipality.format(town) if town else "",
            " ".join(filter(None, country)),
        )
        label = self._text(one, "soortadres") or self._format.label(field)
        return Line(label, ", ".join(filter(None, parts)))

    def _contact(self, field: FieldDescriptor, one: contact_pb2.Communicatie) -> Line:
        label = self._text(one, "soort") or self._format.label(field)
        if use := self._text(one, "aanduiding"):
            label = f"{label} ({use.lower()})"
        secret = is_secret_contact(one)
        parts = [self._words.withheld if secret else self._text(one, "nummer")]
        if one.noodnummer:
            parts.append(self._words.emergency)
        return Line(label, ", ".join(filter(None, parts)))

    def _document(self, field: FieldDescriptor, one: document_pb2.Document) -> Line:
        name, about = self._text(one, "bestandsnaam"), self._text(one, "omschrijving")
        if one.HasField("bestandsinhoud"):
            name = f"{self._words.attachment.format(one.bestandsinhoud.part_number)}: {name}"
        return Line(self._format.label(field), f"{name} ({about})" if about else name)

    def _nationality(self, field: FieldDescriptor, one: leerling_pb2.Nationaliteit) -> Line:
        words, code = self._text(one, "omschrijving"), self._text(one, "code")
        code = self._words.code.format(code)
        return Line(self._format.label(field), f"{words} ({code})" if words else code)

    def _compared(self, field: FieldDescriptor, items: Iterable[Any]) -> list[Line]:
        """Give scores compared with others: a line for each group they are compared with."""
        groups: dict[str, list[str]] = {}
        for one in items:
            score, words = self._text(one, "waarde"), self._text(one, "kwalificatie")
            sort = self._text(one, "codereferentiescore")
            text = f"{sort}: {score}" if sort else score
            others = self._text(one, "codevergelijkingsgroep") or self._format.label(field)
            groups.setdefault(others, []).append(f"{text} ({words})" if words else text)
        return [Line(others, "\n".join(texts)) for others, texts in groups.items()]

    def _interval(self, field: FieldDescriptor, one: toets_pb2.Betrouwbaarheidsinterval) -> Line:
        bounds = f"{self._text(one, 'bivlaag')} \u2013 {self._text(one, 'bivhoog')}"
        return Line(self._format.label(field), bounds)

    def _domain(self, field: FieldDescriptor, one: eindtoets_pb2.EindtoetsDomein) -> Line:
        label = self._text(one, "domeincode") or self._format.label(field)
        parts = [self._text(one, name) for name in ("dom_referentieniveau", "domeinomschrijving")]
        return Line(label, ", ".join(filter(None, parts)) or self._words.empty)

    def _grade(self, field: FieldDescriptor, one: Score) -> Line:
        value, words = self._text(one, "waarde"), self._text(one, "kwalificatie")
        text = f"{value} ({words})" if value and words else value or words or self._words.empty
        return Line(self._format.label(field), text)


def _message_type(field: FieldDescriptor) -> Descriptor:
    if field.message_type is None:
        raise TypeError(field.full_name)
    return field.message_type


def _is_technical(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[_FACTS].form == field_pb2.XML_FORM_NONE)


def _below(name: str, paths: frozenset[str]) -> frozenset[str]:
    """Give the paths that begin with a field, without it."""
    if not paths:
        return paths
    prefix = f"{name}."
    return frozenset(path[len(prefix) :] for path in paths if path.startswith(prefix))
