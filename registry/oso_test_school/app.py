"""Where the test school is put together: settings, desk, scenarios, line, server."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from oso_las.app import office
from oso_las.app import running as running_school
from oso_las.model import DeskError
from oso_rpc.background import in_background
from oso_store import StoreUnavailableError
from oso_store.settings import FileSettings
from oso_test_school.line import laid_line
from oso_test_school.notifying import Notifying
from oso_test_school.presence import Presence
from oso_test_school.rpc import ScriptedServicer
from oso_test_school.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from oso_las.app import Node
    from oso_las.app import Settings as LasSettings
    from oso_rpc.clock import Clock

SETTINGS_FILE = "test-school.toml"
_LOCK_FILE = "test-school.lock"
_TICK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Settings(FileSettings):
    """What is the test school's own: `test-school.toml`, or `OSO_TEST_SCHOOL_...`."""

    model_config = SettingsConfigDict(env_prefix="OSO_TEST_SCHOOL_", extra="forbid")

    changes_after_seconds: float = Field(default=120, ge=0)
    """So many seconds after its delivery the dossier of scenario `changed` is changed."""
    notified_for_seconds: float = Field(default=300, gt=0)
    """So many seconds the dossier of scenario `notified` waits for the school that was notified."""
    unknown_pupils: int = Field(default=5, gt=0)
    """So many different pupils we do not have may one school ask for..."""
    unknown_pupils_hours: float = Field(default=0.1, gt=0)
    """...in so many hours. Less than at a real school, so that it can be tried."""


class AlreadyRunningError(Exception):
    """Another process serves this test school.

    Attributes:
        home: Its folder.

    """

    def __init__(self, home: Path) -> None:
        """Record the folder."""
        super().__init__(home)
        self.home = home

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        if language == "nl":
            return f"De testschool in {self.home} draait al."
        return f"The test school in {self.home} is running already."


@dataclass(frozen=True)
class TestSchool:
    """The test school, running.

    Attributes:
        node: The school.
        presence: Its scenario pupils.
        port: Where it can be reached.

    """

    __test__ = False

    node: Node
    presence: Presence
    port: int


@asynccontextmanager
async def running(
    home: Path, school: LasSettings, own: Settings, clock: Clock | None = None
) -> AsyncIterator[TestSchool]:
    """Run the test school inside the event loop; stops at the end of the block.

    Raises: as `oso_las.app.running`; AlreadyRunningError.

    """
    inner = school.model_copy(
        update={
            "listen": "127.0.0.1:0",  # the line listens where the others come
            "unknown_pupils": own.unknown_pupils,
            "unknown_pupils_hours": own.unknown_pupils_hours,
        }
    )
    with _alone(home):
        # The scenarios' worker has a desk of its own, as one who gives commands beside a node has.
        async with office(home, school, clock) as opened, laid_line() as line:
            presence = Presence(opened, school.brin)
            await presence.refresh()
            servicer = partial(ScriptedServicer, line=line)
            async with (
                running_school(home, inner, clock, is_for=presence.is_for, servicer=servicer) as (
                    node,
                    server,
                ),
                in_background(
                    {"scenarios": _act(presence, Notifying(opened, presence, node.notifier), own)}
                ),
            ):
                port = await line.listen(school.listen, server.port)
                yield TestSchool(node, presence, port)


async def serve(home: Path, school: LasSettings, own: Settings) -> None:
    """Run until SIGTERM or SIGINT; print one line when ready."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(home, school, own) as made:
        host, count = school.listen.rpartition(":")[0], len(SCENARIOS)
        print(  # noqa: T201
            f"Test school {school.brin} ready with {count} scenarios on {host}:{made.port}",
            flush=True,
        )
        await stop.wait()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep other processes from making the same pupils present, until the end of the block.

    Raises:
        AlreadyRunningError: Another one is at it.

    """
    descriptor = os.open(home / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(home) from None
        yield
    finally:
        os.close(descriptor)


async def _act(presence: Presence, notifying: Notifying, own: Settings) -> None:
    """Let the scenarios that act do so, again and again."""
    while True:
        try:
            await presence.change_delivered(timedelta(seconds=own.changes_after_seconds))
            await notifying.act(timedelta(seconds=own.notified_for_seconds))
        except (DeskError, StoreUnavailableError, OSError) as error:
            _log.error("scenario_failed", error=type(error).__name__)
        await asyncio.sleep(_TICK_SECONDS)
