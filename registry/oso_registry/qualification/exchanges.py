"""An exchange with a test school is seen: the Traffic Center has the closed session.

A task asks the Traffic Center for sessions that were closed since it last asked. How far it came is
kept in the database, in the transaction of what follows from it: after a restart, of either, it
goes on where it was, and misses none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import model
from oso_registry.qualification.records import mark, record_of
from oso_registry.qualification.resources import QUALIFICATIONS
from oso_registry.qualification.tables import JournalCursorRow
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oso.trafficcenter.v1.session_pb2 import ClosedSession
    from oso_registry.calls import Office
    from oso_registry.store import Transaction
    from oso_registry.traffic_center import TrafficCenter

_METHOD = "NoteExchangeSeen"
_log = structlog.get_logger(__name__)


class Exchanges:
    """Reads the closed sessions of a Traffic Center."""

    def __init__(self, office: Office, center: TrafficCenter) -> None:
        """Take where it is written, and whom to ask."""
        self._office = office
        self._center = center
        self._failing = ""

    async def watch(self, seconds: float) -> None:
        """Read again and again, until cancelled. A failure is logged when it begins and ends."""
        while True:
            try:
                await self.read()
            except Exception as error:  # noqa: BLE001  whatever it is, it must be tried again
                reason = error.name if isinstance(error, OsoError) else type(error).__name__
                if reason != self._failing:
                    _log.warning("exchanges_not_read", reason=reason)
                self._failing = reason
            else:
                if self._failing:
                    _log.info("exchanges_read_again")
                self._failing = ""
            await asyncio.sleep(seconds)

    async def read(self) -> int:
        """Read what is new; give for how many schools that was news.

        Raises:
            OsoError: What the Traffic Center refuses for; UNREACHABLE, NOT_RECORDED.

        """
        center = self._center.system_id
        after = await self._office.look(Caller(), lambda tx: cursor(tx, center))
        news = 0
        while True:
            page = await self._center.closed_sessions(after)
            if page.last_sequence < after:
                # Its journal was restored from a backup; what is read twice changes nothing.
                _log.warning("journal_begins_anew", after=after, last=page.last_sequence)
                after = 0
                await self._note([], after)
                continue
            if page.last_sequence > after:
                sessions, after = list(page.sessions), page.last_sequence
                news += await self._note(sessions, after)
            if not page.next_page_token:
                return news

    async def _note(self, sessions: list[ClosedSession], last: int) -> int:
        def work(tx: Transaction) -> int:
            move_cursor(tx, self._center.system_id, last)
            return note_exchanges(tx, sessions)

        return await self._office.act(work, _METHOD)


def cursor(tx: Transaction, center: str) -> int:
    """Give how far the journal of a Traffic Center was read; 0 when it never was."""
    row = tx.session.get(JournalCursorRow, center)
    return 0 if row is None else row.sequence


def move_cursor(tx: Transaction, center: str, sequence: int) -> None:
    """Keep how far the journal of a Traffic Center was read."""
    row = tx.session.get(JournalCursorRow, center)
    if row is None:
        tx.session.add(JournalCursorRow(traffic_center=center, sequence=sequence))
    else:
        row.sequence = sequence
    tx.session.flush()  # for who looks again in this transaction


def note_exchanges(tx: Transaction, sessions: Iterable[ClosedSession]) -> int:
    """Mark the step of schools that exchanged with a test school; give for how many it was news.

    The target's word is not enough: the source must have been asked, and have checked the session.
    """
    delivered = [one for one in sessions if one.result == RESULT_CODE_DELIVERED and one.checked]
    tx.load(SCHOOLS, [_name(brin) for one in delivered for brin in _both(one)])
    return sum(
        _note(tx, school, other, session)
        for session in delivered
        for school, other in (_both(session), _both(session)[::-1])
    )


def _note(tx: Transaction, brin: str, other_brin: str, session: ClosedSession) -> bool:
    """Mark the step of one school, if the other one is a test school."""
    school, other = tx.get(SCHOOLS, _name(brin)), tx.get(SCHOOLS, _name(other_brin))
    if school is None or other is None or school.test_school or not other.test_school:
        return False
    if school.status != PARTY_STATUS_ACTIVE or school.qualification == model.WITHDRAWN:
        return False
    record = record_of(tx, school.name)
    time = moment(session.close_time)
    if record.HasField("reinstate_time") and time < moment(record.reinstate_time):
        return False
    if not mark(record, model.EXCHANGE, time, evidence=f"session:{session.session_id}"):
        return False
    tx.put(QUALIFICATIONS, record)
    return True


def _both(session: ClosedSession) -> tuple[str, str]:
    return session.source_brin, session.target_brin


def _name(brin: str) -> str:
    return f"schools/{brin}"
