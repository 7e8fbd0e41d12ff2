"""Signing the directory, and replacing the one before it.

VersionNotHigherError   the directory that is there already is as new, or newer
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import Directory, SignedDirectory
from oso_rpc.directory import DOMAIN, open_directory

if TYPE_CHECKING:
    from pathlib import Path

    from oso_rpc.signing import Signer


class VersionNotHigherError(Exception):
    """The version of a directory must rise, or readers keep the one they have.

    Attributes:
        offered: Version that was to be published.
        published: Version that is published.

    """

    def __init__(self, offered: int, published: int) -> None:
        """Record both versions."""
        super().__init__(offered, published)
        self.offered = offered
        self.published = published

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        if language == "nl":
            return (
                f"versie {self.offered} is niet hoger dan versie {self.published}, die al is "
                "gepubliceerd; verhoog `version` in het registratiebestand"
            )
        return (
            f"version {self.offered} is not higher than version {self.published}, which is "
            "published already; raise `version` in the registration file"
        )

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


def sign_directory(directory: Directory, signer: Signer) -> bytes:
    """Give the serialized SignedDirectory."""
    payload = directory.SerializeToString(deterministic=True)
    signed = SignedDirectory(
        directory=payload, signature=signer.sign(DOMAIN, payload), key_id=signer.key_id
    )
    return signed.SerializeToString(deterministic=True)


def publish_directory(directory: Directory, signer: Signer, path: Path) -> None:
    """Sign a directory and put it in place of the one before, at once: never a half file.

    Raises:
        VersionNotHigherError: The one that is there has this version, or a higher one.
        DirectoryError: What is there is not signed with this key, or is no directory.
        OSError: It cannot be written.

    """
    if path.exists():
        published = open_directory(path.read_bytes(), {signer.key_id: signer.public_key})
        if directory.version <= published.version:
            raise VersionNotHigherError(directory.version, published.version)
    replace_file(path, sign_directory(directory, signer))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a half.

    Raises:
        OSError: It cannot be written; then the old one is still there.

    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
