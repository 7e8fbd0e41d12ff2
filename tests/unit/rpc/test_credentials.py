"""Keys and certificates on disk: a key others can reach is not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from oso_registry.testing import Landscape
from oso_rpc.credentials import (
    Credentials,
    CredentialsError,
    KeyFileExposedError,
    KeyFileLinkError,
    KeyMismatchError,
    new_key_and_request,
    read_private,
    write_private,
)
from oso_rpc.errors import OsoError


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Give a landscape with one system."""
    made = Landscape(tmp_path)
    made.add_system("las-a")
    return made


def test_loaded_credentials_say_who_we_are(landscape: Landscape) -> None:
    """Credentials name the system and its certificate as the other side will see them."""
    credentials = landscape.credentials("las-a")

    assert credentials.identity.system_id == "las-a"
    assert len(credentials.identity.certificate_sha256) == 32
    assert credentials.certificate.public_key() == credentials.private_key.public_key()


def test_credentials_keep_their_key_to_themselves(landscape: Landscape) -> None:
    """What Python prints of credentials, in a log or traceback, holds no private key."""
    assert "PRIVATE" not in repr(landscape.credentials("las-a"))
    assert "private_key" not in repr(landscape.credentials("las-a"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o620])
def test_exposed_key_is_refused(landscape: Landscape, mode: int) -> None:
    """A key file that others could read or write is refused, saying how to mend it."""
    landscape.key_file("las-a").chmod(mode)

    with pytest.raises(KeyFileExposedError) as caught:
        landscape.credentials("las-a")

    assert caught.value.mode == mode
    assert "chmod 600" in caught.value.text("nl")
    assert "chmod 600" in caught.value.text("en")


def test_key_behind_a_link_is_refused(landscape: Landscape, tmp_path: Path) -> None:
    """A symbolic link to a key is refused: somebody could point it elsewhere."""
    link = tmp_path / "link.key"
    link.symlink_to(landscape.key_file("las-a"))

    with pytest.raises(KeyFileLinkError):
        read_private(link)


def test_key_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    """A pipe is no key file; looking at it neither hangs nor reads."""
    pipe = tmp_path / "pipe.key"
    os.mkfifo(pipe, 0o600)

    with pytest.raises(KeyFileExposedError):
        read_private(pipe)


def test_key_of_another_is_refused(landscape: Landscape) -> None:
    """A key that does not belong to the certificate is refused before any connection."""
    landscape.add_system("las-b")

    with pytest.raises(KeyMismatchError) as caught:
        Credentials.load(
            landscape.certificate_file("las-a"), landscape.key_file("las-b"), landscape.root_file
        )

    assert caught.value.path == landscape.certificate_file("las-a")


@pytest.mark.parametrize("file", ["key", "certificate"])
def test_nonsense_is_named(landscape: Landscape, file: str) -> None:
    """A file that is no key or no certificate is refused by name."""
    path = getattr(landscape, f"{file}_file")("las-a")
    path.write_bytes(b"nonsense")

    with pytest.raises(ValueError, match=path.name):
        landscape.credentials("las-a")


def test_encrypted_key_is_named(landscape: Landscape) -> None:
    """A key with a password is refused, saying so."""
    path = landscape.key_file("las-a")
    encrypted = landscape.credentials("las-a").private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    path.write_bytes(encrypted)

    with pytest.raises(ValueError, match="password"):
        landscape.credentials("las-a")


def test_certificate_without_system_is_refused(landscape: Landscape) -> None:
    """A certificate that names no system, such as the root's, is nobody's credentials."""
    key = landscape.folder / "ca" / "root-1.key"

    with pytest.raises(OsoError) as caught:
        Credentials.load(landscape.root_file, key, landscape.root_file)

    assert caught.value.name == "CERTIFICATE_UNKNOWN"


def test_written_key_is_private(tmp_path: Path) -> None:
    """A new key file is readable by its owner only, whatever the umask."""
    before = os.umask(0)
    try:
        write_private(tmp_path / "new.key", b"secret")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new.key").stat().st_mode) == 0o600
    assert read_private(tmp_path / "new.key") == b"secret"


def test_key_is_never_overwritten(tmp_path: Path) -> None:
    """Writing a key where one is fails and leaves the first."""
    write_private(tmp_path / "a.key", b"first")

    with pytest.raises(FileExistsError):
        write_private(tmp_path / "a.key", b"second")

    assert read_private(tmp_path / "a.key") == b"first"


@pytest.mark.parametrize(
    "error",
    [
        CredentialsError(Path("a.pem")),
        KeyFileExposedError(Path("a.pem"), 0o644),
        KeyFileLinkError(Path("a.pem")),
        KeyMismatchError(Path("a.pem")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_speak_both_languages(error: CredentialsError) -> None:
    """Every error about credentials has a Dutch and an English sentence naming the file."""
    assert error.text("nl") != error.text("en")
    assert "a.pem" in error.text("nl")
    assert "a.pem" in error.text("en")
    assert str(error) == error.text("en")


def test_request_proves_the_key() -> None:
    """A new signing request is signed with the new key, which is ECDSA P-256."""
    key_pem, request_pem = new_key_and_request("las-a")
    request = x509.load_pem_x509_csr(request_pem)
    key = serialization.load_pem_private_key(key_pem, None)

    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
