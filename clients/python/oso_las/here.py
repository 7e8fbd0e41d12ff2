"""The school a command is for, and how it talks: sentences or JSON, Dutch or English.

Imports are made where they are used: see `oso_las.cli`.
"""

from __future__ import annotations

import gc
import getpass
import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from oso_las.app import Office, Settings

ACCOUNT = click.option(
    "--account", default=getpass.getuser, show_default="your login", help="Who does this."
)


def printable(text: str) -> str:
    """Give a text from elsewhere so that nothing in it can steer the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)


class Refused(click.ClickException):
    """Shown as one text on standard error; exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the text as it is: it is a sentence for people."""
        click.echo(self.message, file=file or sys.stderr)


class Here:
    """The school at hand, and how to talk.

    Attributes:
        home: Folder with the state of the school.
        language: `nl` or `en`.
        as_json: Whether to print JSON, for programs.

    """

    def __init__(self, home: Path, language: str, *, as_json: bool) -> None:
        """Name the folder, the language and the form."""
        self.home = home
        self.language = language
        self.as_json = as_json

    def say(self, nl: str, en: str, **data: object) -> None:
        """Print a sentence, or the data for a program."""
        if self.as_json:
            click.echo(json.dumps(data))
        else:
            click.echo(nl if self.language == "nl" else en)

    def refuse_unconfirmed(self) -> NoReturn:
        """Refuse to fetch while nobody confirmed that the pupil applied (no fetching to select)."""
        nl = "Bevestig met --confirm-applied dat de leerling zich bij uw school heeft aangemeld."
        en = "Confirm with --confirm-applied that the pupil has applied at your school."
        raise click.UsageError(nl if self.language == "nl" else en)

    def settings(self) -> Settings:
        """Read the settings."""
        from oso_las.app import SETTINGS_FILE, Settings  # noqa: PLC0415
        from oso_store.settings import SettingsError  # noqa: PLC0415

        try:
            return Settings.load(self.home / SETTINGS_FILE)
        except SettingsError as error:
            raise Refused(str(error)) from None

    def at_desk(self, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
        """Do something at the desk."""
        from oso_las.app import office  # noqa: PLC0415

        async def go() -> Any:
            async with office(self.home, settings) as opened:
                return await work(opened)

        settings = self.settings()
        return self.run(go)

    def run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run to the end; turn errors into sentences."""
        import uvloop  # noqa: PLC0415

        from oso_dossier.errors import DossierXmlError  # noqa: PLC0415
        from oso_las.attachments import DamagedPartError  # noqa: PLC0415
        from oso_las.model import DeskError  # noqa: PLC0415
        from oso_rpc.credentials import CredentialsError  # noqa: PLC0415
        from oso_rpc.directory import DirectoryError  # noqa: PLC0415
        from oso_rpc.errors import OsoError  # noqa: PLC0415
        from oso_rpc.server import AddressInUseError  # noqa: PLC0415
        from oso_store import SchemaError, StoreUnavailableError  # noqa: PLC0415

        gc.freeze()  # what was imported is no garbage: not to be looked at again and again
        try:
            return uvloop.run(work())
        except (CredentialsError, DossierXmlError, DeskError, OsoError) as error:
            raise Refused(error.text(self.language)) from None
        except (AddressInUseError, SchemaError) as error:
            raise Refused(str(error)) from None
        except DirectoryError as error:
            raise Refused(f"{type(error).__doc__}") from None
        except StoreUnavailableError as error:
            nl = f"De opslag is niet bruikbaar ({error.cause}). Er is niets gewijzigd."
            en = f"The store cannot be used ({error.cause}). Nothing was changed."
            raise Refused(nl if self.language == "nl" else en) from None
        except DamagedPartError as error:
            nl = f"Een bestand van dit dossier is beschadigd of weg: {error}"
            en = f"A file of this dossier is damaged or gone: {error}"
            raise Refused(nl if self.language == "nl" else en) from None
        except OSError as error:
            raise Refused(self.told(error)) from None

    def told(self, error: OSError) -> str:
        """Give the sentence for a file that cannot be read or written."""
        if isinstance(error, FileExistsError):
            path = error.filename2 or error.filename  # of a link it is the second
            nl = f"{path} bestaat al; er is niets gewijzigd."
            en = f"{path} is there already; nothing was changed."
            return nl if self.language == "nl" else en
        what = f"{error.filename or '-'}: {error.strerror or type(error).__name__}"
        if self.language == "nl":
            return f"Een bestand of map kan niet worden gelezen of geschreven ({what})."
        return f"A file or folder cannot be read or written ({what})."
