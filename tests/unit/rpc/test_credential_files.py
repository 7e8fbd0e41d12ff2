"""A pair of key and certificate takes the place of another, and nothing half is ever used."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from oso_registry.testing import Landscape
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials import (
    ChainBrokenError,
    KeyFileExposedError,
    KeyMismatchError,
    OtherSystemError,
    RenewalBusyError,
    new_key_and_request,
    write_private,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Give a landscape with one system."""
    made = Landscape(tmp_path)
    made.add_system("las-a")
    return made


@pytest.fixture
def files(landscape: Landscape) -> CredentialFiles:
    """Name the files of that system."""
    return _files(landscape, "las-a")


def _files(landscape: Landscape, system_id: str) -> CredentialFiles:
    return CredentialFiles(
        landscape.certificate_file(system_id), landscape.key_file(system_id), landscape.root_file
    )


def _issue(landscape: Landscape, request: bytes, system_id: str = "las-a") -> bytes:
    return landscape.authority.issue(request, system_id, datetime.now(UTC))


def _renew(landscape: Landscape, files: CredentialFiles, now: datetime = NOW) -> None:
    with files.changing():
        pem = _issue(landscape, files.ask("las-a"))
        files.accept(pem, files.authority.read_bytes(), "las-a")
        files.take_up(now)


def test_a_key_for_a_renewal_is_made_once(files: CredentialFiles) -> None:
    """Asked again, after a lost answer or a crash, it is the same request: the same certificate."""
    with files.changing():
        first = files.ask("las-a")
    with files.changing():
        second = files.ask("las-a")

    assert first == second
    assert stat.S_IMODE(files.next_key.stat().st_mode) == 0o600
    assert x509.load_pem_x509_csr(first).public_key() != files.load().certificate.public_key()


def test_a_certificate_that_was_given_waits(landscape: Landscape, files: CredentialFiles) -> None:
    """What is in use does not change by what was given."""
    before = files.load()
    with files.changing():
        made = files.accept(_issue(landscape, files.ask("las-a")), before.authority_pem, "las-a")

    assert before.identity == files.load().identity
    waiting = files.load_next()
    assert waiting is not None
    assert made.identity == waiting.identity


def test_the_pair_before_is_kept_for_a_day(landscape: Landscape, files: CredentialFiles) -> None:
    """What was begun with a certificate can be ended with it; after a day its key is deleted."""
    before = files.load()
    _renew(landscape, files)

    previous = files.load_previous()
    assert previous is not None
    assert (before.identity, NOW) == (previous.credentials.identity, previous.until)
    files.forget_previous(NOW + timedelta(hours=23))
    assert files.load_previous() is not None
    files.forget_previous(NOW + timedelta(hours=24))
    assert files.load_previous() is None
    assert not list(files.folder.glob("previous.*"))
    assert files.load().identity != before.identity


