"""`oso dossier diff`: what changed between two dossiers of a pupil."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from oso_dossier.cli_files import EXISTING, LANGUAGE, read

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("old", type=EXISTING)
@click.argument("new", type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of text.")
@click.option("--all", "everything", is_flag=True, help="Show national numbers and secrets too.")
@LANGUAGE
def diff(old: Path, new: Path, lang: str, *, as_json: bool, everything: bool) -> None:
    """Show what changed between two dossiers of a pupil, by meaning.

    Exit code 0: no differences; 1: differences; 2: a file cannot be read.
    """
    from oso_dossier.comparing import Wording, compare  # noqa: PLC0415  quick to start

    comparison = compare(read(old, lang), read(new, lang))
    wording = Wording(comparison, lang, everything=everything)
    if as_json:
        click.echo(json.dumps({"old": str(old), "new": str(new), **wording.record()}))
    else:
        for line in wording.lines():
            click.echo(line)
    raise SystemExit(0 if comparison.is_same else 1)
