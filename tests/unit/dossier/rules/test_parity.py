"""Our verdicts are the official ones, for the official examples and the changed dossiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oso_dossier import StructureError, WrongNamespaceError, read_xml
from oso_dossier.rules import RULES, Finding, Severity, validate
from tests.unit.dossier.official import SHARED, facts, mutants

if TYPE_CHECKING:
    from collections.abc import Iterable

DEAD = "dead_in_place"


def _places(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.rule.id, one.location) for one in findings]


def test_changed_dossiers_get_the_official_errors_in_order() -> None:
    """Of every changed dossier that satisfies the structure, rule and place of each error match.

    Files of another root than `dossier` are schema valid, but no dossiers: refused before this.
    """
    wrong = []
    for name, xml, verdict in mutants():
        if not verdict["schema_valid"] or verdict["official_run_aborts"]:
            continue
        try:
            dossier = read_xml(xml).dossier
        except WrongNamespaceError:
            assert "root" in name
            continue
        report = validate(dossier)
        expected = [(one["id"], one["location"]) for one in verdict["errors"]]
        if _places(report.findings) != expected or report.profile != (verdict["profile"] or ""):
            wrong.append((name, _places(report.findings), expected))

    assert wrong == []


def test_what_the_official_sheet_does_not_reach_is_a_warning() -> None:
    """With warnings asked for, the rules it should have reached are given, after the errors."""
    wrong = []
    for name, xml, verdict in mutants():
        if not verdict["schema_valid"] or verdict["official_run_aborts"]:
            continue
        try:
            report = validate(read_xml(xml).dossier, structure_checked=True, warnings=True)
        except WrongNamespaceError:
            continue
        ours = [one for one in report.findings if not one.rule.id.startswith("OSO.")]
        expected = [(one["id"], one["location"]) for one in verdict["intended_only"]]
        if _places(ours[len(report.errors) :]) != expected:
            wrong.append((name, _places(ours), expected))

    assert wrong == []


def test_where_the_official_sheet_aborts_ours_gives_a_verdict() -> None:
    """A dossier that stops the official run is read and checked, or refused for its structure."""
    aborted = [one for one in mutants() if one[2]["official_run_aborts"]]

    for _, xml, verdict in aborted:
        if verdict["schema_valid"]:
            assert validate(read_xml(xml).dossier).is_valid
        else:
            with pytest.raises(StructureError):
                read_xml(xml)

    assert aborted


@pytest.mark.parametrize("year", ["2017.1.2", "2018.1.1", "2019.1"])
def test_official_examples_of_every_year_have_no_errors(year: str) -> None:
    """An official example follows the rules of its own year."""
    folder = SHARED / "dossiers" / year
    if not folder.exists():
        pytest.skip("the official examples are not here")

    reports = [validate(read_xml(path).dossier) for path in sorted(folder.glob("*.xml"))]

    assert reports
    assert [report for report in reports if not report.is_valid] == []


def test_every_rule_of_the_standard_is_there_in_its_order() -> None:
    """Each of the 248 official messages has a rule; what cannot be reached is a warning."""
    official = [row for row in facts("rules.csv") if row["status"] != "inactive"]

    ours = {row["rule_id"]: RULES[row["rule_id"]] for row in official}

    assert [rule_id for rule_id in RULES if rule_id in ours] == list(ours)
    assert {rule_id for rule_id, rule in ours.items() if rule.severity is Severity.WARNING} == {
        row["rule_id"] for row in official if row["status"] == DEAD
    }
    six = ("POPO", "POVO", "VOVO", "BB", "POSWV", "VOSWV")
    assert {rule_id: rule.profiles or six for rule_id, rule in ours.items()} == {
        row["rule_id"]: tuple(row["profiles"].split("|")) for row in official
    }
