"""A dossier as a printout: which section comes when, and what each holds.

Sections follow the categories in the contract's options, so a field of a new year lands in the
section of its category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.dossier.v1.document_pb2 import Document
from oso.dossier.v1.dossier_pb2 import Dossier, Huidigeschool
from oso.dossier.v1.leerling_pb2 import Leerling
from oso.options.v1 import field_pb2
from oso_dossier.data_set import UNSAID
from oso_dossier.documents import documents_of
from oso_dossier.printing.blocks import Blocks
from oso_dossier.printing.charts import charts
from oso_dossier.printing.enclosures import Enclosure, Room, open_enclosure
from oso_dossier.printing.formatting import Formatter
from oso_dossier.printing.glyphs import MARK, visible
from oso_dossier.printing.model import (
    Fields,
    Group,
    Line,
    Note,
    Picture,
    Printout,
    Section,
    Signature,
    Table,
)
from oso_dossier.printing.withheld import secret_fields
from oso_dossier.values import calendar_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from google.protobuf.descriptor import FieldDescriptor
    from google.type.date_pb2 import Date

    from oso.dossier.v1.toets_pb2 import Toets
    from oso_dossier.document import DossierDocument
    from oso_dossier.printing.model import Block

_FACTS = field_pb2.facts
_OPT_OUT = "OPT-UIT"
_NO_DAY = (1, 1, 1)
_AREA = frozenset({"toetsidentificatie.leergebied"})  # stands above the table
# Section of each category; a category without one goes to "further".
_SECTION: Mapping[str, str] = {
    "cat_leerling": "pupil",
    "cat_oudersverzorgers": "carers",
    "cat_school": "school",
    "cat_schoolloopbaan": "school",
    "cat_vve": "school",
    "cat_overstapadvies": "advice",
    "cat_onderwijsondersteuning": "support",
    "cat_handelingsplannen": "support",
    "cat_zorgenbegeleiding": "support",
    "cat_eindtoetsbo": "tests",
    "cat_toetsresultaten": "tests",
    "cat_cijferlijsten": "grades",
    "cat_vombo": "grades",
    "cat_verzuim": "absence",
    "cat_ouderinzage": "inspection",
    "cat_metadata": "about",
}
_ORDER = (
    *("pupil", "carers", "school", "advice", "support"),
    *("tests", "grades", "absence", "further"),
)


def printout(document: DossierDocument, language: str = "nl") -> Printout:
    """Make the printout of a dossier.

    Raises:
        KeyError: There are no words in that language.

    """
    return _Content(document, language).printout()


class _Content:
    def __init__(self, document: DossierDocument, language: str) -> None:
        self._dossier = document.dossier
        self._attachments = document.attachments
        self._format = Formatter(language, document.dossier.gegevensset or UNSAID.name)
        self._words = self._format.words
        self._blocks = Blocks(self._format)
        self._pictures: list[Picture] = []

    def printout(self) -> Printout:
        """Make all of it."""
        metadata, school = self._dossier.metadata, self._dossier.huidigeschool
        pupil = school.leerling
        first = pupil.roepnaam or " ".join(pupil.voornaam)
        name = visible(" ".join(filter(None, (first, pupil.voorvoegsel, pupil.achternaam))))
        given = metadata.datum
        return Printout(
            self._format.language,
            self._words.title.format(name or self._words.nameless),
            visible(school.naam),
            self._format.date(given) if metadata.HasField("datum") else "",
            _day_in_calendar(given),
            self._words.page,
            self._opening(),
            tuple(self._sections()),
        )

    def _opening(self) -> tuple[Block, ...]:
        """Give what a parent reads first: where it comes from, what to do, what was left out."""
        dossier, words = self._dossier, self._words
        lines: list[Line] = []
        messages: tuple[Any, ...] = (
            *(dossier.huidigeschool, dossier, dossier.metadata),
            *(dossier.metadata, dossier.inzage),
        )
        names = ("naam", "overdrachtsoort", "overstap", "datum", "voorlopigdossier")
        for message, name in zip(messages, names, strict=True):
            if message.HasField(name):
                field = message.DESCRIPTOR.fields_by_name[name]
                value = self._format.value(field, getattr(message, name))
                lines.append(Line(self._format.label(field), value))
        left_out = ", ".join(
            self._format.label(field)
            for field, value in dossier.metadata.categorie_uitlevering.ListFields()
            if value == _OPT_OUT
        )
        note = words.left_out.format(left_out) if left_out else words.nothing_left_out
        notes = (words.intro, words.correction, note, words.withheld_note)
        return (Fields(tuple(lines)), *map(Note, notes), Note(words.mark_note.format(MARK)))

    def _sections(self) -> Iterator[Section]:
        parts = self._by_section()
        for key in _ORDER:
            if blocks := self._section(key, parts.get(key, [])):
                yield Section(getattr(self._words, key), tuple(blocks))
        if blocks := self._attachment_list():
            yield Section(self._words.attachments, tuple(blocks))
        yield Section(self._words.inspection, tuple(self._inspection()))
        if blocks := self._about():
            yield Section(self._words.about, tuple(blocks))
        if self._pictures:
            yield Section(self._words.pictures, tuple(self._pictures))

    def _by_section(self) -> dict[str, list[tuple[FieldDescriptor, Any]]]:
        """Sort the fields of school and pupil by section."""
        parts: dict[str, list[tuple[FieldDescriptor, Any]]] = {}
        school = self._dossier.huidigeschool
        own = [
            pair for pair in school.ListFields() if pair[0].message_type is not Leerling.DESCRIPTOR
        ]
        for default, pairs in (("cat_school", own), ("cat_leerling", school.leerling.ListFields())):
            for field, value in pairs:
                category = field.GetOptions().Extensions[_FACTS].category or default
                parts.setdefault(_SECTION.get(category, "further"), []).append((field, value))
        return parts

    def _section(self, key: str, pairs: Sequence[tuple[FieldDescriptor, Any]]) -> list[Block]:
        if key == "school":
            return self._school(pairs)
        if key == "tests":
            return self._tests(pairs)
        if len(pairs) == 1 and pairs[0][0].message_type and not pairs[0][0].is_repeated:
            return self._blocks.of_message(pairs[0][1])  # the section's title says it already
        return self._blocks.of_fields(pairs, secret_fields(self._dossier.huidigeschool.leerling))

    def _school(self, pairs: Sequence[tuple[FieldDescriptor, Any]]) -> list[Block]:
        """Keep the school itself and what the pupil did before apart."""
        is_own = [field.containing_type is Huidigeschool.DESCRIPTOR for field, _ in pairs]
        own = [pair for pair, yes in zip(pairs, is_own, strict=True) if yes]
        rest = [pair for pair, yes in zip(pairs, is_own, strict=True) if not yes]
        blocks = self._blocks.of_fields(own, frozenset())
        label = self._format.label(Dossier.DESCRIPTOR.fields_by_name["huidigeschool"])
        grouped: list[Block] = [Group(label, tuple(blocks))] if blocks else []
        return grouped + self._blocks.of_fields(rest, frozenset())

    def _tests(self, pairs: Sequence[tuple[FieldDescriptor, Any]]) -> list[Block]:
        """Give the tests by subject, each with its table and charts, in order of time."""
        blocks: list[Block] = []
        for field, value in pairs:
            if not (field.is_repeated and field.name == "toetslijst"):
                blocks += self._blocks.of_fields([(field, value)], frozenset())
                continue
            areas: dict[str, list[Toets]] = {}
            for test in value:
                areas.setdefault(visible(test.toetsidentificatie.leergebied), []).append(test)
            for area, tests in areas.items():
                tests.sort(key=_day_of)
                title = (area[:1].upper() + area[1:]) or self._words.other_tests
                caption = self._words.tests_in.format(area) if area else title
                about = self._blocks.table(field, tests, caption, _AREA)
                blocks.append(Group(title, (*about[:1], *charts(tests, self._format), *about[1:])))
        return blocks

    def _inspection(self) -> list[Block]:
        words = self._words
        blocks = self._blocks.of_message(self._dossier.inzage)
        signature = Signature(
            (words.seen, words.agreed, words.disagreed),
            words.remarks,
            (words.name, words.sign_date, words.signature),
        )
        return [*blocks, Note(words.sign_intro), signature]

    def _about(self) -> list[Block]:
        """Give the header of the file. The switches that are no opt-out are for programs."""
        skip = frozenset({"categorie_uitlevering"})
        return self._blocks.of_message(self._dossier.metadata, skip)

    def _attachment_list(self) -> list[Block]:
        words = self._words
        owners = list(_owners(self._dossier, ()))
        documents = documents_of(self._dossier)
        room = Room()
        rows: list[tuple[str, ...]] = []
        digests: list[tuple[str, ...]] = []
        for number, (document, path) in enumerate(zip(documents, owners, strict=True), 1):
            missing = Enclosure((), (), "missing")
            has_bytes = number <= len(self._attachments)
            inside = open_enclosure(self._attachments[number - 1], room) if has_bytes else missing
            name, about = visible(document.bestandsnaam), visible(document.omschrijving)
            file = [name, about] if about else [name]
            if inside.names and inside.names != (name,):
                file.append(words.inside.format(", ".join(inside.names)))
            facts = document.bestandsinhoud
            rows.append(
                (
                    str(number),
                    "\n".join(file),
                    self._format.label(path[0]) if path else "",
                    self._format.size(facts.size),
                    getattr(words, inside.state),
                )
            )
            digests.append((str(number), facts.sha256.hex(" ", 4)))
            self._add_pictures(number, name, about, inside)
        if not rows:
            return []
        columns = (words.number, words.file, words.belongs_to, words.size, words.in_printout)
        return [
            Table(words.attachments_table, columns, tuple(rows)),
            Group(
                words.digests,
                (
                    Note(words.digest_note),
                    Table(words.digests_table, (words.number, words.digest), tuple(digests)),
                ),
            ),
        ]

    def _add_pictures(self, number: int, name: str, about: str, inside: Enclosure) -> None:
        for one in inside.pictures:
            title = self._words.picture_of.format(number, name)
            alternative = about or title
            self._pictures.append(Picture(title, alternative, one.media_type, one.content))


def _day_in_calendar(given: Date) -> tuple[int, int, int]:
    """Give a date as numbers; the first day there is when it is no day of the calendar."""
    return _NO_DAY if calendar_day(given) is None else (given.year, given.month, given.day)


def _day_of(test: Toets) -> tuple[int, int, int]:
    day = test.afname.afnamedatum
    return day.year, day.month, day.day


def _owners(
    message: Any, path: tuple[FieldDescriptor, ...]
) -> Iterator[tuple[FieldDescriptor, ...]]:
    """Give for each document, in their order, the fields it belongs to, the widest first.

    School, pupil and support say nothing to a reader and are left out.
    """
    if isinstance(message, Document):
        if message.HasField("bestandsinhoud"):
            yield path
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        plain = field.name in {"huidigeschool", "leerling", "onderwijsondersteuning"}
        inner = path if plain else (*path, field)
        for one in value if field.is_repeated else (value,):
            yield from _owners(one, inner)
