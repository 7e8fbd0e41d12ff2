"""enroll, renew and status as an administrator gives them, at a real OfficeHeart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from google.protobuf.json_format import MessageToJson

from oso.options.v1.access_pb2 import ROLE_REGISTRAR
from oso_las.cli import main as oso
from oso_registry.cli import main as oso_registry
from oso_rpc.credentials import Credentials, write_private
from oso_trafficcenter.cli import main as oso_trafficcenter

from .conftest import TARGET, home_on_disk
from .test_renewing import NEW, Office, office  # noqa: F401  a fixture

if TYPE_CHECKING:
    from oso_rpc.credential_files import CredentialFiles

    from .conftest import Country

_BIN = Path(sys.executable).parent


async def command(*arguments: str | Path, given: str = "") -> tuple[int, str, str]:
    """Run a command beside the event loop OfficeHeart needs; give exit code, output and errors."""
    program = {"oso": oso, "oso-trafficcenter": oso_trafficcenter, "oso-registry": oso_registry}
    done = await asyncio.to_thread(
        CliRunner().invoke,
        program[str(arguments[0])],
        [str(one) for one in arguments[1:]],
        input=given,
    )
    return done.exit_code, done.stdout, done.stderr


async def invitation_file(office: Office, folder: Path, system_id: str) -> Path:  # noqa: F811
    """Write an invitation as `oso-registry system invite` does."""
    path = folder / f"{system_id}.json"
    invitation = await office.invite(system_id)
    text = MessageToJson(invitation, preserving_proto_field_name=True)
    write_private(path, text.encode("ascii"))
    return path


def mode(path: Path) -> int:
    """Give the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_school_enrols_in_two_commands(office: Office, tmp_path: Path) -> None:  # noqa: F811
    """init, enroll: key, certificate, roots and the address of OfficeHeart are in their place."""
    await office.register(NEW)
    invitation = await invitation_file(office, tmp_path, NEW)
    token = json.loads(invitation.read_text())["token"]
    home = tmp_path / "school"
    las = ("oso", "las", "--home", home)
    school = ("--brin", "00SS", "--routing-key", "0000000700000SS00001")

    made = await command(*las, "init", *school)
    enrolled = await command(*las, "enroll", invitation)
    again = await command(*las, "enroll", invitation)
    told = await command("oso", "las", "--home", home, "--json", "status")

    assert [0, 0, 0, 0] == [one[0] for one in (made, enrolled, again, told)], (made, enrolled)
    assert f"oso las --home {home} enroll" in made[1]
    assert f"{NEW} heeft een certificaat, geldig tot" in enrolled[1]
    assert f"verwijder {invitation}" in enrolled[1]
    assert enrolled == again
    assert token not in "".join(text for one in (enrolled, again, told) for text in one[1:])
    assert token not in "".join(
        path.read_text() for path in home.rglob("*") if path.is_file() and path.suffix != ".sqlite"
    )
    assert (0o600, 0o644) == (mode(home / "system.key"), mode(home / "system.crt"))
    credentials = Credentials.load(home / "system.crt", home / "system.key", home / "root.crt")
    assert credentials.identity.system_id == NEW
    facts = json.loads(told[1])
    assert (facts["system"], facts["days_left"], facts["office_heart"]) == (NEW, 89, office.address)
    assert invitation.exists()


async def test_a_school_renews_by_hand(office: Office, tmp_path: Path) -> None:  # noqa: F811
    """Not before its time unless asked for a new key; in use a day later unless told now."""
    await office.register(NEW)
    home = tmp_path / "school"
    las = ("oso", "las", "--home", home)
    await command(*las, "init", "--brin", "00SS", "--routing-key", "0000000700000SS00001",
                  "--system", NEW)  # fmt: skip
    key = (home / "system.key").read_bytes()
    invitation = await invitation_file(office, tmp_path, NEW)
    await command(*las, "enroll", "-", given=invitation.read_text())
    assert key == (home / "system.key").read_bytes(), "the key init made is the key"

    early = await command(*las, "renew")
    waits = await command(*las, "renew", "--new-key")
    still = key == (home / "system.key").read_bytes()
    used = await command(*las, "renew", "--now")

    assert [0, 0, 0] == [one[0] for one in (early, waits, used)]
    assert "--new-key" in early[1]
    assert "als iedereen het kent" in waits[1]
    assert still
    assert "is in gebruik" in used[1]
    assert key != (home / "system.key").read_bytes()
    assert await office.issued(NEW) == 2


