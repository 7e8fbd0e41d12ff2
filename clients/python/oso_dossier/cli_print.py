"""`oso dossier print`: the printout for parents, as PDF or HTML."""

from __future__ import annotations

from pathlib import Path

import click

_UNREADABLE = 2
_WEB_PAGES = frozenset({".html", ".htm"})


@click.command("print")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where the printout goes; .html makes it a web page.",
)
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@click.option("--html", "as_html", is_flag=True, help="A web page in one file, not a PDF.")
def print_dossier(file: Path, out: Path, lang: str, as_html: bool) -> None:  # noqa: FBT001  click
    """Print a dossier for the parents, as PDF (PDF/A-2a, PDF/UA-1) or HTML.

    OUT is written in one step: the old file or the new one, never half of one. It holds personal
    data; only you can read it.
    """
    from oso_dossier.errors import DossierXmlError  # noqa: PLC0415  quick to start
    from oso_dossier.files import write_whole  # noqa: PLC0415
    from oso_dossier.printing import to_html, to_pdf  # noqa: PLC0415
    from oso_dossier.reading import read_xml  # noqa: PLC0415

    try:
        document = read_xml(file)
    except (DossierXmlError, OSError) as error:
        text = error.text(lang) if isinstance(error, DossierXmlError) else str(error)
        click.echo(f"{file}: {text}", err=True)
        raise SystemExit(_UNREADABLE) from None
    web_page = as_html or out.suffix.lower() in _WEB_PAGES
    content = to_html(document, lang) if web_page else to_pdf(document, lang)
    try:
        write_whole(out, content)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {len(content)} bytes")
