"""Saving an OfficeHeart in one file, and making it anew from that file in an empty place.

The file is a tar with three kinds of members:

    manifest.json            the form of the file, when it was made, the revision of the tables, and
                             size and SHA-256 of every other member
    home/...                 the home folder but for the database: settings, authority, keys
    database/TABLE.jsonl     the rows of a table, one JSON object each; bytes as {"base64": "..."}

Rows, and not a file of the database: what SQLite kept can be restored into PostgreSQL, and a backup
made by an older version is migrated on the way in. It holds private keys: keep it like those.

BackupError   a file that is no backup, is damaged, or cannot be restored here
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table, func, insert, inspect, select, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

_FORM = 1
_MANIFEST = "manifest.json"
_VERSION_TABLE = "alembic_version"
_DATABASE_FILES = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal")
_AT_ONCE = 500


class BackupProblem(Enum):
    """Why a backup cannot be restored, in Dutch and English."""

    NO_BACKUP = ("dit is geen back-up van OfficeHeart", "this is no backup of OfficeHeart")
    DAMAGED = (
        "de back-up is beschadigd of gewijzigd; neem een andere",
        "the backup is damaged or was changed; take another one",
    )
    NEWER_FORM = (
        "de back-up is gemaakt door een nieuwere versie; installeer die eerst",
        "the backup was made by a newer version; install that first",
    )
    NOT_EMPTY = (
        "de database is niet leeg; zet terug in een lege",
        "the database is not empty; restore into an empty one",
    )


class BackupError(Exception):
    """A file that is no backup, is damaged, or cannot be restored here.

    Attributes:
        problem: What is wrong.
        what: Where: a member of the file, or a table.

    """

    def __init__(self, problem: BackupProblem, what: str = "") -> None:
        """Record what is wrong, and where."""
        super().__init__(problem, what)
        self.problem = problem
        self.what = what

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        sentence = self.problem.value[0 if language == "nl" else 1]
        return f"{sentence} ({self.what})" if self.what else sentence

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


@dataclass(frozen=True)
class Told:
    """What a backup holds.

    Attributes:
        made: When it was made, ISO 8601.
        revision: Of the tables.
        files: How many files of the home folder.
        rows: How many rows of the database.

    """

    made: str
    revision: str
    files: int
    rows: int


def dump(connection: Connection) -> tuple[str, dict[str, bytes]]:
    """Read all rows at one moment; give the revision of the tables, and each table's lines."""
    if connection.dialect.name == "postgresql":
        # SQLite's transactions see one moment anyhow.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    revision = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar_one()  # noqa: S608  a constant
    return str(revision), {name: _lines(connection, name) for name in _tables(connection)}


def write_backup(
    file: Path, home: Path, dumped: tuple[str, dict[str, bytes]], now: datetime
) -> Told:
    """Write a backup; its owner alone may read it.

    Args:
        file: Where; there must be nothing yet.
        home: Home folder of the OfficeHeart.
        dumped: What `dump` gave.
        now: The present moment.

    Raises:
        FileExistsError: There is a file already.
        OSError: A file cannot be read or written.

    """
    revision, tables = dumped
    members = {f"home/{path.relative_to(home).as_posix()}": path for path in _kept(home)}
    contents = {name: path.read_bytes() for name, path in members.items()}
    contents |= {f"database/{name}.jsonl": lines for name, lines in tables.items()}
    manifest = {
        "form": _FORM,
        "made": now.isoformat(timespec="seconds"),
        "revision": revision,
        "members": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in contents.items()
        },
    }
    with (
        _new_private(file) as raw,
        tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, _MANIFEST, json.dumps(manifest, indent=1).encode(), now)
        for name, content in contents.items():
            _add(tar, name, content, now)
    rows = sum(lines.count(b"\n") for lines in tables.values())
    return Told(str(manifest["made"]), revision, len(members), rows)


