"""Real databases for tests: a SQLite file, and the PostgreSQL server installed on this machine."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUPERUSER = "oso"


@dataclass(frozen=True)
class _Postgres:
    """A server of our own in a folder of its own, reached through a Unix socket in it.

    No port: nothing to collide with, and nobody else on the machine can reach it.
    """

    binaries: Path
    folder: Path
    account: str | None
    """Who runs it; None: whoever runs the tests."""

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs to its end.

        Raises:
            RuntimeError: It failed; with all it said, and what is in the server's log.

        """
        done = subprocess.run(
            [self.binaries / program, *arguments],
            user=self.account,
            group=pwd.getpwnam(self.account).pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            said = [done.stdout, done.stderr, log.read_text() if log.exists() else ""]
            raise RuntimeError("\n".join([f"{program} failed", *filter(None, said)]))

    def start(self) -> None:
        """Make the cluster and start it. It syncs to disk as in earnest."""
        self.run("initdb", "--pgdata=cluster", f"--username={_SUPERUSER}", "--auth=trust",
                 "--encoding=UTF8", "--no-locale")  # fmt: skip
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        self.run("pg_ctl", "start", "-D", "cluster", "-w", "-l", "log", "-o", options)

    def create_database(self, name: str) -> str:
        """Make an empty database; return its SQLAlchemy URL."""
        self.run("createdb", f"--host={self.folder}", f"--username={_SUPERUSER}", name)
        return f"postgresql+asyncpg://{_SUPERUSER}@/{name}?host={self.folder}"

    def stop(self) -> None:
        """Stop it at once; nothing in it is kept. One that is gone already is fine."""
        try:
            self.run("pg_ctl", "stop", "-D", "cluster", "-w", "-m", "immediate")
        except RuntimeError:
            if (self.folder / "cluster" / "postmaster.pid").exists():
                raise


def _binaries() -> Path | None:
    """Find the newest installed server: where Debian puts it, else on the PATH."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(
        versions, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], default=None
    )
    found = newest or shutil.which("initdb")
    return Path(found).parent if found else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty database on a PostgreSQL server and returns its URL.

    Starts the server for the first test that asks. Without one: skips, or fails with
    OSO_REQUIRE_POSTGRES=1.
    """
    binaries = _binaries()
    if binaries is None:
        reason = "no PostgreSQL server is installed here"
        if os.environ.get("OSO_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"{reason}, and OSO_REQUIRE_POSTGRES=1 asks for one")
        pytest.skip(reason)
    # initdb refuses to run as root; the package of the server made an account for it.
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="oso-pg-"))
    try:
        if account:
            shutil.chown(folder, account)
        server = _Postgres(binaries, folder, account)
        server.start()
        numbers = count(1)
        try:
            yield lambda: server.create_database(f"test_{next(numbers)}")
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Give a function that makes an empty database and returns its SQLAlchemy URL.

    The test runs on SQLite and on PostgreSQL in turn.
    """
    if request.param == "sqlite":
        numbers = count(1)
        return lambda: f"sqlite:///{tmp_path / f'test-{next(numbers)}.db'}"
    create: Callable[[], str] = request.getfixturevalue("postgres_url")
    return create


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """SQLAlchemy URL of an empty database."""
    return new_database()
