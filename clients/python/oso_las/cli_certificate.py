"""Commands of `oso las` about its own certificate: enroll, renew and status.

Imports are made where they are used: see `oso_las.cli`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from oso_las.here import Here, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from oso_rpc.certificate_commands import Place, Told


@click.command()
@click.argument("invitation", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.pass_obj
def enroll(here: Here, invitation: str) -> None:
    """Get the certificate an INVITATION of OfficeHeart is for (a file; - for standard input).

    The key is made here and stays here. Broken off, give the same command again.
    """
    from oso_las.app import SETTINGS_FILE  # noqa: PLC0415
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415
    from oso_store.settings import add_missing  # noqa: PLC0415

    place = _place(here)

    async def go() -> Told:
        read = commands.read_invitation(invitation)
        told = await commands.enroll(place.files, read, invitation, SystemClock())
        add_missing(here.home / SETTINGS_FILE, commands.office_heart_settings(read))
        return told

    _say(here, go)


@click.command()
@click.option("--new-key", is_flag=True, help="Also when it is not time yet.")
@click.option(
    "--now", "at_once", is_flag=True, help="Use it at once, also when others may not know it yet."
)
@click.pass_obj
def renew(here: Here, *, new_key: bool, at_once: bool) -> None:
    """Get the next certificate, for a new key, and use it when everybody knows it.

    `serve` does so by itself, 30 days before the end; what runs is not interrupted.
    """
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415

    place = _place(here)
    _say(here, lambda: commands.renew(place, SystemClock(), new_key=new_key, at_once=at_once))


@click.command()
@click.pass_obj
def status(here: Here) -> None:
    """Tell until when the certificate is good, and when it is renewed."""
    from oso_rpc import certificate_commands as commands  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415

    place = _place(here)
    _say(here, lambda: commands.status(place, SystemClock()))


def _place(here: Here) -> Place:
    from oso_rpc.certificate_commands import Place  # noqa: PLC0415
    from oso_rpc.credential_files import CredentialFiles  # noqa: PLC0415

    settings = here.settings()
    return Place(
        CredentialFiles(settings.certificate, settings.key, settings.authority),
        settings.office_heart,
        settings.office_heart_system,
        settings.renewal_plan(),
    )


def _say(here: Here, work: Callable[[], Coroutine[Any, Any, Told]]) -> None:
    from oso_rpc.certificate_commands import refusal  # noqa: PLC0415
    from oso_rpc.errors import OsoError  # noqa: PLC0415

    async def go() -> Told:
        try:
            return await work()
        except OsoError as error:
            raise Refused(refusal(error, here.language)) from None
        except ValueError as error:  # a file that is not what it should be; the text names it
            raise Refused(str(error)) from None

    told = here.run(go)
    here.say(told.nl, told.en, **told.facts)


COMMANDS = [enroll, renew, status]
