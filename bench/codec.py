"""(e) Reading and writing a dossier as XML, against lxml just parsing the same bytes."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from lxml import etree

from bench.report import Measurement, paired_ratio
from oso.dossier.v1 import dossier_pb2
from oso_dossier import read_xml, write_xml

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 200


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(xml: bytes) -> list[Measurement]:
    """Measure reading, writing and message parsing of the dossier in `xml`, in turn with lxml."""
    document = read_xml(xml)
    message = document.dossier.SerializeToString(deterministic=True)
    works: dict[str, Callable[[], object]] = {
        "lxml": lambda: etree.fromstring(xml),
        "read": lambda: read_xml(xml),
        "write": lambda: write_xml(document),
        "message": lambda: dossier_pb2.Dossier.FromString(message),
    }
    for work in works.values():  # once unmeasured: plans are compiled at first use
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            seconds[name].append(_seconds(work))
    milliseconds = {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}
    targets = {
        "read": ("e  XML read / lxml parse", 10.0),
        "write": ("e  XML written / lxml parse", 8.0),
        "message": ("e  message parse / lxml parse", 1.0),
    }
    return [
        Measurement(
            label,
            paired_ratio(seconds[name], seconds["lxml"]),
            target,
            at_least=False,
            details={"ms": milliseconds[name], "lxml ms": milliseconds["lxml"]},
        )
        for name, (label, target) in targets.items()
    ]
