"""How a desk comes by its certificate: `oso-registry --desk ... enroll|renew|status`.

Imports are made where they are used: see `oso_registry.parties.asking`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from oso_registry.desk import DESK_FILE, Desk, DeskSettings, pass_desk

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from oso_rpc.certificate_commands import Place, Told


@click.command()
@click.argument("invitation", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@pass_desk
def enroll(desk: Desk, invitation: str) -> None:
    """Get the certificate an INVITATION is for (a file; - for standard input), and make the desk.

    The key is made here and stays here. Broken off, give the same command again.
    """
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415
    from oso_store.settings import add_missing  # noqa: PLC0415

    async def go() -> Told:
        read = commands.read_invitation(invitation)
        desk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = desk.folder / DESK_FILE
        settings.touch(mode=0o600)
        place = _place(desk)
        told = await commands.enroll(place.files, read, invitation, SystemClock())
        where = commands.office_heart_settings(read)
        add_missing(
            settings,
            {"office_heart": where["office_heart"], "system": where["office_heart_system"]},
        )
        return told

    _say(desk, go)


@click.command()
@click.option("--new-key", is_flag=True, help="Also when it is not time yet.")
@pass_desk
def renew(desk: Desk, *, new_key: bool) -> None:
    """Get the next certificate of this desk, for a new key. From 30 days before the end."""
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415

    _say(
        desk,
        lambda: commands.renew(_place(desk), SystemClock(), new_key=new_key, at_once=True),
    )


@click.command()
@pass_desk
def status(desk: Desk) -> None:
    """Tell until when the certificate of this desk is good."""
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415

    _say(desk, lambda: commands.status(_place(desk), SystemClock()))


def _place(desk: Desk) -> Place:
    from oso_rpc.certificate_commands import Place  # noqa: PLC0415
    from oso_rpc.credential_files import CredentialFiles  # noqa: PLC0415
    from oso_rpc.renewal import AT_ONCE, RenewalPlan  # noqa: PLC0415

    settings = DeskSettings.load(desk.folder / DESK_FILE)
    return Place(
        CredentialFiles(settings.certificate, settings.key, settings.authority),
        settings.office_heart,
        settings.system,
        RenewalPlan(overlap=AT_ONCE),
    )


def _say(desk: Desk, work: Callable[[], Coroutine[Any, Any, Told]]) -> None:
    from oso_rpc.certificate_commands import refusal  # noqa: PLC0415
    from oso_rpc.credentials import CredentialsError  # noqa: PLC0415
    from oso_rpc.errors import OsoError  # noqa: PLC0415
    from oso_store.settings import SettingsError  # noqa: PLC0415

    try:
        told = asyncio.run(work())
    except OsoError as error:
        raise click.ClickException(refusal(error, desk.language)) from None
    except CredentialsError as error:
        raise click.ClickException(error.text(desk.language)) from None
    except (SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or '-'}: {error.strerror}") from None
    desk.say(told.nl, told.en, **told.facts)


COMMANDS = [enroll, renew, status]
