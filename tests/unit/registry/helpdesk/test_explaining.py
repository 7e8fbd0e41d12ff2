"""A session in words: where and by whom it went wrong, from what the Traffic Center recorded."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1.ticket_pb2 import SessionExplanation, SessionLeg, SessionParty, SessionVerdict
from oso.result.v1.result_code_pb2 import ResultCode
from oso.trafficcenter.v1 import session_pb2 as sessions
from oso.trafficcenter.v1.session_pb2 import Session, SessionEvent
from oso.trafficcenter.v1.traffic_center_service_pb2 import GetSessionTimelineResponse
from oso_registry.helpdesk.explaining import SAID, explain, said_of
from oso_registry.helpdesk.said import NEWER, Case
from oso_rpc.errors import facts_of, name_of

if TYPE_CHECKING:
    from oso_registry.helpdesk.said import Said

SESSION = "0199f3a1-7c2b-7d3e-8f12-0123456789ab"
SOURCE, TARGET = "00SS", "01VV"
POINTS = {brin: f"0000000700{brin}00001" for brin in (SOURCE, TARGET)}
NAMES = {SOURCE: "De Regenboog", TARGET: "Het College"}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_KINDS = {
    "open": sessions.SESSION_EVENT_TYPE_OPEN,
    "check": sessions.SESSION_EVENT_TYPE_CHECK,
    "close": sessions.SESSION_EVENT_TYPE_CLOSE,
    "expire": sessions.SESSION_EVENT_TYPE_EXPIRE,
}
_PROGRESS = ("GRANTED", "MATCHED", "LAPSED")


def code(name: str) -> ResultCode.ValueType:
    """Give a result code by its name without prefix."""
    return ResultCode.Value(f"RESULT_CODE_{name}")


# All that can stand in a timeline: what a target may report, and what the centre says besides.
OUTCOMES = [
    number
    for number in ResultCode.values()
    if number and (facts_of(number).rank or name_of(number) in _PROGRESS)
]


def event(kind: str, outcome: str, **more: Any) -> SessionEvent:
    """Make a step: refused unless the centre accepts such an outcome."""
    made = SessionEvent(
        type=_KINDS[kind],
        outcome=code(outcome),
        system_id="las-a" if kind == "check" else "las-b",
        routing_key=POINTS[TARGET if kind == "open" else SOURCE],
        refused=kind == "check" and outcome != "MATCHED",
    )
    for key, value in more.pop("details", {}).items():
        made.details[key] = value
    for key, value in more.items():
        setattr(made, key, value)
    return made


def timeline(state: str, *events: SessionEvent, result: str = "") -> GetSessionTimelineResponse:
    """Make a timeline: granted, then the events, a minute apart."""
    session = Session(
        session_id=SESSION,
        state=sessions.SessionState.Value(f"SESSION_STATE_{state}"),
        source_brin=SOURCE,
        target_brin=TARGET,
        target_routing_key=POINTS[TARGET],
        result=code(result or "UNSPECIFIED"),
    )
    made = GetSessionTimelineResponse(session=session, events=[event("open", "GRANTED"), *events])
    for number, one in enumerate(made.events):
        one.sequence = number + 1
        one.time.FromDatetime(NOON + timedelta(minutes=number))
    return made


def closed(result: str, *events: SessionEvent) -> GetSessionTimelineResponse:
    """Make a timeline that was closed with a result."""
    return timeline("CLOSED", *events, event("close", result), result=result)


def told(one: GetSessionTimelineResponse) -> tuple[str, str, str, str]:
    """Give what an explanation points at: verdict, leg, party, reason."""
    explained = explain(one, NAMES)
    return (
        SessionVerdict.Name(explained.verdict).removeprefix("SESSION_VERDICT_"),
        SessionLeg.Name(explained.leg).removeprefix("SESSION_LEG_"),
        SessionParty.Name(explained.party).removeprefix("SESSION_PARTY_"),
        name_of(explained.reason),
    )


MATCHED = event("check", "MATCHED")
MISMATCH = event("check", "SESSION_MISMATCH", details={"fields": "key"})
LAPSED = event("expire", "LAPSED", system_id="", routing_key="")
_NONE = "UNSPECIFIED"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (closed("DELIVERED", MATCHED), ("DELIVERED", _NONE, _NONE, "DELIVERED")),
        (closed("DELIVERED", MISMATCH, MATCHED), ("DELIVERED", _NONE, _NONE, "DELIVERED")),
        (timeline("OPEN"), ("UNDER_WAY", _NONE, _NONE, "GRANTED")),
        (timeline("OPEN", MATCHED), ("UNDER_WAY", _NONE, _NONE, "MATCHED")),
        (timeline("OPEN", MISMATCH), ("UNDER_WAY", "CHECK", "TARGET", "SESSION_MISMATCH")),
        (timeline("OPEN", MISMATCH, MATCHED), ("UNDER_WAY", _NONE, _NONE, "MATCHED")),
        (timeline("EXPIRED", LAPSED), ("FAILED", "REACH", "TARGET", "LAPSED")),
        (timeline("EXPIRED", MATCHED, LAPSED), ("FAILED", "CLOSE", "TARGET", "LAPSED")),
        (
            timeline("EXPIRED", MISMATCH, LAPSED),
            ("FAILED", "CHECK", "TARGET", "SESSION_MISMATCH"),
        ),
        (
            timeline("EXPIRED", MISMATCH, LAPSED, event("check", "SESSION_EXPIRED")),
            ("FAILED", "CHECK", "TARGET", "SESSION_MISMATCH"),
        ),
        (
            timeline("EXPIRED", LAPSED, event("check", "SESSION_EXPIRED")),
            ("FAILED", "CHECK", "TARGET", "SESSION_EXPIRED"),
        ),
        (
            timeline("EXPIRED", MATCHED, LAPSED, event("close", "SESSION_EXPIRED", refused=True)),
            ("FAILED", "CLOSE", "TARGET", "SESSION_EXPIRED"),
        ),
        (
            timeline("EXPIRED", MATCHED, event("close", "REQUEST_INVALID", refused=True), LAPSED),
            ("FAILED", "CLOSE", "TARGET", "REQUEST_INVALID"),
        ),
        (
            timeline(
                "EXPIRED",
                event("close", "CERTIFICATE_NOT_ALLOWED", refused=True, system_id="thief"),
                LAPSED,
            ),
            ("FAILED", "REACH", "TARGET", "LAPSED"),
        ),
        (timeline("REVOKED"), ("FAILED", "CHECK", "TRAFFIC_CENTER", "SESSION_REVOKED")),
        (closed("UNREACHABLE"), ("FAILED", "REACH", "SOURCE", "UNREACHABLE")),
        (closed("UNREACHABLE", MATCHED), ("FAILED", "DELIVER", "SOURCE", "UNREACHABLE")),
        (
            closed("UNREACHABLE", MISMATCH),
            ("FAILED", "CHECK", "TARGET", "SESSION_MISMATCH"),
        ),
        (
            closed("SESSION_MISMATCH", MISMATCH),
            ("FAILED", "CHECK", "TARGET", "SESSION_MISMATCH"),
        ),
        (
            closed("DOSSIER_NOT_READY", MATCHED),
            ("NOTHING_TO_DELIVER", "DELIVER", "SOURCE", "DOSSIER_NOT_READY"),
        ),
        (
            closed("DOSSIER_NOT_CHANGED", MATCHED),
            ("NOTHING_TO_DELIVER", _NONE, _NONE, "DOSSIER_NOT_CHANGED"),
        ),
        (
            closed("MANIFEST_INVALID", MATCHED),
            ("FAILED", "RECEIVE", "SOURCE", "MANIFEST_INVALID"),
        ),
        (
            closed("TRANSFER_INCOMPLETE", MATCHED),
            ("FAILED", "RECEIVE", "TARGET", "TRANSFER_INCOMPLETE"),
        ),
        (
            closed("DIRECTORY_EXPIRED"),
            ("FAILED", "CHECK", "OFFICE_HEART", "DIRECTORY_EXPIRED"),
        ),
    ],
)
def test_what_a_session_points_at(
    one: GetSessionTimelineResponse, expected: tuple[str, str, str, str]
) -> None:
    """Verdict, leg, party and reason: the step that decides, not the one that happened last."""
    assert expected == told(one)


@pytest.mark.parametrize(
    ("outcome", "details", "party"),
    [
        ("SESSION_MISMATCH", {"fields": "key"}, "TARGET"),
        ("SESSION_MISMATCH", {"fields": "target_brin, kind"}, "TARGET"),
        ("SESSION_MISMATCH", {"fields": "source_brin, source_routing_key"}, "SOURCE"),
        ("CERTIFICATE_NOT_ALLOWED", {"subject": POINTS[SOURCE]}, "SOURCE"),
        ("CERTIFICATE_NOT_ALLOWED", {"subject": SESSION}, "TARGET"),
        ("DELIVERY_POINT_UNKNOWN", {"routing_key": POINTS[SOURCE]}, "SOURCE"),
        ("DELIVERY_POINT_UNKNOWN", {"routing_key": "0" * 20}, "TARGET"),
        ("MANDATE_MISSING", {"routing_key": POINTS[SOURCE]}, "SOURCE"),
        ("MANDATE_MISSING", {"routing_key": POINTS[TARGET]}, "TARGET"),
        ("MANDATE_MISSING", {}, "OFFICE_HEART"),
        ("NOT_QUALIFIED", {"brin": SOURCE, "qualification": "suspended"}, "SOURCE"),
        ("NOT_QUALIFIED", {"brin": TARGET, "qualification": "trial"}, "TARGET"),
        ("NOT_QUALIFIED", {}, "OFFICE_HEART"),
        ("SOURCE_UNKNOWN", {"source_brin": SOURCE}, "OFFICE_HEART"),
        ("SOURCE_INACTIVE", {"source_brin": SOURCE}, "SOURCE"),
        ("TARGET_INACTIVE", {"routing_key": POINTS[TARGET]}, "TARGET"),
        ("CERTIFICATE_REVOKED", {"subject": "las-b"}, "TARGET"),
    ],
)
def test_the_data_of_a_refused_check_says_whose_affair_it_is(
    outcome: str, details: dict[str, str], party: str
) -> None:
    """The same reason can be the source's or the target's to mend."""
    one = timeline("EXPIRED", event("check", outcome, details=details), LAPSED)

    assert ("FAILED", "CHECK", party, outcome) == told(one)


@pytest.mark.parametrize(
    ("result", "party_name"),
    [
        ("UNREACHABLE", SOURCE),
        ("KEY_MISMATCH", TARGET),
        ("DIRECTORY_EXPIRED", ""),
        ("DELIVERED", ""),
    ],
)
def test_the_party_has_a_name(result: str, party_name: str) -> None:
    """A school's BRIN; nothing for OfficeHeart, or when nobody has to do anything."""
    assert party_name == explain(closed(result), NAMES).party_name


