"""Logs: readable by machines, silent about people."""

from __future__ import annotations

import io
import json
import logging
from contextvars import copy_context
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from oso.transfer.v1.transfer_pb2 import PupilIdentity
from oso_rpc.current_call import CurrentCall, set_current_call
from oso_rpc.identity import PeerIdentity
from oso_rpc.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BSN = "999990019"


class Pupil:
    """An object that would tell everything about itself."""

    def __repr__(self) -> str:
        """Tell everything."""
        return f"Pupil({BSN})"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Configure logging; give a function that reads back the lines."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_line_is_json_with_time_level_and_context(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    """A line is one JSON object with time in UTC, level, and what is bound to the call."""
    call = CurrentCall("r-1")
    call.peer = PeerIdentity("las-a", b"", datetime.now(UTC), datetime.now(UTC), b"")

    def serve() -> None:
        set_current_call(call)
        structlog.get_logger().info("session_opened", count=3, good=True)

    copy_context().run(serve)

    (line,) = lines()

    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() == timedelta(0)
    assert line == {
        "event": "session_opened",
        "level": "info",
        "request": "r-1",
        "system": "las-a",
        "count": 3,
        "good": True,
    }


@pytest.mark.parametrize(
    "value",
    [
        BSN,
        int(BSN),
        BSN.encode(),
        f"pupil {BSN} not found",
        [f"a {BSN}"],
        (BSN,),
        {BSN},
        {"key": {"deep": [BSN]}},
        {BSN: 1},
        PupilIdentity(bsn=BSN),
        [PupilIdentity(bsn=BSN)],
        {"request": PupilIdentity(bsn=BSN)},
        ValueError(f"no pupil {BSN}"),
        [ValueError(BSN)],
        Pupil(),
        [Pupil()],
        Path(f"/dossiers/{BSN}/x.pdf"),
    ],
    ids=repr,
)
def test_national_number_never_shows(
    lines: Callable[[], list[dict[str, Any]]], value: object
) -> None:
    """A number of nine digits does not reach the log, however it is wrapped."""
    structlog.get_logger().warning("event", value=value)

    text = json.dumps(lines())

    assert BSN not in text
    assert BSN.encode().hex() not in text


@pytest.mark.parametrize("key", ["geboortedatum", "birth_date", "bsn", "achternaam", "identity"])
def test_names_of_identity_are_masked(lines: Callable[[], list[dict[str, Any]]], key: str) -> None:
    """Whatever stands under a name of identity is masked, also deeper down."""
    structlog.get_logger().info("event", **{key: "De Vries", "more": {key: "De Vries"}})

    (line,) = lines()

    assert line[key] == "***"
    assert line["more"] == {key: "***"}


def test_day_is_masked_and_moment_is_not(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """A date could be a birth date and is masked; a moment is what logs are made of."""
    structlog.get_logger().info(
        "event", day=date(2014, 5, 6), moment=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    )

    (line,) = lines()

    assert line["day"] == "***"
    assert line["moment"] == "2026-01-02 03:04:05+00:00"


def test_longer_numbers_stay(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """Routing keys, digests and ids are no national numbers and stay whole."""
    structlog.get_logger().info(
        "event", routing_key="0000000700000SS00001", digest=b"\x01\xff", size=1234567890
    )

    (line,) = lines()

    assert line["routing_key"] == "0000000700000SS00001"
    assert line["digest"] == "01ff"
    assert line["size"] == 1234567890


def test_libraries_come_along_without_their_values(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    """What a library logs arrives as JSON, without arguments, exception text or further lines."""
    try:
        raise ValueError(f"pupil {BSN} De Vries")  # noqa: TRY301  as libraries do
    except ValueError:
        logging.getLogger("asyncio").exception("Task failed\nfuture: %s", f"De Vries {BSN}")

    (line,) = lines()

    assert line["text"] == "Task failed"
    assert line["error"] == "ValueError"
    assert line["logger"] == "asyncio"
    assert "De Vries" not in json.dumps(line)


def test_below_the_level_nothing_is_written(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """Debug lines cost nothing and say nothing in production."""
    structlog.get_logger().debug("event")
    logging.getLogger("sqlalchemy").info("SELECT 1")

    assert lines() == []
