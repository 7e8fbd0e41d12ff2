"""`oso-registry import-schools`: register what a school list of the ministry says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from oso_registry.desk import Desk, pass_desk
from oso_registry.school_lists.generating import SECTOR, generate_schools, sector_of

if TYPE_CHECKING:
    import grpc

    from oso.registry.v1.school_list_service_pb2 import ImportSchoolsProgress
    from oso_registry.school_lists.sending import Answer

# The whole country takes seconds; this is for a machine that does something else as well.
_SECONDS = 600.0
_LABELS = {
    1: ("Versturen", "Sending"),
    2: ("Vergelijken", "Comparing"),
    3: ("Registreren", "Registering"),
}


@click.command("import-schools")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@SECTOR
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option(
    "--close-missing",
    is_flag=True,
    help="Close schools and locations of these sectors that are not in the list.",
)
@click.option(
    "--max-closed",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    metavar="PERCENT",
    help="Refuse to close more of the locations than this.",
)
@click.option(
    "--force-close",
    is_flag=True,
    help="Also end the mandates and delivery points of schools that are closed.",
)
@click.option(
    "--skip-rejected",
    is_flag=True,
    help="Go on without schools that have a row that cannot be used; else the list is refused.",
)
@click.option("--all", "everything", is_flag=True, help="Show everything, not 20 of each.")
@pass_desk
def import_schools(
    desk: Desk,
    file: Path,
    sector: str | None,
    max_closed: int,
    *,
    dry_run: bool,
    close_missing: bool,
    force_close: bool,
    skip_rejected: bool,
    everything: bool,
) -> None:
    """Register the boards, schools and locations of a school list: all of it, or nothing.

    FILE is a list of the ministry as CSV. Its kind of education is --sector, else the one word of
    its name that says it (alle-vestigingen-vo.csv), else what each row says.

    Exit code 0: done (with --dry-run: it would be); 1: refused, and nothing was changed.
    """
    from oso.registry.v1.school_list_service_pb2 import (  # noqa: PLC0415  quick to start
        ImportSchoolsSettings,
    )
    from oso_registry.school_lists.sending import send_school_list  # noqa: PLC0415

    kind = sector_of(sector) or _sector_by_name(desk, file)
    settings = ImportSchoolsSettings(
        request_id=str(uuid4()),
        sector=kind,  # type: ignore[arg-type]
        validate_only=dry_run,
        close_missing=close_missing,
        max_closed_percent=max_closed,
        force_close=force_close,
        skip_rejected=skip_rejected,
    )
    content = _content(file)
    bar = _Bar(0 if desk.language == "nl" else 1)

    async def send(channel: grpc.aio.Channel) -> Answer:
        try:
            return await send_school_list(channel, content, settings, bar, _SECONDS)
        finally:
            bar.end()

    _tell(desk, desk.run(send), dry_run=dry_run, everything=everything)


def _content(file: Path) -> bytes:
    """Read the file, if it is of a size that would be taken."""
    from oso.result.v1.result_code_pb2 import (  # noqa: PLC0415  quick to start
        RESULT_CODE_SCHOOL_LIST_EMPTY,
    )
    from oso_registry.school_lists.reading import MAX_BYTES, too_large  # noqa: PLC0415
    from oso_rpc.errors import OsoError  # noqa: PLC0415

    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    if not content:
        raise click.ClickException(OsoError(RESULT_CODE_SCHOOL_LIST_EMPTY).text())
    if len(content) > MAX_BYTES:
        raise click.ClickException(too_large().text())
    return content


def _sector_by_name(desk: Desk, file: Path) -> int:
    """Take the sector from the name of the file, and say so."""
    from oso_registry.school_lists.changes import sector_name  # noqa: PLC0415
    from oso_registry.school_lists.sectors import sector_of_file_name  # noqa: PLC0415

    found = sector_of_file_name(file.name)
    if found and not desk.as_json:
        name = sector_name(found)
        click.echo(
            desk.text(f"Sector {name}, volgens de bestandsnaam.", f"Sector {name}, by its name."),
            err=True,
        )
    return found


def _tell(desk: Desk, answer: Answer, *, dry_run: bool, everything: bool) -> None:
    from oso_registry.school_lists.telling import told  # noqa: PLC0415

    desk.show(answer.report, *told(answer.report, desk.language, everything=everything))
    if answer.refusal is not None:
        raise desk.refused(answer.refusal)
    if not desk.as_json:
        click.echo(
            desk.text("Proef: er is niets gewijzigd.", "Dry run: nothing was changed.")
            if dry_run
            else desk.text("Geregistreerd.", "Registered.")
        )


class _Bar:
    """A progress bar for each stage, on standard error when somebody looks at it."""

    def __init__(self, which: int) -> None:
        self._which = which
        self._bar: Any = None
        self._stage = 0
        self._done = 0

    def __call__(self, progress: ImportSchoolsProgress) -> None:
        """Show how far it is."""
        if not sys.stderr.isatty() or progress.stage not in _LABELS:
            return
        if progress.stage != self._stage:
            self.end()
            label = _LABELS[progress.stage][self._which]
            self._bar = click.progressbar(length=progress.total, label=label, file=sys.stderr)
            self._bar.__enter__()
            self._stage, self._done = progress.stage, 0
        self._bar.update(progress.done - self._done)
        self._done = progress.done

    def end(self) -> None:
        """End the bar at hand."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


COMMANDS = (import_schools, generate_schools)
