"""Hearing of callers beside their calls: the call never waits for it and never fails of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, School
from oso.result.v1.result_code_pb2 import RESULT_CODE_NOT_RECORDED
from oso_registry.mandates.resources import DELIVERY_POINTS
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification.sightings import AT_ONCE, LEFT_ALONE, Sightings
from oso_rpc.errors import OsoError

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from .trying import LAS, Trying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso_registry.calls import Caller


@dataclass
class Office:
    """An office on the small country's database, that counts what it is asked, and may be closed.

    Attributes:
        trying: The country.
        time: What its clock shows.
        fault: What its database fails with; None when it does not.
        looks: How often it was looked at.
        writes: How often something was to be written.

    """

    trying: Trying
    time: datetime = of.NOW
    fault: Exception | None = None
    looks: int = 0
    writes: int = 0
    clock: Any = field(init=False)

    def __post_init__(self) -> None:
        """Be one's own clock."""
        self.clock = self

    def now(self) -> datetime:
        """Give the moment."""
        return self.time

    async def look(self, caller: Caller, work: Callable[[Any], Any]) -> Any:
        """Do work that changes nothing."""
        self.looks += 1
        if self.fault is not None:
            raise self.fault
        return work(self.trying.call(caller))

    async def act(self, work: Callable[[Any], Any], _method: str) -> Any:
        """Do work that changes something."""
        self.writes += 1
        return work(self.trying.call())


@pytest.fixture
def office(trying: Trying) -> Office:
    """An office whose clock stands still."""
    return Office(trying)


@pytest.fixture
async def sightings(office: Office) -> AsyncIterator[Sightings]:
    """Sightings that are written as they come."""
    made: Any = Sightings(office)  # type: ignore[arg-type]
    task = asyncio.create_task(made.watch())
    yield made
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_caller_is_noted_once(sightings: Sightings, office: Office) -> None:
    """However often it calls: one look and one write; later one look, and no write."""
    for _ in range(3):
        sightings.saw(LAS)
        await _settle()
    first = (office.looks, office.writes)
    office.time += LEFT_ALONE
    sightings.saw(LAS)
    await _settle()

    assert ((1, 1), (2, 1)) == (first, (office.looks, office.writes))
    assert {"CERTIFICATE_SEEN"} == office.trying.done()


async def test_a_system_of_many_schools_is_noted_for_all(office: Office) -> None:
    """So many at a time, so that others get their turn between them."""
    tx = office.trying.call()
    numbers = range(AT_ONCE + 1)
    for number in numbers:
        name = f"schools/{number % 100:02d}Q{chr(65 + number // 100)}"
        tx.put(SCHOOLS, School(name=name, display_name="x", board=of.BOARD, sector=SECTOR_PO,
                               status=PARTY_STATUS_ACTIVE))  # fmt: skip
        made = of.point(school=name, mandate=of.MANDATE)
        made.name = f"deliveryPoints/00000007000{name[8:]}00001"
        tx.put(DELIVERY_POINTS, made)
    office.trying.give()
    made_: Any = Sightings(office)  # type: ignore[arg-type]

    assert len(numbers) == await made_.note(replace(LAS, system_id="las", owner=of.SUPPLIER))
    assert (2, 2) == (office.looks, office.writes)


async def test_a_new_certificate_is_looked_at_again(sightings: Sightings, office: Office) -> None:
    """Of the same system; that its step is done already needs no write."""
    for caller in (LAS, replace(LAS, certificate_sha256=b"\x09" * 32)):
        sightings.saw(caller)
        await _settle()

    assert (2, 1) == (office.looks, office.writes)


@pytest.mark.parametrize("role", [role for role in roles.Role.values() if role != roles.ROLE_LAS])
async def test_only_a_las_is_seen(sightings: Sightings, office: Office, role: Any) -> None:
    """A desk of the school, or anything else that is no LAS, shows nothing of its LAS."""
    sightings.saw(replace(LAS, role=role))
    await _settle()

    assert 0 == office.looks


@pytest.mark.parametrize("fault", [OsoError(RESULT_CODE_NOT_RECORDED), ValueError("x")])
async def test_what_could_not_be_written_is_tried_at_the_next_call(
    sightings: Sightings, office: Office, fault: Exception
) -> None:
    """A failure, foreseen or not, stops neither the caller nor the next sighting."""
    office.fault = fault
    sightings.saw(LAS)
    await _settle()
    missed = office.trying.done()
    office.fault = None
    office.time += timedelta(seconds=1)
    sightings.saw(LAS)
    await _settle()

    assert (set(), {"CERTIFICATE_SEEN"}) == (missed, office.trying.done())
