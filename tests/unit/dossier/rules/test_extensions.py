"""VOMBO and PORI: profiles of our own, for who asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from oso_dossier.rules import RULES, Severity, validate
from oso_dossier.synthetic import generate


def _ids(dossier: Any, profile: str) -> list[str]:
    return [one.rule.id for one in validate(dossier, profile=profile).findings]


def _vombo() -> Any:
    """Make a dossier for the step to vocational education."""
    dossier = generate("VOVO", 3).dossier
    dossier.metadata.overstap = "VOMBO"
    dossier.metadata.categorie_uitlevering.cat_vombo = "VERPLICHT"
    dossier.huidigeschool.leerling.bevorderd.leerjaar = "4"
    dossier.inzage.toestemming = "Ja"
    return dossier


def _pori() -> Any:
    """Make a dossier for a regional initiative."""
    dossier = generate("POVO", 3).dossier
    dossier.metadata.overstap = "OVERIG"
    pupil = dossier.huidigeschool.leerling
    switches = dossier.metadata.categorie_uitlevering
    pupil.onderwijsondersteuning.ClearField("handelingsplan")
    for field in ("bsn", "verzuim", "cijferlijstlijst", "overigdocumentlijst"):
        pupil.ClearField(field)
    for name in ("verzuim", "handelingsplannen", "cijferlijsten", "bijlagedocs", "vombo"):
        setattr(switches, f"cat_{name}", "VERBODEN")
    for caregiver in pupil.verzorger:
        caregiver.ClearField("iban")
        caregiver.ClearField("banknummer")
    dossier.inzage.toestemming = "Ja"
    return dossier


@pytest.mark.parametrize(("make", "profile"), [(_vombo, "VOMBO"), (_pori, "PORI")])
def test_a_dossier_of_an_extension_follows_its_rules(make: Any, profile: str) -> None:
    """What an extension asks for can be made, and gives no finding."""
    assert [] == _ids(make(), profile)


def test_an_extension_is_never_guessed() -> None:
    """A file that says VOMBO is judged by the standard, which knows no such move."""
    assert "OVa.OS02" in [one.rule.id for one in validate(_vombo()).findings]


@pytest.mark.parametrize(
    ("make", "profile", "change", "rule"),
    [
        (_vombo, "VOMBO", lambda d: d.inzage.ClearField("toestemming"), "OSO.VOMBO.01"),
        (_vombo, "VOMBO", lambda d: setattr(d.inzage, "inzage", False), "OSO.VOMBO.02"),
        (
            _vombo,
            "VOMBO",
            lambda d: d.huidigeschool.leerling.ClearField("bevorderd"),
            "OSO.VOMBO.03",
        ),
        (
            _vombo,
            "VOMBO",
            lambda d: d.huidigeschool.leerling.ClearField("bevorderd"),
            "OSO.VOMBO.cat15.mandatory",
        ),
        (_pori, "PORI", lambda d: setattr(d.inzage, "toestemming", "Nee"), "OSO.PORI.01"),
        (_pori, "PORI", lambda d: d.inzage.ClearField("inzage"), "OSO.PORI.02"),
        (
            _pori,
            "PORI",
            lambda d: setattr(d.huidigeschool.leerling, "bsn", "999900006"),
            "OSO.PORI.03",
        ),
        (
            _pori,
            "PORI",
            lambda d: setattr(d.huidigeschool.leerling.verzorger[0], "iban", "NL91ABNA0417164300"),
            "OSO.PORI.04",
        ),
        (
            _pori,
            "PORI",
            lambda d: d.huidigeschool.leerling.verzuim.SetInParent(),
            "OSO.PORI.cat10.forbidden",
        ),
    ],
)
def test_each_rule_of_an_extension_is_found(
    make: Any, profile: str, change: Any, rule: str
) -> None:
    """What breaks a rule of an extension gives its finding, an error."""
    dossier = make()
    change(dossier)

    assert rule in _ids(dossier, profile)
    assert Severity.ERROR is RULES[rule].severity


def test_rules_of_an_extension_say_that_they_are_not_of_the_standard() -> None:
    """Whoever reads one sees that no official validator has it."""
    own = [rule for rule in RULES.values() if rule.id.startswith(("OSO.VOMBO", "OSO.PORI"))]

    assert own
    assert all("not part of 2019.1" in rule.source for rule in own)
