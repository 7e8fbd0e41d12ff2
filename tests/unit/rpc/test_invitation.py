"""Reading an invitation: it holds a secret, and comes from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oso_registry.testing import Landscape
from oso_rpc.credentials import CredentialsError, KeyFileExposedError, KeyFileLinkError
from oso_rpc.enrolment import InvitationError, load_invitation, parse_invitation, request_id_of

TOKEN = "t" * 43
GOOD = {
    "system": "systems/las-a",
    "token": TOKEN,
    "expire_time": "2026-11-29T12:00:00Z",
    "enrolment_address": "officeheart.example:7441",
    "address": "officeheart.example:7442",
    "office_heart": "systems/officeheart",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a good invitation, for its owner only."""
    (tmp_path / "landscape").mkdir()
    root = Landscape(tmp_path / "landscape").root_file.read_text(encoding="ascii")
    path = tmp_path / "invitation.json"
    path.write_text(json.dumps({**GOOD, "authority_pem": root}), encoding="utf-8")
    path.chmod(0o600)
    return path


def test_an_invitation_is_read(file: Path) -> None:
    """Its owner alone can read it, and it is whole: it is taken."""
    assert TOKEN == load_invitation(file).token


def test_what_a_newer_office_heart_adds_is_passed_over(file: Path) -> None:
    """A field this version does not know is no reason to refuse."""
    known = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**known, "greeting": "welkom"}), encoding="utf-8")

    assert TOKEN == load_invitation(file).token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_an_invitation_others_can_read_is_refused(file: Path, mode: int) -> None:
    """Whoever read it can be the system: it is refused as an open key is."""
    file.chmod(mode)

    with pytest.raises(KeyFileExposedError) as caught:
        load_invitation(file)

    for language in ("nl", "en"):
        assert "chmod 600" in caught.value.text(language)
    assert "uitnodiging" in caught.value.text("nl")


def test_an_invitation_behind_a_link_is_refused(file: Path) -> None:
    """Somebody could point a link elsewhere."""
    link = file.with_name("link.json")
    link.symlink_to(file)

    with pytest.raises(KeyFileLinkError):
        load_invitation(link)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({**GOOD, "token": TOKEN + "x"}).encode(),
        json.dumps({**GOOD, "token": [TOKEN]}).encode(),
        json.dumps({**GOOD, "system": "las-a"}).encode(),
        json.dumps({**GOOD, "system": "systems/../../etc"}).encode(),
        json.dumps({**GOOD, "expire_time": TOKEN}).encode(),
        json.dumps({**GOOD, "authority_pem": "-----BEGIN CERTIFICATE-----"}).encode(),
        json.dumps(GOOD).encode(),  # names no root
    ],
)
def test_what_is_no_invitation_is_refused_without_telling_of_it(content: bytes) -> None:
    """Nothing of what was read is told: the secret may be in it."""
    with pytest.raises(InvitationError) as caught:
        parse_invitation(Path("invitation.json"), content)

    error: CredentialsError = caught.value
    assert "geen uitnodiging" in error.text("nl")
    assert TOKEN not in error.text("nl") + error.text("en") + repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_the_same_request_has_the_same_id() -> None:
    """The id of a request follows from it: nothing more to keep, and nothing to mix up."""
    first, second = request_id_of(b"one"), request_id_of(b"two")

    assert first == request_id_of(b"one")
    assert first != second
    assert first[14] == "4"