@pytest.mark.parametrize("outcome", OUTCOMES, ids=name_of)
def test_every_code_that_can_be_in_a_timeline_has_words(outcome: ResultCode.ValueType) -> None:
    """A sentence and an advice of its own, in both languages; a reported one explains a session."""
    said = said_of(outcome)

    assert said is not NEWER
    _require_good(said)
    if name_of(outcome) not in _PROGRESS:
        _require_whole(explain(closed(name_of(outcome)), NAMES))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=name_of)
@pytest.mark.parametrize("kind", ["check", "close"])
def test_every_code_can_be_a_refusal(outcome: ResultCode.ValueType, kind: str) -> None:
    """Whatever the centre refuses with, with or without its data, the session is explained."""
    details = dict.fromkeys(("routing_key", "subject", "fields", "detail", "not_after"), "x")
    for given in ({}, details):
        refused = event(kind, name_of(outcome), refused=True, details=given)
        _require_whole(explain(timeline("OPEN", refused), {}))
        _require_whole(explain(timeline("EXPIRED", refused, LAPSED), {}))


@pytest.mark.parametrize("key", SAID, ids=lambda key: f"{name_of(key[0])}-{key[1].value}")
def test_every_row_reads_well(key: tuple[ResultCode.ValueType, Case]) -> None:
    """No full stop after a summary, one after an advice, and the two languages are not the same."""
    _require_good(SAID[key])


