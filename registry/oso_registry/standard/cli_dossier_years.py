"""Commands on years of the standard: `oso-registry dossier-year ...`.

Imports are made where they are used: see `oso_registry.parties.asking`. Moments are in UTC; a day
is its beginning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every

if TYPE_CHECKING:
    import grpc

_SERVICE = "DossierYearService"
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_FORM = "YYYY-MM-DD[THH:MM]"
_FROM = click.option("--from", "start", type=_MOMENT, metavar=_FORM, help="From this moment on.")
_UNTIL = click.option(
    "--until", "end", type=_MOMENT, metavar=_FORM, help="Until, not including, this moment."
)


@click.group("dossier-year")
def dossier_year() -> None:
    """Years of the standard: from when to when dossiers of each may travel. Moments are in UTC."""


@dossier_year.command("list")
@pass_desk
def list_years(desk: Desk) -> None:
    """List the years, the oldest first."""
    from oso.registry.v1.dossier_year_service_pb2 import (  # noqa: PLC0415
        ListDossierYearsRequest,
    )

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _SERVICE, ListDossierYearsRequest(), "dossier_years"):
            _tell(desk, one)

    desk.run(go)


@dossier_year.command("add")
@click.argument("year")
@_FROM
@_UNTIL
@pass_desk
def add(desk: Desk, year: str, start: datetime | None, end: datetime | None) -> None:
    """Accept dossiers of a YEAR, such as 2019.1; from now on unless a moment is given."""
    from oso.registry.v1.dossier_year_service_pb2 import (  # noqa: PLC0415
        CreateDossierYearRequest,
    )

    request = CreateDossierYearRequest(dossier_year_id=year)
    _put(request.dossier_year, start, end)
    _tell(desk, desk.run(lambda channel: call(channel, _SERVICE, request)).dossier_year)


@dossier_year.command("change")
@click.argument("year")
@_FROM
@_UNTIL
@click.option("--no-end", is_flag=True, help="No end is known any longer.")
@pass_desk
def change(
    desk: Desk, year: str, start: datetime | None, end: datetime | None, *, no_end: bool
) -> None:
    """Change from when to when a YEAR is accepted, as far as that is to come."""
    from oso.registry.v1.dossier_year_service_pb2 import (  # noqa: PLC0415
        GetDossierYearRequest,
        UpdateDossierYearRequest,
    )

    if no_end and end is not None:
        raise click.UsageError("--until and --no-end do not go together.")

    async def go(channel: grpc.aio.Channel) -> Any:
        asked = GetDossierYearRequest(name=_name(year))
        known = (await call(channel, _SERVICE, asked)).dossier_year
        request = UpdateDossierYearRequest(dossier_year=known)
        paths = _put(request.dossier_year, start, end)
        if no_end:
            request.dossier_year.ClearField("end_time")
            paths.append("end_time")
        request.update_mask.paths.extend(paths or ["start_time"])
        return await call(channel, _SERVICE, request)

    _tell(desk, desk.run(go).dossier_year)


@dossier_year.command("remove")
@click.argument("year")
@pass_desk
def remove(desk: Desk, year: str) -> None:
    """Take away a YEAR that was never accepted."""
    from oso.registry.v1.dossier_year_service_pb2 import (  # noqa: PLC0415
        DeleteDossierYearRequest,
    )

    request = DeleteDossierYearRequest(name=_name(year))
    desk.run(lambda channel: call(channel, _SERVICE, request))
    desk.say(f"{year} is weggehaald.", f"{year} was removed.", removed=request.name)


def _name(year: str) -> str:
    from oso_registry.standard.years import name_of_year, year_of  # noqa: PLC0415

    return name_of_year(year_of(year))


def _put(year: Any, start: datetime | None, end: datetime | None) -> list[str]:
    """Put moments into a year; give the fields that were given."""
    paths = []
    for field, moment in (("start_time", start), ("end_time", end)):
        if moment is not None:
            getattr(year, field).FromDatetime(moment.replace(tzinfo=UTC))
            paths.append(field)
    return paths


def _tell(desk: Desk, told: Any) -> None:
    from oso_registry.mandates.model import shown  # noqa: PLC0415
    from oso_registry.standard.years import year_of  # noqa: PLC0415

    line = f"{year_of(told.name)}  {shown(told.start_time)}"
    desk.show(told, f"{line} / {shown(told.end_time)}")
