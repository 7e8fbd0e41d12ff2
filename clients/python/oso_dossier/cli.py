"""Commands on dossiers as files: `oso dossier ...`. Part of the command `oso`; needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oso_dossier.cli_convert import convert
from oso_dossier.cli_diff import diff
from oso_dossier.cli_files import EXISTING, LANGUAGE, NEW, read
from oso_dossier.cli_print import print_dossier
from oso_dossier.cli_validate import explain, validate
from oso_dossier.profiles import PROFILES

if TYPE_CHECKING:
    from pathlib import Path

_NOT_THE_SAME = {
    "nl": "{}: niet opnieuw geschreven, er zou iets verloren gaan. Meld dit als fout.",
    "en": "{}: not written again, something would be lost. Please report this.",
}


@click.group()
def dossier() -> None:
    """Dossiers als bestand (dossiers as files)."""


dossier.add_command(convert)
dossier.add_command(diff)
dossier.add_command(explain)
dossier.add_command(print_dossier)
dossier.add_command(validate)


@dossier.command()
@click.argument("file", type=EXISTING)
@LANGUAGE
def show(file: Path, lang: str) -> None:
    """Show what is in a dossier, in outline."""
    from oso_dossier.outline import outline  # noqa: PLC0415  quick to start

    for line in outline(read(file, lang), lang):
        click.echo(line)


@dossier.command()
@click.argument("source", type=EXISTING)
@click.argument("out", type=NEW)
@LANGUAGE
def normalize(source: Path, out: Path, lang: str) -> None:
    """Read a dossier and write it back in the form of the standard.

    OUT may be FILE itself: it is replaced in one step, and only by the same dossier.
    """
    from oso_dossier.canonical import canonical  # noqa: PLC0415  quick to start
    from oso_dossier.files import write_whole  # noqa: PLC0415
    from oso_dossier.writing import write_xml  # noqa: PLC0415

    content = write_xml(read(source, lang))
    try:
        if canonical(content) != canonical(source.read_bytes()):
            raise click.ClickException(_NOT_THE_SAME[lang].format(source))
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {len(content)} bytes")


@dossier.command()
@click.option("--profile", type=click.Choice(PROFILES), default="POVO", show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same dossier."
)
@click.option("--out", type=NEW, help="File; else the screen.")
def generate(profile: str, seed: int, out: Path | None) -> None:
    """Make an invented dossier of nobody, for tests and demonstrations."""
    from oso_dossier.files import write_whole  # noqa: PLC0415
    from oso_dossier.synthetic import generate as make  # noqa: PLC0415
    from oso_dossier.writing import write_xml  # noqa: PLC0415

    content = write_xml(make(profile, seed))
    if out is None:
        click.echo(content, nl=False)
        return
    try:
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {profile}, seed {seed}, {len(content)} bytes")
