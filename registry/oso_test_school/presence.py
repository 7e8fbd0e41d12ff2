"""The scenario pupils at the test school's desk: made present, kept as they should be, changed.

Everything goes over the desk of the LAS kit, as a school's worker would do it. What a supplier or
an operator did to a dossier is found at the next start: then it is made anew.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oso_dossier import dossier_bytes
from oso_las.desk import Desk
from oso_las.kinds import SWV
from oso_las.model import ACCEPTED_YEARS, Act, State, moment_of
from oso_las.receivers import check_receiver
from oso_test_school.dossiers import OLD_YEAR, dossier_of
from oso_test_school.scenarios import SCENARIOS, Script, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oso_dossier import DossierDocument
    from oso_las.app import Office
    from oso_las.store import Transaction
    from oso_las.tables import DossierRow
    from oso_test_school.scenarios import Scenario

ELSEWHERE = "99ZZ"
"""The school that a dossier is ready for when it is not for who asks. There is none such."""
ACCOUNT = "test-school"
"""Who does what the test school does of its own accord."""
# When the first version of every dossier was put together: the same at every test school, so that a
# supplier's test can say "changed since".
_PUT_TOGETHER = datetime(2019, 5, 15, 10, tzinfo=UTC)

# The states a dossier passes on its way to where it should stand, the last ones being there.
_WAY: Mapping[Standing, Sequence[State]] = {
    Standing.NOT_INSPECTED: [State.DRAFT],
    Standing.INSPECTED: [State.DRAFT, State.INSPECTED],
    Standing.READY: [State.DRAFT, State.INSPECTED, State.READY, State.DELIVERED],
    Standing.READY_ELSEWHERE: [State.DRAFT, State.INSPECTED, State.READY],
    Standing.WITHDRAWN: [State.DRAFT, State.INSPECTED, State.READY, State.WITHDRAWN],
    Standing.ABSENT: [],
    Standing.ON_DEMAND: [],
}
_BEEN_READY = frozenset({State.READY, State.DELIVERED, State.WITHDRAWN})


class _LongAgo:
    """The clock under which first versions are put together."""

    def now(self) -> datetime:
        return _PUT_TOGETHER


class Presence:
    """Keeps the dossiers of the scenarios."""

    def __init__(self, office: Office, brin: str) -> None:
        """Take the desk to work at, and the test school."""
        years = (*ACCEPTED_YEARS, OLD_YEAR)
        self._database, self._files, self._clock = office.database, office.files, office.clock
        self._desk = Desk(office.database, office.files, office.clock, brin=brin, years=years)
        self._first_versions = Desk(
            office.database, office.files, _LongAgo(), brin=brin, years=years
        )
        self._brin = brin
        self._current: dict[str, int] = {}
        self._coming: int | None = None

    def is_for(self, dossier: DossierRow, target_brin: str) -> bool:
        """Tell whether a dossier is for a school: ready for the test school is ready for anybody.

        Of a pupil only the present version counts: one that was made anew leaves no trace.
        """
        if dossier.number not in {*self._current.values(), self._coming}:
            return False
        return dossier.target_brin in {self._brin, target_brin}

    async def refresh(self) -> None:
        """See to it that every scenario has its dossier, once, and as it should stand.

        Raises:
            StoreUnavailableError: The database failed.
            OSError: A file cannot be written.

        """
        for scenario in SCENARIOS:
            if _WAY[scenario.standing]:
                await self._refresh(scenario)

    async def _refresh(self, scenario: Scenario) -> None:
        document = await asyncio.to_thread(dossier_of, scenario, self._brin)
        sha256 = hashlib.sha256(dossier_bytes(document.dossier)).digest()
        rows = await self._dossiers(scenario)
        kept = next((row for row in rows if self._is_usable(row, scenario, sha256)), None)
        for row in rows:
            if row is not kept and State(row.state) is not State.WITHDRAWN:
                await self._desk.withdraw(row.number or 0, ACCOUNT, "not as it should be")
        if kept is None:
            number = await self._first_versions.import_document(document, ACCOUNT)
            await self._bring(scenario, number, State.DRAFT)
        else:
            number = kept.number or 0
            if kept.dossier_sha256 == sha256:  # a file that was lost or damaged is back
                await asyncio.to_thread(self._mend, document)
            await self._bring(scenario, number, State(kept.state), kept.target_brin)
        self._current[scenario.name] = number

    def current(self, scenario: Scenario) -> int:
        """Give the number of the present dossier of a scenario that has one."""
        return self._current[scenario.name]

    async def renew(self, scenario: Scenario) -> None:
        """Put a fresh dossier in the place of the present one, as it should stand.

        Raises: as `refresh`.

        """
        document = await asyncio.to_thread(dossier_of, scenario, self._brin)
        number = await self._first_versions.import_document(document, ACCOUNT)
        await self._bring(scenario, number, State.DRAFT)
        before, self._current[scenario.name] = self._current[scenario.name], number
        await self._desk.withdraw(before, ACCOUNT)

    async def for_swv(self, scenario: Scenario, code: str) -> int:
        """See to it that the dossier of a scenario on demand is ready for an SWV; give its number.

        Raises: as `refresh`; WrongReceiverError when the code is not that of an SWV.

        """
        document = await asyncio.to_thread(dossier_of, scenario, self._brin)
        sha256 = hashlib.sha256(dossier_bytes(document.dossier)).digest()

        def find(tx: Transaction) -> list[int]:
            return [
                row.number or 0
                for row in tx.dossiers()
                if (row.dossier_sha256, row.target_brin) == (sha256, code)
                and State(row.state) in {State.READY, State.DELIVERED}
            ]

        check_receiver(SWV, code, self._brin)
        numbers = await self._database.read(find)
        if numbers:
            await asyncio.to_thread(self._mend, document)
            return numbers[0]
        number = await self._first_versions.import_document(document, ACCOUNT)
        await self._desk.set_ready(number, code, ACCOUNT)
        return number

    def _mend(self, document: DossierDocument) -> None:
        for content in (dossier_bytes(document.dossier), *document.attachments):
            self._files.add(content)

    async def _bring(
        self, scenario: Scenario, number: int, state: State, marked_for: str = ""
    ) -> None:
        """Take a dossier from the state it is in to where it should stand."""
        way = _WAY[scenario.standing]
        if scenario.standing is Standing.NOT_INSPECTED and not marked_for:
            await self._desk.mark(number, self._brin, ACCOUNT)
        for following in way[way.index(state) + 1 :]:
            if following is State.INSPECTED:
                await self._desk.inspect(number, ACCOUNT)
            elif following is State.READY:
                await self._desk.set_ready(number, self._target(scenario), ACCOUNT)
            elif following is State.WITHDRAWN:
                await self._desk.withdraw(number, ACCOUNT)

    def _target(self, scenario: Scenario) -> str:
        """Give for which school the dossier of a scenario is: our own, which is for anybody."""
        return ELSEWHERE if scenario.standing is Standing.READY_ELSEWHERE else self._brin

    def _is_usable(self, row: DossierRow, scenario: Scenario, sha256: bytes) -> bool:
        """Tell whether a dossier is the one it should be, and can be where it should stand.

        Of one that changes, any version that can be had is right.
        """
        state, target = State(row.state), self._target(scenario)
        if state not in _WAY[scenario.standing]:
            return False
        # One that was withdrawn before it was ready has no target: nobody would be told of it.
        right = {target} if state in _BEEN_READY else {target, ""}
        if row.target_brin not in right:
            return False
        changes = scenario.script is Script.CHANGES and state in {State.READY, State.DELIVERED}
        return changes or row.dossier_sha256 == sha256

    async def change_delivered(self, after: timedelta) -> int:
        """Put dossiers together anew that change after they were delivered; give how many.

        Args:
            after: How long after the first delivery.

        Raises: as `refresh`.

        """
        now = self._clock.now()
        due = [
            scenario
            for scenario in SCENARIOS
            if scenario.script is Script.CHANGES
            and (delivered := await self._delivered(scenario)) is not None
            and delivered + after <= now
        ]
        for scenario in due:
            document = await asyncio.to_thread(dossier_of, scenario, self._brin, now)
            number = await self._desk.import_document(document, ACCOUNT)
            await self._desk.inspect(number, ACCOUNT)
            self._coming = number  # at every moment one of the two can be had
            await self._desk.set_ready(number, self._brin, ACCOUNT)
            self._current[scenario.name], self._coming = number, None
        return len(due)

    async def _delivered(self, scenario: Scenario) -> datetime | None:
        """Give when the present version was first delivered; None when it was not."""
        acts = await self._desk.acts(self._current[scenario.name])
        times = [moment_of(one.time) for one in acts if one.act == Act.DELIVER.value]
        return min(times, default=None)

    async def _dossiers(self, scenario: Scenario) -> list[DossierRow]:
        """Give the dossiers of our own of a pupil, the newest first."""

        def find(tx: Transaction) -> list[DossierRow]:
            rows = tx.dossiers_of(scenario.pupil.identity)
            return [row for row in rows if State(row.state) is not State.RECEIVED]

        return await self._database.read(find)