async def test_the_traffic_center_enrols_and_renews(
    office: Office,  # noqa: F811
    tmp_path: Path,
) -> None:
    """After init, enroll and renew a new key is in use; OfficeHeart is in the settings."""
    await office.register(NEW)
    folder = tmp_path / "tc"
    await command("oso-trafficcenter", "init", "--dir", folder, "--system", NEW)
    config = folder / "trafficcenter.toml"
    config.write_text(
        'certificate = "system.crt"\nkey = "system.key"\nauthority = "root.crt"\n'
        'grant_key = "grant.key"\ndirectory = "directory.pb"\n'
        f'directory_keys = ["{"0" * 64}"]\ndatabase = "sqlite:///{folder}/tc.sqlite"\n'
    )
    invitation = await invitation_file(office, tmp_path, NEW)
    center = ("oso-trafficcenter",)

    enrolled = await command(*center, "enroll", "--config", config, invitation)
    key = (folder / "system.key").read_bytes()
    renewed = await command(*center, "renew", "--config", config, "--new-key")
    told = await command(*center, "status", "--config", config)

    assert [0, 0, 0] == [one[0] for one in (enrolled, renewed, told)], enrolled
    assert f"{NEW} has a certificate" in enrolled[1]
    assert "is in use" in renewed[1]
    assert key != (folder / "system.key").read_bytes()
    assert office.address in told[1]


async def test_a_desk_enrols_and_works(office: Office, tmp_path: Path) -> None:  # noqa: F811
    """A desk is made out of nothing; commands given there are answered, after renew as well."""
    await office.register(NEW, ROLE_REGISTRAR)
    desk = ("oso-registry", "--desk", tmp_path / "mine", "--json")
    invitation = await invitation_file(office, tmp_path, NEW)

    enrolled = await command(*desk, "enroll", invitation)
    shown = await command(*desk, "system", "show", NEW)
    renewed = await command(*desk, "renew", "--new-key")
    again = await command(*desk, "system", "show", NEW)

    assert [0, 0, 0, 0] == [one[0] for one in (enrolled, shown, renewed, again)], enrolled
    assert mode(tmp_path / "mine") == 0o700
    assert len(again[1].splitlines()) == len(shown[1].splitlines()) + 1


async def test_a_used_invitation_is_told(office: Office, tmp_path: Path) -> None:  # noqa: F811
    """Somebody else was first: which certificate to revoke stands in the sentence."""
    await office.register(NEW, ROLE_REGISTRAR)
    invitation = await invitation_file(office, tmp_path, NEW)
    await command("oso-registry", "--desk", tmp_path / "thief", "enroll", invitation)

    done = await command("oso-registry", "--desk", tmp_path / "mine", "enroll", invitation)

    assert done[0] == 1
    assert "al gebruikt" in done[2]
    assert f"systems/{NEW}/certificates/" in done[2]


def shown(port: int, files: CredentialFiles) -> bytes:
    """Connect to a school as another one would; give the certificate it shows (DER)."""
    context = ssl.create_default_context(cafile=str(files.authority))
    context.load_cert_chain(files.certificate, files.key)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="las-old.system.oso.internal") as secure,
    ):
        return secure.getpeercert(binary_form=True) or b""


@pytest.fixture
async def old_school(country: Country, office: Office) -> Path:  # noqa: F811
    """Give the home of a school whose certificate has ten days left, known to OfficeHeart."""
    await country.stop_school(TARGET)
    landscape = country.landscape
    long_ago = datetime.now(UTC) - timedelta(days=80)
    landscape.add_system("las-old", now=long_ago)
    await office.register("las-old", pem=landscape.certificate_file("las-old").read_bytes())
    landscape.publish()
    home = home_on_disk(country, TARGET)
    config = home / "las.toml"
    text = config.read_text(encoding="utf-8").replace("las-b.", "las-old.")
    for name, value in (("office_heart", office.address), ("renew_overlap_hours", 0)):
        lines = [one for one in text.splitlines() if not one.startswith(f"{name} =")]
        text = "\n".join([f"{name} = {json.dumps(value)}", *lines, ""])
    config.write_text(text, encoding="utf-8")
    return home


async def test_a_school_that_serves_renews_by_itself(
    country: Country,
    office: Office,  # noqa: F811
    old_school: Path,
) -> None:
    """A node with ten days left has a new certificate within seconds, and shows it to who comes."""
    files = country.landscape.files("las-old")
    before = files.load()
    process = await asyncio.create_subprocess_exec(
        _BIN / "oso", "las", "--home", old_school, "serve",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = (await process.stdout.readline()).decode()
        async with asyncio.timeout(20):
            while files.load().identity == before.identity:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)
            port = int(ready.rpartition(":")[2])
            new = files.load().identity.certificate_der
            while await asyncio.to_thread(shown, port, files) != new:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await office.issued("las-old") == 2
        assert before.key_pem != files.load().key_pem
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        _, log = await process.communicate()

    assert process.returncode == 0
    assert b"certificate_renewed" in log
    assert b"credentials_taken_up" in log
    assert b"PRIVATE" not in log
