"""Commands of `oso las` that speak to others: serve, request and timeline.

Imports are made where they are used: see `oso_las.cli`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from oso_las.here import ACCOUNT, Here, printable

if TYPE_CHECKING:
    from oso_las.collector import Collected

_PROGRESS_FROM = 1024 * 1024


@click.command()
@click.pass_obj
def serve(here: Here) -> None:
    """Give out dossiers that are ready, until told to stop."""
    from oso_las.app import serve as serve_node  # noqa: PLC0415
    from oso_rpc.logging import configure_logging  # noqa: PLC0415

    configure_logging()
    settings = here.settings()
    here.run(lambda: serve_node(here.home, settings))


@click.command()
@click.option("--from", "source", required=True, help="BRIN of the school that has the dossier.")
@click.option("--birth-date", required=True, metavar="YYYY-MM-DD")
@click.option(
    "--number-kind", type=click.Choice(["bsn", "onderwijsnummer"]), default="bsn", show_default=True
)
@click.option(
    "--kind",
    type=click.Choice(["overstapdossier", "overdrachtbinnenbrin"]),
    help="Kind of transfer. Default: overdrachtbinnenbrin from our own BRIN, else overstapdossier.",
)
@click.option(
    "--confirm-applied",
    is_flag=True,
    help="The pupil has applied at this school. Nobody may fetch a dossier to select.",
)
@ACCOUNT
@click.pass_obj
def request(
    here: Here,
    *,
    source: str,
    birth_date: str,
    number_kind: str,
    kind: str | None,
    confirm_applied: bool,
    account: str,
) -> None:
    """Fetch the dossier of a pupil from another school.

    The number is asked for, or read from standard input: it never stands in the shell's history.
    """
    from oso_las.app import node  # noqa: PLC0415
    from oso_las.kinds import BINNEN_BRIN, OVERSTAP  # noqa: PLC0415

    if not confirm_applied:
        here.refuse_unconfirmed()
    identity = _identity(here, number_kind, birth_date)
    settings = here.settings()
    # Asked at our own BRIN, it can only be a transfer within it.
    within = source == settings.brin
    kind = kind or (BINNEN_BRIN if within else OVERSTAP)
    bar = Bar()

    async def go() -> Collected:
        async with node(here.home, settings) as made:
            collected = await made.collector.collect(
                identity, source, account, kind=kind, progress=bar
            )
            if collected.closed:  # the Traffic Center answers: tell it what it was not told before
                await made.collector.finish()
            return collected

    try:
        collected = here.run(go)
    finally:
        bar.end()
    tell(here, collected)


def _identity(here: Here, kind: str, birth_date: str) -> Any:
    """Ask for the number; refuse what cannot be one."""
    from datetime import date  # noqa: PLC0415

    from stdnum.nl import bsn, onderwijsnummer  # noqa: PLC0415

    from oso_las.model import Identity  # noqa: PLC0415

    asked = sys.stdin.isatty()
    number = (click.prompt(kind, err=True) if asked else sys.stdin.readline()).strip()
    checker = bsn if kind == "bsn" else onderwijsnummer
    if len(number) != 9 or not checker.is_valid(number):  # noqa: PLR2004
        nl = f"Dit is geen geldig {kind}: controleer de negen cijfers."
        en = f"This is no valid {kind}: check the nine digits."
        raise click.UsageError(nl if here.language == "nl" else en)
    try:
        if not birth_date.endswith("-00"):
            date.fromisoformat(birth_date)
        else:
            date.fromisoformat(f"{birth_date[:-2]}01")
    except ValueError:
        nl = "Dit is geen geboortedatum: schrijf jjjj-mm-dd."
        en = "This is no birth date: write yyyy-mm-dd."
        raise click.UsageError(nl if here.language == "nl" else en) from None
    return Identity(kind, number, birth_date)


def tell(here: Here, collected: Collected) -> None:
    """Say what came of a request; exit 1 when nothing was delivered."""
    from dataclasses import asdict  # noqa: PLC0415

    from oso_rpc.errors import name_of, text_of  # noqa: PLC0415

    if here.as_json:
        data = {
            "session": collected.session_id,
            "result": name_of(collected.result),
            "number": collected.dossier_number,
            "closed": collected.closed,
            "legs": [asdict(leg) for leg in collected.legs],
        }
        click.echo(json.dumps(data))
    else:
        for leg in collected.legs:
            click.echo(
                f"  {leg.who:<16} {leg.what:<18} {leg.result:<22} {leg.milliseconds:8.1f} ms"
            )
        text = text_of(collected.result, {}, here.language)
        if collected.dossier_number is not None:
            text += " " + (
                f"Het is hier dossier {collected.dossier_number}."
                if here.language == "nl"
                else f"Here it is dossier {collected.dossier_number}."
            )
        click.echo(text)
        nl, en = "Sessie", "Session"
        click.echo(f"{nl if here.language == 'nl' else en} {collected.session_id}")
    if collected.dossier_number is None:
        sys.exit(1)


@click.command()
@click.argument("session")
@click.pass_obj
def timeline(here: Here, session: str) -> None:
    """Show every step of a session, as the Traffic Center recorded it."""
    from oso.trafficcenter.v1.session_pb2 import (  # noqa: PLC0415
        SessionEventType,
        SessionState,
    )
    from oso_las.app import node  # noqa: PLC0415
    from oso_rpc.clock import moment  # noqa: PLC0415
    from oso_rpc.errors import name_of  # noqa: PLC0415

    settings = here.settings()

    async def go() -> Any:
        async with node(here.home, settings) as made:
            return await made.traffic_center.timeline(session)

    found = here.run(go)
    steps = [
        {
            "sequence": event.sequence,
            "time": moment(event.time).isoformat(timespec="milliseconds"),
            "step": SessionEventType.Name(event.type).removeprefix("SESSION_EVENT_TYPE_"),
            "system": event.system_id,
            "outcome": name_of(event.outcome),
            "refused": event.refused,
            "details": dict(event.details),
        }
        for event in found.events
    ]
    state = SessionState.Name(found.session.state).removeprefix("SESSION_STATE_")
    if here.as_json:
        click.echo(json.dumps({"state": state, "events": steps}))
        return
    click.echo(f"{session}  {state}")
    for step in steps:
        click.echo(
            f"{step['sequence']:>6}  {step['time']}  {step['step']:<7} {step['system']:<16} "
            f"{step['outcome']}" + ("  (geweigerd)" if step["refused"] else "")
        )


class Bar:
    """A progress bar for parts larger than 1 MiB, on standard error."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._bar: Any = None
        self._part = -1
        self._done = 0

    def __call__(self, part_number: int, name: str, done: int, size: int) -> None:
        """Show how far a part has come."""
        if size < _PROGRESS_FROM or not sys.stderr.isatty():
            return
        if part_number != self._part:
            self.end()
            label = printable(name[:32]) or "dossier"
            self._bar = click.progressbar(length=size, label=label, file=sys.stderr)
            self._bar.__enter__()
            self._part, self._done = part_number, 0
        self._bar.update(done - self._done)
        self._done = done

    def end(self) -> None:
        """End the bar at hand."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
