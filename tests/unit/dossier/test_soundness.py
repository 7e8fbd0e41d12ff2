"""The short look that says a dossier is sound says so of no dossier that is not.

Whatever it says yes to, `check_structure` and `write_xml` must agree with: that is also tested for
messages changed at random, in test_mutations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from oso.dossier.v1.document_pb2 import Document
from oso_dossier.data_set import YEARS, year_of
from oso_dossier.soundness import is_sound
from oso_dossier.synthetic import PROFILES, generate
from oso_dossier.testing import dossiers
from oso_dossier.writing import check_structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_dossier.document import DossierDocument


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(dossiers())
def test_any_dossier_the_structure_admits_is_sound(document: DossierDocument) -> None:
    """Whatever the structure admits is seen to be sound, so that the short look is worth it."""
    assert is_sound(document.dossier, year_of(document.dossier))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_invented_dossier_is_sound_in_its_own_year_only(profile: str) -> None:
    """A dossier is looked at with the eyes of its year."""
    dossier = generate(profile, 1).dossier
    sound = {year.name: is_sound(dossier, year) for year in YEARS}

    assert sound == {year.name: year.name == "2019.1" for year in YEARS}


def _pupil(dossier: Any) -> Any:
    return dossier.huidigeschool.leerling


@pytest.mark.parametrize(
    "change",
    [
        lambda dossier: dossier.ClearField("metadata"),
        lambda dossier: dossier.metadata.ClearField("datum"),
        lambda dossier: setattr(dossier.metadata.datum, "month", 13),
        lambda dossier: setattr(_pupil(dossier), "achternaam", ""),
        lambda dossier: setattr(_pupil(dossier), "achternaam", "a\x00b"),
        lambda dossier: setattr(_pupil(dossier), "achternaam", "\ufffe"),
        lambda dossier: _pupil(dossier).adresbuitenland.append("x" * 36),
        lambda dossier: _pupil(dossier).voornaam.append(""),
        lambda dossier: _pupil(dossier).adreslijst.ClearField("adres"),
        lambda dossier: _pupil(dossier).nationaliteit.add(omschrijving="x"),
        lambda dossier: setattr(dossier.huidigeschool, "brincode", "abcd"),
        lambda dossier: _pupil(dossier).toetslijst.add(),
        lambda dossier: _pupil(dossier).cijferlijstlijst.add(jaargroep="8"),
        lambda dossier: _pupil(dossier).gba.SetInParent(),
        lambda dossier: _pupil(dossier).overigdocumentlijst.append(Document(bestandsnaam="x")),
        lambda dossier: setattr(dossier, "gegevensset", "1999"),
    ],
)
def test_what_is_wrong_is_not_sound(change: Callable[[Any], object]) -> None:
    """Each kind of thing that can be wrong is found."""
    dossier = generate("POVO", 2).dossier
    assert list(check_structure(dossier)) == []

    change(dossier)

    assert list(check_structure(dossier)) != []


def test_a_spelling_no_xml_can_hold_is_not_sound() -> None:
    """A dossier with spellings is sound too, unless one has a character XML cannot hold."""
    dossier = generate("POVO", 2).dossier
    place = "/dossier[1]/huidigeschool[1]/leerling[1]/achternaam[1]"

    dossier.schrijfwijzen.add(pad=place, tekst="x", knippen=[7])
    assert is_sound(dossier, year_of(dossier))
    assert list(check_structure(dossier)) == []

    dossier.schrijfwijzen[0].tekst = _pupil(dossier).achternaam = "a\x01b"
    assert not is_sound(dossier, year_of(dossier))
    assert len(check_structure(dossier)) == 1


def test_attachments_are_counted() -> None:
    """An attachment with the number of another one is wrong."""
    dossier = generate("POVO", 2).dossier
    documents = _pupil(dossier).overigdocumentlijst
    documents.add().CopyFrom(documents[0])

    assert [one.detail for one in check_structure(dossier)] == ["part_number"]
