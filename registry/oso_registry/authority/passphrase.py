"""Where a passphrase or PIN comes from, so that it stands in no command line and no settings.

In this order: a file that its owner alone can read, an environment variable, a credential of
systemd (`LoadCredential=`, `LoadCredentialEncrypted=`). A trailing line end is not part of it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oso_rpc.credentials import KeyFileExposedError, read_private

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHERS = stat.S_IRWXO


@dataclass(frozen=True)
class SecretSource:
    """Where one secret is looked for.

    Attributes:
        variable: Name of the environment variable.
        credential: Name of the systemd credential.

    """

    variable: str
    credential: str

    def find(
        self, file: Path | None = None, environment: Mapping[str, str] = os.environ
    ) -> bytes | None:
        """Give the secret, or None when there is none.

        Args:
            file: A file to take it from, rather than from the environment.
            environment: The environment.

        Raises:
            CredentialsError: Others could read the file.
            OSError: It cannot be read.

        """
        if file is not None:
            return read_private(file).rstrip(b"\r\n")
        if self.variable in environment:
            return environment[self.variable].encode()
        folder = environment.get("CREDENTIALS_DIRECTORY")
        path = Path(folder) / self.credential if folder else None
        return _read_credential(path) if path and path.exists() else None


def _read_credential(path: Path) -> bytes:
    # systemd keeps it in memory and gives the service access by an ACL: the owner is root, and
    # the group bits show the ACL's mask. Only what everybody could read is refused.
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        raise KeyFileExposedError(path, mode)
    return path.read_bytes().rstrip(b"\r\n")


ISSUER_PASSPHRASE = SecretSource("OSO_CA_PASSPHRASE", "oso-ca-passphrase")
ROOT_PASSPHRASE = SecretSource("OSO_CA_ROOT_PASSPHRASE", "oso-ca-root-passphrase")
TOKEN_PIN = SecretSource("OSO_CA_PIN", "oso-ca-pin")
