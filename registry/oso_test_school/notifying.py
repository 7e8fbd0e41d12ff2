"""Who asked in vain hears when the dossier is ready: the scenario of a school that is notified.

One school at a time: of one pupil, one dossier is ready for one school. Others are told meanwhile
that it is not for them, and can ask when it was fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlmodel import col, select

from oso.result.v1 import result_code_pb2 as codes
from oso_las.model import Act, microseconds, moment_of
from oso_las.tables import RequestRow
from oso_rpc.errors import name_of
from oso_test_school.presence import ACCOUNT
from oso_test_school.scenarios import SCENARIOS, Script

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from oso_las.app import Office
    from oso_las.notifier import Notifier
    from oso_las.store import Transaction
    from oso_test_school.presence import Presence
    from oso_test_school.scenarios import Scenario

_log = structlog.get_logger(__name__)


class Notifying:
    """Sets dossiers ready for who asked for them, and says so."""

    def __init__(self, office: Office, presence: Presence, notifier: Notifier) -> None:
        """Take the desk to work at, the pupils, and what notifies."""
        self._desk, self._database, self._clock = office.desk, office.database, office.clock
        self._presence = presence
        self._notifier = notifier

    async def act(self, patience: timedelta) -> None:
        """Notify who asked; make anew what was fetched, or was not for longer than `patience`.

        Raises:
            DeskError: Somebody does something else with the dossier at this moment.
            StoreUnavailableError: The database failed.
            OSError: A file cannot be written.

        """
        for scenario in SCENARIOS:
            if scenario.script is Script.NOTIFIES:
                await self._act(scenario, patience)

    async def _act(self, scenario: Scenario, patience: timedelta) -> None:
        number = self._presence.current(scenario)
        # Each of them is done once with a dossier, but for delivering: any time of that will do.
        times = {Act(one.act): moment_of(one.time) for one in await self._desk.acts(number)}
        ready = times.get(Act.SET_READY)
        if ready is None:
            asker = await self._asker(scenario, times[Act.INSPECT])
            if asker is not None:
                await self._desk.set_ready(number, asker, ACCOUNT)
                told = await self._notifier.notify(number, ACCOUNT)
                results = [one.result for one in told]
                _log.info("scenario_notified", scenario=scenario.name, results=results)
        elif Act.DELIVER in times or ready + patience <= self._clock.now():
            await self._presence.renew(scenario)

    async def _asker(self, scenario: Scenario, since: datetime) -> str | None:
        """Give the school that was the first to ask in vain since a moment; None for nobody."""
        pupil = scenario.pupil.identity
        query = (
            select(RequestRow.target_brin)
            .where(RequestRow.pupil_number == pupil.number)
            .where(RequestRow.birth_date == pupil.birth_date)
            .where(RequestRow.number_kind == pupil.kind)
            .where(RequestRow.result == name_of(codes.RESULT_CODE_DOSSIER_NOT_READY))
            .where(RequestRow.time >= microseconds(since))
            .order_by(col(RequestRow.time))
        )

        def find(tx: Transaction) -> str | None:
            return tx.exec(query).first()

        return await self._database.read(find)
