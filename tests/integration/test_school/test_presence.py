"""What the test school does of its own accord, and keeps."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from oso_dossier.synthetic import generate
from oso_las.model import Identity
from oso_rpc.errors import name_of
from oso_test_school.dossiers import dossier_of
from oso_test_school.scenarios import SCENARIOS, Scenario

from .conftest import TEST_SCHOOL, TRIAL

if TYPE_CHECKING:
    from datetime import datetime

    from oso_las.app import Node
    from oso_las.collector import Collected

    from .conftest import Stage

BY_NAME = {one.name: one for one in SCENARIOS}


async def ask(
    node: Node, scenario: Scenario, *, changed_since: datetime | None = None
) -> Collected:
    """Ask the test school for the pupil of a scenario, as a supplier's system would."""
    return await node.collector.collect(
        scenario.pupil.identity, TEST_SCHOOL, "supplier", changed_since=changed_since
    )


async def test_a_dossier_changes_after_it_was_delivered(own_stage: Stage) -> None:
    """Not changed until then; after two minutes there is a new version, and only one."""
    scenario, presence = BY_NAME["changed"], own_stage.test_school.presence
    after = timedelta(seconds=120)
    nobody_asked = await presence.change_delivered(after)
    first = await ask(own_stage.trial, scenario)
    asked = own_stage.clock.now()
    early = await presence.change_delivered(after)
    same = await ask(own_stage.trial, scenario, changed_since=asked)
    own_stage.clock.offset = timedelta(minutes=3)

    changed = await presence.change_delivered(after)
    again = await presence.change_delivered(after)
    second = await ask(own_stage.trial, scenario, changed_since=asked)

    assert (0, 0, 1, 0) == (nobody_asked, early, changed, again)
    results = [name_of(one.result) for one in (first, same, second)]
    assert ["DELIVERED", "DOSSIER_NOT_CHANGED", "DELIVERED"] == results
    documents = [
        await own_stage.trial.desk.document(one.dossier_number or 0) for one in (first, second)
    ]
    advice = [one.dossier.huidigeschool.leerling.overstapadvies for one in documents]
    assert "Bijgewerkt op" not in advice[0].argumentatie
    assert "Bijgewerkt op" in advice[1].argumentatie


async def test_guessing_can_be_tried_and_is_soon_forgiven(own_stage: Stage) -> None:
    """After five unknown pupils a school gets nothing, and some minutes later all again."""
    collector, known = own_stage.trial.collector, BY_NAME["popo"]
    for seed in range(100, 105):
        guess = Identity.of_dossier(generate("POVO", seed).dossier)
        await collector.collect(guess, TEST_SCHOOL, "supplier")

    refused = await ask(own_stage.trial, known)
    other = await ask(own_stage.qualified, known)
    own_stage.clock.offset = timedelta(minutes=7)
    forgiven = await ask(own_stage.trial, known)

    results = [name_of(one.result) for one in (refused, other, forgiven)]
    assert ["TOO_MANY_UNKNOWN_PUPILS", "DELIVERED", "DELIVERED"] == results


async def test_what_was_done_by_hand_is_undone_at_the_next_start(own_stage: Stage) -> None:
    """A dossier set ready, withdrawn or damaged by hand stands again as its scenario says."""
    desk, presence = own_stage.test_school.node.desk, own_stage.test_school.presence
    by_name = {one.pupil.name: one for one in SCENARIOS}
    numbers = {
        by_name[entry.pupil_name].name: entry.number
        for entry in await desk.entries()
        if entry.pupil_name in by_name
    }
    await desk.set_ready(numbers["not-ready"], TRIAL, "by hand")
    await desk.withdraw(numbers["vovo"], "by hand")
    await desk.inspect(numbers["not-inspected"], "by hand")
    for content in dossier_of(BY_NAME["popo"], TEST_SCHOOL).attachments:
        desk._files.path(hashlib.sha256(content).digest()).write_bytes(b"damaged")

    await presence.refresh()

    names = ("not-ready", "vovo", "not-inspected", "popo")
    results = {name: (await ask(own_stage.trial, BY_NAME[name])).result for name in names}
    assert {name: BY_NAME[name].result for name in names} == results
