"""(h) `oso dossier validate --json` over a thousand files, against one core without the command."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report import Measurement, paired_ratio
from oso_dossier.verdict import Question, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 1000
ROUNDS = 3
_ONE_CORE = 200  # files: enough to know the rate
_COMMAND = "import sys; from oso_las.cli import main; main(sys.argv[1:])"


def _write_files(folder: Path, xml: bytes) -> list[str]:
    folder.mkdir()
    names = [str(folder / f"{number:04}.xml") for number in range(FILES)]
    for name in names:
        Path(name).write_bytes(xml)
    return names


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(folder: Path, xml: bytes) -> Measurement:
    """Measure the whole command, start included, in turn with one core that has all loaded."""
    names = _write_files(folder, xml)
    question = Question(as_json=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1

    def one_core() -> None:
        for name in names[:_ONE_CORE]:
            verdict(name, question)

    def command() -> None:
        subprocess.run(
            [sys.executable, "-c", _COMMAND, "dossier", "validate", "--json", str(folder)],
            stdout=subprocess.DEVNULL,
            check=False,  # 1 where an example has errors
        )

    one_core()  # once unmeasured: rules are compiled at first use
    rates, bare = [], []
    for _ in range(ROUNDS):
        bare.append(_ONE_CORE / _seconds(one_core))
        rates.append(FILES / _seconds(command))
    return Measurement(
        "h  validate --json / cores x one",
        paired_ratio(rates, [cores * one for one in bare]),
        0.8,
        at_least=True,
        details={
            "dossiers/s": statistics.median(rates),
            "one core": statistics.median(bare),
            "cores": cores,
        },
    )
