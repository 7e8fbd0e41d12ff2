"""Commands on the admission of suppliers and their products: `oso-registry admission ...`.

Imports are made where they are used: see `oso_registry.parties.asking`. Dates are days in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.parties.asking import call, every, number_of, plain, word

if TYPE_CHECKING:
    import grpc

_SERVICE = "QualificationService"
_DAY = click.DateTime(["%Y-%m-%d"])
_OIN = click.argument("oin")
_POINTS = ["chain-place", "technical", "legal", "security"]
_WHEN = click.option(
    "--date", "day", type=_DAY, metavar="YYYY-MM-DD", help="The day of it; else today."
)
_WHY = click.option(
    "--reason", required=True, help="Why, for whoever asks later. No personal data."
)
_PRODUCT = click.argument("product", metavar="OIN/PRODUCT")
_PROFILE = click.option("--profile", required=True, help="Profile of the standard, such as POVO.")
_ROLE = click.option("--role", required=True, type=click.Choice(["source", "target"]))
_YEAR = click.option("--year", required=True, help="Year of the standard, such as 2019.1.")
_NAMES = {
    1: ("plaats in de keten", "place in the chain"),
    2: ("techniek", "technical"),
    3: ("juridisch", "legal"),
    4: ("beveiliging", "security"),
}
_DECISIONS = {
    0: ("nog te besluiten", "to be decided"),
    1: ("akkoord", "approved"),
    2: ("geweigerd", "refused"),
}


@click.group()
def admission() -> None:
    """Admission: suppliers on four points, and what their products were qualified for."""


@admission.command("show")
@_OIN
@pass_desk
def show(desk: Desk, oin: str) -> None:
    """Show how far the admission of a supplier has come."""
    from oso.registry.v1.qualification_service_pb2 import GetAdmissionRequest  # noqa: PLC0415

    _ask(desk, GetAdmissionRequest(name=_name(oin)))


@admission.command("list")
@click.option("--state", type=click.Choice(["candidate", "admitted", "refused", "withdrawn"]))
@pass_desk
def list_all(desk: Desk, state: str | None) -> None:
    """List admissions."""
    from oso.registry.v1.qualification_service_pb2 import ListAdmissionsRequest  # noqa: PLC0415

    request = ListAdmissionsRequest()
    if state:
        request.state = number_of(request, "state", state)  # type: ignore[assignment]

    async def go(channel: grpc.aio.Channel) -> None:
        async for one in every(channel, _SERVICE, request, "admissions"):
            desk.show(one, _headline(desk, one))

    desk.run(go)


@admission.command("decide")
@_OIN
@click.argument("point", type=click.Choice(_POINTS))
@click.argument("decision", type=click.Choice(["approved", "refused"]))
@_WHEN
@click.option("--remark", default="", help="Why, or under which condition. No personal data.")
@pass_desk
def decide(
    desk: Desk, oin: str, point: str, decision: str, *, day: datetime | None, remark: str
) -> None:
    """Record the decision on a point."""
    from oso.registry.v1.qualification_service_pb2 import DecideAdmissionPointRequest  # noqa: PLC0415

    request = DecideAdmissionPointRequest(name=_name(oin))
    made = request.point
    made.point = number_of(made, "point", point)  # type: ignore[assignment]
    made.decision = number_of(made, "decision", decision)  # type: ignore[assignment]
    made.remark = remark
    _put_day(made.date, day)
    _ask(desk, request)


@admission.command("withdraw")
@_OIN
@_WHY
@click.option("--force", is_flag=True, help="Also end the supplier's mandates.")
@pass_desk
def withdraw(desk: Desk, oin: str, reason: str, *, force: bool) -> None:
    """Take an admission back."""
    from oso.registry.v1.qualification_service_pb2 import WithdrawAdmissionRequest  # noqa: PLC0415

    _ask(desk, WithdrawAdmissionRequest(name=_name(oin), reason=reason, force=force))


@admission.command("reinstate")
@_OIN
@_WHY
@pass_desk
def reinstate(desk: Desk, oin: str, reason: str) -> None:
    """Let a supplier whose admission was withdrawn begin again."""
    from oso.registry.v1.qualification_service_pb2 import ReinstateAdmissionRequest  # noqa: PLC0415

    _ask(desk, ReinstateAdmissionRequest(name=_name(oin), reason=reason))


@admission.command("qualify-product")
@_PRODUCT
@_PROFILE
@_ROLE
@_YEAR
@_WHEN
@click.option("--report", required=True, help="The conformance report that shows it.")
@pass_desk
def qualify_product(desk: Desk, /, product: str, day: datetime | None, **given: str) -> None:
    """Record what a product was qualified for."""
    from oso.registry.v1.qualification_service_pb2 import QualifyProductRequest  # noqa: PLC0415

    request = QualifyProductRequest(name=_product_name(product))
    made = request.qualification
    made.profile, made.dossier_year = given["profile"], given["year"]
    made.role = number_of(made, "role", given["role"])  # type: ignore[assignment]
    made.report = given["report"]
    _put_day(made.start_date, day)
    _ask_product(desk, request)


@admission.command("revoke-product")
@_PRODUCT
@_PROFILE
@_ROLE
@_YEAR
@pass_desk
def revoke_product(desk: Desk, product: str, profile: str, role: str, year: str) -> None:
    """End what a product was qualified for, from today on."""
    from oso.registry.v1.qualification_service_pb2 import (  # noqa: PLC0415
        RevokeProductQualificationRequest,
    )

    request = RevokeProductQualificationRequest(
        name=_product_name(product), profile=profile, dossier_year=year
    )
    request.role = number_of(request, "role", role)  # type: ignore[assignment]
    _ask_product(desk, request)


def _name(oin: str) -> str:
    return f"suppliers/{oin}/admission"


def _product_name(text: str) -> str:
    oin, _, product = text.partition("/")
    return f"suppliers/{oin}/products/{product}"


def _put_day(date: Any, day: datetime | None) -> None:
    chosen = day or datetime.now(UTC)
    date.year, date.month, date.day = chosen.year, chosen.month, chosen.day


def _ask(desk: Desk, request: Any) -> None:
    told = desk.run(lambda channel: call(channel, _SERVICE, request)).admission
    lines = [_headline(desk, told)]
    for one in told.points:
        name, decided = desk.text(*_NAMES[one.point]), desk.text(*_DECISIONS[one.decision])
        lines.append(
            f"  {name:<20} {decided:<17} {_day(one, 'date')}  {plain(one.remark)}".rstrip()
        )
    if told.reason:
        lines.append(desk.text("Reden: ", "Reason: ") + plain(told.reason))
    desk.show(told, *lines)


def _ask_product(desk: Desk, request: Any) -> None:
    told = desk.run(lambda channel: call(channel, _SERVICE, request)).product
    oin, _, product = told.name.removeprefix("suppliers/").partition("/products/")
    lines = [f"{oin}/{product}  {plain(told.display_name)}  {plain(told.version)}"]
    lines += [
        f"  {one.profile}  {word(desk, one, 'role')}  {one.dossier_year}"
        f"  {_day(one, 'start_date')}/{_day(one, 'end_date')}  {plain(one.report)}"
        for one in told.qualifications
    ]
    desk.show(told, *lines)


def _headline(desk: Desk, told: Any) -> str:
    approved = sum(one.decision == 1 for one in told.points)
    of_four = desk.text("punten akkoord", "points approved")
    oin = told.name.split("/")[1]
    return f"{oin}  {word(desk, told, 'state')}  {approved}/{len(told.points)} {of_four}"


def _day(message: Any, field: str) -> str:
    if not message.HasField(field):
        return ""
    day = getattr(message, field)
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"
