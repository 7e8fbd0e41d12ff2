"""What auditors read: which sessions were closed, by the journal.

The journal's numbers rise in the order of the commits and have no gap, so whoever remembers the
last one it saw misses nothing; moments could not promise that, for two that are written at once may
be committed the other way round.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import RESULT_CODE_NOT_RECORDED
from oso.trafficcenter.v1.session_pb2 import (
    SESSION_EVENT_TYPE_CHECK,
    SESSION_EVENT_TYPE_CLOSE,
    ClosedSession,
)
from oso.trafficcenter.v1.traffic_center_service_pb2 import ListClosedSessionsResponse
from oso_rpc.errors import OsoError
from oso_store import StoreUnavailableError
from oso_trafficcenter.conditions import require_auditor
from oso_trafficcenter.paging import checked_token, is_sequence, page_size

if TYPE_CHECKING:
    from oso.trafficcenter.v1.session_pb2 import SessionEvent
    from oso.trafficcenter.v1.traffic_center_service_pb2 import ListClosedSessionsRequest
    from oso_rpc.directory import CurrentDirectory
    from oso_rpc.identity import PeerIdentity
    from oso_store import Database
    from oso_trafficcenter.model import SessionRecord
    from oso_trafficcenter.store import Transaction


class Evidence:
    """Reads the journal for auditors. Reading changes nothing, and is not recorded itself."""

    def __init__(self, database: Database[Transaction], directory: CurrentDirectory) -> None:
        """Take the journal, and who is an auditor."""
        self._database = database
        self._directory = directory

    async def closed_sessions(
        self, request: ListClosedSessionsRequest, peer: PeerIdentity
    ) -> ListClosedSessionsResponse:
        """Give a page of the sessions that were closed.

        Raises:
            OsoError: NOT_ALLOWED for who is no auditor, REQUEST_INVALID for a page token not of
                ours, NOT_RECORDED, DIRECTORY_EXPIRED.

        """
        token = checked_token(request.page_token, is_sequence)
        require_auditor(self._directory.view(), peer)
        after = int(token) if token else request.after_sequence
        size = page_size(request.page_size)
        try:
            return await self._database.read(lambda tx: _closed(tx, after, size))
        except StoreUnavailableError as error:
            raise OsoError(RESULT_CODE_NOT_RECORDED, retry_after=timedelta(seconds=5)) from error


def _closed(tx: Transaction, after: int, size: int) -> ListClosedSessionsResponse:
    lines = tx.journal(after, size + 1)
    if not lines:
        return ListClosedSessionsResponse(last_sequence=min(after, tx.last_sequence()))
    page = lines[:size]
    closings = [(session_id, event) for session_id, event in page if _closes(event)]
    ids = {session_id for session_id, _ in closings}
    sessions = tx.look_up_all(ids)
    checked = {session_id for session_id, event in tx.events_of_all(ids) if _matches(event)}
    last = page[-1][1].sequence
    return ListClosedSessionsResponse(
        sessions=[
            _told(sessions[session_id], event, checked=session_id in checked)
            for session_id, event in closings
            if session_id in sessions
        ],
        next_page_token=str(last) if len(lines) > size else "",
        last_sequence=last,
    )


def _closes(event: SessionEvent) -> bool:
    """Tell whether a line is of a closing that was accepted; a session has one at most."""
    return event.type == SESSION_EVENT_TYPE_CLOSE and not event.refused


def _matches(event: SessionEvent) -> bool:
    """Tell whether a line is of a check by the source that matched."""
    return event.type == SESSION_EVENT_TYPE_CHECK and not event.refused


def _told(session: SessionRecord, event: SessionEvent, *, checked: bool) -> ClosedSession:
    return ClosedSession(
        session_id=session.session_id,
        source_brin=session.source_brin,
        target_brin=session.target_brin,
        kind=session.kind,
        result=event.outcome,
        close_time=event.time,
        sequence=event.sequence,
        checked=checked,
    )