def _require_good(said: Said) -> None:
    summaries, advices = (said.summary_nl, said.summary_en), (said.advice_nl, said.advice_en)
    assert all(summary and summary[-1] not in ".!?" for summary in summaries)
    assert all(advice.endswith(".") for advice in advices)
    assert len({*summaries, *advices}) == 4
    for text in (*summaries, *advices):
        assert not re.search(r"  |\{(?!source\}|target\})", text)
        assert text[0].isupper() or text.startswith("{")
    assert {*re.findall(r"{\w+}", summaries[0])} == {*re.findall(r"{\w+}", summaries[1])}
    assert {*re.findall(r"{\w+}", advices[0])} == {*re.findall(r"{\w+}", advices[1])}


def _require_whole(explained: SessionExplanation) -> None:
    texts = [
        *(explained.summary_nl, explained.summary_en, explained.advice_nl, explained.advice_en),
        *(text for step in explained.steps for text in (step.text_nl, step.text_en)),
    ]
    assert explained.verdict
    assert explained.reason
    assert bool(explained.leg) == bool(explained.party)
    assert [] == [
        text for text in texts if not text.endswith((".", ".)")) or "{" in text or text[0].islower()
    ]


def test_the_steps_tell_who_did_what() -> None:
    """Every event is a step, in order, with its moment, and marked where it went wrong."""
    one = closed("UNREACHABLE", MISMATCH)

    steps = explain(one, NAMES).steps

    assert [
        (
            "Het College (01VV) vroeg een sessie aan voor een dossier van De Regenboog (00SS):"
            f" toegekend (systeem las-b, aanleverpunt {POINTS[TARGET]})."
        ),
        (
            f"Een aanvraag werd gecontroleerd (systeem las-a, aanleverpunt {POINTS[SOURCE]})."
            " Geweigerd: De aanvraag die De Regenboog (00SS) van Het College (01VV) kreeg, wijkt af"
            " van de toegekende sessie (wat verschilt: zoeksleutel van de leerling)."
        ),
        (
            "Het College (01VV) meldde de sessie af"
            f" (systeem las-b, over aanleverpunt {POINTS[SOURCE]})."
            " Het College (01VV) kreeg geen verbinding met het systeem van De Regenboog (00SS)."
        ),
    ] == [step.text_nl for step in steps]
    assert [False, True, True] == [step.wrong for step in steps]
    assert [event.time for event in one.events] == [step.time for step in steps]
    assert [1, 3, 6] == [step.leg for step in steps]


