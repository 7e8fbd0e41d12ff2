"""(g) The printout of a full dossier, against lxml just parsing its XML."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from lxml import etree

from bench.report import Measurement, paired_ratio
from oso_dossier import read_xml
from oso_dossier.printing import to_html, to_pdf

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 10
_PARSES = 50  # of one round: a single parse is too short to time


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _parse(xml: bytes) -> float:
    """Give the seconds one parse takes, the mean of many."""
    begin = time.perf_counter()
    for _ in range(_PARSES):
        etree.fromstring(xml)
    return (time.perf_counter() - begin) / _PARSES


def measure(xml: bytes) -> list[Measurement]:
    """Measure both printouts of the dossier in `xml`, in turn with lxml.

    The first PDF is told apart: it also imports Typst and reads its fonts. Typst keeps laid out
    pages, so each PDF is of a pupil of another name.
    """
    document = read_xml(xml)
    pupil = document.dossier.huidigeschool.leerling
    first = _seconds(lambda: to_pdf(document))
    to_html(document)
    seconds: dict[str, list[float]] = {"lxml": [], "pdf": [], "html": []}
    for number in range(ROUNDS):
        pupil.achternaam = f"Testpersoon{number}"
        seconds["lxml"].append(_parse(xml))
        seconds["pdf"].append(_seconds(lambda: to_pdf(document)))
        seconds["html"].append(_seconds(lambda: to_html(document)))
    milliseconds = {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}
    lxml = {"lxml ms": milliseconds["lxml"]}
    return [
        Measurement(
            f"g  printout as {name.upper()} / lxml parse",
            paired_ratio(seconds[name], seconds["lxml"]),
            1000.0,
            at_least=False,
            details={"ms": milliseconds[name], **more, **lxml},
        )
        for name, more in (("pdf", {"first ms": first * 1e3}), ("html", {}))
    ]
