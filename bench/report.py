"""What a measurement is, and how it is shown."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """One line of the table.

    Attributes:
        name: Letter and subject, such as `b  open-check-close`.
        figure: The measured figure: the median of the paired ratios, or what `unit` says.
        target: The figure it is held against.
        at_least: True when more is better.
        unit: What the figure is in: `x` for a ratio, `MB` for memory, `ms` for time.
        details: The medians behind the figure, with their units in the key.

    """

    name: str
    figure: float
    target: float
    at_least: bool
    unit: str = "x"
    details: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the figure reaches the target."""
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    def line(self) -> str:
        """Give the line of the table."""
        sign = ">=" if self.at_least else "<="
        verdict = "met" if self.met else "MISSED"
        details = ", ".join(f"{key} {value:,.4g}" for key, value in self.details.items())
        return (
            f"{self.name:<34}{self.figure:>9.2f} {self.unit:<3} target {sign} "
            f"{self.target:<6g}{verdict:<7} {details}"
        )


def paired_ratio(ours: Sequence[float], bare: Sequence[float]) -> float:
    """Give the median of the ratios of figures taken in turn (ours / bare)."""
    return statistics.median(a / b for a, b in zip(ours, bare, strict=True))


def write_results(path: Path, measurements: Sequence[Measurement]) -> None:
    """Write all figures, with the kind of machine they were taken on, as JSON."""
    results = {
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "measurements": [asdict(one) | {"met": one.met} for one in measurements],
    }
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