def test_a_reason_that_is_in_order_is_not_wrong() -> None:
    """A source that has nothing ready did nothing wrong."""
    steps = explain(closed("DOSSIER_NOT_READY", MATCHED), NAMES).steps

    assert [False] * 3 == [step.wrong for step in steps]


def test_a_school_without_a_name_is_called_by_its_brin() -> None:
    """OfficeHeart need not know a school to explain its session."""
    explained = explain(closed("UNREACHABLE"), {})

    assert "School 01VV kreeg geen verbinding met het systeem van school 00SS." == (
        explained.summary_nl
    )


def test_a_code_of_a_newer_traffic_center_is_told_as_such() -> None:
    """It is not guessed at; the session is explained all the same."""
    one = closed("UNREACHABLE")
    one.session.result = one.events[-1].outcome = 999  # type: ignore[assignment]

    explained = explain(one, NAMES)

    assert (NEWER.summary_nl + ".", 999) == (explained.summary_nl, explained.reason)
    assert contract.SESSION_VERDICT_FAILED == explained.verdict


def test_a_step_of_a_newer_traffic_center_is_told_as_such() -> None:
    """A kind of event we do not know is a step as any other."""
    one = timeline("OPEN")
    one.events.add(type=99, system_id="las-a", outcome=code("MATCHED"))

    step = explain(one, NAMES).steps[-1]

    assert step.text_en.startswith("A step that this version does not know (system las-a).")


def test_what_others_wrote_cannot_steer_a_screen() -> None:
    """Control characters and very long values of another party are made harmless."""
    refused = event("check", "GRANT_INVALID", details={"detail": "a\x1b[2J\n" + "x" * 5000})

    explained = explain(timeline("EXPIRED", refused, LAPSED), {SOURCE: "De\nRegenboog\x07"})

    texts = explained.summary_nl + "".join(step.text_nl for step in explained.steps)
    assert texts.isprintable()
    assert len(texts) < 2000


def test_when_there_are_more_steps_it_says_so() -> None:
    """A timeline that was cut off is not passed off as the whole."""
    one = timeline("OPEN")
    one.next_page_token = "1"  # noqa: S105  no password

    assert "There are more steps; they are not told here." == explain(one, NAMES).steps[-1].text_en
