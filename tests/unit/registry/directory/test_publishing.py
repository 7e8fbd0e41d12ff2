"""Versions of the directory: one for each change of it, without gaps; deltas lead to the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protovalidate import ValidationError

from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_REVOKED
from oso_registry.directory import publishing
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import SCHOOLS, SUPPLIERS
from oso_registry.standard.resources import DOSSIER_YEARS
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_rpc.directory import Version

from .registry import (
    certificate,
    dossier_year,
    mandate,
    point,
    school,
    seen_of,
    supplier,
    system,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from oso_registry.store import Collection, Transaction

    from .registry import Registry

_ID = st.sampled_from(["las", "las-b", "las-c"])
_BRIN = st.sampled_from(["00SS", "00AA", "00BB"])
_DAYS = st.none() | st.integers(-3, 3)
# Any change of the registry that the directory may tell of, or may not.
_CHANGE: st.SearchStrategy[tuple[Collection[Any], Message]] = st.one_of(
    st.builds(
        lambda brin, name, closed: (
            SCHOOLS,
            school(brin, display_name=name, **({"status": PARTY_STATUS_CLOSED} if closed else {})),
        ),
        _BRIN,
        st.sampled_from(["A", "B"]),
        st.booleans(),
    ),
    st.builds(
        lambda one, off, auditor: (SYSTEMS, system(one, disabled=off, auditor=auditor)),
        _ID,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda one, number, revoked: (
            CERTIFICATES,
            certificate(one, number, **({"state": CERTIFICATE_STATE_REVOKED} if revoked else {})),
        ),
        _ID,
        st.integers(1, 3),
        st.booleans(),
    ),
    st.builds(
        lambda start, end: (MANDATES, mandate(start_time=start or 0, revoke_time=end)),
        _DAYS,
        _DAYS,
    ),
    st.builds(
        lambda off, start, end: (
            DELIVERY_POINTS,
            point(disabled=off, start_time=start, end_time=end),
        ),
        st.booleans(),
        _DAYS,
        _DAYS,
    ),
    st.builds(lambda state: (SUPPLIERS, supplier(admission=state)), st.integers(1, 4)),
)


@settings(max_examples=50)
@given(transactions=st.lists(st.lists(_CHANGE, max_size=3), max_size=6))
def test_any_changes_as_deltas_lead_to_the_whole(
    one_registry: Registry,
    transactions: list[list[tuple[Collection[Any], Message]]],
) -> None:
    """Whoever follows by deltas knows exactly what whoever asks for the whole is told."""
    registry = one_registry
    registry.forget()
    registry.settle()
    reader = registry.reader()
    for changes in transactions:
        registry.clock.time += timedelta(seconds=1)
        registry.put(*changes)

    assert seen_of(reader.whole().view) == seen_of(reader.follow())


@settings(max_examples=50)
@given(changes=st.lists(_CHANGE, max_size=4))
def test_what_was_published_is_what_would_be_published_anew(
    one_registry: Registry,
    changes: list[tuple[Collection[Any], Message]],
) -> None:
    """Nothing is forgotten: comparing all of it with the registry finds no difference."""
    registry = one_registry
    registry.forget()
    registry.settle()
    registry.put(*changes)
    before = registry.state()

    registry.do(lambda tx: registry.publisher.complete(tx.batch))

    assert before == registry.state()


def test_versions_have_no_gaps(registry: Registry) -> None:
    """Each transaction that changes the directory makes the next version, and no other does."""
    registry.settle()
    registry.put((SCHOOLS, school("00AA")), (SCHOOLS, school("00BB")))
    registry.put((SCHOOLS, school("00AA", display_name="Anders")))
    registry.put((SCHOOLS, school("00AA", display_name="Anders")))  # the same
    registry.put((SCHOOLS, school("00AA", display_name="Anders", board="boards/41234")))
    registry.do(lambda _tx: None)
    registry.put((SCHOOLS, school("00BB", status=PARTY_STATUS_CLOSED)))

    state = registry.state()
    assert state is not None
    assert 4 == state.order.number
    assert [2, 3, 4] == registry.numbers()


def test_a_change_that_fails_makes_no_version(registry: Registry) -> None:
    """What no reader would take is not registered, and leaves no version behind."""
    registry.settle()
    before = registry.state()

    with pytest.raises(ValidationError):
        registry.put((SCHOOLS, school("00AA", sector=0)))
    registry._connection.rollback()

    assert before == registry.state()


def test_a_registry_of_before_is_told_whole_at_the_first_change(registry: Registry) -> None:
    """What was registered before anything was published is published with the first change."""
    registry.settle()
    registry.forget(publishing.STATE, publishing.ENTRIES, publishing.DELTAS)

    registry.put((SCHOOLS, school("00AA")))
    view = registry.reader().known.view

    assert all(view.school(brin) for brin in ("00SS", "00AA"))
    assert 1 == view.version


def test_a_new_epoch_is_higher_and_counts_on(registry: Registry) -> None:
    """After a restore the epoch is a higher one, also by a clock that was put back."""
    registry.settle()
    before = registry.state()
    assert before is not None
    registry.clock.time -= timedelta(days=400)

    registry.do(lambda tx: registry.publisher.begin_epoch(tx.batch))
    after = registry.state()
    registry.put((SCHOOLS, school("00AA")))

    assert after is not None
    assert Version(before.order.epoch + 1, 2) == after.order
    assert b"" == after.delta_sha256
    assert [3] == registry.numbers()
    assert registry.reader().known.view.school("00AA") is not None


def test_an_epoch_does_not_begin_before_anything_was_published(registry: Registry) -> None:
    """Where nothing was published there is nothing to begin anew."""
    registry.do(lambda tx: registry.publisher.begin_epoch(tx.batch))

    assert registry.state() is None


def test_old_deltas_are_dropped(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more deltas are kept than are worth sending; who has an older version gets the whole."""
    monkeypatch.setattr(publishing, "KEPT", 3)
    registry.settle()
    contents = registry.read()
    first = contents.state
    for number in range(5):
        registry.put((SCHOOLS, school("00AA", display_name=f"{number}")))
    contents = registry.read(contents)

    assert [4, 5, 6] == registry.numbers()
    assert registry.read().since(first.order, first.delta_sha256) is None


