"""A program: renews a system again and again, killed before each change of a file in turn.

Called with the folder of a landscape. For each step it prints what is in use after the kill (`old`
or `new`), and after the renewal was begun again: that, whether the old pair is kept, whether the
key is in its place, and how many certificates were given.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oso_registry.authority import Authority, KeyAccess, load_authority
from oso_rpc.credential_files import CredentialFiles

if TYPE_CHECKING:
    from oso_rpc.credentials import Credentials

# Names of audit events (PEP 578) of what changes names or contents of files.
_CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir"}
_NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def renew(files: CredentialFiles, authority: Authority, office: Path) -> None:
    """Renew, at an OfficeHeart that gives the same certificate for the same request."""
    with files.changing():
        request = files.ask("las-a")
        given = office / hashlib.sha256(request).hexdigest()
        if not given.exists():
            given.write_bytes(authority.issue(request, "las-a", datetime.now(UTC)))
        files.accept(given.read_bytes(), (office / "root.crt").read_bytes(), "las-a")
        files.take_up(_NOW)


def killed_at(step: int, files: CredentialFiles, authority: Authority, office: Path) -> bool:
    """Renew in a process of its own, killed before its change number `step`; tell if it was."""
    child = os.fork()
    if child == 0:
        changes = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal changes
            written = (
                event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
            )
            if (event in _CHANGES or written) and str(files.key.parent) in str(arguments[0]):
                if changes == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                changes += 1

        sys.addaudithook(count)
        renew(files, authority, office)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(folder: Path) -> None:
    """Kill at step after step, until there is none left."""
    authority = load_authority(folder / "ca", KeyAccess(demo=True))
    step = 0
    while True:
        office, home = folder / f"office-{step}", folder / f"home-{step}"
        office.mkdir()
        home.mkdir()
        shutil.copy(folder / "ca" / "root.crt", office)
        shutil.copy(folder / "ca" / "root.crt", home)
        for kind in ("crt", "key"):
            shutil.copy(folder / f"las-a.{kind}", home / f"system.{kind}")
        files = CredentialFiles(home / "system.crt", home / "system.key", home / "root.crt")
        old = files.load()

        def told(now: Credentials, old: Credentials = old) -> str:
            return "old" if now.identity == old.identity else "new"

        if not killed_at(step, files, authority, office):
            return
        after = told(files.load())
        renew(files, authority, office)
        previous = files.load_previous()
        kept = previous is not None and previous.credentials.identity == old.identity
        whole = files.load().key_pem == files.key.read_bytes()
        print(after, told(files.load()), kept, whole, len(list(office.iterdir())) - 1)  # noqa: T201
        step += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
