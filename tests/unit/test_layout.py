"""The house keeps its own plan: what is in a room is also in the files that describe the rooms."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["clients/python", "server", "registry"]
GENERATED = {"oso", "buf"}
NODE_ROOM = ROOT / "clients" / "typescript"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix()
    for room in ROOMS
    for path in (ROOT / room).glob("*/__init__.py")
)
OURS = [package for package in PACKAGES if Path(package).name not in GENERATED]
MODULES = [
    path.relative_to(ROOT).as_posix() for package in OURS for path in (ROOT / package).rglob("*.py")
]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# Name of each locked package -> its entry, with the continuation lines of its hashes.
LOCKED = {
    entry.partition("==")[0]: entry
    for entry in re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)
    if "==" in entry
}


def test_imports_follow_the_arrows() -> None:
    """import-linter finds no import against the arrows of docs/architecture.md."""
    program = Path(sys.executable).with_name("lint-imports")
    # This checkout, whichever one is installed.
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)}
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, env=here, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_wheel_holds_every_package() -> None:
    """A package that stands in a room is installed by the wheel, and nothing else is."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert PACKAGES == sorted(wheel)


def test_the_arrows_are_drawn_for_every_package() -> None:
    """import-linter looks at every package but the generated one of others."""
    names = {Path(package).name for package in PACKAGES} - {"buf"}

    assert names == set(PROJECT["tool"]["importlinter"]["root_packages"])


@pytest.mark.parametrize("package", OURS)
def test_types_are_checked_here_and_at_the_suppliers(package: str) -> None:
    """Each package of ours is read by mypy; `py.typed` tells a supplier's mypy to do the same."""
    checked = PROJECT["tool"]["mypy"]["files"]

    assert any(package == room or package.startswith(f"{room}/") for room in checked)
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_named_for_its_subject(module: str) -> None:
    """No module or package is called after the drawer it came from."""
    names = set(Path(module).with_suffix("").parts)

    assert set() == names & {"utils", "util", "helpers", "common", "manager", "misc", "data"}


def test_every_locked_package_has_hashes() -> None:
    """Nothing is installed whose bytes we have not seen."""
    assert [] == [name for name, entry in LOCKED.items() if "--hash=sha256:" not in entry]


def test_the_lock_holds_no_address() -> None:
    """Whoever installs chooses the index: the lock names packages and hashes, no place."""
    assert [] == re.findall(r"^.*(?://|--index|--find-links|--trusted| @ ).*$", LOCK, re.MULTILINE)


def test_the_lock_covers_what_the_project_asks() -> None:
    """Every requirement of pyproject.toml, extras included, is in the lock."""
    project = PROJECT["project"]
    asked = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    for extra in project["optional-dependencies"].values():
        asked += extra
    names = {re.split(r"[\[<>=;! ]", one)[0].lower() for one in asked}

    assert set() == names - LOCKED.keys()


def test_the_lock_for_node_pins_bytes_and_holds_no_address() -> None:
    """Each Node package is asked for by one exact version, locked with a hash, without a place."""
    asked = json.loads((NODE_ROOM / "package.json").read_text("utf-8"))
    lock = (NODE_ROOM / "package-lock.json").read_text("utf-8")
    packages = {name: one for name, one in json.loads(lock)["packages"].items() if name}
    wanted = {**asked["dependencies"], **asked["devDependencies"]}

    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
    assert [] == [name for name, one in packages.items() if "sha512-" not in one["integrity"]]
    assert [] == re.findall(r'"resolved"|//', re.sub(r'"(funding|integrity)".*', "", lock))


def test_the_runtime_is_new_enough_for_the_stubs() -> None:
    """Generated code refuses an older gRPC at import, so the bound on grpcio is at least that."""
    made_with = {
        version
        for stub in (ROOT / "clients/python/oso").rglob("*_pb2_grpc.py")
        for version in re.findall(r"GRPC_GENERATED_VERSION = '([\d.]+)'", stub.read_text("utf-8"))
    }
    bounds = [one for one in PROJECT["project"]["dependencies"] if one.startswith("grpcio>=")]

    assert bounds == [f"grpcio>={version},<1.86" for version in made_with]
