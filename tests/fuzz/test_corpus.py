"""Every target over its seeds and changes of them: only errors that are promised, and no hang."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .targets import TARGETS, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_CHANGES = 60  # of each seed
_PATIENCE = 30  # seconds for one input, on a busy machine: hundreds of times what it takes


@contextmanager
def _no_hang() -> Iterator[None]:
    """End what takes for ever: no measure of speed, but a test must not wait for it."""

    def give_up(*_: object) -> None:
        pytest.fail(f"one input takes more than {_PATIENCE} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _changed(seed: bytes, draw: random.Random) -> bytes:
    """Change a few bytes, cut a piece out, or double one."""
    content = bytearray(seed)
    for _ in range(draw.randint(1, 4)):
        begin = draw.randint(0, len(content))
        end = min(len(content), begin + draw.choice((0, 1, 1, 2, 40)))
        new = (draw.randbytes(draw.randint(0, 3)), content[begin:end] * 2, b"")
        content[begin:end] = draw.choice(new)
    return bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_in_only_promised_errors_come_out(name: str) -> None:
    """Seeds and some hundred changes of them, always the same ones, pass through the target."""
    draw = random.Random(name)  # noqa: S311  a red run can be had again
    for seed in seeds()[name]:
        for content in (seed, *(_changed(seed, draw) for _ in range(_CHANGES))):
            with _no_hang():
                TARGETS[name](content)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python")
def test_the_fuzzer_runs(tmp_path: Path) -> None:
    """`python -m tests.fuzz` throws bytes at a target and ends well when nothing was found."""
    rooms = [str(ROOT), str(ROOT / "clients/python"), *sys.path]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz",
            "message",
            "-runs=200",
            f"-artifact_prefix={tmp_path}/",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(rooms)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr[-2000:]
    assert "Done 200 runs" in done.stderr
