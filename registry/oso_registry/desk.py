"""A desk: where a command of `oso-registry` is given, and by whom.

A desk is a folder with the key and certificate of a registrar, auditor, helpdesk worker, manager or
supplier, and `desk.toml`. Commands given there call OfficeHeart's services, as any other client.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic_settings import SettingsConfigDict

from oso_rpc.clock import SystemClock
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials import CredentialsError
from oso_rpc.errors import OsoError, from_rpc_error
from oso_store.settings import FileSettings, SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    import grpc
    from google.protobuf.message import Message

DESK_FILE = "desk.toml"
# For a call; a large import says its own.
SECONDS = 30.0
# Days; from then on the next certificate can be had.
_SOON = 30


class DeskSettings(FileSettings):
    """Settings of a desk: `desk.toml`, or `OSO_DESK_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="OSO_DESK_", extra="forbid")

    office_heart: str = "127.0.0.1:7442"
    """Where OfficeHeart listens, `host:port`."""
    system: str = "officeheart"
    """Id of the system that must answer there."""
    certificate: Path = Path("system.crt")
    """Certificate of this desk, with the issuing one (PEM)."""
    key: Path = Path("system.key")
    """Its private key (PEM). Its owner alone may read it."""
    authority: Path = Path("root.crt")
    """Root certificate of OSO (PEM)."""


class Desk:
    """The desk at hand, and how to talk.

    Attributes:
        folder: The desk.
        language: `nl` or `en`.
        as_json: Whether to print JSON, for programs.

    """

    def __init__(self, folder: Path, language: str, *, as_json: bool) -> None:
        """Name the folder, the language and the form."""
        self.folder = folder
        self.language = language
        self.as_json = as_json

    def text(self, nl: str, en: str) -> str:
        """Choose the sentence in the language at hand."""
        return nl if self.language == "nl" else en

    def say(self, nl: str, en: str, **data: object) -> None:
        """Print a sentence, or the data for a program."""
        click.echo(json.dumps(data, ensure_ascii=False) if self.as_json else self.text(nl, en))

    def show(self, message: Message, *lines: str) -> None:
        """Print lines for people, or a message as JSON for a program."""
        from google.protobuf.json_format import MessageToJson  # noqa: PLC0415

        if self.as_json:
            click.echo(MessageToJson(message, preserving_proto_field_name=True, indent=None))
        else:
            for line in lines:
                click.echo(line)

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        """Open a channel to OfficeHeart.

        Raises:
            SettingsError: The desk's settings cannot be used.
            CredentialsError: Its key or certificate cannot be used.
            OSError: A file cannot be read.

        """
        from oso_rpc.channel import secure_channel  # noqa: PLC0415

        settings = DeskSettings.load(self.folder / DESK_FILE)
        files = CredentialFiles(settings.certificate, settings.key, settings.authority)
        credentials = files.load()
        self._tell_when_it_ends_soon(credentials.identity.not_after)
        channel = secure_channel(settings.office_heart, settings.system, credentials)
        try:
            yield channel
        finally:
            await channel.close()

    def _tell_when_it_ends_soon(self, end: datetime) -> None:
        left = (end - SystemClock().now()) // timedelta(days=1)
        if left < _SOON:
            told = self.text(
                f"Het certificaat van deze werkplek eindigt over {left} dagen. Verleng het: renew.",
                f"The certificate of this desk ends in {left} days. Renew it: renew.",
            )
            click.echo(told, err=True)

    def run(self, work: Callable[[grpc.aio.Channel], Awaitable[Any]]) -> Any:
        """Do something over a channel; turn what can go wrong into one sentence and exit code 1."""
        import grpc  # noqa: PLC0415

        async def go() -> Any:
            async with self.channel() as channel:
                return await work(channel)

        try:
            return asyncio.run(go())
        except grpc.aio.AioRpcError as error:
            raise self.refused(from_rpc_error(error, party="OfficeHeart")) from None
        except OsoError as error:
            raise self.refused(error) from None
        except CredentialsError as error:
            raise click.ClickException(error.text(self.language)) from None
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except BrokenPipeError:
            raise  # who reads what is printed stopped, as `| head` does: click ends without a word
        except OSError as error:
            raise click.ClickException(f"{error.filename or '-'}: {error.strerror}") from None

    def refused(self, error: OsoError) -> click.ClickException:
        """Make the sentence of a refusal, with the fields that are wrong, or what else is told."""
        lines = [error.text(self.language)]
        detail = error.metadata.get("detail", "")
        if detail and detail not in lines[0]:
            lines.append(f"  {detail}")
        if len(error.violations) > 1:  # one stands in the sentence already
            lines += [f"  {field}: {text}" for field, text in error.violations]
        return click.ClickException("\n".join(lines))


pass_desk = click.make_pass_decorator(Desk)
