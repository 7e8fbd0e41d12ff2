"""(f) Checking a dossier: from bytes to all findings, against lxml just parsing its XML."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from lxml import etree

from bench.report import Measurement, paired_ratio
from oso_dossier import dossier_bytes, parse_dossier, read_xml
from oso_dossier.rules import validate

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 200
IMPORTS = 7
_IMPORT = "import time; t = time.perf_counter(); import oso_dossier; print(time.perf_counter() - t)"


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(xml: bytes) -> list[Measurement]:
    """Measure structure and rules of the dossier in `xml`, in turn with lxml; and the import."""
    message = dossier_bytes(read_xml(xml).dossier)
    works: dict[str, Callable[[], object]] = {
        "lxml": lambda: etree.fromstring(xml),
        "message": lambda: validate(parse_dossier(message)),
        "file": lambda: validate(read_xml(xml).dossier, structure_checked=True),
    }
    for work in works.values():  # once unmeasured: rules are compiled at first use
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            seconds[name].append(_seconds(work))
    milliseconds = {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}
    targets = {
        "message": ("f  message, all findings / lxml", 5.0),
        "file": ("f  XML, all findings / lxml", 12.0),
    }
    ratios = [
        Measurement(
            label,
            paired_ratio(seconds[name], seconds["lxml"]),
            target,
            at_least=False,
            details={"ms": milliseconds[name], "lxml ms": milliseconds["lxml"]},
        )
        for name, (label, target) in targets.items()
    ]
    return [*ratios, _import()]


def _import() -> Measurement:
    """Measure `import oso_dossier` in a fresh interpreter; the shortest of some, without noise."""
    taken = [
        float(
            subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True).stdout
        )
        for _ in range(IMPORTS)
    ]
    return Measurement(
        "f  import of oso_dossier",
        min(taken) * 1e3,
        150.0,
        at_least=False,
        unit="ms",
        details={"median ms": statistics.median(taken) * 1e3},
    )
