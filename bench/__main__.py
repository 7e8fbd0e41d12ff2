"""Run all measurements and print the table."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import oso_rpc  # noqa: F401  sets the cipher suites before grpc's core reads them
from bench import codec, directory, many, printing, rules, school_lists, sessions, transfer
from bench.report import Measurement, write_results
from oso_dossier import write_xml
from oso_registry.testing import Landscape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RESULTS = Path(__file__).parent / "results.json"
_OFFICIAL = Path(__file__).parents[2] / "shared" / "dossiers" / "2019.1" / "OV_POVO_full.xml"


def _landscape(folder: Path) -> Landscape:
    """Make two schools, at ports that are free now."""
    landscape = Landscape(folder)
    for brin, system in (("00SS", "las-a"), ("01VV", "las-b")):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        landscape.add_system(system)
        landscape.add_school(brin, system, address=address, primary=brin == "00SS")
    landscape.publish()
    return landscape


def _xml() -> bytes:
    """Give the dossier of (e) and (f): an official one, or an invented one of the same size."""
    if _OFFICIAL.exists():
        return _OFFICIAL.read_bytes()
    return write_xml(transfer.class_of_173_kb())


def main(only: Sequence[str]) -> None:
    """Measure; `only` names measurements by letter, empty means all."""
    measurements: list[Measurement] = []
    subjects: dict[str, Callable[[Landscape], Sequence[Measurement]]] = {
        "e": lambda _: codec.measure(_xml()),
        "f": lambda _: rules.measure(_xml()),
        "b": lambda landscape: [sessions.measure(landscape)],
        "c": lambda landscape: [transfer.measure_cold(landscape)],
        "d": transfer.measure_large,
        "g": lambda _: printing.measure(_xml()),
        "h": lambda landscape: [many.measure(landscape.folder / "dossiers", _xml())],
        "s": lambda landscape: school_lists.measure(landscape.folder),
        "w": lambda landscape: directory.measure(landscape.folder),
    }
    for letter, measure in subjects.items():
        if only and letter not in only:
            continue
        with tempfile.TemporaryDirectory(prefix="oso-bench-") as folder:
            for one in measure(_landscape(Path(folder))):
                print(one.line(), flush=True)
                measurements.append(one)
    if not only:
        write_results(_RESULTS, measurements)
        print("Written to bench/results.json")


if __name__ == "__main__":
    main(sys.argv[1:])
