"""A school's certificate is seen: its system made a valid call.

`Authorization` tells of each caller. What follows is done beside the call, by a task: the call does
not wait for it, and its failure is no failure of the call. What could not be written is tried again
at a later call.

A system that was looked at is left alone for ten minutes, and then looked at again: it may speak
for another school by now.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import or_, select

from oso.options.v1.access_pb2 import ROLE_LAS
from oso.registry.v1.mandate_pb2 import DELIVERY_POINT_STATE_ACTIVE
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE
from oso_registry.mandates.resources import DELIVERY_POINTS, delivery_point_state_at
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import model
from oso_registry.qualification.records import mark, record_of
from oso_registry.qualification.resources import QUALIFICATIONS
from oso_registry.store import microseconds_of
from oso_registry.systems.resources import certificate_with
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime

    from oso_registry.calls import Caller, Office
    from oso_registry.store import Transaction

LEFT_ALONE = timedelta(minutes=10)
# So many schools are marked in one transaction: others wait for it.
AT_ONCE = 200
_METHOD = "NoteCertificateSeen"
_SCHOOLS = "schools/"

_POINT, _QUALIFICATION, _SCHOOL = (
    DELIVERY_POINTS.table.c,
    QUALIFICATIONS.table.c,
    SCHOOLS.table.c,
)
_log = structlog.get_logger(__name__)


class Sightings:
    """Takes note of the first valid call of each school's system."""

    def __init__(self, office: Office) -> None:
        """Take where it is written."""
        self._office = office
        # By thumbprint: until when a caller is left alone. As many as there are certificates.
        self._left_alone: dict[bytes, datetime] = {}
        self._waiting: dict[bytes, Caller] = {}
        self._work = asyncio.Event()

    def saw(self, caller: Caller) -> None:
        """Hear of a caller that may make its call. Never waits, never fails."""
        if caller.role != ROLE_LAS:
            return
        now = self._office.clock.now()
        until = self._left_alone.get(caller.certificate_sha256)
        if until is not None and now < until:
            return
        self._left_alone[caller.certificate_sha256] = now + LEFT_ALONE
        self._waiting[caller.certificate_sha256] = caller
        self._work.set()

    async def watch(self) -> None:
        """Write what was seen, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                thumbprint, caller = self._waiting.popitem()
                try:
                    await self.note(caller)
                except Exception as error:  # noqa: BLE001  the next one must be looked at
                    self._left_alone.pop(thumbprint, None)
                    reason = error.name if isinstance(error, OsoError) else type(error).__name__
                    _log.error("certificate_sighting_failed", reason=reason)

    async def note(self, caller: Caller) -> int:
        """Mark the step of all schools a caller speaks for; give how many that was news for.

        Raises:
            OsoError: NOT_RECORDED.

        """
        news = 0
        while await self._office.look(caller, lambda tx: unseen_schools(tx, caller, limit=1)):
            noted = await self._office.act(lambda tx: note_certificate(tx, caller), _METHOD)
            news += noted
            if noted < AT_ONCE:
                break
        return news


def unseen_schools(tx: Transaction, caller: Caller, limit: int = AT_ONCE) -> list[str]:
    """Name the schools a system speaks for whose certificate was not seen yet, some at a time.

    That is its owner, when that is a school, and those with a delivery point of it that is active.
    """
    system = f"systems/{caller.system_id}"
    active = delivery_point_state_at(microseconds_of(tx.now)) == DELIVERY_POINT_STATE_ACTIVE
    spoken_for = select(_POINT.school).where(_POINT.system == system, active)
    seen = select(_QUALIFICATION.school).where(_QUALIFICATION.certificate_seen)
    own = caller.owner if caller.owner.startswith(_SCHOOLS) else ""
    schools = tx.list(
        SCHOOLS,
        or_(_SCHOOL.name == own, _SCHOOL.name.in_(spoken_for)),
        _SCHOOL.status == PARTY_STATUS_ACTIVE,
        _SCHOOL.qualification != model.WITHDRAWN,
        _SCHOOL.name.not_in(seen),
        limit=limit,
    )
    return [school.name for school in schools]


def note_certificate(tx: Transaction, caller: Caller) -> int:
    """Mark that the certificate of a caller works, for schools it speaks for; give how many."""
    schools = unseen_schools(tx, caller)
    certificate = certificate_with(tx, caller.certificate_sha256)
    evidence = "" if certificate is None else certificate.name
    for school in schools:
        record = record_of(tx, school)
        mark(record, model.CERTIFICATE, tx.now, system=caller.system_id, evidence=evidence)
        tx.put(QUALIFICATIONS, record)
    return len(schools)
