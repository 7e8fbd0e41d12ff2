"""Command `oso-registry test-school`: the school where a supplier tries every outcome.

Imports are made where they are used: the table of scenarios should not wait for gRPC.

Exit codes: 0 done, 1 refused or failed (of `request`: also a dossier with faults), 2 the command
was not understood.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_las.cli import init as las_init
from oso_las.cli_notify import TO
from oso_las.here import ACCOUNT, Here, Refused

if TYPE_CHECKING:
    from oso_las.model import Identity
    from oso_test_school.app import Settings

_HOME = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("test-school"),
    show_default=True,
    help="Folder with the state of the test school.",
)
_OWN_SETTINGS = """\
# What is the test school's own; the rest is in las.toml. docs/test-school.md

# So many seconds after its delivery the dossier of scenario `changed` is changed.
changes_after_seconds = 120

# So many seconds the dossier of scenario `notified` waits for the school that was notified.
notified_for_seconds = 300

# So many different pupils we do not have may one school ask for, in so many hours.
unknown_pupils = 5
unknown_pupils_hours = 0.1
"""


@click.group()
@click.option(
    "--lang",
    type=click.Choice(["nl", "en"]),
    default="nl",
    show_default=True,
    envvar="OSO_LANG",
    help="Language of what is told; or OSO_LANG.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def main(context: click.Context, lang: str, *, as_json: bool) -> None:
    """De testschool: een school van OSO met scenario's (the test school, with scenarios)."""
    context.obj = Here(Path(), lang, as_json=as_json)


@main.command()
@_HOME
@click.option("--system", "system_id", required=True, help="Id of its system, as registered.")
@click.option("--brin", required=True, help="BRIN of the test school.")
@click.option("--routing-key", required=True, help="Routing key of its delivery point.")
@click.option("--swv-routing-key", default="", help="Of its delivery point for SWVs, if any.")
@click.option("--traffic-center", default="127.0.0.1:7443", show_default=True, help="host:port")
@click.option("--listen", default="127.0.0.1:7444", show_default=True, help="host:port")
@click.option("--directory-key", "directory_keys", multiple=True, help="Key of OfficeHeart (hex).")
@click.pass_context
def init(context: click.Context, /, home: Path, **school: Any) -> None:
    """Make the home folder: as `oso las init`, with test-school.toml."""
    from oso_rpc.credentials import write_private  # noqa: PLC0415
    from oso_test_school.app import SETTINGS_FILE  # noqa: PLC0415

    here: Here = context.obj
    here.home = home
    path = home / SETTINGS_FILE
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, _OWN_SETTINGS.encode("utf-8"))
    except OSError as error:
        raise Refused(here.told(error)) from None
    try:
        context.invoke(las_init, **school)
    except click.ClickException:
        path.unlink()
        raise


@main.command()
@_HOME
@click.pass_obj
def serve(here: Here, home: Path) -> None:
    """Make the scenario pupils present, and give out dossiers until told to stop."""
    from oso_rpc.logging import configure_logging  # noqa: PLC0415
    from oso_test_school.app import AlreadyRunningError  # noqa: PLC0415
    from oso_test_school.app import serve as serve_school  # noqa: PLC0415

    here.home = home
    configure_logging()
    school, own = here.settings(), _own_settings(here)
    try:
        here.run(lambda: serve_school(home, school, own))
    except AlreadyRunningError as error:
        raise Refused(error.text(here.language)) from None


@main.command()
@click.pass_obj
def scenarios(here: Here) -> None:
    """Print the scenarios: whom to ask for, and what should come of it."""
    import json  # noqa: PLC0415

    from oso_test_school.telling import scenario_lines, scenario_records  # noqa: PLC0415

    if here.as_json:
        click.echo(json.dumps(scenario_records(here.language), ensure_ascii=False))
        return
    for line in scenario_lines(here.language):
        click.echo(line)


