"""Commands on mandates and delivery points: `oso-registry mandate|delivery-point ...`.

Imports are made where they are used: see `oso_registry.parties.asking`. Dates are days in UTC: from
its beginning on, until its beginning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain, word

if TYPE_CHECKING:
    import grpc

_MANDATES, _POINTS = "MandateService", "DeliveryPointService"
_SWV_KIND = "swv-dossier"
_KIND_NAMES = ["overstapdossier", "overdrachtbinnenbrin", _SWV_KIND]
_DAY = click.DateTime(["%Y-%m-%d"])
_KINDS = click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(_KIND_NAMES), help="Kind of transfer."
)
_FROM = click.option("--from", "start", type=_DAY, metavar="YYYY-MM-DD", help="From this day on.")
_UNTIL = click.option(
    "--until", "end", type=_DAY, metavar="YYYY-MM-DD", help="Until, not including, this day."
)


@click.group()
def mandate() -> None:
    """Mandates: a board lets a supplier act for a school, or an SWV for itself."""


@mandate.command("give")
@click.option("--school", help="BRIN of the school.")
@click.option("--swv", help="Code of the SWV that gives it for itself, instead of a school.")
@click.option("--supplier", required=True, help="OIN of the supplier.")
@_KINDS
@_FROM
@_UNTIL
@pass_desk
def give(
    desk: Desk,
    *,
    school: str | None,
    swv: str | None,
    supplier: str,
    kinds: tuple[str, ...],
    start: datetime | None,
    end: datetime | None,
) -> None:
    """Give a supplier a mandate for a school or an SWV.

    For all kinds unless some are named (an SWV's: swv-dossier), and from now on unless a day is.
    """
    from oso.registry.v1.mandate_service_pb2 import CreateMandateRequest  # noqa: PLC0415
    from oso.registry.v1.school_service_pb2 import GetSchoolRequest  # noqa: PLC0415

    if (school is None) == (swv is None):
        raise click.UsageError(
            desk.text(
                "Geef --school of --swv, een van beide.", "Give --school or --swv, one of them."
            )
        )

    async def go(channel: grpc.aio.Channel) -> Any:
        request = CreateMandateRequest()
        made = request.mandate
        made.supplier = f"suppliers/{supplier}"
        if swv:
            made.swv = f"swvs/{swv}"
        else:
            asked = GetSchoolRequest(name=f"schools/{school}")
            known = (await call(channel, "SchoolService", asked)).school
            made.board, made.school = known.board, known.name
        usual = (_SWV_KIND,) if swv else tuple(_KIND_NAMES)
        _put(made, kinds or usual, start or datetime.now(UTC), end)
        return await call(channel, _MANDATES, request)

    _tell_mandate(desk, desk.run(go).mandate)


@mandate.command("show")
@click.argument("id_", metavar="ID")
@pass_desk
def show_mandate(desk: Desk, id_: str) -> None:
    """Show a mandate."""
    from oso.registry.v1.mandate_service_pb2 import GetMandateRequest  # noqa: PLC0415

    request = GetMandateRequest(name=_mandate_name(id_))
    _tell_mandate(desk, desk.run(lambda channel: call(channel, _MANDATES, request)).mandate)


@mandate.command("list")
@click.option("--board", help="Only those given by this board.")
@click.option("--school", help="Only those for the school with this BRIN.")
@click.option("--swv", help="Only those of the SWV with this code.")
@click.option("--supplier", help="Only those given to the supplier with this OIN.")
@click.option("--state", type=click.Choice(["active", "not-yet", "ended", "revoked"]))
@pass_desk
def list_mandates(desk: Desk, /, state: str | None, **filters: str | None) -> None:
    """List mandates."""
    from oso.registry.v1.mandate_service_pb2 import ListMandatesRequest  # noqa: PLC0415

    request = ListMandatesRequest()
    _narrow(request, state, filters)

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _MANDATES, request, "mandates"):
            _tell_mandate(desk, one)

    desk.run(go)


@mandate.command("change")
@click.argument("id_", metavar="ID")
@_KINDS
@_FROM
@_UNTIL
@pass_desk
def change_mandate(
    desk: Desk, id_: str, kinds: tuple[str, ...], start: datetime | None, end: datetime | None
) -> None:
    """Change dates or kinds: give what changes."""
    from oso.registry.v1.mandate_service_pb2 import (  # noqa: PLC0415
        GetMandateRequest,
        UpdateMandateRequest,
    )

    async def go(channel: grpc.aio.Channel) -> Any:
        asked = GetMandateRequest(name=_mandate_name(id_))
        known = (await call(channel, _MANDATES, asked)).mandate
        request = UpdateMandateRequest(mandate=known)
        paths = _put(request.mandate, kinds, start, end)
        request.update_mask.paths.extend(paths or ["kinds"])
        return await call(channel, _MANDATES, request)

    _tell_mandate(desk, desk.run(go).mandate)


@mandate.command("revoke")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why, for whoever asks later. No names of persons.")
@pass_desk
def revoke(desk: Desk, id_: str, reason: str) -> None:
    """Take a mandate back, from now on."""
    from oso.registry.v1.mandate_service_pb2 import RevokeMandateRequest  # noqa: PLC0415

    request = RevokeMandateRequest(name=_mandate_name(id_), reason=reason)
    _tell_mandate(desk, desk.run(lambda channel: call(channel, _MANDATES, request)).mandate)


@click.group("delivery-point")
def delivery_point() -> None:
    """Delivery points (aanleverpunten): where dossiers are given out or received."""


_SYSTEM = click.option("--system", help="Id of the system that speaks for it.")
_LISTENS = click.option("--address", metavar="HOST:PORT", help="Where it listens.")
_RUNS = click.option("--product", metavar="OIN/PRODUCT", help="What it runs.")
_YEARS = click.option(
    "--year", "years", multiple=True, help="Year of the standard, such as 2019.1."
)
_LOCATION = click.option("--vestiging", help="Location of the school, two digits.")


@delivery_point.command("add")
@click.argument("routing_key")
@click.option("--mandate", "mandate_id", required=True, help="Id of the mandate it rests on.")
@_SYSTEM
@_LISTENS
@_RUNS
@_KINDS
@_YEARS
@_LOCATION
@_FROM
@_UNTIL
@pass_desk
def add_point(desk: Desk, /, routing_key: str, mandate_id: str, **given: Any) -> None:
    """Register a delivery point under a mandate."""
    from oso.registry.v1.delivery_point_service_pb2 import (  # noqa: PLC0415
        CreateDeliveryPointRequest,
    )
    from oso.registry.v1.mandate_service_pb2 import GetMandateRequest  # noqa: PLC0415

    given["vestiging"] = given["vestiging"] or "00"

    async def go(channel: grpc.aio.Channel) -> Any:
        asked = GetMandateRequest(name=_mandate_name(mandate_id))
        known = (await call(channel, _MANDATES, asked)).mandate
        request = CreateDeliveryPointRequest(delivery_point_id=routing_key)
        request.delivery_point.mandate = known.name
        request.delivery_point.school, request.delivery_point.swv = known.school, known.swv
        _put_point(request.delivery_point, given)
        return await call(channel, _POINTS, request)

    _tell_point(desk, desk.run(go).delivery_point)


@delivery_point.command("change")
@click.argument("routing_key")
@click.option("--mandate", "mandate_id", help="Id of the mandate it rests on from now on.")
@_SYSTEM
@_LISTENS
@_RUNS
@_KINDS
@_YEARS
@_LOCATION
@_FROM
@_UNTIL
@pass_desk
def change_point(desk: Desk, /, routing_key: str, mandate_id: str | None, **given: Any) -> None:
    """Change a delivery point: give what changes."""
    from oso.registry.v1.delivery_point_service_pb2 import (  # noqa: PLC0415
        GetDeliveryPointRequest,
        UpdateDeliveryPointRequest,
    )

    async def go(channel: grpc.aio.Channel) -> Any:
        asked = GetDeliveryPointRequest(name=f"deliveryPoints/{routing_key}")
        known = (await call(channel, _POINTS, asked)).delivery_point
        request = UpdateDeliveryPointRequest(delivery_point=known)
        paths = _put_point(request.delivery_point, given)
        if mandate_id:
            request.delivery_point.mandate = _mandate_name(mandate_id)
            paths.append("mandate")
        request.update_mask.paths.extend(paths or ["address"])
        return await call(channel, _POINTS, request)

    _tell_point(desk, desk.run(go).delivery_point)


@delivery_point.command("show")
@click.argument("routing_key")
@pass_desk
def show_point(desk: Desk, routing_key: str) -> None:
    """Show a delivery point."""
    _on_point(desk, "Get", routing_key)


@delivery_point.command("list")
@click.option("--school", help="Only those of the school with this BRIN.")
@click.option("--swv", help="Only those of the SWV with this code.")
@click.option("--supplier", help="Only those of the supplier with this OIN.")
@click.option("--mandate", help="Only those that rest on this mandate.")
@click.option("--system", help="Only those this system speaks for.")
@click.option(
    "--state", type=click.Choice(["active", "not-yet", "ended", "mandate-ended", "disabled"])
)
@pass_desk
def list_points(desk: Desk, /, state: str | None, **filters: str | None) -> None:
    """List delivery points, by routing key."""
    from oso.registry.v1.delivery_point_service_pb2 import (  # noqa: PLC0415
        ListDeliveryPointsRequest,
    )

    request = ListDeliveryPointsRequest()
    _narrow(request, state, filters)

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _POINTS, request, "delivery_points"):
            _tell_point(desk, one)

    desk.run(go)


@delivery_point.command("disable")
@click.argument("routing_key")
@pass_desk
def disable_point(desk: Desk, routing_key: str) -> None:
    """Switch a delivery point off."""
    _on_point(desk, "Disable", routing_key)


@delivery_point.command("enable")
@click.argument("routing_key")
@pass_desk
def enable_point(desk: Desk, routing_key: str) -> None:
    """Switch a delivery point on again."""
    _on_point(desk, "Enable", routing_key)


def _on_point(desk: Desk, verb: str, routing_key: str) -> None:
    from oso.registry.v1 import delivery_point_service_pb2 as messages  # noqa: PLC0415

    request = getattr(messages, f"{verb}DeliveryPointRequest")(name=f"deliveryPoints/{routing_key}")
    told = desk.run(lambda channel: call(channel, _POINTS, request))
    _tell_point(desk, told.delivery_point)


def _mandate_name(text: str) -> str:
    return text if text.startswith("mandates/") else f"mandates/{text}"


def _narrow(request: Any, state: str | None, filters: dict[str, str | None]) -> None:
    if state:
        request.state = number_of(request, "state", state)
    for field, value in filters.items():
        if value:
            prefix = f"{field}s/"
            setattr(request, field, value if value.startswith(prefix) else prefix + value)


def _put(
    message: Any, kinds: tuple[str, ...], start: datetime | None, end: datetime | None
) -> list[str]:
    """Put kinds and dates into a mandate or delivery point; give the fields that were given."""
    from oso.transfer.v1.transfer_pb2 import TransferKind  # noqa: PLC0415

    paths = []
    if kinds:
        del message.kinds[:]
        names = [f"TRANSFER_KIND_{kind.upper().replace('-', '_')}" for kind in kinds]
        message.kinds.extend(TransferKind.Value(name) for name in names)
        paths.append("kinds")
    for field, moment in (("start_time", start), ("end_time", end)):
        if moment is not None:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            getattr(message, field).FromDatetime(aware)
            paths.append(field)
    return paths


def _put_point(point: Any, given: dict[str, Any]) -> list[str]:
    """Put what options say into a delivery point; give the fields that were given."""
    paths = _put(point, given["kinds"], given["start"], given["end"])
    if given["years"]:
        del point.dossier_years[:]
        point.dossier_years.extend(given["years"])
        paths.append("dossier_years")
    if given["product"]:
        oin, _, product = given["product"].partition("/")
        point.product = f"suppliers/{oin}/products/{product}"
        paths.append("product")
    if given["system"]:
        point.system = f"systems/{given['system']}"
        paths.append("system")
    for field in ("address", "vestiging"):
        if given[field]:
            setattr(point, field, given[field])
            paths.append(field)
    return paths


def _tell_mandate(desk: Desk, told: Any) -> None:
    from oso_registry.mandates.model import kind_names, party_of  # noqa: PLC0415

    id_, party, supplier = (
        text.rpartition("/")[2] for text in (told.name, party_of(told), told.supplier)
    )
    line = f"{id_}  {party}  {supplier}  {kind_names(told.kinds)}  {_dates(told)}"
    desk.show(told, f"{line}  {word(desk, told, 'state')}")


def _tell_point(desk: Desk, told: Any) -> None:
    from oso_registry.mandates.model import kind_names  # noqa: PLC0415

    system = told.system.removeprefix("systems/")
    line = f"{told.name.rpartition('/')[2]}  {plain(told.address)}  {system}"
    desk.show(told, f"{line}  {kind_names(told.kinds)}  {word(desk, told, 'state')}")


def _dates(told: Any) -> str:
    start, end = (
        f"{getattr(told, field).ToDatetime():%Y-%m-%d}" if told.HasField(field) else ""
        for field in ("start_time", "end_time")
    )
    return f"{start}/{end}"
