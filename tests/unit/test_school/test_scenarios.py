"""The table of scenarios: the same for everybody, for ever, and about nobody."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from stdnum.nl import bsn, onderwijsnummer

from oso_dossier import dossier_bytes
from oso_dossier.rules import validate
from oso_las.model import Identity
from oso_las.wishes import NOBODY, identity_in
from oso_rpc.errors import facts_of, name_of
from oso_test_school.dossiers import dossier_of
from oso_test_school.pupils import is_invented
from oso_test_school.scenarios import SCENARIOS, Scenario, scenario_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "test-school.md"
NUMBERED = [one for one in SCENARIOS if not one.profile.endswith("SWV")]
CHECKERS = {"bsn": bsn, "onderwijsnummer": onderwijsnummer}
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)


def _row(scenario: Scenario) -> str:
    pupil = scenario.pupil
    number = pupil.number or "-"
    cells = (scenario.profile, pupil.name, pupil.birth_date, number, name_of(scenario.result))
    return f"| `{scenario.name}` | {' | '.join(cells)} | {scenario.story.en} |"


def test_the_table_that_suppliers_read_is_the_one_that_is_played() -> None:
    """docs/test-school.md has each scenario as it is; a pupil that changed would be seen here."""
    lines = DOCUMENT.read_text("utf-8").splitlines()

    assert [_row(one) for one in SCENARIOS] == [one for one in lines if one.startswith("| `")]


def test_every_scenario_has_a_name_and_a_pupil_of_its_own() -> None:
    """Nothing can be confused; and a pupil of no scenario has none."""
    assert len(SCENARIOS) == len({one.name for one in SCENARIOS})
    assert NUMBERED == [scenario_of(one.pupil.identity) for one in NUMBERED]
    assert scenario_of(NOBODY) is None
    assert scenario_of(Identity("bsn", "999900006", "2007-03-01")) is None


@pytest.mark.parametrize("scenario", NUMBERED, ids=lambda one: one.name)
def test_a_pupil_is_nobody(scenario: Scenario) -> None:
    """The number passes its test, and is of a range that nobody has."""
    identity = scenario.pupil.identity

    assert CHECKERS[identity.kind].is_valid(identity.number)
    assert is_invented(identity)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("bsn", "111222333"), ("onderwijsnummer", "100000004"), ("onderwijsnummer", "999900006")],
)
def test_a_number_somebody_may_have_is_not_invented(kind: str, number: str) -> None:
    """What is not of our ranges may be a child's."""
    assert not is_invented(Identity(kind, number, "2007-03-01"))


@each_scenario
def test_the_result_is_one_a_target_reports(scenario: Scenario) -> None:
    """Each promise is a result that a session can be closed with."""
    assert facts_of(scenario.result).rank > 0


@each_scenario
def test_a_dossier_keeps_every_rule_and_is_about_its_pupil(scenario: Scenario) -> None:
    """Whatever goes wrong in a scenario, it is not the dossier; made again it is the same."""
    document = dossier_of(scenario, "00SS")

    report = validate(document.dossier, attachments=document.attachments)

    assert () == (*report.structure, *report.errors)
    assert scenario.pupil.identity == identity_in(document.dossier)
    assert "00SS" == document.dossier.huidigeschool.brincode
    digests = [
        hashlib.sha256(dossier_bytes(one.dossier)).hexdigest()
        for one in (document, dossier_of(scenario, "00SS"))
    ]
    assert digests[0] == digests[1]


def test_many_attachments_are_many_and_one_is_large() -> None:
    """42 small ones and one of more than 5 MiB, numbered without a gap."""
    (scenario,) = (one for one in SCENARIOS if one.name == "many-attachments")

    sizes = sorted(map(len, dossier_of(scenario, "00SS").attachments))

    assert 43 == len(sizes)
    assert sizes[-1] > 5 * 1024 * 1024
    assert sizes[-2] < 64 * 1024
