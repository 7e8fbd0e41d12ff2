"""An OfficeHeart is founded, saved in one file, and made anew from it in an empty place."""

from __future__ import annotations

import asyncio
import json
import tarfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from oso.registry.v1.board_service_pb2 import CreateBoardRequest, GetBoardRequest
from oso.registry.v1.board_service_pb2_grpc import BoardServiceStub
from oso.registry.v1.party_pb2 import Board
from oso_registry.app import running
from oso_registry.backup import BackupError, BackupProblem, read_backup
from oso_registry.cli import main
from oso_registry.founding import DESK
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_rpc.channel import secure_channel
from oso_rpc.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run(*arguments: str | Path) -> Result:
    """Run the command, in English."""
    return CliRunner().invoke(main, ["--lang", "en", *map(str, arguments)])


def found(home: Path, database: str) -> None:
    """Found an OfficeHeart on free ports."""
    done = run(
        *("init", "--demo", "--home", home, "--database", database),
        *("--listen", "127.0.0.1:0", "--listen-enrolment", "127.0.0.1:0"),
    )
    assert 0 == done.exit_code, done.output


def register(home: Path, number: str) -> str:
    """As its first registrar, register a board; give the etag of the very first one."""
    return asyncio.run(_register(home, number))


async def _register(home: Path, number: str) -> str:
    settings = Settings.load(home / SETTINGS_FILE)
    desk = home / DESK
    credentials = Credentials.load(desk / "system.crt", desk / "system.key", desk / "root.crt")
    async with running(home, settings) as (_, server):
        channel = secure_channel(f"127.0.0.1:{server.port}", "officeheart", credentials)
        stub = BoardServiceStub(channel)
        request = CreateBoardRequest(
            request_id=str(uuid4()),
            board_id=number,
            board=Board(display_name=f"Board {number}"),
        )
        await stub.CreateBoard(request, timeout=10)
        told = await stub.GetBoard(GetBoardRequest(name="boards/41234"), timeout=10)
        await channel.close()
    return told.board.etag


def test_what_was_saved_goes_on_in_an_empty_place(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """The restored OfficeHeart knows what the old one knew, and takes new work."""
    found(tmp_path / "old", new_database())
    before = register(tmp_path / "old", "41234")

    saved = run("backup", "--home", tmp_path / "old", "--out", tmp_path / "saved.tar")
    restored = run(
        *("restore", "--home", tmp_path / "new", "--database", new_database()),
        tmp_path / "saved.tar",
    )

    assert (0, 0) == (saved.exit_code, restored.exit_code), saved.output + restored.output
    assert before == register(tmp_path / "new", "41235")


def test_a_backup_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds private keys."""
    found(tmp_path / "old", "")
    run("backup", "--home", tmp_path / "old", "--out", tmp_path / "saved.tar")

    assert 0o600 == (tmp_path / "saved.tar").stat().st_mode & 0o777


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Founding, saving and restoring each want an empty place, and say so."""
    found(tmp_path / "old", "")
    file = tmp_path / "saved.tar"
    run("backup", "--home", tmp_path / "old", "--out", file)

    attempts = [
        run("init", "--demo", "--home", tmp_path / "old"),
        run("backup", "--home", tmp_path / "old", "--out", file),
        run("restore", "--home", tmp_path / "old", file),
    ]

    assert [1, 1, 1] == [one.exit_code for one in attempts]
    assert all("is there already; nothing was changed" in one.output for one in attempts)


def test_a_database_that_is_not_empty_is_left_alone(tmp_path: Path, database_url: str) -> None:
    """Restoring into the database of a living OfficeHeart is refused, and leaves no folder."""
    found(tmp_path / "old", database_url)
    file = tmp_path / "saved.tar"
    run("backup", "--home", tmp_path / "old", "--out", file)

    refused = run("restore", "--home", tmp_path / "new", "--database", database_url, file)

    assert 1 == refused.exit_code
    assert "restore into an empty one" in refused.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("home/directory.key", BackupProblem.DAMAGED),
        ("database/board.jsonl", BackupProblem.DAMAGED),
        ("manifest.json", BackupProblem.NO_BACKUP),
    ],
)
def test_a_changed_backup_is_refused(tmp_path: Path, member: str, problem: BackupProblem) -> None:
    """One changed byte, in whatever member, and nothing of it is used."""
    found(tmp_path / "old", "")
    file = tmp_path / "saved.tar"
    run("backup", "--home", tmp_path / "old", "--out", file)
    with tarfile.open(file) as tar:
        info = tar.getmember(member)
    content = bytearray(file.read_bytes())
    if info.size:
        content[info.offset_data] ^= 1
    else:  # an empty table: give it a line
        content[info.offset + 124 : info.offset + 136] = b"00000000001\0"
    file.write_bytes(content)

    with pytest.raises(BackupError) as refused:
        read_backup(file)

    assert refused.value.problem in {problem, BackupProblem.NO_BACKUP}


def test_a_file_of_a_newer_form_is_refused(tmp_path: Path) -> None:
    """What this version does not know it does not guess at."""
    manifest = {"form": 2, "made": "2030-01-01", "revision": "9", "members": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(tmp_path / "saved.tar", "w") as tar:
        tar.add(tmp_path / "manifest.json", "manifest.json")

    with pytest.raises(BackupError) as refused:
        read_backup(tmp_path / "saved.tar")

    assert BackupProblem.NEWER_FORM == refused.value.problem


def test_a_file_cannot_be_restored_outside_the_home(tmp_path: Path) -> None:
    """A member that points elsewhere is no member of ours."""
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = {
        "form": 1,
        "made": "2030-01-01",
        "revision": "1",
        "members": {"home/../../evil": {"bytes": 0, "sha256": digest}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "empty").touch()
    with tarfile.open(tmp_path / "saved.tar", "w") as tar:
        tar.add(tmp_path / "manifest.json", "manifest.json")
        tar.add(tmp_path / "empty", "home/../../evil")

    with pytest.raises(BackupError) as refused:
        read_backup(tmp_path / "saved.tar")

    assert BackupProblem.DAMAGED == refused.value.problem