def test_another_history_under_the_same_number_gets_the_whole(registry: Registry) -> None:
    """Who has a version with this number, but by another change, is not sent what follows ours."""
    registry.settle()
    registry.put((SCHOOLS, school("00AA")))
    registry.put((SCHOOLS, school("00BB")))
    contents = registry.read()
    epoch = contents.state.order.epoch

    assert contents.since(Version(epoch, 2), b"x" * 32) is None
    assert contents.since(Version(epoch, 3), b"x" * 32) is None
    assert contents.since(Version(epoch, 4), contents.state.delta_sha256) is None
    assert contents.since(Version(epoch - 1, 3), contents.state.delta_sha256) is None
    assert [] == contents.since(Version(epoch, 3), contents.state.delta_sha256)


def test_what_time_brings_is_due_once(registry: Registry) -> None:
    """A year whose time comes is published once, when it comes, without anybody's call."""
    registry.settle()
    registry.put((DOSSIER_YEARS, dossier_year("2020.1", timedelta(days=1))))
    reader = registry.reader()
    since = registry.clock.time
    due: list[bool] = []

    def look(tx: Transaction) -> None:
        due.append(registry.publisher.is_due(tx.batch, since))

    registry.do(look)
    registry.clock.time += timedelta(days=1)
    registry.do(look)
    registry.do(lambda tx: registry.publisher.elapse(tx.batch, since))
    registry.do(look)

    assert [False, True, False] == due
    assert ("2019.1", "2020.1") == reader.follow().accepted_dossier_years
