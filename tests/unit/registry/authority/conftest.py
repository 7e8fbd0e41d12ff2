"""A real PKCS#11 module for tests: SoftHSM, with its tokens in a folder of the tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PIN = b"1234"
_SO_PIN = "12345678"
_PLACES = ("/usr/lib/softhsm", "/usr/lib64/pkcs11", "/usr/local/lib/softhsm", "/opt/homebrew/lib")


@dataclass(frozen=True)
class SoftHsm:
    """The module, and the folder of its tokens.

    Attributes:
        module: File of the module.
        tokens: Where the tokens are.

    """

    module: Path
    tokens: Path

    def make(self, label: str) -> None:
        """Make a token with the PIN of the tests."""
        options = ("--free", "--label", label, "--so-pin", _SO_PIN, "--pin", PIN.decode())
        subprocess.run(["softhsm2-util", "--init-token", *options], capture_output=True, check=True)

    def serials(self, label: str) -> list[str]:
        """Give the serial numbers of the tokens with a label."""
        shown = subprocess.run(
            ["softhsm2-util", "--show-slots"], capture_output=True, text=True, check=True
        )
        facts = re.findall(r"Serial number: +(\S+)\s.*?Label: +(\S*)", shown.stdout, re.DOTALL)
        return [serial for serial, found in facts if found == label]

    def take_out(self) -> None:
        """Take all tokens out, as somebody does who pulls the plug."""
        self.tokens.rename(self.tokens.with_name("elsewhere"))
        self.tokens.mkdir()

    def put_back(self) -> None:
        """Put them back."""
        self.tokens.rmdir()
        self.tokens.with_name("elsewhere").rename(self.tokens)


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """Give SoftHSM, with no tokens yet.

    Without it: skips, or fails with OSO_REQUIRE_SOFTHSM=1.
    """
    module = next(
        (path for place in _PLACES if (path := Path(place) / "libsofthsm2.so").exists()), None
    )
    if module is None or shutil.which("softhsm2-util") is None:
        reason = "no SoftHSM is installed here"
        if os.environ.get("OSO_REQUIRE_SOFTHSM") == "1":
            pytest.fail(f"{reason}, and OSO_REQUIRE_SOFTHSM=1 asks for it")
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = false\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        yield SoftHsm(module, folder / "tokens")


_numbers = count(1)


@pytest.fixture
def token(softhsm: SoftHsm) -> str:
    """Give the label of a new token."""
    label = f"OSO-{next(_numbers)}"
    softhsm.make(label)
    return label
