"""The audit trail, for who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from oso.registry.v1 import audit_service_pb2_grpc
from oso.registry.v1.audit_pb2 import AuditEntry
from oso.registry.v1.audit_service_pb2 import (
    DESCRIPTOR,
    ListAuditEntriesRequest,
    ListAuditEntriesResponse,
)
from oso_registry.calls import current_caller
from oso_registry.columns import microseconds
from oso_registry.resources import page_size
from oso_registry.store import table_of
from oso_registry.tables import AuditRow
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from oso_registry.calls import Office
    from oso_registry.store import Transaction

_TYPE_URL = "type.googleapis.com/"


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """Serves AuditService."""

    def __init__(self, office: Office) -> None:
        """Take where the trail is kept."""
        self._office = office

    async def ListAuditEntries(  # noqa: N802  the contract's name
        self, request: ListAuditEntriesRequest, _context: object
    ) -> ListAuditEntriesResponse:
        """List changes, the newest first."""
        return await self._office.look(current_caller(), lambda tx: _entries(tx, request))


def registration(servicer: AuditServicer) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        DESCRIPTOR.services_by_name["AuditService"].full_name,
        lambda server: audit_service_pb2_grpc.add_AuditServiceServicer_to_server(servicer, server),
    )


def _entries(tx: Transaction, request: ListAuditEntriesRequest) -> ListAuditEntriesResponse:
    table: Any = table_of(AuditRow)
    size = page_size(request.page_size)
    query = select(table).order_by(table.c.sequence.desc()).limit(size + 1)
    for column, value in (("resource", request.resource), ("system_id", request.system_id)):
        if value:
            query = query.where(table.c[column] == value)
    if request.HasField("start_time"):
        query = query.where(table.c.time >= microseconds(request.start_time))
    if request.HasField("end_time"):
        query = query.where(table.c.time < microseconds(request.end_time))
    if request.page_token:
        query = query.where(table.c.sequence < int(request.page_token))
    rows = tx.batch.connection.execute(query).mappings().all()
    return ListAuditEntriesResponse(
        audit_entries=[_entry(row) for row in rows[:size]],
        next_page_token=str(rows[size - 1]["sequence"]) if len(rows) > size else "",
    )


def _entry(row: RowMapping) -> AuditEntry:
    entry = AuditEntry(
        name=f"auditEntries/{row['sequence']}",
        system_id=row["system_id"],
        method=row["method"],
        request_id=row["request_id"],
        resource=row["resource"],
    )
    entry.time.FromMicroseconds(row["time"])
    for side in ("before", "after"):
        if row[side] is not None:
            told = getattr(entry, side)
            told.type_url, told.value = _TYPE_URL + row["message_type"], row[side]
    return entry
