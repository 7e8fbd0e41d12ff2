"""Each scenario of the test school gives what its table promises, to a school in its trial."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from oso_dossier.synthetic import generate
from oso_las import fetching
from oso_las.fetching import Patience
from oso_las.model import Identity, State
from oso_rpc.errors import OsoError, name_of
from oso_test_school.dossiers import dossier_of
from oso_test_school.scenarios import SCENARIOS

from .conftest import PRESENT, QUALIFIED, TEST_SCHOOL, TRIAL, ask, home

if TYPE_CHECKING:
    from oso_las.collector import Collected
    from oso_las.desk import Entry

    from .conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
BY_NAME = {one.name: one for one in SCENARIOS}


async def test_every_scenario_gives_the_result_it_promises(stage: Stage) -> None:
    """Asked one after the other, each gives its result, and the centre has that in its record."""
    promised, given, recorded, stored = {}, {}, {}, {}
    for scenario in SCENARIOS:
        since = datetime.now(UTC) if scenario.name == "unchanged" else None

        collected = await ask(stage, scenario, changed_since=since)

        promised[scenario.name] = name_of(scenario.result)
        given[scenario.name] = name_of(collected.result)
        node = stage.asker(scenario)
        timeline = await node.traffic_center.timeline(collected.session_id)
        recorded[scenario.name] = name_of(timeline.events[-1].outcome)
        if collected.dossier_number is not None:
            stored[scenario.name] = await node.desk.document(collected.dossier_number)

    assert promised == given
    assert promised == recorded
    sent = {
        name: dossier_of(BY_NAME[name], TEST_SCHOOL)
        for name, result in promised.items()
        if result == "DELIVERED"
    }
    assert sent == stored


@pytest.mark.parametrize(("name", "checks"), [("povo", 1), ("cut-once", 2), ("damaged-part", 1)])
async def test_a_connection_that_is_cut_is_taken_up_again(
    stage: Stage, name: str, checks: int
) -> None:
    """The source is asked again where the connection broke, and the centre checks it each time."""
    collected = await ask(stage, BY_NAME[name])

    assert checks == await _checks(stage, collected)


async def test_a_connection_that_is_always_cut_leaves_nothing(stage: Stage) -> None:
    """Asked again and again, the source cuts each time; of what came nothing is kept."""
    before = await stage.trial.desk.entries()

    collected = await ask(stage, BY_NAME["cut-always"])

    assert await _checks(stage, collected) > 2
    assert before == await stage.trial.desk.entries()
    assert [] == list((home(stage.landscape, TRIAL) / "parts" / "incoming").iterdir())


async def test_who_does_not_go_on_after_a_cut_gets_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that gives up at the first cut is cut again when it begins anew."""
    monkeypatch.setattr(stage.trial.collector, "_patience", Patience(broken=1))

    results = [name_of((await ask(stage, BY_NAME["cut-once"])).result) for _ in range(2)]

    assert ["TRANSFER_INCOMPLETE"] * 2 == results


async def _checks(stage: Stage, collected: Collected) -> int:
    timeline = await stage.trial.traffic_center.timeline(collected.session_id)
    return [name_of(one.outcome) for one in timeline.events].count("MATCHED")


async def test_a_school_in_its_trial_gets_nothing_from_another_school(stage: Stage) -> None:
    """A supplier in his trial exchanges with the test school, and with no other."""
    document = generate("POVO", 7)
    desk = stage.qualified.desk
    number = await desk.import_document(document, "test")
    await desk.inspect(number, "test")
    await desk.set_ready(number, TRIAL, "test")
    identity = Identity.of_dossier(document.dossier)

    with pytest.raises(OsoError) as refused:
        await stage.trial.collector.collect(identity, QUALIFIED, "supplier")

    assert "NOT_QUALIFIED" == refused.value.name
    assert "DELIVERED" == name_of((await ask(stage, BY_NAME["povo"])).result)


@pytest.mark.parametrize("name", ["popo", "not-inspected", "withdrawn", "other-school"])
async def test_a_scenario_is_for_whoever_asks(stage: Stage, name: str) -> None:
    """Two schools that ask for the same pupil get the same answer."""
    results = [
        (await ask(stage, BY_NAME[name], node=node)).result
        for node in (stage.trial, stage.qualified)
    ]

    assert [BY_NAME[name].result] * 2 == results


async def test_what_does_not_change_is_delivered_to_who_asks_for_all(stage: Stage) -> None:
    """Without a moment to compare with, the dossier that never changes is delivered."""
    assert "DELIVERED" == name_of((await ask(stage, BY_NAME["unchanged"])).result)


async def test_an_old_year_goes_to_who_accepts_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that says it takes 2018.1 as well gets the dossier of that year."""
    monkeypatch.setattr(fetching, "ACCEPTED_YEARS", ("2019.1", "2018.1"))

    collected = await ask(stage, BY_NAME["old-year"])

    received = await stage.trial.desk.document(collected.dossier_number or 0)
    assert dossier_of(BY_NAME["old-year"], TEST_SCHOOL) == received


async def test_the_pupils_are_made_present_once(stage: Stage) -> None:
    """Refreshed again, nothing is added and nothing changes."""
    changing = BY_NAME["notified"].pupil.name  # of its own accord, when somebody has asked

    async def entries() -> list[Entry]:
        found = await stage.test_school.node.desk.entries()
        return [one for one in found if one.pupil_name != changing]

    before = await entries()

    await stage.test_school.presence.refresh()

    assert before == await entries()
    own = [one for one in before if one.state is not State.RECEIVED]
    assert len(PRESENT) - 1 == len([one for one in own if "SWV" not in one.profile])


async def test_a_dossier_that_came_in_is_not_a_scenario(stage: Stage) -> None:
    """What the test school received of a scenario's pupil does not stand in the way of it."""
    document = dossier_of(BY_NAME["povo"], TRIAL)
    desk = stage.trial.desk
    number = await desk.import_document(document, "test")
    await desk.inspect(number, "test")
    await desk.set_ready(number, TEST_SCHOOL, "test")
    pupil = BY_NAME["povo"].pupil.identity
    received = await stage.test_school.node.collector.collect(pupil, TRIAL, "test")
    assert received.dossier_number is not None

    await stage.test_school.presence.refresh()

    assert "DELIVERED" == name_of((await ask(stage, BY_NAME["povo"])).result)
    entries = await stage.test_school.node.desk.entries()
    assert State.RECEIVED in {one.state for one in entries}
