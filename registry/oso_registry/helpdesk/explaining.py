"""A session in words: from what the Traffic Center recorded to where and by whom it went wrong.

Pure: a timeline in, an explanation out. What is said of each result code stands in tables
(`said_results`, `said_refusals`); here it is found out which of the steps decides, in this order:

1. closed with a result: that result; a refused check of the same code says more of it
2. not closed: the report that was refused, else the check that was refused last, else how far it
   came

Where one check was found right, a refused one decides nothing: it was put right, or was somebody
else's. Nor does a report by another system than the one that opened the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import ticket_pb2 as contract
from oso.registry.v1.ticket_pb2 import SessionExplanation, SessionStep
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1 import session_pb2 as sessions
from oso_registry.helpdesk.said import NEWER, Case
from oso_registry.helpdesk.said_refusals import (
    ABOUT_CALLS,
    ABOUT_CERTIFICATES,
    ABOUT_TAKING_PART,
    ABOUT_THE_SESSION,
)
from oso_registry.helpdesk.said_results import BETWEEN_SCHOOLS, NOTHING_TO_DELIVER, PROGRESS
from oso_registry.helpdesk.wording import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.registry.v1.ticket_pb2 import SessionLeg, SessionParty, SessionVerdict
    from oso.result.v1.result_code_pb2 import ResultCode
    from oso.trafficcenter.v1.session_pb2 import Session, SessionEvent
    from oso.trafficcenter.v1.traffic_center_service_pb2 import GetSessionTimelineResponse
    from oso_registry.helpdesk.said import Said, Table

SAID: Table = {
    **PROGRESS,
    **NOTHING_TO_DELIVER,
    **BETWEEN_SCHOOLS,
    **ABOUT_THE_SESSION,
    **ABOUT_TAKING_PART,
    **ABOUT_CERTIFICATES,
    **ABOUT_CALLS,
}
_OPEN, _CHECK, _CLOSE, _EXPIRE = (
    sessions.SESSION_EVENT_TYPE_OPEN,
    sessions.SESSION_EVENT_TYPE_CHECK,
    sessions.SESSION_EVENT_TYPE_CLOSE,
    sessions.SESSION_EVENT_TYPE_EXPIRE,
)
_LEGS: Mapping[int, SessionLeg.ValueType] = {
    _OPEN: contract.SESSION_LEG_OPEN,
    _CHECK: contract.SESSION_LEG_CHECK,
    _CLOSE: contract.SESSION_LEG_CLOSE,
    _EXPIRE: contract.SESSION_LEG_CLOSE,
}
# What is said when a session stands so and no step tells more.
_STANDING: Mapping[int, ResultCode.ValueType] = {
    sessions.SESSION_STATE_EXPIRED: codes.RESULT_CODE_LAPSED,
    sessions.SESSION_STATE_REVOKED: codes.RESULT_CODE_SESSION_REVOKED,
}
# Refusals because it was over already: what had happened before is the cause.
_OVER = frozenset(
    {
        codes.RESULT_CODE_SESSION_CLOSED,
        codes.RESULT_CODE_SESSION_EXPIRED,
        codes.RESULT_CODE_SESSION_REVOKED,
    }
)
_SOURCE_FIELDS = frozenset({"source_brin", "source_routing_key"})


def explain(timeline: GetSessionTimelineResponse, names: Mapping[str, str]) -> SessionExplanation:
    """Explain a session.

    Args:
        timeline: What the Traffic Center recorded.
        names: Names of schools by BRIN, as far as known.

    """
    session, events = timeline.session, list(timeline.events)
    words = Words(session, names)
    code, event = _decisive(session, events)
    case = case_of(session, event) if event is not None else _case_without_event(events)
    said = said_of(code, case)
    leg = said.leg if event is None else _LEGS[event.type]
    summary = words.both((said.summary_nl, said.summary_en), {} if event is None else event.details)
    advice = words.both((said.advice_nl, said.advice_en))
    explanation = SessionExplanation(
        session_id=session.session_id,
        verdict=_verdict(session, said),
        leg=leg if said.party else contract.SESSION_LEG_UNSPECIFIED,
        party=said.party,
        party_name=_name_of(session, said.party),
        reason=code,
        summary_nl=summary[0],
        summary_en=summary[1],
        advice_nl=advice[0],
        advice_en=advice[1],
        steps=[_step(session, one, words) for one in events],
    )
    if timeline.next_page_token:
        explanation.steps.append(words.more())
    return explanation


def said_of(code: ResultCode.ValueType, case: Case = Case.ANY) -> Said:
    """Give what is said of a code; there is always something."""
    return SAID.get((code, case)) or SAID.get((code, Case.ANY)) or NEWER


def case_of(session: Session, event: SessionEvent) -> Case:
    """Tell in which circumstances a step was refused."""
    if event.type == _CLOSE:
        return Case.CLOSE
    details = event.details
    about = details.get("routing_key") or details.get("subject")
    if about and about == event.routing_key:
        return Case.SOURCE
    if _SOURCE_FIELDS & set(details.get("fields", "").split(", ")):
        return Case.SOURCE
    if details.get("brin") == session.source_brin:
        return Case.SOURCE
    if about == session.target_routing_key or details.get("brin") == session.target_brin:
        return Case.TARGET
    return Case.ANY


def _decisive(
    session: Session, events: list[SessionEvent]
) -> tuple[ResultCode.ValueType, SessionEvent | None]:
    """Find the code a session is explained by, and the refused step that tells more of it."""
    check = _last_refused(events, _CHECK)
    opener = next((one.system_id for one in events if one.type == _OPEN), "")
    close = _last_refused([one for one in events if one.system_id == opener], _CLOSE)
    if session.state == sessions.SESSION_STATE_CLOSED:
        refused = check if check is not None and not _was_matched(events) else None
        if refused is not None and session.result in (
            refused.outcome,
            codes.RESULT_CODE_UNREACHABLE,
        ):
            return refused.outcome, refused
        return session.result, None
    for event in (close, None if _was_matched(events) else check):
        if event is not None:
            return event.outcome, event
    if session.state in _STANDING:
        return _STANDING[session.state], None
    matched = _was_matched(events)
    return (codes.RESULT_CODE_MATCHED if matched else codes.RESULT_CODE_GRANTED), None


def _last_refused(events: list[SessionEvent], kind: int) -> SessionEvent | None:
    """Find the last step of a kind that was refused, rather not for coming too late."""
    found = [one for one in events if one.type == kind and one.refused]
    in_time = [one for one in found if one.outcome not in _OVER]
    return next(reversed(in_time or found), None)


def _was_matched(events: list[SessionEvent]) -> bool:
    return any(one.type == _CHECK and not one.refused for one in events)


def _case_without_event(events: list[SessionEvent]) -> Case:
    return Case.MATCHED if _was_matched(events) else Case.ANY


def _verdict(session: Session, said: Said) -> SessionVerdict.ValueType:
    """Tell how it ended: whatever was refused, while it is open it can still go well."""
    if session.state == sessions.SESSION_STATE_OPEN:
        return contract.SESSION_VERDICT_UNDER_WAY
    return said.verdict


def _name_of(session: Session, party: SessionParty.ValueType) -> str:
    return {
        contract.SESSION_PARTY_TARGET: session.target_brin,
        contract.SESSION_PARTY_SOURCE: session.source_brin,
    }.get(party, "")


def _step(session: Session, event: SessionEvent, words: Words) -> SessionStep:
    case = case_of(session, event) if event.refused else Case.ANY
    said = said_of(event.outcome, case)
    text = words.step(event, said)
    step = SessionStep(
        leg=_LEGS.get(event.type, contract.SESSION_LEG_UNSPECIFIED),
        wrong=event.refused or said.verdict == contract.SESSION_VERDICT_FAILED,
        text_nl=text[0],
        text_en=text[1],
    )
    step.time.CopyFrom(event.time)
    return step
