"""Commands on dossiers as files: `oso dossier ...`. Part of the command `oso`; needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from oso_dossier.document import DossierDocument

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_UNREADABLE = 2
_NOT_THE_SAME = {
    "nl": "{}: niet opnieuw geschreven, er zou iets verloren gaan. Meld dit als fout.",
    "en": "{}: not written again, something would be lost. Please report this.",
}


class Unreadable(click.ClickException):
    """A file that is no dossier: the whole text on standard error, exit code 2."""

    exit_code = _UNREADABLE

    def show(self, file: object = None) -> None:
        """Print the text as it is: it is a sentence for people."""
        del file
        click.echo(self.message, err=True)


@click.group()
def dossier() -> None:
    """Dossiers als bestand (dossiers as files)."""


_LANGUAGE = click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True)


@dossier.command()
@click.argument("file", type=_EXISTING)
@_LANGUAGE
def show(file: Path, lang: str) -> None:
    """Show what is in a dossier, in outline."""
    from oso_dossier.outline import outline  # noqa: PLC0415  quick to start

    for line in outline(_read(file, lang), lang):
        click.echo(line)


@dossier.command()
@click.argument("source", type=_EXISTING)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@_LANGUAGE
def normalize(source: Path, out: Path, lang: str) -> None:
    """Read a dossier and write it back in the form of the standard.

    OUT may be FILE itself: it is replaced in one step, and only by the same dossier.
    """
    from oso_dossier.canonical import canonical  # noqa: PLC0415  quick to start
    from oso_dossier.files import write_whole  # noqa: PLC0415
    from oso_dossier.writing import write_xml  # noqa: PLC0415

    content = write_xml(_read(source, lang))
    try:
        if canonical(content) != canonical(source.read_bytes()):
            raise click.ClickException(_NOT_THE_SAME[lang].format(source))
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {len(content)} bytes")


@dossier.command()
@click.option(
    "--profile", type=click.Choice(["POPO", "POVO", "VOVO"]), default="POVO", show_default=True
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same dossier."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; else the screen."
)
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


def _read(file: Path, language: str) -> DossierDocument:
    from oso_dossier.errors import DossierXmlError  # noqa: PLC0415
    from oso_dossier.reading import read_xml  # noqa: PLC0415

    try:
        return read_xml(file)
    except DossierXmlError as error:
        raise Unreadable(f"{file}: {error.text(language)}") from None
    except OSError as error:
        raise Unreadable(str(error)) from None
