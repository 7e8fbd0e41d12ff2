"""Every field has a label in both languages, and every code list has the codes of each year.

Misuse tried here: a code that is no code, a list that is no list, a year that has not the list, a
field that is not part of the standard, a language nobody asked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from buf.validate import validate_pb2
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.dossier.v1.leerling_pb2 import Leerling
from oso.options.v1 import field_pb2
from oso_dossier.data_set import YEARS
from oso_dossier.labels import code_lists, codes, label, meaning, name

from .official import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

PLAIN = {  # element names that are plain words themselves
    "aandachtspunten", "aanleverpunt", "achternaam", "adres", "begindatum", "beoordeling",
    "bestandsnaam", "certificaat", "contactpersoon", "diagnose", "einddatum", "functie",
    "geboortedatum", "geboorteplaats", "geheim", "gemeente", "geslacht", "handelingsplan",
    "huisarts", "instantie", "instelling", "land", "leergebied", "leerjaar", "leerling",
    "leerlinggewicht", "nationaliteit", "omschrijving", "onderwijsnummer", "opmerking",
    "periode", "postcode", "rapportcijfer", "resultaat", "roepnaam", "school", "schooljaar",
    "stage", "standaardscore", "straat", "vaardigheidsscore", "verzuim",
    "voornaam", "website",
}  # fmt: skip


def _messages(message: Descriptor, found: dict[str, Descriptor]) -> dict[str, Descriptor]:
    if message.full_name.startswith("oso.dossier.v1.") and message.full_name not in found:
        found[message.full_name] = message
        for one in message.fields:
            if one.message_type is not None:
                _messages(one.message_type, found)
    return found


def _fields() -> Iterator[FieldDescriptor]:
    for message in _messages(Dossier.DESCRIPTOR, {}).values():
        for one in message.fields:
            if one.GetOptions().Extensions[field_pb2.facts].form != field_pb2.XML_FORM_NONE:
                yield one


def test_every_field_has_a_label_in_both_languages() -> None:
    """No field that stands in the XML is without a label that begins with a capital."""
    wrong = [
        one.full_name
        for one in _fields()
        for facts in [one.GetOptions().Extensions[field_pb2.facts]]
        for text in (facts.label_nl, facts.label_en)
        if not re.fullmatch(r"[A-Z0-9][^\s](?:.*[^\s.:])?|[A-Z].", text)
    ]

    assert wrong == []


def test_a_label_is_not_the_element_name() -> None:
    """A label is what a parent reads: the element's name only where that is a plain word."""
    raw = {one.name for one in _fields() if label(one, "nl").lower() == one.name}

    assert raw == PLAIN


def test_labels_tell_fields_of_one_message_apart() -> None:
    """Within one message no two fields have the same label."""
    twice = [
        (message.full_name, language, text)
        for message in _messages(Dossier.DESCRIPTOR, {}).values()
        for language in ("nl", "en")
        for texts in [[label(one, language) for one in message.fields]]
        for text in texts
        if texts.count(text) > 1
    ]

    assert twice == []


def test_a_field_of_our_own_has_its_name() -> None:
    """A field that is not part of the standard is shown by its name."""
    field = Dossier.DESCRIPTOR.fields_by_name["schrijfwijzen"]

    assert label(field, "nl") == "schrijfwijzen"


def test_codes_per_year_are_those_of_the_standard() -> None:
    """Each list has, in each year, exactly the codes the standard had then."""
    standard: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in facts("codelists-by-year.csv"):
        standard[int(row["list"]), row["year"]].add(row["code"])
    years = {year for _, year in standard}
    ours = {(one, year): set(codes(one, year)) for one in code_lists() for year in years}

    assert {key: found for key, found in ours.items() if found} == dict(standard)


def _last_year(field: FieldDescriptor) -> str:
    """Give the last year that has a field; of a field of the block of older years: of the block."""
    if field.full_name.startswith("oso.dossier.v1.Zorg."):
        field = Leerling.DESCRIPTOR.fields_by_name["zorg"]
    return field.GetOptions().Extensions[field_pb2.facts].last_year or YEARS[-1].name


def test_rules_of_the_fields_hold_the_codes_of_the_newest_year() -> None:
    """What protovalidate admits in a field is the code list of the last year that has it."""
    for one in _fields():
        number = one.GetOptions().Extensions[field_pb2.facts].code_list
        rules: Any = one.GetOptions().Extensions[validate_pb2.field]
        cel = (rules.repeated.items if one.is_repeated else rules).cel
        if not number or not cel:
            continue
        inside = cel[0].expression.partition("[")[2].rpartition("]")[0]

        assert {code.strip(" '") for code in inside.split(",")} == codes(number, _last_year(one)), (
            one.name
        )


def test_lists_and_meanings_come_in_both_languages() -> None:
    """Every list has a name in both languages; a meaning in one language has one in the other."""
    lists = code_lists().values()

    assert [one.number for one in lists if not (one.name_nl and one.name_en)] == []
    assert [
        (one.number, code.code)
        for one in lists
        for code in one.codes
        if bool(code.meaning_nl) != bool(code.meaning_en)
    ] == []


@pytest.mark.parametrize(
    ("code_list", "code", "dutch", "english"),
    [
        (14, "1", "Vrouw", "Female"),
        (14, "2", "Man", "Male"),
        (42, "0015", "CESAN Eindtoets", "CESAN final test"),
        (41, "4", "4", "4"),
        (14, "9", "9", "9"),
        (99, "x", "x", "x"),
    ],
)
def test_a_code_is_explained_or_shown_as_it_is(
    code_list: int, code: str, dutch: str, english: str
) -> None:
    """A code gives its meaning, withdrawn or not; what nobody knows is shown as it is."""
    found = (meaning(code_list, code), meaning(code_list, code, "en", "2019.1"))

    assert found == (dutch, english)


def test_a_list_has_no_codes_in_a_year_without_it() -> None:
    """A withdrawn list, a list of later and a list that never was have no codes."""
    found = (codes(12, "2019.1"), codes(48, "2016.1"), codes(99, "2019.1"))

    assert found == (frozenset(), frozenset(), frozenset())


def test_an_unknown_list_has_no_name() -> None:
    """The name of a list that never was is not made up."""
    with pytest.raises(KeyError):
        name(99)
    assert name(23, "en") == "Diagnosis"