def _killed(landscape: Landscape, what: str) -> list[tuple[str, str]]:
    """Do something, killed at each step; give what is in use then, and what after a second try."""
    program = Path(__file__).with_name("cut_off.py")
    done = subprocess.run(
        [sys.executable, program, what, landscape.folder],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    steps = [line.partition(" ") for line in done.stdout.splitlines()]
    return [(after, again) for after, _, again in steps]


def test_killed_at_any_step_a_renewal_leaves_a_pair_that_works(landscape: Landscape) -> None:
    """Whenever the process ends, old or new is whole, and beginning again finishes the same one."""
    steps = _killed(landscape, "renew")

    # The old pair up to some step, from there on the new one.
    assert sorted(steps, reverse=True) == steps
    assert {"old", "new"} == {after for after, _ in steps}
    # Then: the new one, the old one kept, the key in its place, one certificate given; but where
    # the new one was in use already, to begin again is another renewal.
    assert {"new True True 1"} == {again for after, again in steps if after == "old"}
    assert {"new False True 2"} == {again for after, again in steps if after == "new"}


@pytest.mark.parametrize(("what", "before"), [("enrol", "none"), ("enrol-again", "old")])
def test_killed_at_any_step_an_enrolment_goes_on(
    landscape: Landscape, what: str, before: str
) -> None:
    """Whenever the process ends, the same command ends with the one certificate that was given."""
    steps = _killed(landscape, what)

    kept = what == "enrol-again" or None
    assert {before, "new"} == {after for after, _ in steps}
    assert {f"new {kept} True 1"} == {again for _, again in steps}


def test_the_key_in_use_is_never_dropped(landscape: Landscape, files: CredentialFiles) -> None:
    """Cut off between the two renames, with roots that are spoiled since: the key is kept."""
    _renew(landscape, files)
    made = files.load().identity
    files.key.rename(files.next_key)
    roots = files.authority.read_bytes()
    files.authority.write_bytes(b"")

    with files.changing():
        files.forget_next()

    files.authority.write_bytes(roots)
    assert made == files.load().identity


def test_a_certificate_for_another_key_is_not_written(
    landscape: Landscape, files: CredentialFiles
) -> None:
    """An answer that does not fit what was asked changes nothing."""
    _, request = new_key_and_request("las-a")
    with files.changing():
        files.ask("las-a")
        with pytest.raises(KeyMismatchError):
            files.accept(_issue(landscape, request), files.authority.read_bytes(), "las-a")

    assert files.load_next() is None


def test_a_certificate_of_another_system_is_not_written(
    landscape: Landscape, files: CredentialFiles
) -> None:
    """An answer that would make us somebody else changes nothing."""
    with files.changing():
        pem = _issue(landscape, files.ask("las-a"), "las-b")
        with pytest.raises(OtherSystemError) as caught:
            files.accept(pem, files.authority.read_bytes(), "las-a")

    assert "las-b" in caught.value.text("nl")
    assert files.load_next() is None


def test_a_certificate_under_a_strange_root_is_not_written(
    landscape: Landscape, files: CredentialFiles, tmp_path: Path
) -> None:
    """An answer that none of the roots stands behind changes nothing, not the roots either."""
    (tmp_path / "other").mkdir()
    other = Landscape(tmp_path / "other")
    roots = files.authority.read_bytes()
    with files.changing():
        request = files.ask("las-a")
        with pytest.raises(ChainBrokenError):
            files.accept(_issue(other, request), roots, "las-a")
        with pytest.raises(ChainBrokenError):
            files.accept(_issue(landscape, request), other.root_file.read_bytes(), "las-a")

    assert files.load_next() is None
    assert roots == files.authority.read_bytes()


def test_roots_are_replaced_with_the_certificate(
    landscape: Landscape, files: CredentialFiles, tmp_path: Path
) -> None:
    """A new root comes with the next certificate; the old pair is good with both."""
    (tmp_path / "other").mkdir()
    both = landscape.root_file.read_bytes() + Landscape(tmp_path / "other").root_file.read_bytes()
    before = files.load()
    with files.changing():
        files.accept(_issue(landscape, files.ask("las-a")), both, "las-a")

    assert both == files.load().authority_pem
    assert before.identity == files.load().identity


def test_two_processes_do_not_renew_at_once(files: CredentialFiles) -> None:
    """Who comes second is told, and leaves the files alone."""
    with files.changing(), pytest.raises(RenewalBusyError) as caught, files.changing():
        pass

    assert "probeer het zo opnieuw" in caught.value.text("nl")


def test_a_next_key_others_can_read_is_not_used(
    landscape: Landscape, files: CredentialFiles
) -> None:
    """A key is refused wherever it lies, when others could have read it."""
    with files.changing():
        pem = _issue(landscape, files.ask("las-a"))
        files.next_key.chmod(0o644)
        with pytest.raises(KeyFileExposedError):
            files.accept(pem, files.authority.read_bytes(), "las-a")


def test_the_first_certificate_is_in_use_at_once(landscape: Landscape) -> None:
    """The key `init` made is asked a certificate for; with it the system is enrolled."""
    files = _files(landscape, "las-new")
    key, request = new_key_and_request("las-new")
    write_private(files.key, key)
    files.first_request.write_bytes(request)

    with files.changing():
        asked = files.ask("las-new")
        made = files.accept(
            _issue(landscape, asked, "las-new"), landscape.root_file.read_bytes(), "las-new"
        )

    assert request == asked
    assert made.identity == files.load().identity
    assert files.load_next() is None


def test_a_first_key_is_made_where_there_is_none(landscape: Landscape) -> None:
    """Without `init` the key is made in its place, for its owner only, and is never overwritten."""
    files = _files(landscape, "las-new")

    with files.changing():
        first = files.ask("las-new")
        second = files.ask("las-new")

    assert first == second
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600


def test_a_request_of_another_key_is_made_anew(landscape: Landscape) -> None:
    """A request left by somebody else is not sent: it would certify a key we do not have."""
    files = _files(landscape, "las-new")
    files.first_request.write_bytes(new_key_and_request("las-new")[1])

    with files.changing():
        asked = files.ask("las-new")
        files.accept(
            _issue(landscape, asked, "las-new"), landscape.root_file.read_bytes(), "las-new"
        )

    assert files.load().identity.system_id == "las-new"
