"""Fuzz one target with atheris: `python -m tests.fuzz TARGET [CORPUS...] [-libfuzzer=options]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Run a target over files, or without files for as long as libFuzzer is told."""
    import atheris  # noqa: PLC0415  has no wheel for every Python

    name, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=["oso_dossier"]):
        from tests.fuzz.targets import TARGETS, seeds  # noqa: PLC0415  instrumented as they load

    with tempfile.TemporaryDirectory(prefix="oso-fuzz-") as folder:
        for number, seed in enumerate(seeds()[name]):
            Path(folder, f"{number:03}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *arguments, folder], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
