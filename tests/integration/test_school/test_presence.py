"""What the test school does of its own accord, and keeps."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oso_dossier.synthetic import generate
from oso_las.app import office
from oso_las.model import Identity, State
from oso_rpc.errors import name_of
from oso_rpc.server import AddressInUseError
from oso_test_school.app import Settings, running
from oso_test_school.dossiers import dossier_of
from oso_test_school.presence import Presence
from oso_test_school.scenarios import SCENARIOS, Standing

from .conftest import PRESENT, TEST_SCHOOL, TRIAL, ask, home, settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oso_las.app import Node
    from oso_registry.testing import Landscape
    from oso_test_school.scenarios import Scenario

    from .conftest import Stage

# On one stage: its clock only goes forward.
in_turn = pytest.mark.asyncio(loop_scope="module")
OTHER = "03XX"
BY_NAME = {one.name: one for one in SCENARIOS}


@in_turn
async def test_a_dossier_changes_after_it_was_delivered(stage: Stage) -> None:
    """Not changed until then; after two minutes there is a new version, and only one."""
    scenario, presence = BY_NAME["changed"], stage.test_school.presence
    after = timedelta(seconds=120)
    nobody_asked = await presence.change_delivered(after)
    first = await ask(stage, scenario)
    asked = stage.clock.now()
    early = await presence.change_delivered(after)
    same = await ask(stage, scenario, changed_since=asked)
    stage.clock.offset += timedelta(minutes=3)

    changed = await presence.change_delivered(after)
    again = await presence.change_delivered(after)
    second = await ask(stage, scenario, changed_since=asked)

    assert (0, 0, 1, 0) == (nobody_asked, early, changed, again)
    results = [name_of(one.result) for one in (first, same, second)]
    assert ["DELIVERED", "DOSSIER_NOT_CHANGED", "DELIVERED"] == results
    documents = [
        await stage.trial.desk.document(one.dossier_number or 0) for one in (first, second)
    ]
    advice = [one.dossier.huidigeschool.leerling.overstapadvies for one in documents]
    assert "Bijgewerkt op" not in advice[0].argumentatie
    assert "Bijgewerkt op" in advice[1].argumentatie


async def _until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the test school has done something of its own accord."""
    for _ in range(500):
        if await happened():
            return
        await asyncio.sleep(0.02)
    raise AssertionError


@in_turn
async def test_who_asked_in_vain_is_notified_and_can_fetch(stage: Stage) -> None:
    """Not ready; then a notification, by which it is delivered; then the next school can try.

    One that was notified and does not come makes place after five minutes.
    """
    scenario, presence = BY_NAME["notified"], stage.test_school.presence
    number = presence.current(scenario)
    inbox, collector = stage.trial.inbox, stage.trial.collector

    first = await ask(stage, scenario)
    await _until(lambda: _is_notified(stage.trial))
    other = await ask(stage, scenario, node=stage.qualified)
    (notice,) = await inbox.notices()
    second = await collector.fulfil(await inbox.wish(notice.number), "supplier")
    await _until(lambda: _is_not(presence, scenario, number))
    after = await ask(stage, scenario, node=stage.qualified)
    await _until(lambda: _is_notified(stage.qualified))
    number = presence.current(scenario)
    stage.clock.offset += timedelta(minutes=6)
    await _until(lambda: _is_not(presence, scenario, number))
    at_last = await ask(stage, scenario)

    results = [name_of(one.result) for one in (first, other, second, after, at_last)]
    assert [
        "DOSSIER_NOT_READY",
        "NOT_FOR_THIS_SCHOOL",
        "DELIVERED",
        "DOSSIER_NOT_READY",
        "DOSSIER_NOT_READY",
    ] == results


async def _is_notified(node: Node) -> bool:
    return bool(await node.inbox.notices())


async def _is_not(presence: Presence, scenario: Scenario, number: int) -> bool:
    return presence.current(scenario) != number


@in_turn
async def test_guessing_can_be_tried_and_is_soon_forgiven(stage: Stage) -> None:
    """After five unknown pupils a school gets nothing, and some minutes later all again."""
    collector, known = stage.trial.collector, BY_NAME["popo"]
    for seed in range(100, 105):
        guess = Identity.of_dossier(generate("POVO", seed).dossier)
        await collector.collect(guess, TEST_SCHOOL, "supplier")

    refused = await ask(stage, known)
    other = await ask(stage, known, node=stage.qualified)
    stage.clock.offset += timedelta(minutes=7)
    forgiven = await ask(stage, known)

    results = [name_of(one.result) for one in (refused, other, forgiven)]
    assert ["TOO_MANY_UNKNOWN_PUPILS", "DELIVERED", "DELIVERED"] == results


@in_turn
async def test_what_was_done_by_hand_is_undone_at_the_next_start(stage: Stage) -> None:
    """A dossier set ready, withdrawn or damaged by hand stands again as its scenario says."""
    desk, presence = stage.test_school.node.desk, stage.test_school.presence
    by_name = {one.pupil.name: one for one in SCENARIOS}
    numbers = {
        by_name[entry.pupil_name].name: entry.number
        for entry in await desk.entries()
        if entry.pupil_name in by_name
    }
    await desk.set_ready(numbers["not-ready"], TRIAL, "by hand")
    await desk.withdraw(numbers["vovo"], "by hand")
    await desk.set_ready(numbers["onderwijsnummer"], OTHER, "by hand")
    await desk.mark(numbers["not-inspected"], OTHER, "by hand")
    for content in dossier_of(BY_NAME["popo"], TEST_SCHOOL).attachments:
        desk._files.path(hashlib.sha256(content).digest()).write_bytes(b"damaged")

    await presence.refresh()

    names = ("not-ready", "vovo", "onderwijsnummer", "not-inspected", "popo")
    results = {name: (await ask(stage, BY_NAME[name])).result for name in names}
    assert {name: BY_NAME[name].result for name in names} == results


async def test_the_pupils_stand_on_either_database(landscape: Landscape, database_url: str) -> None:
    """On SQLite and on PostgreSQL each pupil is there once, as its scenario says."""
    school = settings(landscape, TEST_SCHOOL, 1)
    school.database = database_url

    async with office(home(landscape, TEST_SCHOOL), school) as opened:
        for _ in range(2):
            await Presence(opened, TEST_SCHOOL).refresh()
        entries = await opened.desk.entries()

    states = Counter(one.state for one in entries)
    standings = Counter(one.standing for one in SCENARIOS)
    assert standings[Standing.READY] + standings[Standing.READY_ELSEWHERE] == states[State.READY]
    assert standings[Standing.INSPECTED] == states[State.INSPECTED]
    assert standings[Standing.NOT_INSPECTED] == states[State.DRAFT]
    assert standings[Standing.WITHDRAWN] == states[State.WITHDRAWN]
    assert len(PRESENT) == len(entries)


async def test_an_address_that_is_taken_is_told(landscape: Landscape) -> None:
    """Where something listens already no test school starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        school = settings(landscape, TEST_SCHOOL, 1)
        school.listen = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(AddressInUseError):
            async with running(home(landscape, TEST_SCHOOL), school, Settings()):
                pass
