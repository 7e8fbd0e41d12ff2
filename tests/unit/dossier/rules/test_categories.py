"""What a category switch says against what the dossier has.

Misuse tried here: an element that is there and empty, one element of a category of many, only an
action plan where support is mandatory, a switch that says nothing known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier.data_set import set_year, year_named
from oso_dossier.rules import validate

from .made import PROFILES, add, errors, made

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = "/[1]"
# Number, switch, and the elements of the category in the order of the rules.
CATEGORIES = [
    (2, "cat_ouderinzage", ["inzage"]),
    (
        5,
        "cat_oudersverzorgers",
        ["verzorgersaansprakelijk", "verzorger", "aansprakelijkeinstelling"],
    ),
    (6, "cat_vve", ["vanpeuterspeelzaal", "naampeuterspeelzaal", "voorschools", "vroegschools"]),
    (7, "cat_schoolloopbaan", ["schoolloopbaanlijst"]),
    (8, "cat_overstapadvies", ["overstapadvies"]),
    (
        9,
        "cat_onderwijsondersteuning",
        [
            "toelichting_onderwijsbehoeften",
            "diagnose",
            "medicijngebruik",
            "opp",
            "tlv",
            "arrangement_cluster12",
            "arrangement_pao",
            "lwoo",
            "rvc",
        ],
    ),
    (10, "cat_verzuim", ["verzuim"]),
    (11, "cat_eindtoetsbo", ["eindtoets_basisonderwijs"]),
    (12, "cat_toetsresultaten", ["toetslijst"]),
    (13, "cat_handelingsplannen", ["handelingsplan"]),
    (14, "cat_cijferlijsten", ["cijferlijstlijst"]),
    (
        15,
        "cat_vombo",
        [
            "bevorderd",
            "examenresultaat",
            "resultaatvakkenvo",
            "certificaat",
            "competenties",
            "stage",
            "overigvombo",
        ],
    ),
    (16, "cat_bijlagedocs", ["overigdocumentlijst"]),
]
MISSPELT = "toelichting_onderwijsbehoeften"  # the official rules look for another name
WORDS = {"VERBODEN": "forbidden", "OPT-UIT": "optout"}


def _holder(dossier: Any, name: str) -> Any:
    pupil = dossier.huidigeschool.leerling
    for message in (pupil, pupil.onderwijsondersteuning):
        if name in message.DESCRIPTOR.fields_by_name:
            return message
    return dossier


def _found(switch: str, said: str, elements: list[str], present: Iterable[str]) -> list[str]:
    """Give the rules about categories that a BB dossier with these elements breaks."""
    present = set(present)

    def change(dossier: Any) -> None:
        setattr(dossier.metadata.categorie_uitlevering, switch, said)
        for name in elements:
            holder = _holder(dossier, name)
            holder.ClearField(name)
            if name in present:
                add(name)(holder)

    found = [one for one in errors("BB", change) if one[0].startswith("OS.")]
    assert {place for _, place in found} <= {FILE}
    return [rule for rule, _ in found]


@pytest.mark.parametrize(("number", "switch", "elements"), CATEGORIES)
def test_a_mandatory_category_needs_one_of_its_elements(
    number: int, switch: str, elements: list[str]
) -> None:
    """One element is enough, whichever it is, also when it is empty; none is an error."""
    assert _found(switch, "VERPLICHT", elements, []) == [f"OS.cat{number:02d}.mandatory"]
    for name in elements:
        assert _found(switch, "VERPLICHT", elements, [name]) == []


@pytest.mark.parametrize("said", WORDS)
@pytest.mark.parametrize(("number", "switch", "elements"), CATEGORIES)
def test_of_a_category_that_is_out_nothing_may_be_there(
    number: int, switch: str, elements: list[str], said: str
) -> None:
    """Each element that is there is an error of its own, in the order of the standard."""
    rule = f"OS.cat{number:02d}.{WORDS[said]}"
    seen = [name for name in elements if name != MISSPELT]
    expected = [f"{rule}.{name}" if len(elements) > 1 else rule for name in seen]

    assert _found(switch, said, elements, elements) == expected
    assert _found(switch, said, elements, []) == []
    for name, one in zip(seen, expected, strict=True):
        assert _found(switch, said, elements, [name]) == [one]


@pytest.mark.parametrize("said", ["OPTIONEEL", "verboden", "", "VERBODEN "])
@pytest.mark.parametrize(("number", "switch", "elements"), CATEGORIES)
def test_any_other_word_says_nothing(
    number: int, switch: str, elements: list[str], said: str
) -> None:
    """What is optional may be there or not; what is no code is an error of its own kind."""
    del number
    assert _found(switch, said, elements, elements) == []
    assert _found(switch, said, elements, []) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_header_can_never_be_out(profile: str) -> None:
    """The switch itself stands in the header, so that to forbid it gives two errors."""
    for said, word in WORDS.items():
        found = errors(
            profile,
            lambda dossier, said=said: setattr(  # type: ignore[misc]
                dossier.metadata.categorie_uitlevering, "cat_metadata", said
            ),
        )

        assert found == [
            (f"OS.cat01.{word}.metadata", FILE),
            (f"OS.cat01.{word}.overdrachtsoort", FILE),
        ]


def test_an_action_plan_is_not_support() -> None:
    """Mandatory support is not there when all it holds is an action plan, or nothing."""

    def change(dossier: Any) -> None:
        pupil = dossier.huidigeschool.leerling
        pupil.ClearField("onderwijsondersteuning")
        add("handelingsplan")(pupil.onderwijsondersteuning)
        dossier.metadata.categorie_uitlevering.cat_onderwijsondersteuning = "VERPLICHT"

    assert errors("VOSWV", change) == [("OS.cat09.mandatory", FILE)]


@pytest.mark.parametrize("switch", ["cat_school", "cat_leerling"])
@pytest.mark.parametrize("said", ["VERPLICHT", "VERBODEN", "OPT-UIT"])
def test_school_and_pupil_have_no_rule(switch: str, said: str) -> None:
    """The structure wants them: their switches may say what they like."""
    change = lambda dossier: setattr(dossier.metadata.categorie_uitlevering, switch, said)  # noqa: E731

    assert errors("POVO", change) == []


@pytest.mark.parametrize("year", ["2017.1.2", "2018.1.1"])
def test_before_2019_only_opting_out_was_looked_at(year: str) -> None:
    """Care, and action plans at their old place, may not be there when they are kept back."""
    dossier = made("BB")
    for name in ("onderwijsondersteuning", "huisarts"):
        dossier.huidigeschool.leerling.ClearField(name)
    set_year(dossier, year_named(year))
    put_versions(dossier, year)
    pupil: Any = dossier.huidigeschool.leerling
    pupil.zorg.SetInParent()
    pupil.sefunctioneren.SetInParent()
    pupil.handelingsplanlijst.add()
    switches = dossier.metadata.categorie_uitlevering
    switches.ClearField("cat_onderwijsondersteuning")
    switches.cat_vve, switches.cat_verzuim = "VERPLICHT", "VERBODEN"
    switches.cat_zorgenbegeleiding = switches.cat_handelingsplannen = "OPT-UIT"

    found = validate(dossier, structure_checked=True).findings

    assert [one.rule.id for one in found] == [
        "OS.cat09.optout.zorg",
        "OS.cat09.optout.sefunctioneren",
        "OS.cat13.optout",
    ]


def put_versions(dossier: Any, year: str) -> None:
    """Say in the header which versions a dossier of a year follows."""
    found = year_named(year)
    dossier.metadata.standaardversie = found.standaardversie
    dossier.metadata.validatieversie = found.validatieversie
