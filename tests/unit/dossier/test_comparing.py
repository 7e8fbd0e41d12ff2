"""What changed between two dossiers is told by meaning, and nothing else is told.

Misuse tried here: dossiers of two pupils, of two years, secrets and national numbers that should
not come out, text that would command a terminal. What holds for any dossier: test_comparing_any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.type.date_pb2 import Date

from oso.dossier.v1.document_pb2 import TEKSTVORM_BASE64, TEKSTVORM_BASE64_REGELS
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2, item_pb2
from oso_dossier import DossierDocument
from oso_dossier.attachments import describe
from oso_dossier.comparing import Wording, compare
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor


def _copy(document: DossierDocument) -> tuple[DossierDocument, Any]:
    """Give a copy of a document and the pupil in it, to change."""
    dossier = Dossier()
    dossier.CopyFrom(document.dossier)
    return DossierDocument(dossier, document.attachments), dossier.huidigeschool.leerling


def _told(old: DossierDocument, new: DossierDocument, language: str = "nl") -> list[str]:
    """Give the lines about changes, without headings."""
    lines = Wording(compare(old, new), language).lines()
    return [line.strip() for line in lines if line.startswith("  ")]


@pytest.fixture
def pupil() -> tuple[DossierDocument, DossierDocument, Any]:
    """A small dossier of a pupil, and a copy to change."""
    document = DossierDocument(Dossier())
    leerling: Any = document.dossier.huidigeschool.leerling
    leerling.achternaam, leerling.bsn = "Vis", "123456782"
    for relation, name in (("1", "Vis"), ("2", "Bos")):
        carer = leerling.verzorger.add(relatietotkind=relation, achternaam=name)
        carer.communicatielijst.add(soort="telefoon", aanduiding="prive", nummer=f"061{relation}")
    for subject, day in (("Rekenen", 12), ("Taal", 19)):
        test = leerling.toetslijst.add()
        test.toetsidentificatie.eldtoetscode = subject[:1]
        test.toetsidentificatie.leergebied = subject
        test.afname.afnamedatum.CopyFrom(Date(year=2026, month=3, day=day))
        test.resultaat.toetsscore.tijd.value = "8.50"
    return document, *_copy(document)


def test_a_changed_phone_number_is_told_by_whose_it_is(pupil: Any) -> None:
    """A new number of a carer is one change, also when the carers changed places."""
    old, new, leerling = pupil
    leerling.verzorger[1].communicatielijst[0].nummer = "0699"
    carers = [leerling.verzorger[1], leerling.verzorger[0]]
    del leerling.verzorger[:]
    leerling.verzorger.extend(carers)

    assert _told(old, new) == [
        (
            "~ Ouder of verzorger (Moeder, Bos) > Contactgegeven (Telefoonnummer, Privé) > "
            "Telefoonnummer of e-mailadres: was 0612, is nu 0699"
        )
    ]
    assert compare(old, new).reordered == ("/dossier[1]/huidigeschool[1]/leerling[1]/verzorger",)


def test_a_test_that_came_or_went_is_told_by_name_and_date(pupil: Any) -> None:
    """A test is known by its subject and its day, wherever it stands in the list."""
    old, new, leerling = pupil
    del leerling.toetslijst[0]

    assert _told(old, new) == ["- Toets (Rekenen, 12-03-2026): verwijderd"]
    assert _told(new, old, "en") == ["+ Test (Rekenen, 2026-03-12): added"]


def test_a_code_nobody_can_explain_is_told_to_be_a_code(pupil: Any) -> None:
    """A bare number says nothing: it is shown as a code."""
    old, new, leerling = pupil
    leerling.verzorger[1].relatietotkind = "9"

    assert _told(old, new, "en") == [
        "~ Parent or carer (code 9, Bos) > Relation to the child: was Mother, is now code 9"
    ]


def test_somebody_else_is_not_the_same_person_changed(pupil: Any) -> None:
    """Of carers with one surname and no relation given, one went and another came."""
    old, new, _ = pupil
    for document, names in ((old, ("Jan", "Piet")), (new, ("Piet", "Kees"))):
        leerling: Any = document.dossier.huidigeschool.leerling
        del leerling.verzorger[:]
        for name in names:
            carer = leerling.verzorger.add(roepnaam=name, achternaam="Vis", voorletters_1=name[0])
            carer.iban, carer.overleden = f"NL{name}", name == "Jan"

    assert _told(old, new) == [
        "- Ouder of verzorger (J, Vis): verwijderd",
        "+ Ouder of verzorger (K, Vis): toegevoegd",
    ]


def test_values_are_told_as_people_write_them(pupil: Any) -> None:
    """Decimals have a comma in Dutch, yes and no are words, a code is told by its meaning."""
    old, new, leerling = pupil
    leerling.toetslijst[0].resultaat.toetsscore.tijd.value = "9.5"
    leerling.verzorger[0].wettigevertegenwoordiger = True
    leerling.overstapadvies.advies = "60"

    assert _told(old, new) == [
        "+ Advies voor de overstap: toegevoegd",
        "~ Toets (Rekenen, 12-03-2026) > Resultaat > Score > Tijd in seconden: was 8,50, is nu 9,5",
        "+ Ouder of verzorger (Vader, Vis) > Is wettelijk vertegenwoordiger: toegevoegd: ja",
    ]


@pytest.mark.parametrize("same", ["8.5", "+08.500"])
def test_another_spelling_of_a_number_is_no_change(pupil: Any, same: str) -> None:
    """8.50 and 8.5 are the same number."""
    old, new, leerling = pupil
    leerling.toetslijst[0].resultaat.toetsscore.tijd.value = same

    assert compare(old, new).is_same


def test_another_file_under_the_same_name_is_a_change(pupil: Any) -> None:
    """An attachment is compared by name and digest, not by how it is written or numbered."""
    old, new, leerling = pupil
    for document, content in ((old, b"one"), (new, b"other")):
        target = document.dossier.huidigeschool.leerling.overigdocumentlijst.add()
        target.bestandsnaam = "plan.pdf"
        target.bestandsinhoud.CopyFrom(describe(content, 1, TEKSTVORM_BASE64))
    assert _told(old, new) == [
        "~ Overig document (plan.pdf) > Bestand: was bestand van 3 bytes, is nu bestand van 5 bytes"
    ]

    leerling.overigdocumentlijst[0].bestandsinhoud.CopyFrom(
        describe(b"one", 9, TEKSTVORM_BASE64_REGELS)
    )
    leerling.overigdocumentlijst[0].bestandsnaam = "plan-2.pdf"
    assert _told(old, new) == [
        "~ Overig document (plan-2.pdf) > Bestandsnaam: was plan.pdf, is nu plan-2.pdf"
    ]


def test_dossiers_of_two_pupils_are_told_apart_first(pupil: Any) -> None:
    """The first line warns, and the BSN that differs is not shown unless asked for."""
    old, new, leerling = pupil
    leerling.bsn = "111222333"
    found = compare(old, new)
    text = "\n".join(Wording(found).lines())

    assert text.startswith("LET OP: dit lijken dossiers van twee leerlingen")
    assert found.other_pupil == ("bsn",)
    assert "111222333" not in text + str(Wording(found).record())
    assert "111222333" in "\n".join(Wording(found, everything=True).lines())


def test_secrets_are_not_shown(pupil: Any) -> None:
    """What is marked as secret in either dossier stays out of text and JSON unless asked for."""
    old, new, leerling = pupil
    leerling.verzorger[0].communicatielijst[0].nummer = "0688"
    leerling.verzorger[0].communicatielijst[0].geheim = True
    leerling.verzorger[1].adresgeheim = True
    leerling.verzorger[1].adreslijst.add(soortadres="bezoek", straat="Dorpsstraat")
    found = compare(old, new)
    shown = "\n".join(Wording(found).lines()) + str(Wording(found).record())

    assert [one for one in ("0688", "0611", "Dorpsstraat") if one in shown] == []
    assert "0688" in "\n".join(Wording(found, everything=True).lines())
    assert "Dorpsstraat" in str(Wording(found, everything=True).record())


def test_text_from_a_dossier_cannot_command_a_terminal(pupil: Any) -> None:
    """Control characters in a value are not printed."""
    old, new, leerling = pupil
    leerling.achternaam = "\x1b[2J"

    assert _told(old, new) == ["~ Leerling > Achternaam: was Vis, is nu ?[2J"]


def test_dossiers_of_two_years_are_told_to_be(pupil: Any) -> None:
    """Across years the reader learns that moved fields show as removed and added."""
    old, new, _ = pupil
    old.dossier.gegevensset = "2018.1.1"
    lines = list(Wording(compare(old, new), "en").lines())

    assert lines[0].startswith("The dossiers are of different years (2018.1.1 and 2019.1).")
    assert lines[1] == "No differences."


def test_json_has_both_places_and_both_values(pupil: Any) -> None:
    """A change as JSON: kind, category, label, the place in both files, typed and shown values."""
    old, new, leerling = pupil
    test = leerling.toetslijst[1]
    del leerling.toetslijst[0]
    test.afname.dl = 20
    found = Wording(compare(old, new), "en").record()
    here = "/dossier[1]/huidigeschool[1]/leerling[1]/toetslijst[1]/toets"

    assert found["changes"][1] == {
        "kind": "added",
        "category": "cat_toetsresultaten",
        "label": "Test (Taal, 2026-03-19) > Sitting of the test > Months of education",
        "old_path": "",
        "new_path": f"{here}[1]/afname[1]/dl[1]",
        "old": None,
        "new": {"value": 20, "text": "20"},
    }
    assert found["changes"][0]["old"][0] == {
        "path": f"{here}[1]/toetsidentificatie[1]/eldtoetscode[1]",
        "label": "Test code",
        "value": "R",
        "text": "R",
    }


def _messages(message: Descriptor, found: dict[str, Descriptor]) -> dict[str, Descriptor]:
    if message.full_name not in found:
        found[message.full_name] = message
        for one in message.fields:
            if one.message_type is not None:
                _messages(one.message_type, found)
    return found


def _is_field(message: Descriptor, path: str) -> bool:
    names = path.split(".")
    for name in names[:-1]:
        inner = message.fields_by_name[name].message_type
        if inner is None:
            return False
        message = inner
    return names[-1] in message.fields_by_name


def test_keys_titles_and_switches_of_the_contract_name_fields() -> None:
    """What the contract says items are known by, and what makes a field secret, is there."""
    wrong = []
    for message in _messages(Dossier.DESCRIPTOR, {}).values():
        facts = message.GetOptions().Extensions[item_pb2.item]
        wrong += [path for path in (*facts.key, *facts.title) if not _is_field(message, path)]
        for one in message.fields:
            switch = one.GetOptions().Extensions[field_pb2.facts].secret_when
            if switch and switch not in message.fields_by_name:
                wrong.append(switch)

    assert wrong == []


def test_a_generated_dossier_and_the_next_one_are_of_two_pupils() -> None:
    """Dossiers of two invented pupils differ in BSN and birth date."""
    found = compare(generate("POVO", 1), generate("POVO", 2))

    assert set(found.other_pupil) == {"bsn", "geboortedatum"}
