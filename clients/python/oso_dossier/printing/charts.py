"""Test scores over time as a chart, where there are at least three on one scale."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from oso.dossier.v1.toets_pb2 import Referentiescore, Toetsscore
from oso_dossier.printing.glyphs import visible
from oso_dossier.printing.model import Chart, Point, Tick
from oso_dossier.values import calendar_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oso.dossier.v1.toets_pb2 import Toets
    from oso_dossier.printing.formatting import Formatter

_LEAST = 3
_MOST_LABELS = 12  # more numbers beside the points would lie over each other
_MOST_WORDS = 24  # more points than this nobody listens to; the table has them all
_TICKS = 4
_MARGIN = 0.05  # left and right of the line, so that its ends do not touch the scale
_Measure = tuple[str, ...]
_Score = tuple[date, float, str]


def charts(tests: Iterable[Toets], formatter: Formatter) -> list[Chart]:
    """Give the charts of tests of one subject.

    Skill scores, one chart for each skill scale; where there are too few of them, scores compared
    with others, one chart for each sort of score and group compared with.
    """
    skills: dict[_Measure, list[_Score]] = defaultdict(list)
    compared: dict[_Measure, list[_Score]] = defaultdict(list)
    for test in tests:
        day = calendar_day(test.afname.afnamedatum)
        if day is None:
            continue
        for measure, value, text in _skill(test.resultaat.toetsscore, formatter):
            skills[measure].append((day, value, text))
        for one in test.resultaat.referentiescore:
            for measure, value, text in _reference(one, formatter):
                compared[measure].append((day, value, text))
    for series in (skills, compared):
        drawn = [
            _chart(": ".join(filter(None, measure)), sorted(scores), formatter)
            for measure, scores in series.items()
            if len({day for day, _, _ in scores}) >= _LEAST
        ]
        if drawn:
            return drawn
    return []


def _skill(score: Toetsscore, formatter: Formatter) -> Iterator[tuple[_Measure, float, str]]:
    fields = Toetsscore.DESCRIPTOR.fields_by_name
    if score.HasField("vaardigheidsscore"):
        value = _number(score.vaardigheidsscore.value)
        if value is not None:
            name = formatter.label(fields["vaardigheidsscore"])
            scale = visible(score.codevaardigheidsschaal)
            text = formatter.value(fields["vaardigheidsscore"], score.vaardigheidsscore)
            yield (name, scale), value, text


def _reference(one: Referentiescore, formatter: Formatter) -> Iterator[tuple[_Measure, float, str]]:
    fields = Referentiescore.DESCRIPTOR.fields_by_name
    value = _number(one.waarde)
    if value is not None:
        measure = tuple(
            formatter.value(fields[name], getattr(one, name))
            for name in ("codereferentiescore", "codevergelijkingsgroep")
        )
        yield measure, value, visible(one.waarde)


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    # beyond this no test has scores, and differences would be lost in rounding
    return value if math.isfinite(value) and abs(value) < 1e6 else None  # noqa: PLR2004  as above


def _chart(title: str, scores: list[_Score], formatter: Formatter) -> Chart:
    words = formatter.words
    first, last = scores[0][0].toordinal(), scores[-1][0].toordinal()
    marks = _marks(min(value for _, value, _ in scores), max(value for _, value, _ in scores))
    low, high = marks[0], marks[-1]
    points = tuple(
        Point(
            _inside((day.toordinal() - first) / (last - first)),
            (value - low) / (high - low),
            text if len(scores) <= _MOST_LABELS else "",
        )
        for day, value, text in scores
    )
    told = [words.chart_point.format(text, _in_words(day, formatter)) for day, _, text in scores]
    if len(told) > _MOST_WORDS:
        told = [*told[:_MOST_WORDS], "\u2026"]
    times = tuple(
        Tick(
            _inside(step / _TICKS),
            _month(date.fromordinal(first + (last - first) * step // _TICKS), formatter),
        )
        for step in range(_TICKS + 1)
    )
    ticks = tuple(
        Tick((mark - low) / (high - low), f"{mark:g}".replace(".", words.decimal_sign))
        for mark in marks
    )
    return Chart(
        words.chart.format(title),
        words.chart_words.format(title, "; ".join(told)),
        points,
        times,
        ticks,
    )


def _inside(x: float) -> float:
    return _MARGIN + x * (1 - 2 * _MARGIN)


def _marks(least: float, most: float) -> list[float]:
    """Give round numbers from below `least` to above `most`, evenly apart."""
    span = (most - least) or max(abs(most), 1.0)
    rough = span / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    start, end = math.floor(least / step), math.ceil(most / step)
    if start == end:
        start, end = start - 1, end + 1
    return [round(number * step, 9) for number in range(start, end + 1)]


def _in_words(day: date, formatter: Formatter) -> str:
    return f"{day.day} {formatter.words.months[day.month - 1]} {day.year}"


def _month(day: date, formatter: Formatter) -> str:
    return f"{formatter.words.months[day.month - 1][:3]} {day.year}"
