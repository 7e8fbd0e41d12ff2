"""Places in words: labels instead of element names."""

from __future__ import annotations

import pytest

from oso_dossier.data_set import YEARS
from oso_dossier.place_words import in_words
from oso_dossier.plan import dossier_plan
from oso_dossier.synthetic import generate
from oso_dossier.years import year_named
from oso_dossier.years.tree import grown, placed

_PUPIL = "/dossier[1]/huidigeschool[1]/leerling[1]"


@pytest.mark.parametrize(
    ("path", "year", "dutch", "english"),
    [
        (
            f"{_PUPIL}/zorg[1]/artslijst[1]/arts[2]/roepnaam[1]",
            "2018.1.1",
            "Zorg en begeleiding > Arts 2 > Roepnaam",
            "Care and guidance > Doctor 2 > Name used daily",
        ),
        (f"{_PUPIL}/verzorger[3]", "2019.1", "Ouder of verzorger 3", "Parent or carer 3"),
        ("/dossier[1]/huidigeschool[1]", "2019.1", "Huidige school", "Current school"),
        (f"{_PUPIL}/zorg[1]/naamib[1]", "2019.1", "zorg > naamib", "zorg > naamib"),
        ("/dossier[1]", "2019.1", "", ""),
        ("", "2019.1", "", ""),
    ],
)
def test_a_place_is_told_in_labels(path: str, year: str, dutch: str, english: str) -> None:
    """Each step is a label, numbered from the second; what the year has not keeps its name."""
    found = (in_words(path, year_named(year)), in_words(path, year_named(year), "en"))

    assert found == (dutch, english)


def test_every_place_of_a_dossier_has_words() -> None:
    """No place of a full dossier is told by a raw path."""
    year = YEARS[-1]
    root = grown(generate("VOVO", 5).dossier)
    paths = [path for _, path in placed(root, dossier_plan(year), "/dossier[1]")]

    told = [in_words(path, year) for path in paths]

    assert [one for one in told if not one or "[" in one or "/dossier" in one] == []
