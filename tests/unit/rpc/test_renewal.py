"""When certificates are renewed, and what is told about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.certificate_commands import refusal
from oso_rpc.errors import OsoError
from oso_rpc.identity import PeerIdentity
from oso_rpc.renewal import AT_ONCE, RenewalPlan

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
_NEVER_BEFORE = bytes(32)
_LAST_OF_ALL = b"\xff" * 32


def certificate(
    days: float, sha256: bytes = _NEVER_BEFORE, begin: datetime = BEGIN
) -> PeerIdentity:
    """Make a certificate that is good for some days."""
    return PeerIdentity("las-a", sha256, begin, begin + timedelta(days=days), b"")


@pytest.mark.parametrize(
    ("life", "before", "expected"),
    [
        (90, 30, 60),
        (90, 10, 80),
        (90, 60, 60),  # not before two thirds of its life: else it would be renewed for ever
        (30, 30, 20),
        (1, 30, 2 / 3),
    ],
)
def test_when_it_is_asked_for(life: float, before: float, expected: float) -> None:
    """Thirty days before the end, and never before two thirds of its life."""
    plan = RenewalPlan(timedelta(days=before))

    found = plan.allowed_from(certificate(life)) - BEGIN

    assert abs(found - timedelta(days=expected)) < timedelta(seconds=1)


def test_not_all_in_one_minute() -> None:
    """Certificates of one day are renewed over three days, each always at the same moment."""
    plan = RenewalPlan()
    first, last = (plan.due_at(certificate(90, one)) for one in (_NEVER_BEFORE, _LAST_OF_ALL))

    assert first - BEGIN == timedelta(days=60)
    assert timedelta(days=62, hours=23) < last - BEGIN <= timedelta(days=63)
    assert last == plan.due_at(certificate(90, _LAST_OF_ALL))


@pytest.mark.parametrize(
    ("overlap", "asked_on", "expected"),
    [
        (timedelta(hours=25), 60, timedelta(days=61, hours=1)),
        (AT_ONCE, 60, timedelta(days=60)),
        # Too late to wait a day: before the end of the present one.
        (timedelta(hours=25), 89.5, timedelta(days=89, hours=23)),
    ],
)
def test_when_it_is_used(overlap: timedelta, asked_on: float, expected: timedelta) -> None:
    """A day after it was given, when every directory that counts names it; never too late."""
    plan = RenewalPlan(overlap=overlap)
    following = certificate(90, _LAST_OF_ALL, BEGIN + timedelta(days=asked_on))

    assert expected == plan.used_from(certificate(90), following) - BEGIN


@pytest.mark.parametrize(
    ("seconds", "nl", "en"),
    [
        ("3600", "loopt 1 uur 0 minuten voor", "is 1 h 0 min ahead of"),
        ("-86460", "loopt 24 uur 1 minuten achter", "is 24 h 1 min behind"),
        ("700", "loopt 12 minuten voor", "is 12 min ahead of"),
    ],
)
def test_a_clock_that_is_off_is_told_plainly(seconds: str, nl: str, en: str) -> None:
    """By how much, in which direction, and what to do about it."""
    error = OsoError(codes.RESULT_CODE_CLOCK_SKEW, offset_seconds=seconds, allowed_seconds="600")

    assert nl in refusal(error, "nl")
    assert en in refusal(error, "en")
    assert "timedatectl" in refusal(error, "nl")


@pytest.mark.parametrize("seconds", ["", "x", "9" * 40])
def test_a_clock_of_who_knows_what_is_told_as_it_came(seconds: str) -> None:
    """An offset that is no number does not hide the refusal."""
    error = OsoError(codes.RESULT_CODE_CLOCK_SKEW, offset_seconds=seconds)

    assert error.text("nl") == refusal(error, "nl")
