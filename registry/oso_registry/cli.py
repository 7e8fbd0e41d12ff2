"""Command `oso-registry`: what workers of OfficeHeart, boards, schools and suppliers do by hand.

Commands at the home folder of an OfficeHeart (`--home`) found it, run it, save it. All others are
given at a desk (`--desk`) and call OfficeHeart's services, with that desk's certificate.

Exit codes: 0 done, 1 refused or failed (nothing was changed), 2 the command was not understood.
"""

from __future__ import annotations

from pathlib import Path

import click

from oso_registry import cli_audit, cli_enrol, cli_home, cli_signed, cli_test_school
from oso_registry.authority import cli_rotation
from oso_registry.authority.cli import ca
from oso_registry.desk import Desk
from oso_registry.grant_keys.cli import grant_key
from oso_registry.helpdesk.cli import session, ticket
from oso_registry.mandates.cli import delivery_point, mandate
from oso_registry.parties.cli import groups
from oso_registry.qualification.cli import qualification
from oso_registry.qualification.cli_admission import admission
from oso_registry.school_lists.cli import COMMANDS as SCHOOL_LISTS
from oso_registry.standard.cli_dossier_years import dossier_year
from oso_registry.standard.cli_test_codes import test_codes
from oso_registry.systems.cli import CERTIFICATE_COMMANDS, blocked_key, system


@click.group()
@click.option(
    "--desk",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("desk"),
    show_default=True,
    envvar="OSO_DESK",
    help="Folder with the key and certificate to work with; or OSO_DESK in the environment.",
)
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
def main(context: click.Context, desk: Path, lang: str, *, as_json: bool) -> None:
    """OfficeHeart: who takes part in OSO, and with which certificate."""
    context.obj = Desk(desk, lang, as_json=as_json)


for command in CERTIFICATE_COMMANDS:
    cli_signed.certificate.add_command(command)
for command in cli_rotation.COMMANDS:
    ca.add_command(command)
for command in (
    *cli_home.COMMANDS,
    *cli_enrol.COMMANDS,
    *cli_audit.COMMANDS,
    ca,
    *groups(),
    mandate,
    delivery_point,
    system,
    blocked_key,
    qualification,
    admission,
    grant_key,
    *SCHOOL_LISTS,
    dossier_year,
    test_codes,
    ticket,
    session,
    *cli_signed.COMMANDS,
    *cli_test_school.COMMANDS,
):
    main.add_command(command)
