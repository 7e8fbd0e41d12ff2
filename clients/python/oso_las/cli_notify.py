"""Commands of `oso las` about notifications: notify, notifications and fetch.

Imports are made where they are used: see `oso_las.cli`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from oso_las.cli_exchange import Bar, tell
from oso_las.here import ACCOUNT, Here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso_las.collector import Collected
    from oso_las.inbox import Notice
    from oso_las.notifier import Notified

TO = click.option(
    "--to", default="", metavar="ROUTING_KEY", help="Of an SWV with several delivery points, which."
)


@click.command()
@click.argument("number", type=int)
@TO
@ACCOUNT
@click.pass_obj
def notify(here: Here, number: int, to: str, account: str) -> None:
    """Tell who asked for a dossier, or the SWV it is for, that it is ready."""
    notify_and_tell(here, number, account, to)


def notify_and_tell(here: Here, number: int, account: str, to: str) -> None:
    """Notify, and say what came of it; exit 1 when a notification did not arrive."""
    from oso_las.app import node  # noqa: PLC0415

    settings = here.settings()

    async def go() -> list[Notified]:
        async with node(here.home, settings) as made:
            return await made.notifier.notify(number, account, to)

    told: list[Notified] = here.run(go)
    _tell(here, number, told)
    if not all(_arrived(one) for one in told):
        sys.exit(1)


def _arrived(one: Notified) -> bool:
    """Tell whether a notification arrived."""
    from oso_las.notifier import ARRIVED  # noqa: PLC0415

    return one.result == ARRIVED


def _tell(here: Here, number: int, told: Sequence[Notified]) -> None:
    """Say what came of notifications."""
    if here.as_json:
        rows = [
            {"for": one.target, "routing_key": one.routing_key, "result": one.result}
            for one in told
        ]
        click.echo(json.dumps({"number": number, "notified": rows}))
        return
    for one in told:
        here.say(*_outcome(one))


def _outcome(one: Notified) -> tuple[str, str]:
    if _arrived(one):
        return f"{one.target} is genotificeerd.", f"{one.target} was notified."
    nl = f"De notificatie aan {one.target} is niet aangekomen ({one.result})."
    en = f"The notification to {one.target} did not arrive ({one.result})."
    return f"{nl} Het dossier blijft klaarstaan.", f"{en} The dossier stays ready."


@click.command()
@click.pass_obj
def notifications(here: Here) -> None:
    """List what other schools said is ready."""
    from oso_las.app import node  # noqa: PLC0415

    settings = here.settings()

    async def go() -> list[Notice]:
        async with node(here.home, settings) as made:
            return await made.inbox.notices()

    found: list[Notice] = here.run(go)
    if here.as_json:
        click.echo(json.dumps([_as_data(one) for one in found]))
        return
    if not found:
        here.say("Er zijn nog geen notificaties.", "There are no notifications yet.")
    for one in found:
        pupil = one.identity
        who = f"{pupil.number} {pupil.birth_date}" if pupil.number else "-"
        nl, en = f"opgehaald: {one.dossier_number}", f"fetched: {one.dossier_number}"
        done = (nl if here.language == "nl" else en) if one.dossier_number else ""
        click.echo(
            f"{one.number:>5}  {one.time:%Y-%m-%d %H:%M}  {one.source_brin}  {one.kind:<20} "
            f"{who:<20}  {done}".rstrip()
        )


def _as_data(one: Notice) -> dict[str, object]:
    return {
        "number": one.number,
        "kind": one.kind,
        "from": one.source_brin,
        "time": one.time.isoformat(timespec="seconds"),
        "number_kind": one.identity.kind,
        "pupil_number": one.identity.number,
        "birth_date": one.identity.birth_date,
        "session": one.session_id,
        "expire_time": one.expire_time.isoformat(timespec="seconds") if one.expire_time else None,
        "dossier": one.dossier_number,
    }


@click.command()
@click.argument("number", type=int)
@click.option(
    "--confirm-applied",
    is_flag=True,
    help="The pupil has applied at this school. Not needed for a dossier for an SWV.",
)
@ACCOUNT
@click.pass_obj
def fetch(here: Here, number: int, *, confirm_applied: bool, account: str) -> None:
    """Fetch the dossier a notification is about, by its number in `notifications`."""
    from oso_las.app import node  # noqa: PLC0415
    from oso_las.kinds import SWV  # noqa: PLC0415

    settings = here.settings()
    bar = Bar()

    async def go() -> Collected:
        async with node(here.home, settings) as made:
            wish = await made.inbox.wish(number)
            if wish.kind != SWV and not confirm_applied:
                here.refuse_unconfirmed()
            collected = await made.collector.fulfil(wish, account, progress=bar)
            if collected.closed:  # the Traffic Center answers: tell it what it was not told before
                await made.collector.finish()
            return collected

    try:
        collected = here.run(go)
    finally:
        bar.end()
    tell(here, collected)
