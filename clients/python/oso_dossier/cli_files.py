"""What commands on dossier files share: their arguments, and reading with errors for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from oso_dossier.document import DossierDocument

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file to read."""
NEW = click.Path(dir_okay=False, path_type=Path)
"""A file to write."""
LANGUAGE = click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
"""The language of what the command says."""
_UNREADABLE = 2


class Unreadable(click.ClickException):
    """A file that is no dossier: the whole text on standard error, exit code 2."""

    exit_code = _UNREADABLE

    def show(self, file: object = None) -> None:
        """Print the text as it is: it is a sentence for people."""
        del file
        click.echo(self.message, err=True)


def read(file: Path, language: str) -> DossierDocument:
    """Read a dossier.

    Raises:
        Unreadable: It is none; the text says what is wrong, in the language.

    """
    from oso_dossier.errors import DossierXmlError  # noqa: PLC0415  quick to start
    from oso_dossier.reading import read_xml  # noqa: PLC0415

    try:
        return read_xml(file)
    except DossierXmlError as error:
        raise Unreadable(f"{file}: {error.text(language)}") from None
    except OSError as error:
        raise Unreadable(str(error)) from None
