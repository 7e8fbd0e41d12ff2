"""A program: does something to a system's files, killed before each change of a file in turn.

Called with what (`renew`, `enrol` or `enrol-again`) and the folder of a landscape. For each step it
prints what is in use after the kill (`none`, `old` or `new`), and after it was begun again: that,
whether the old pair is kept, whether the key is in its place, and how many certificates were given.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from oso_registry.authority import Authority, KeyAccess, load_authority
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials import NotEnrolledError

if TYPE_CHECKING:
    from collections.abc import Callable

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


def enrol(files: CredentialFiles, authority: Authority, office: Path) -> None:
    """Enrol, at an OfficeHeart that gives one certificate for an invitation."""
    with files.changing():
        if files.enrolled_with("token"):
            return
        request = files.ask_with("token", "las-a")
        given = office / hashlib.sha256(request).hexdigest()
        if not given.exists():
            given.write_bytes(authority.issue(request, "las-a", datetime.now(UTC)))
        files.accept(given.read_bytes(), (office / "root.crt").read_bytes(), "las-a")
        if files.next_certificate.exists():
            files.take_up(_NOW)


def killed_at(step: int, files: CredentialFiles, work: Callable[[], None]) -> bool:
    """Work in a process of its own, killed before its change number `step`; tell if it was."""
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
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main(what: str, folder: Path) -> None:
    """Kill at step after step, until there is none left."""
    authority = load_authority(folder / "ca", KeyAccess(demo=True))
    step = 0
    while True:
        office, home = folder / f"office-{step}", folder / f"home-{step}"
        office.mkdir()
        home.mkdir()
        shutil.copy(folder / "ca" / "root.crt", office)
        files = CredentialFiles(home / "system.crt", home / "system.key", home / "root.crt")
        old: Credentials | None = None
        if what != "enrol":
            shutil.copy(folder / "ca" / "root.crt", home)
            for kind in ("crt", "key"):
                shutil.copy(folder / f"las-a.{kind}", home / f"system.{kind}")
            old = files.load()
        work = partial(renew if what == "renew" else enrol, files, authority, office)
        if not killed_at(step, files, work):
            return
        after = in_use(files, old)
        work()
        previous = files.load_previous()
        kept = None if previous is None or old is None else same(previous.credentials, old)
        whole = files.load().key_pem == files.key.read_bytes()
        given = len(list(office.iterdir())) - 1
        print(after, in_use(files, old), kept, whole, given)  # noqa: T201
        step += 1


def same(one: Credentials, other: Credentials) -> bool:
    """Tell whether two pairs are the same."""
    return one.identity == other.identity


def in_use(files: CredentialFiles, old: Credentials | None) -> str:
    """Tell what is in use."""
    try:
        now = files.load()
        return "old" if old is not None and same(now, old) else "new"
    except NotEnrolledError:
        return "none"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
