"""Importing a school list: read, compared, and registered in one transaction or not at all.

Reading and comparing go on in a thread, while others' calls are served. What is registered may
change meanwhile: every resource is written only if it is still as it was compared, so the import as
a whole is as good as made in one moment.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oso.registry.v1 import school_list_service_pb2 as wire
from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.parties.register import require_unused
from oso_registry.parties.registers import SCHOOL
from oso_registry.parties.resources import BOARDS, SCHOOLS
from oso_registry.school_lists.comparing import compare
from oso_registry.school_lists.reading import read_school_list
from oso_registry.school_lists.stating import statement_of
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.registry.v1.school_list_pb2 import SchoolListReport
    from oso_registry.calls import Caller, Office
    from oso_registry.school_lists.comparing import Plan, Planned
    from oso_registry.school_lists.stating import Statement
    from oso_registry.store import Collection, Transaction

    Tell = Callable[[wire.ImportSchoolsProgress], None]

DEFAULT_CLOSED_PERCENT = 5
# On PostgreSQL reading holds the event loop, about a tenth of a second for so many.
_PAGE = 500
_TELL_EVERY = 250


@dataclass(frozen=True)
class Imported:
    """How an import ended.

    Attributes:
        report: What was, or would be, done.
        refusal: Why it was refused; None when it was not.

    """

    report: SchoolListReport
    refusal: OsoError | None = None


class SchoolLists:
    """Imports school lists, one at a time: each takes a thread and some memory."""

    def __init__(self, office: Office) -> None:
        """Take where boards and schools are kept."""
        self._office = office
        self._turn = asyncio.Lock()

    async def take_in(
        self,
        settings: wire.ImportSchoolsSettings,
        content: bytes,
        caller: Caller,
        tell: Tell,
    ) -> Imported:
        """Import a list.

        Args:
            settings: What to do with it.
            content: The file.
            caller: Who asks.
            tell: Told how far it is, from any thread.

        Raises:
            OsoError: The file cannot be read; ETAG_STALE when what it touches was changed
                meanwhile; IN_USE; what Office.change raises. Nothing was changed.

        """
        async with self._turn:
            statement = await asyncio.to_thread(_stated, content, settings)
            rows = statement.source.count
            tell(_progress(wire.IMPORT_SCHOOLS_STAGE_COMPARING, 0, rows))
            plan = await self._planned(statement, settings, caller)
            tell(_progress(wire.IMPORT_SCHOOLS_STAGE_COMPARING, rows, rows))
            refusal = refusal_of(plan, settings)
            if settings.validate_only:
                return Imported(plan.outcomes.report(applied=False), refusal)
            return await self._registered(plan, refusal, settings, caller, tell)

    async def _planned(
        self, statement: Statement, settings: wire.ImportSchoolsSettings, caller: Caller
    ) -> Plan:
        schools = await self._all(SCHOOLS, caller)
        boards = await self._all(BOARDS, caller)
        return await asyncio.to_thread(
            compare, statement, schools, boards, close_missing=settings.close_missing
        )

    async def _all(self, collection: Collection[Any], caller: Caller) -> dict[str, Any]:
        """Read all of a collection, page by page."""
        found: dict[str, Any] = {}
        after = ""
        while True:
            page = await self._office.look(
                caller,
                lambda tx, start=after: tx.list(collection, after=start, limit=_PAGE),  # type: ignore[misc]
            )
            found |= {one.name: one for one in page}
            if len(page) < _PAGE:
                return found
            after = page[-1].name

    async def _registered(
        self,
        plan: Plan,
        refusal: OsoError | None,
        settings: wire.ImportSchoolsSettings,
        caller: Caller,
        tell: Tell,
    ) -> Imported:
        """Register what is planned, unless this request was answered before."""

        def work(tx: Transaction) -> wire.ImportSchoolsResponse:
            if refusal is not None:
                raise refusal
            register(tx, plan, tell, force_close=settings.force_close)
            return wire.ImportSchoolsResponse(report=plan.outcomes.report(applied=True))

        request = wire.ImportSchoolsRequest(settings=settings)
        try:
            response = await self._office.change(
                request, caller, work, request_id=settings.request_id
            )
        except OsoError as error:
            if error is not refusal:
                raise
            return Imported(plan.outcomes.report(applied=False), refusal)
        return Imported(response.report)


def refusal_of(plan: Plan, settings: wire.ImportSchoolsSettings) -> OsoError | None:
    """Tell why a plan must not be carried out; None when it may."""
    rejected = plan.outcomes.rejected_rows
    if rejected and not settings.skip_rejected:
        return OsoError(
            codes.RESULT_CODE_SCHOOL_LIST_ROWS_REJECTED,
            rejected=str(rejected),
            rows=str(plan.outcomes.rows),
        )
    if not settings.close_missing:
        return None
    if plan.unsure:
        return OsoError(codes.RESULT_CODE_SCHOOL_LIST_CLOSING_UNSURE, line=str(plan.unsure))
    percent = settings.max_closed_percent or DEFAULT_CLOSED_PERCENT
    if plan.closing * 100 > plan.registered * percent:
        return OsoError(
            codes.RESULT_CODE_SCHOOL_LIST_CLOSES_TOO_MUCH,
            closed=str(plan.closing),
            registered=str(plan.registered),
            percent=str(percent),
        )
    return None


def register(tx: Transaction, plan: Plan, tell: Tell, *, force_close: bool) -> None:
    """Write what is planned.

    Raises:
        OsoError: ETAG_STALE when something is no longer as it was compared; IN_USE when what is to
            be closed is in use.

    """
    total = len(plan.boards) + len(plan.schools)
    tx.load(BOARDS, [one.resource.name for one in plan.boards])
    tx.load(SCHOOLS, [one.resource.name for one in plan.schools])
    for board in plan.boards:
        _known(tx, BOARDS, board)
        tx.put(BOARDS, board.resource)
    tx.load(BOARDS, {one.resource.board for one in plan.schools if one.resource.board})
    for number, school in enumerate(plan.schools, len(plan.boards)):
        if number % _TELL_EVERY == 0:
            tell(_progress(wire.IMPORT_SCHOOLS_STAGE_REGISTERING, number, total))
        known = _known(tx, SCHOOLS, school)
        if known is not None and _closes(known, school.resource):
            _release(tx, known.name, force=force_close)
        SCHOOL.settle(tx, known, school.resource)
        tx.put(SCHOOLS, school.resource)
    tell(_progress(wire.IMPORT_SCHOOLS_STAGE_REGISTERING, total, total))


def _known(tx: Transaction, collection: Collection[Any], planned: Planned[Any]) -> Any:
    """Give what is registered, if it is still what the plan was made with."""
    known = tx.get(collection, planned.resource.name)
    if ("" if known is None else known.etag) != planned.etag:
        raise OsoError(codes.RESULT_CODE_ETAG_STALE, resource=planned.resource.name)
    return known


def _closes(known: Any, made: Any) -> bool:
    return bool(made.status == PARTY_STATUS_CLOSED != known.status)


def _release(tx: Transaction, school: str, *, force: bool) -> None:
    if force:
        SCHOOL.release(tx, school)
    require_unused(school, SCHOOL.users(tx, school))


def _stated(content: bytes, settings: wire.ImportSchoolsSettings) -> Statement:
    return statement_of(read_school_list(content, settings.sector))


def _progress(
    stage: wire.ImportSchoolsStage.ValueType, done: int, total: int
) -> wire.ImportSchoolsProgress:
    return wire.ImportSchoolsProgress(stage=stage, done=done, total=total)
