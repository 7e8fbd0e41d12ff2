"""`oso-registry audit`: who changed what."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import SECONDS, Desk, pass_desk

if TYPE_CHECKING:
    import grpc
    from google.protobuf.any_pb2 import Any as AnyMessage

    from oso.registry.v1.audit_pb2 import AuditEntry


@click.command("audit")
@click.option("--resource", default="", help="Only changes of this one, such as schools/00SS.")
@click.option("--system", default="", help="Only changes by this system.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@pass_desk
def audit(desk: Desk, resource: str, system: str, limit: int) -> None:
    """Show what was changed, by whom; the newest first."""
    from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest  # noqa: PLC0415
    from oso.registry.v1.audit_service_pb2_grpc import AuditServiceStub  # noqa: PLC0415

    async def go(channel: grpc.aio.Channel) -> list[AuditEntry]:
        stub: Any = AuditServiceStub(channel)
        request = ListAuditEntriesRequest(resource=resource, system_id=system)
        found: list[AuditEntry] = []
        while len(found) < limit:
            request.page_size = min(limit - len(found), 1000)
            told = await stub.ListAuditEntries(request, timeout=SECONDS)
            found += told.audit_entries
            request.page_token = told.next_page_token
            if not told.next_page_token:
                break
        return found

    for entry in desk.run(go):
        desk.show(entry, *_lines(desk, entry))


def _lines(desk: Desk, entry: AuditEntry) -> list[str]:
    what = desk.text(*_WHAT[entry.HasField("before"), entry.HasField("after")])
    by = entry.system_id or "OfficeHeart"
    head = f"{entry.time.ToDatetime():%Y-%m-%d %H:%M:%S}  {by:<20} {what:<10} {entry.resource}"
    if not (entry.HasField("before") or entry.HasField("after")):
        head += f"  {entry.method}"
    return [head, *(f"    {line}" for line in _differences(entry))]


_WHAT = {
    (False, False): ("gedaan", "done"),
    (False, True): ("nieuw", "new"),
    (True, True): ("gewijzigd", "changed"),
    (True, False): ("verwijderd", "removed"),
}
# They change with every change, and say nothing of it.
_SILENT = frozenset({"name", "etag", "create_time", "update_time"})


def _differences(entry: AuditEntry) -> list[str]:
    """Give the fields that differ, each with what it was and what it became."""
    before, after = _fields(entry.before), _fields(entry.after)
    return [
        f"{name}: {_short(before.get(name))} -> {_short(after.get(name))}"
        for name in sorted({*before, *after} - _SILENT)
        if before.get(name) != after.get(name)
    ]


def _fields(side: AnyMessage) -> dict[str, Any]:
    """Give the fields of a resource as it was; none where it was not there."""
    from google.protobuf.descriptor_pool import Default  # noqa: PLC0415
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415
    from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415

    from oso.registry import v1  # noqa: PLC0415

    for module in pkgutil.iter_modules(v1.__path__):
        if module.name.endswith("_pb2"):
            importlib.import_module(f"{v1.__name__}.{module.name}")
    try:
        descriptor = Default().FindMessageTypeByName(side.TypeName())  # type: ignore[no-untyped-call,unused-ignore]
    except KeyError:  # absent, or of a newer version than this one
        return {}
    made = GetMessageClass(descriptor)()
    side.Unpack(made)
    return MessageToDict(made, preserving_proto_field_name=True)


def _short(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  what fits on a line


COMMANDS = [audit]