@main.command()
@_HOME
@click.argument("brin")
@click.option("--bsn", help="Number of an invented pupil: begins with 9999.")
@click.option("--onderwijsnummer", help="Or this number, which begins with 109999.")
@click.option("--birth-date", required=True, metavar="YYYY-MM-DD")
@click.option(
    "--kind",
    type=click.Choice(["overstapdossier", "overdrachtbinnenbrin"]),
    default="overstapdossier",
    show_default=True,
)
@ACCOUNT
@click.pass_obj
def request(
    here: Here,
    home: Path,
    brin: str,
    *,
    bsn: str | None,
    onderwijsnummer: str | None,
    birth_date: str,
    kind: str,
    account: str,
) -> None:
    """Fetch the dossier of an invented pupil from school BRIN, and check it.

    For a supplier who tries whether his system delivers.
    """
    from oso_las.app import node  # noqa: PLC0415
    from oso_test_school.telling import report  # noqa: PLC0415

    identity = _identity(here, {"bsn": bsn, "onderwijsnummer": onderwijsnummer}, birth_date)
    here.home = home
    school = here.settings()

    async def go() -> tuple[bool, str]:
        async with node(home, school) as made:
            collected = await made.collector.collect(identity, brin, account, kind=kind)
            number = collected.dossier_number
            document = None if number is None else await made.desk.document(number)
            return report(collected, document, here.language, as_json=here.as_json)

    is_good, text = here.run(go)
    click.echo(text)
    if not is_good:
        sys.exit(1)


@main.command()
@_HOME
@click.argument("code")
@click.option(
    "--scenario",
    "name",
    type=click.Choice(["swv-po", "swv-vo"]),
    default="swv-po",
    show_default=True,
    help="Whose dossier.",
)
@TO
@ACCOUNT
@click.pass_obj
def notify(here: Here, home: Path, code: str, *, name: str, to: str, account: str) -> None:
    """Tell SWV CODE that a dossier waits for it: it gets a coupling key to fetch it with."""
    from oso_las.cli_notify import notify_and_tell  # noqa: PLC0415
    from oso_test_school.presence import Presence  # noqa: PLC0415
    from oso_test_school.scenarios import SCENARIOS  # noqa: PLC0415

    here.home = home
    brin = here.settings().brin
    (scenario,) = (one for one in SCENARIOS if one.name == name)
    number = here.at_desk(lambda office: Presence(office, brin).for_swv(scenario, code))
    notify_and_tell(here, number, account, to)


def _own_settings(here: Here) -> Settings:
    from oso_store.settings import SettingsError  # noqa: PLC0415
    from oso_test_school.app import SETTINGS_FILE, Settings  # noqa: PLC0415

    try:
        return Settings.load(here.home / SETTINGS_FILE)
    except SettingsError as error:
        raise Refused(str(error)) from None


def _identity(here: Here, numbers: dict[str, str | None], birth_date: str) -> Identity:
    """Make the identity of what was given; refuse what cannot be a pupil nobody is."""
    from stdnum.nl import bsn, onderwijsnummer  # noqa: PLC0415

    from oso_las.model import Identity  # noqa: PLC0415
    from oso_test_school.pupils import is_invented  # noqa: PLC0415

    def wrong(nl: str, en: str) -> click.UsageError:
        return click.UsageError(nl if here.language == "nl" else en)

    given = [(kind, number) for kind, number in numbers.items() if number is not None]
    if len(given) != 1:
        raise wrong("Geef --bsn of --onderwijsnummer.", "Give --bsn or --onderwijsnummer.")
    kind, number = given[0]
    checker = bsn if kind == "bsn" else onderwijsnummer
    if len(number) != 9 or not checker.is_valid(number):  # noqa: PLR2004
        raise wrong(
            f"Dit is geen geldig {kind}: controleer de negen cijfers.",
            f"This is no valid {kind}: check the nine digits.",
        )
    try:
        date.fromisoformat(birth_date)
    except ValueError:
        raise wrong(
            "Dit is geen geboortedatum: schrijf jjjj-mm-dd.",
            "This is no birth date: write yyyy-mm-dd.",
        ) from None
    identity = Identity(kind, number, birth_date)
    if not is_invented(identity):
        raise wrong(
            "De testschool vraagt alleen verzonnen leerlingen op: een BSN dat met 9999 begint of "
            "een onderwijsnummer dat met 109999 begint. Gebruik nooit een echte leerling.",
            "The test school asks for invented pupils only: a BSN that begins with 9999 or an "
            "onderwijsnummer that begins with 109999. Never use a real pupil.",
        )
    return identity