@dataclass(frozen=True)
class Backup:
    """A backup that was read and found whole.

    Attributes:
        made: When it was made, ISO 8601.
        revision: Of its tables.
        files: Content of each file of the home folder, by its path in it.
        tables: The lines of each table.

    """

    made: str
    revision: str
    files: dict[PurePosixPath, bytes]
    tables: dict[str, bytes]

    def write_home(self, home: Path) -> None:
        """Write the home folder, which must not be there yet. Its owner alone may read it.

        Raises:
            OSError: It cannot be written.

        """
        home.mkdir(mode=0o700, parents=True)
        for name, content in self.files.items():
            path = home / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new_private(path) as file:
                file.write(content)

    def fill(self, connection: Connection) -> int:
        """Write all rows into tables of this backup's revision; give how many.

        Raises:
            BackupError: A table has rows already, or is not there.

        """
        rows = 0
        known = set(_tables(connection))
        for name, lines in self.tables.items():
            if name not in known:
                raise BackupError(BackupProblem.DAMAGED, name)
            table = Table(name, MetaData(), autoload_with=connection)
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise BackupError(BackupProblem.NOT_EMPTY, name)
            values = [_values(line) for line in lines.splitlines()]
            for start in range(0, len(values), _AT_ONCE):
                connection.execute(insert(table), values[start : start + _AT_ONCE])
            _continue_numbers(connection, table)
            rows += len(values)
        return rows


def read_backup(file: Path) -> Backup:
    """Read a backup and make sure that it is whole.

    Raises:
        BackupError: It is none, is damaged, or of a newer form.
        OSError: It cannot be read.

    """
    try:
        with tarfile.open(file, mode="r:") as tar:
            manifest = json.loads(_content(tar, _MANIFEST))
            form = manifest["form"]
            made, revision = str(manifest["made"]), str(manifest["revision"])
            members = {str(name): str(one["sha256"]) for name, one in manifest["members"].items()}
            if form != _FORM:
                raise BackupError(BackupProblem.NEWER_FORM)
            contents = {name: _content(tar, name) for name in members}
    except (tarfile.TarError, KeyError, TypeError, ValueError, AttributeError):
        raise BackupError(BackupProblem.NO_BACKUP) from None
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != members[name]:
            raise BackupError(BackupProblem.DAMAGED, name)
    return Backup(made, revision, _files(contents), _rows(contents))


def _files(contents: dict[str, bytes]) -> dict[PurePosixPath, bytes]:
    files = {}
    for name, content in contents.items():
        path = PurePosixPath(name)
        if path.parts[0] == "home":
            if ".." in path.parts or len(path.parts) == 1:
                raise BackupError(BackupProblem.DAMAGED, name)
            files[path.relative_to("home")] = content
    return files


def _rows(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {
        PurePosixPath(name).stem: content
        for name, content in contents.items()
        if name.startswith("database/")
    }


def _kept(home: Path) -> list[Path]:
    """Give the files of a home folder that belong in a backup."""
    return sorted(
        path
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith(_DATABASE_FILES)
    )


def _tables(connection: Connection) -> list[str]:
    return sorted(set(inspect(connection).get_table_names()) - {_VERSION_TABLE})


def _lines(connection: Connection, name: str) -> bytes:
    table = Table(name, MetaData(), autoload_with=connection)
    query = select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(query).mappings()
    return b"".join(
        json.dumps({key: _plain(value) for key, value in row.items()}, ensure_ascii=False).encode()
        + b"\n"
        for row in rows
    )


def _plain(value: Any) -> Any:
    return {"base64": b64encode(value).decode("ascii")} if isinstance(value, bytes) else value


def _values(line: bytes) -> dict[str, Any]:
    return {
        key: b64decode(value["base64"]) if isinstance(value, dict) else value
        for key, value in json.loads(line).items()
    }


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number on where the rows end; SQLite does so by itself."""
    numbered = [one for one in table.primary_key if one.type.python_type is int]
    if connection.dialect.name != "postgresql" or not numbered:
        return
    for column in numbered:
        sequence = connection.execute(
            select(func.pg_get_serial_sequence(table.name, column.name))
        ).scalar_one()
        highest = connection.execute(select(func.max(column))).scalar_one()
        if sequence and highest:
            connection.execute(select(func.setval(sequence, highest)))


@contextmanager
def _new_private(path: Path) -> Iterator[Any]:
    """Make a file that its owner alone may read, and see it to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, content: bytes, now: datetime) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), 0o600, int(now.timestamp())
    tar.addfile(info, io.BytesIO(content))


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()
