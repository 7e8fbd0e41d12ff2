"""States, transitions, moments and ids."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso.trafficcenter.v1 import session_pb2
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_EVENT_TYPE_CHECK,
    SESSION_EVENT_TYPE_CLOSE,
    SESSION_EVENT_TYPE_EXPIRE,
    SESSION_STATE_CLOSED,
    SESSION_STATE_EXPIRED,
    SESSION_STATE_OPEN,
    SESSION_STATE_REVOKED,
    SessionState,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER
from oso_rpc.errors import OsoError
from oso_trafficcenter.model import (
    OVER,
    TRANSITIONS,
    SessionRecord,
    moment_of,
    session_id_at,
    stamp,
    whole_microseconds,
)

from .conftest import NOW, POINTS, SEARCH_KEY, SOURCE, TARGET

# Up to the year 8999.
_MOMENTS = st.integers(min_value=0, max_value=7030 * 365 * 86_400_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)


def _session(state: Any = SESSION_STATE_OPEN) -> SessionRecord:
    return SessionRecord(
        session_id="0198f1e0-0000-7000-8000-000000000001",
        state=state,
        kind=TRANSFER_KIND_OVERSTAPDOSSIER,
        source_brin=SOURCE,
        target_brin=TARGET,
        target_system="las-b",
        target_routing_key=POINTS[TARGET],
        target_certificate_sha256=bytes(32),
        search_key=SEARCH_KEY,
        create_time=NOW,
        expire_time=NOW + timedelta(minutes=30),
    )


def test_only_an_open_session_changes() -> None:
    """The table has closing and expiring, both from OPEN, and nothing else."""
    assert {
        (SESSION_STATE_OPEN, SESSION_EVENT_TYPE_CLOSE): SESSION_STATE_CLOSED,
        (SESSION_STATE_OPEN, SESSION_EVENT_TYPE_EXPIRE): SESSION_STATE_EXPIRED,
    } == TRANSITIONS


def test_every_state_but_open_has_a_reason_to_refuse() -> None:
    """Whatever state the contract knows, a session in it is open or refused for a reason."""
    states = set(SessionState.values()) - {session_pb2.SESSION_STATE_UNSPECIFIED}

    assert states == {SESSION_STATE_OPEN, *OVER}


@pytest.mark.parametrize("event", [SESSION_EVENT_TYPE_CLOSE, SESSION_EVENT_TYPE_EXPIRE])
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SESSION_STATE_CLOSED, "SESSION_CLOSED"),
        (SESSION_STATE_EXPIRED, "SESSION_EXPIRED"),
        (SESSION_STATE_REVOKED, "SESSION_REVOKED"),
    ],
)
def test_a_session_that_is_over_stays_so(state: Any, event: Any, reason: str) -> None:
    """An event on a session that is over is refused with how it ended."""
    with pytest.raises(OsoError) as refused:
        _session(state).after(event)

    assert reason == refused.value.name


def test_a_check_is_no_transition() -> None:
    """Nobody can change a session by checking it."""
    with pytest.raises(ValueError, match=str(SESSION_EVENT_TYPE_CHECK)):
        _session().after(SESSION_EVENT_TYPE_CHECK)


def test_a_session_lapses_at_its_very_end() -> None:
    """At its expire time a session is over, a microsecond before it is not."""
    session = _session()

    assert session.has_lapsed(session.expire_time)
    assert not session.has_lapsed(session.expire_time - timedelta(microseconds=1))
    assert not _session(SESSION_STATE_CLOSED).has_lapsed(session.expire_time)


def test_what_is_shown_has_neither_key_nor_certificate() -> None:
    """The message of a session holds nothing a thief could use."""
    message = _session().message()

    assert SEARCH_KEY not in message.SerializeToString()
    assert {field.name for field in message.DESCRIPTOR.fields}.isdisjoint(
        {"search_key", "key", "target_certificate_sha256"}
    )


@given(_MOMENTS)
def test_a_moment_is_kept_to_the_microsecond(moment: datetime) -> None:
    """What is stored of a moment gives the same moment back, also as a Timestamp."""
    message = session_pb2.SessionEvent()
    stamp(message.time, moment)

    assert moment == moment_of(whole_microseconds(moment))
    assert moment == message.time.ToDatetime(tzinfo=UTC)


@given(_MOMENTS, _MOMENTS, st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_a_session_id_is_a_uuid_that_rises_with_time(
    one: datetime, other: datetime, chance: bytes, more: bytes
) -> None:
    """Ids are UUIDs of version 7; of two in different milliseconds the later one is greater."""
    first, second = session_id_at(one, chance), session_id_at(other, more)
    parsed = uuid.UUID(first)

    assert (7, uuid.RFC_4122, first) == (parsed.version, parsed.variant, str(parsed))
    if whole_microseconds(one) // 1000 < whole_microseconds(other) // 1000:
        assert first < second


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_sessions_of_one_moment_differ_by_chance(chance: bytes, more: bytes) -> None:
    """Six bits of the ten random bytes give way to version and variant, no more."""
    free = ~(0xF << 76 | 0x3 << 62)
    same = int.from_bytes(chance, "big") & free == int.from_bytes(more, "big") & free

    assert same == (session_id_at(NOW, chance) == session_id_at(NOW, more))
