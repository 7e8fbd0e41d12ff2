"""Node and the room `clients/typescript`, for tests that speak with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[3] / "clients" / "typescript"
_OLDEST = 20


def _lacking() -> str:
    """Say what there is not; empty when all is there."""
    program = shutil.which("node")
    if program is None:
        return "no Node is installed here"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    version = told.stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < _OLDEST:
        return f"Node {version} is older than {_OLDEST}"
    if not (ROOM / "node_modules" / "@bufbuild" / "protovalidate").is_dir():
        return "clients/typescript has no packages yet: `make proto` installs them"
    return ""


@pytest.fixture(scope="session")
def node() -> str:
    """Program that runs the room for Node. Without it: skips, or fails with OSO_REQUIRE_NODE=1."""
    if reason := _lacking():
        if os.environ.get("OSO_REQUIRE_NODE") == "1":
            pytest.fail(f"{reason}, and OSO_REQUIRE_NODE=1 asks for it")
        pytest.skip(reason)
    return "node"
