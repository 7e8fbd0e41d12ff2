"""`oso-registry generate-schools`: an invented school list."""

from __future__ import annotations

from pathlib import Path

import click

SECTORS = ["po", "so", "vo", "vso", "mbo"]
SECTOR = click.option(
    "--sector",
    type=click.Choice(SECTORS, case_sensitive=False),
    help="Kind of education of the whole list; else each row says it.",
)


def sector_of(name: str | None) -> int:
    """Give the sector of an option; 0 when it was not given."""
    from oso.directory.v1.directory_pb2 import Sector  # noqa: PLC0415  quick to start

    return Sector.Value(f"SECTOR_{name.upper()}") if name else 0


@click.command("generate-schools")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same list."
)
@click.option("--schools", type=int, default=8000, show_default=True, help="Number of schools.")
@click.option("--boards", type=int, default=1300, show_default=True, help="Number of boards.")
@click.option(
    "--generation",
    type=click.Choice(["old", "new"]),
    default="new",
    show_default=True,
    help="Which headings it has. The old ones do not say the kind of education: give --sector.",
)
@SECTOR
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def generate_schools(
    out: Path, *, seed: int, schools: int, boards: int, generation: str, sector: str | None
) -> None:
    """Write an invented school list to OUT, in the form of the ministry's."""
    from oso_registry.school_lists.inventing import invented  # noqa: PLC0415
    from oso_registry.school_lists.writing import (  # noqa: PLC0415
        FORMS,
        Generation,
        write_school_list,
    )

    if generation == "old" and not sector:
        raise click.UsageError("--generation old needs --sector: its headings do not say it")
    try:
        rows = invented(seed, schools, boards, sector_of(sector))  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    content = write_school_list(rows, FORMS[Generation(generation)])
    try:
        out.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    click.echo(f"{out}: {schools} schools, {len(rows)} rows, seed {seed}, {len(content)} bytes")
