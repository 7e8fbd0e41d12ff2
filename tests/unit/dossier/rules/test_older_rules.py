"""Rules of years before 2019.1 that are gone, or were another rule then.

Misuse tried here: the same contents under another year, where the rule does not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier.data_set import YEARS, set_year, year_named
from oso_dossier.labels import codes
from oso_dossier.rules import validate

from .made import PUPIL, made

if TYPE_CHECKING:
    from .made import Change

CARE = f"{PUPIL}/zorg[1]"
_SINCE_2019 = ("onderwijsondersteuning", "huisarts")


def found(year: str, profile: str, change: Change) -> list[tuple[str, str, str]]:
    """Give severity, rule and place of what a dossier of a year breaks after a change."""
    dossier = made(profile)
    own = year_named(year)
    set_year(dossier, own)
    pupil: Any = dossier.huidigeschool.leerling
    if year < "2017" and pupil.HasField("eindtoets_basisonderwijs"):
        pupil.eindtoets_basisonderwijs.eindtoetsresultaat.toetsniveau = "B"  # no G yet
    if year < "2019.1":
        for name in _SINCE_2019:
            pupil.ClearField(name)
        dossier.metadata.categorie_uitlevering.ClearField("cat_onderwijsondersteuning")
        dossier.metadata.categorie_uitlevering.cat_zorgenbegeleiding = "OPTIONEEL"
    dossier.metadata.standaardversie = own.standaardversie
    dossier.metadata.validatieversie = own.validatieversie
    change(dossier)
    findings = validate(dossier, structure_checked=True, warnings=True).findings
    return [
        (one.rule.severity.value, one.rule.id, one.location)
        for one in findings
        if not one.rule.id.startswith("OSO.")
    ]


@pytest.mark.parametrize("year", [year.name for year in YEARS])
@pytest.mark.parametrize("profile", ["POPO", "POVO", "VOVO", "BB"])
def test_a_dossier_that_is_right_is_right_in_every_year(year: str, profile: str) -> None:
    """What breaks nothing in 2019.1 breaks nothing before, with the versions of that year."""
    assert found(year, profile, lambda _: None) == []


def _care(dossier: Any) -> None:
    care = dossier.huidigeschool.leerling.zorg
    care.lgf.add(codelgfonderwijssoort=int(min(codes(3, "2018.1.1"))))
    care.vir.SetInParent()


@pytest.mark.parametrize(
    ("year", "severity"),
    [("2016.1", "error"), ("2017.1.2", "warning"), ("2018.1.1", "warning")],
)
def test_rules_about_care_were_errors_and_then_not_reached(year: str, severity: str) -> None:
    """Funding without a counsellor, and the risk index: errors in 2016.1, warnings since."""
    assert found(year, "POVO", _care) == [
        (severity, "OVa.ZB01", CARE),
        (severity, "OVa.ZB02", CARE),
    ]


@pytest.mark.parametrize("year", ["2017.1.2", "2018.1.1"])
def test_the_risk_index_was_forbidden_for_support(year: str) -> None:
    """The risk index and the care team are errors in dossiers for support."""

    def change(dossier: Any) -> None:
        dossier.huidigeschool.leerling.zorg.vir.SetInParent()
        dossier.huidigeschool.leerling.zorg.zat.SetInParent()

    assert found(year, "POSWV", change) == [
        ("error", "PaO.ZB01", CARE),
        ("error", "PaO.ZB02", CARE),
    ]


def test_codes_that_are_gone_were_tested() -> None:
    """Lists 3, 12, 32, 34 and 38 are tested in the years that have their fields."""

    def change(dossier: Any) -> None:
        care = dossier.huidigeschool.leerling.zorg
        care.naamib = "x"
        care.lgf.add(codelgfonderwijssoort=99, lgfindicatierec=99)
        care.extrahulpingroep78.add(domein="x")
        care.upw.upwuitstroomprofiel = "x"
        care.upw.upwleerjaar = "x"

    assert [rule for _, rule, _ in found("2018.1.1", "POVO", change)] == [
        "CL.03",
        "CL.12",
        "CL.32",
        "CL.34",
        "CL.38",
    ]


@pytest.mark.parametrize(
    ("year", "expected"),
    [("2016.1", [("error", "VOMBO.01", PUPIL)]), ("2019.1", [("error", "OVa.OS02", "")])],
)
def test_the_move_to_mbo_has_a_rule_in_2016_only(
    year: str, expected: list[tuple[str, str, str]]
) -> None:
    """There it needs a move up or an examination; since then the move itself is refused."""

    def change(dossier: Any) -> None:
        dossier.metadata.overstap = "VOMBO"

    seen = found(year, "VOVO", change)

    assert expected[0][:2] in [one[:2] for one in seen]
    assert ("VOMBO.01" in [rule for _, rule, _ in seen]) == (year == "2016.1")


def _no_school_address(dossier: Any) -> None:
    dossier.huidigeschool.ClearField("adreslijst")
    dossier.huidigeschool.leerling.verzorgersaansprakelijk = False


@pytest.mark.parametrize(
    ("year", "part", "rules"),
    [
        ("2016.1", "LASLVS", ["OVa.SL01.address", "OVa.AI01.VOVO"]),
        ("2016.1", "LVS", ["OVa.MD01"]),
        ("2017.1.2", "LVS", ["OVa.MD01", "OVa.SL01.address"]),
        ("2019.1", "LASLVS", ["OVa.SL01.address"]),
    ],
)
def test_in_2016_some_rules_asked_for_an_administration(
    year: str, part: str, rules: list[str]
) -> None:
    """A dossier of the tracking system alone needed less then, and VOVO an institution."""

    def change(dossier: Any) -> None:
        dossier.metadata.deeldossier = part
        _no_school_address(dossier)

    assert [rule for _, rule, _ in found(year, "VOVO", change)] == rules


def test_what_is_not_reached_since_2017_was_an_error() -> None:
    """The rule on the secret address of a carer is an error in 2016.1."""

    def change(dossier: Any) -> None:
        carer = dossier.huidigeschool.leerling.verzorger[0]
        carer.adresgeheim = True
        carer.adreslijst.add(soortadres="post")

    assert [one[:2] for one in found("2016.1", "POVO", change)] == [("error", "OVa.OV03")]
    assert [one[:2] for one in found("2017.1.2", "POVO", change)] == [("warning", "OVa.OV03")]


def test_codes_are_those_of_the_year() -> None:
    """A code that came in 2018.1.1 is none in 2017.1.2."""

    def change(dossier: Any) -> None:
        dossier.huidigeschool.leerling.vroegschools.add(codevroegschoolsprogramma=7)

    assert found("2018.1.1", "POPO", change) == []
    assert [rule for _, rule, _ in found("2017.1.2", "POPO", change)] == ["CL.09.vroegschools"]
