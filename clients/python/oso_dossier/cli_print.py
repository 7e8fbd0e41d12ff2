"""`oso dossier print`: the printout for parents, as PDF or HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oso_dossier.cli_files import EXISTING, LANGUAGE, NEW, read

if TYPE_CHECKING:
    from pathlib import Path

_SAME_FILE = {
    "nl": "{}: dit is het dossier zelf. Kies een andere naam voor de uitdraai.",
    "en": "{}: this is the dossier itself. Choose another name for the printout.",
}
_WEB_PAGES = frozenset({".html", ".htm"})


@click.command("print")
@click.argument("file", type=EXISTING)
@click.option("--out", type=NEW, required=True, help="File for the printout; .html: a web page.")
@click.option("--html", "as_html", is_flag=True, help="A web page in one file, not a PDF.")
@LANGUAGE
def print_dossier(file: Path, out: Path, lang: str, *, as_html: bool) -> None:
    """Print a dossier for the parents, as PDF (PDF/A-2a, PDF/UA-1) or HTML.

    OUT is replaced in one step, and its owner alone can read it: it holds personal data.
    """
    from oso_dossier.files import write_whole  # noqa: PLC0415  quick to start
    from oso_dossier.printing import to_html, to_pdf  # noqa: PLC0415

    document = read(file, lang)
    if out.exists() and out.samefile(file):
        raise click.ClickException(_SAME_FILE[lang].format(out))
    web_page = as_html or out.suffix.lower() in _WEB_PAGES
    try:
        content = to_html(document, lang) if web_page else to_pdf(document, lang)
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {len(content)} bytes")
