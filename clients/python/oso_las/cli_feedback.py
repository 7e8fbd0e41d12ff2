"""Commands of `oso las` about feedback: answer, for an SWV, and feedback, for a school.

Imports are made where they are used: see `oso_las.cli`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oso_las.here import ACCOUNT, Here, printable

if TYPE_CHECKING:
    from oso_las.feedback import Reply

_OUTCOMES = {
    "tlv": ("toelaatbaarheidsverklaring", "admissibility declaration"),
    "arrangement": ("arrangement", "arrangement"),
    "advice": ("advies", "advice"),
    "refused": ("afgewezen", "turned down"),
}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("number", type=int)
@click.option("--outcome", type=click.Choice(list(_OUTCOMES)), required=True)
@click.option("--text", default="", help="In words. No BSN or onderwijsnummer.")
@click.option("--attach", "files", type=_FILE, multiple=True, help="A document; may be repeated.")
@ACCOUNT
@click.pass_obj
def answer(
    here: Here, *, number: int, outcome: str, text: str, files: tuple[Path, ...], account: str
) -> None:
    """Answer the school a dossier for an SWV came from. One attempt."""
    from oso_las.app import node  # noqa: PLC0415
    from oso_las.feedback import ARRIVED  # noqa: PLC0415

    settings = here.settings()

    async def go() -> str:
        async with node(here.home, settings) as made:
            return await made.answering.answer(number, outcome, account, text, files)

    result: str = here.run(go)
    arrived = result == ARRIVED
    here.say(
        "De terugkoppeling is aangekomen."
        if arrived
        else f"De terugkoppeling is niet aangekomen ({result}). Probeer het later opnieuw.",
        "The feedback arrived."
        if arrived
        else f"The feedback did not arrive ({result}). Try again later.",
        number=number,
        result=result,
    )
    if not arrived:
        sys.exit(1)


@click.command()
@click.argument("number", type=int)
@click.option(
    "--save",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to write the documents to.",
)
@click.pass_obj
def feedback(here: Here, *, number: int, folder: Path | None) -> None:
    """Show what an SWV answered on a dossier."""
    from oso_las.app import node  # noqa: PLC0415

    settings = here.settings()

    async def go() -> tuple[list[Reply], list[str]]:
        async with node(here.home, settings) as made:
            found = await made.inbox.replies.of(number)
            saved = await made.inbox.replies.save(found, folder) if folder else []
            return found, saved

    found, saved = here.run(go)
    if here.as_json:
        click.echo(json.dumps([_as_data(one) for one in found]))
        return
    if not found:
        here.say("Er is nog geen terugkoppeling.", "There is no feedback yet.")
    for one in found:
        outcome = _OUTCOMES[one.outcome][0 if here.language == "nl" else 1]
        click.echo(f"{one.time:%Y-%m-%d %H:%M}  {one.sender:<8}  {outcome}")
        for line in one.text.splitlines():
            click.echo(f"  {printable(line)}")
        for name, _ in one.documents:
            click.echo(f"  - {printable(name)}")
    for name in saved:
        here.say(f"Geschreven: {name}", f"Written: {name}")


def _as_data(one: Reply) -> dict[str, object]:
    return {
        "number": one.number,
        "from": one.sender,
        "outcome": one.outcome,
        "text": one.text,
        "time": one.time.isoformat(timespec="seconds"),
        "documents": [name for name, _ in one.documents],
    }
