"""What the printout holds: everything a parent may see, in words, and nothing that is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from oso.dossier.v1.contact_pb2 import Adres, Communicatie
from oso.dossier.v1.document_pb2 import Bestandsinhoud
from oso.dossier.v1.dossier_pb2 import CategorieUitlevering, Dossier, Huidigeschool
from oso.dossier.v1.leerling_pb2 import Leerling
from oso.options.v1 import field_pb2
from oso_dossier import DossierDocument, read_xml
from oso_dossier.data_set import UNSAID
from oso_dossier.printing.content import printout
from oso_dossier.printing.formatting import Formatter
from oso_dossier.printing.model import Chart, Fields, Line, Table
from oso_dossier.printing.withheld import is_secret_contact, secret_fields
from oso_dossier.testing import dossiers

from ..official import EXAMPLES, SHARED, example  # noqa: TID252  tests are no package one could name
from .samples import blocks_of, dossier, pupil_of, text_of, with_attachments, with_scores, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

# Shown by saying nothing of it: that a number is not secret, or not for emergencies.
_SHOWN_BY_ABSENCE = {("Communicatie", "geheim"), ("Communicatie", "noodnummer")}


def _leaves(message: Any, words: Formatter) -> Iterator[tuple[str, str]]:
    """Give every value of a message that a parent must find, with the name of its field."""
    secret = secret_fields(message)
    for field, value in message.ListFields():
        facts = field.GetOptions().Extensions[field_pb2.facts]
        place = (message.DESCRIPTOR.name, field.name)
        if (
            facts.form == field_pb2.XML_FORM_NONE
            or field.name in secret
            or place in _SHOWN_BY_ABSENCE
            or (place == ("Communicatie", "nummer") and is_secret_contact(message))
        ):
            continue
        for one in value if field.is_repeated else (value,):
            if isinstance(one, CategorieUitlevering | Bestandsinhoud):
                continue
            if field.message_type is None or field.message_type.full_name.startswith("google."):
                yield field.full_name, words.value(field, one)
            else:
                yield from _leaves(one, words)


def _assert_complete(document: DossierDocument, language: str) -> None:
    words = Formatter(language, document.dossier.gegevensset or UNSAID.name)
    text = text_of(printout(document, language)).casefold()

    assert [] == [
        name for name, value in _leaves(document.dossier, words) if value.casefold() not in text
    ]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_of_an_official_example_is_printed(name: str, language: str) -> None:
    """Each value of a full dossier stands in the printout, as people write it."""
    _assert_complete(read_xml(example(name)), language)


@pytest.mark.parametrize("year", ["2017.1.2", "2018.1.1"])
def test_every_value_of_an_older_year_is_printed(year: str) -> None:
    """Dossiers of earlier years are printed whole too, with the meanings of their year."""
    files = sorted((SHARED / "dossiers" / year).glob("*.xml"))
    if not files:
        pytest.skip("the official examples are not here")

    for file in files:
        _assert_complete(read_xml(file), "nl")


@settings(max_examples=40)
@given(dossiers())
def test_every_value_of_any_dossier_is_printed(document: DossierDocument) -> None:
    """Each value of whatever the schema admits stands in the printout."""
    _assert_complete(document, "nl")


def test_every_category_of_the_contract_has_a_section() -> None:
    """A field of a new category would land under "further": somebody must choose a section."""
    from oso_dossier.printing.content import _SECTION  # noqa: PLC0415  only this test looks there

    found = {
        field.GetOptions().Extensions[field_pb2.facts].category
        for message in (Dossier, Huidigeschool, Leerling)
        for field in message.DESCRIPTOR.fields
    } - {""}

    assert {"cat_bijlagedocs"} == found - _SECTION.keys()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_secret_numbers_and_addresses_are_never_printed(language: str) -> None:
    """Marked as secret, a value is not shown, even when the dossier holds it by mistake."""
    document = dossier()
    pupil = pupil_of(document)
    carer = pupil.verzorger[0]
    street = Adres(
        soortadres="bezoek", straat="Schuilstraat", nummer="71bis", plaats="Nergenshuizen"
    )
    for person in (pupil, carer):
        person.adresgeheim = True
        del person.communicatielijst[:]
        person.communicatielijst.append(
            Communicatie(soort="telefoon", nummer="0699999123", geheim=True, noodnummer=True)
        )
    pupil.adreslijst.adres.append(street)
    carer.adreslijst.append(street)
    pupil.adresbuitenland.append("12 Hidden Lane")

    text = text_of(printout(document, language))

    for value in ("Schuilstraat", "71bis", "Nergenshuizen", "0699999123", "Hidden Lane"):
        assert value not in text
    assert ("geheim" if language == "nl" else "secret") in text


def test_a_secret_postal_code_is_not_printed() -> None:
    """Four digits of a postal code are an address too."""
    document = dossier()
    pupil_of(document).adresgeheim = True
    pupil_of(document).postcode4adres = "7311"

    assert "7311" not in text_of(printout(document))


def test_the_stand_ins_of_the_standard_are_printed_as_secret() -> None:
    """Nobody should dial 9999999999: it stands for a secret number."""
    document = dossier()
    numbers = pupil_of(document).communicatielijst
    del numbers[:]
    numbers.append(Communicatie(soort="telefoon", nummer="9999999999"))
    numbers.append(Communicatie(soort="e-mail", nummer="geheim@geheim.geheim"))

    text = text_of(printout(document))

    assert "9999999999" not in text
    assert "geheim@geheim.geheim" not in text


def test_spellings_of_the_xml_are_not_printed() -> None:
    """What is kept to write the file back exactly could hold a secret value."""
    document = dossier()
    document.dossier.schrijfwijzen.add(pad="/dossier[1]", tekst=" Schuilstraat ")

    assert "Schuilstraat" not in text_of(printout(document))


def test_sections_come_in_the_order_a_parent_reads_them() -> None:
    """The pupil first, then who and what is around; inspection near the end."""
    titles = [section.title for section in printout(dossier()).sections]

    assert [
        *("De leerling", "Ouders en verzorgers", "School en schoolloopbaan", "Advies"),
        *("Ondersteuning", "Toetsen", "Verzuim"),
        *("Inzage en handtekening", "Over dit dossier"),
    ] == [title for title in titles if title != "Cijfers en examen"]


def test_an_empty_dossier_has_little_more_than_the_signature() -> None:
    """Sections without anything in them do not appear."""
    printed = printout(DossierDocument(Dossier()))

    assert ["Inzage en handtekening"] == [section.title for section in printed.sections]
    assert "Dossier van een leerling zonder naam" == printed.title


def test_what_was_left_out_is_told_by_name() -> None:
    """A category switched to OPT-UIT is named in the opening."""
    document = dossier()
    switches = document.dossier.metadata.categorie_uitlevering
    switches.cat_verzuim = switches.cat_vve = "OPT-UIT"

    text = text_of(printout(document))

    assert "weggelaten (opt-uit): Voor- en vroegschoolse educatie, Verzuim." in text


def test_values_are_written_as_people_write_them() -> None:
    """Dates in words, yes and no, codes by their meaning, decimals with a comma."""
    document = dossier()
    pupil = pupil_of(document)
    pupil.geboortedatum.year, pupil.geboortedatum.month, pupil.geboortedatum.day = 2007, 3, 12
    pupil.geslacht = 1
    pupil.tehuis = False

    section = printout(document).sections[0]

    lines = next(block for block in section.blocks if isinstance(block, Fields)).lines
    assert Line("Geboortedatum", "12 maart 2007") in lines
    assert Line("Geslacht", "Vrouw") in lines
    assert Line("Woont in een tehuis", "Nee") in lines


def test_three_scores_on_one_scale_make_a_chart() -> None:
    """From three scores on there is something to see; the chart tells it in words too."""
    document = dossier()
    charts = [block for block in blocks_of(printout(document)) if isinstance(block, Chart)]
    first = charts[0]

    assert 3 <= len(first.points)
    assert sorted(point.x for point in first.points) == [point.x for point in first.points]
    assert all(point.value in first.alternative for point in first.points)
    assert all(0 <= one <= 1 for point in first.points for one in (point.x, point.y))


@pytest.mark.parametrize("scores", [["1", "2"], ["1", "2", "x"], ["1", "2", "1e400"], []])
def test_fewer_than_three_numbers_make_no_chart(scores: list[str]) -> None:
    """Two points are no course, and words are no numbers."""
    printed = printout(with_scores(*scores))

    assert [] == [block for block in blocks_of(printed) if isinstance(block, Chart)]


@pytest.mark.parametrize("scores", [["5", "5", "5"], ["-3", "0", "2.5"], ["0.001", "0.002", "0"]])
def test_any_three_numbers_make_a_chart_within_its_frame(scores: list[str]) -> None:
    """Equal, negative and tiny scores are drawn between the marks of the axis."""
    printed = printout(with_scores(*scores))

    (chart,) = (block for block in blocks_of(printed) if isinstance(block, Chart))

    assert all(0 <= one.y <= 1 for one in chart.points)
    assert [0.0, 1.0] == [chart.scores[0].at, chart.scores[-1].at]


def test_the_attachments_are_listed_with_what_the_printout_shows_of_them() -> None:
    """Name, size and SHA-256 of each; the check number lets the school compare it."""
    content = zipped(brief__txt=b"hallo")
    document = with_attachments(content)
    facts = pupil_of(document).overigdocumentlijst[0].bestandsinhoud

    printed = printout(document)

    tables = [block for block in blocks_of(printed) if isinstance(block, Table)]
    row = next(table for table in tables if table.caption == "Bijlagen bij dit dossier").rows[0]
    assert "1" == row[0]
    assert row[1].startswith("bestand.zip\ndocument 1\nbevat: brief.txt")
    assert "nee, vraag de school om het te laten zien" == row[4]
    assert facts.sha256.hex(" ", 4) in text_of(printed)


def test_an_attachment_that_is_not_there_is_told() -> None:
    """A dossier without its files is printed all the same."""
    document = with_attachments(b"x")

    text = text_of(printout(DossierDocument(document.dossier)))

    assert "nee, het bestand is niet meegeleverd" in text


def test_an_unknown_language_is_refused() -> None:
    """There is no printout in a language without words."""
    with pytest.raises(KeyError):
        printout(dossier(), "fy")
