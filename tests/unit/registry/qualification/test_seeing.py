"""What is seen of a school: its certificate, and an exchange with a test school."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED
from oso.result.v1.result_code_pb2 import RESULT_CODE_UNREACHABLE
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import exchanges, model, sightings
from oso_registry.systems.resources import SYSTEMS

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from . import trying as way
from .trying import closed

if TYPE_CHECKING:
    from .trying import Trying


def test_the_first_valid_call_of_the_schools_own_system_is_seen(trying: Trying) -> None:
    """Once: the second call is no news, whenever it comes."""
    news = [trying.see_certificate(), trying.see_certificate(days=3)]

    assert [1, 0] == news
    assert {"CERTIFICATE_SEEN"} == trying.done()
    step = trying.now().steps[3]
    assert (of.at(0), "systems/las-school") == (step.done_time, step.system)


def test_a_suppliers_system_is_seen_for_the_schools_it_speaks_for(trying: Trying) -> None:
    """That is those with an active delivery point of it: before, after and without, none."""
    las = Caller("las", roles.ROLE_LAS, of.SUPPLIER)
    other = Caller("las-other", roles.ROLE_LAS, of.OTHER_SUPPLIER)
    news = [trying.see_certificate(las)]
    trying.give()
    trying.add(start_time=of.at(1))
    news += [trying.see_certificate(las), trying.see_certificate(other, days=2)]
    news += [trying.see_certificate(las, days=400), trying.see_certificate(las, days=2)]

    assert [0, 0, 0, 0, 1] == news
    assert {"CERTIFICATE_SEEN"} == trying.done()


@pytest.mark.parametrize(
    "change", [{"status": PARTY_STATUS_CLOSED}, {"qualification": model.WITHDRAWN}]
)
def test_a_school_that_is_gone_is_not_seen(trying: Trying, change: dict[str, Any]) -> None:
    """Neither its certificate nor its exchange counts for a school closed or withdrawn."""
    school = trying.school()
    for name, value in change.items():
        setattr(school, name, value)
    trying.call().put(SCHOOLS, school)

    assert [0, 0] == [trying.see_certificate(), trying.see_exchange()]


@pytest.mark.parametrize(
    ("session", "news"),
    [
        (closed(), 1),
        (closed("00XX", "00SS"), 1),
        (closed("00SS", "00TT"), 0),
        (closed("00SS", "00SS"), 0),
        (closed("00XX", "00XX"), 0),
        (closed("00SS", "99ZZ"), 0),
        (closed("99ZZ", "00XX"), 0),
        (closed(result=RESULT_CODE_UNREACHABLE), 0),
        (closed(checked=False), 0),
    ],
)
def test_only_a_delivery_between_a_school_and_a_test_school_counts(
    trying: Trying, session: Any, news: int
) -> None:
    """In either direction; no other session or result, nor one the source never checked."""
    assert news == trying.see_exchange(session)
    assert ({"EXCHANGE_SEEN"} if news else set()) == trying.done()


def test_of_many_exchanges_the_first_counts(trying: Trying) -> None:
    """What is read twice changes nothing."""
    news = [
        trying.see_exchange(closed(days=1), closed(days=2, session_id="x")),
        trying.see_exchange(closed(days=1)),
    ]

    assert [1, 0] == news
    assert (of.at(1), f"session:{way.SESSION}") == (
        trying.now().steps[4].done_time,
        trying.now().steps[4].evidence,
    )


def test_how_far_the_journal_was_read_is_kept(trying: Trying) -> None:
    """For each Traffic Center its own number, which may go back too."""
    tx = trying.call()
    before = exchanges.cursor(tx, "a")
    for center, sequence in (("a", 7), ("b", 9), ("a", 12), ("b", 0)):
        exchanges.move_cursor(tx, center, sequence)

    assert (0, 12, 0) == (before, exchanges.cursor(tx, "a"), exchanges.cursor(tx, "b"))


def test_unseen_schools_of_a_system_without_owner_are_none(trying: Trying) -> None:
    """OfficeHeart's own systems, and those of boards, speak for no school by themselves."""
    for caller in (Caller("x", roles.ROLE_LAS), Caller("x", roles.ROLE_LAS, of.BOARD)):
        assert [] == sightings.unseen_schools(trying.call(), caller)
    assert trying.call().get(SYSTEMS, of.SCHOOLS_SYSTEM) is not None
