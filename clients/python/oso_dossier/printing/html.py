"""The printout as one HTML file: nothing is loaded, nothing runs.

Built as a tree by lxml, so that text is text wherever it stands. The Content-Security-Policy in
the file allows its one style sheet (by its SHA-256) and pictures inside the file; all else, script
too, is refused by the browser.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from lxml import etree

from oso_dossier.printing.model import Chart, Fields, Group, Note, Picture, Signature, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oso_dossier.printing.model import Block, Printout

_DEEPEST = 6  # HTML has no heading below h6
_LONG_WORD = 24  # letters; a longer word may be broken, so that the table fits on paper
_WIDE, _HIGH = 640, 240  # of a chart, in its own units
_LEFT, _RIGHT, _ABOVE, _BELOW = 56, 30, 26, 34


def render(printout: Printout) -> bytes:
    """Give the HTML, in UTF-8."""
    root = etree.Element("html", lang=printout.language)
    _head(root, printout)
    body = etree.SubElement(root, "body")
    header = etree.SubElement(body, "header")
    _add(header, "p", f"{printout.school} \u00b7 {printout.date}")
    main = etree.SubElement(body, "main")
    _add(main, "h1", printout.title)
    _blocks(main, printout.blocks, 2)
    for section in printout.sections:
        part = etree.SubElement(main, "section")
        _add(part, "h2", section.title)
        _blocks(part, section.blocks, 3)
    return etree.tostring(root, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")


def _head(root: etree._Element, printout: Printout) -> None:
    style = _style(printout)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "meta", charset="utf-8")
    etree.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    etree.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    etree.SubElement(head, "meta", name="referrer", content="no-referrer")
    etree.SubElement(head, "meta", name="robots", content="noindex")
    _add(head, "title", printout.title)
    _add(head, "style", style)


def _style(printout: Printout) -> str:
    """Give the style sheet, with the page numbers for who prints it."""
    sheet = (files(__package__) / "dossier.css").read_text(encoding="utf-8")
    before, between, after = printout.page.split("{}")
    numbers = f'"{before}" counter(page) "{between}" counter(pages) "{after}"'
    return f"{sheet}\n@page {{ @bottom-right {{ content: {numbers}; }} }}\n"


def _add(parent: etree._Element, name: str, text: str, **attributes: str) -> etree._Element:
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    element = etree.SubElement(parent, name, given)
    element.text = text
    return element


def _blocks(parent: etree._Element, blocks: Iterable[Block], level: int) -> None:
    for block in blocks:
        match block:
            case Fields():
                _fields(parent, block)
            case Table():
                _table(parent, block)
            case Chart():
                _chart(parent, block)
            case Note(text):
                _add(parent, "p", text)
            case Picture():
                _picture(parent, block, level)
            case Signature():
                _signature(parent, block)
            case Group(title, inside):
                part = etree.SubElement(parent, "div", {"class": "group"})
                _add(part, f"h{min(level, _DEEPEST)}", title)
                _blocks(part, inside, level + 1)


def _fields(parent: etree._Element, block: Fields) -> None:
    terms = etree.SubElement(parent, "dl")
    for line in block.lines:
        pair = etree.SubElement(terms, "div")
        _add(pair, "dt", line.label)
        _add(pair, "dd", line.value, dir="auto")


def _table(parent: etree._Element, block: Table) -> None:
    table = etree.SubElement(etree.SubElement(parent, "div", {"class": "wide"}), "table")
    _add(table, "caption", block.caption)
    row = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    for heading in block.columns:
        _add(row, "th", heading, scope="col")
    body = etree.SubElement(table, "tbody")
    for cells in block.rows:
        row = etree.SubElement(body, "tr")
        for place, cell in enumerate(cells):
            element = (
                _add(row, "td", cell, dir="auto")
                if place
                else _add(row, "th", cell, scope="row", dir="auto")
            )
            if any(len(word) > _LONG_WORD for word in cell.split()):
                element.set("class", "long")


def _picture(parent: etree._Element, block: Picture, level: int) -> None:
    part = etree.SubElement(parent, "div", {"class": "picture"})
    _add(part, f"h{min(level, _DEEPEST)}", block.title)
    figure = etree.SubElement(part, "figure")
    content = base64.b64encode(block.content).decode()
    source = f"data:{block.media_type};base64,{content}"
    etree.SubElement(figure, "img", src=source, alt=block.alternative)
    _add(figure, "figcaption", block.alternative)


def _signature(parent: etree._Element, block: Signature) -> None:
    part = etree.SubElement(parent, "div", {"class": "signature"})
    choices = etree.SubElement(part, "ul")
    for choice in block.choices:
        _add(choices, "li", choice)
    remarks = _add(part, "p", block.remarks, class_="remarks")
    for _ in range(4):
        etree.SubElement(remarks, "span", {"class": "line", "aria-hidden": "true"})
    lines = etree.SubElement(part, "ul", {"class": "lines"})
    for line in block.lines:
        _add(lines, "li", line)


def _chart(parent: etree._Element, block: Chart) -> None:
    figure = etree.SubElement(parent, "figure", {"class": "chart"})
    _add(figure, "figcaption", block.title)
    drawing = etree.SubElement(
        figure,
        "svg",
        {"viewBox": f"0 0 {_WIDE} {_HIGH}", "role": "img", "aria-label": block.alternative},
    )
    for tick in block.scores:
        x, y = _place(0, tick.at)
        end, _ = _place(1, tick.at)
        _line(drawing, "grid", ((x, y), (end, y)))
        _text(drawing, tick.label, x - 8, y + 4, "end")
    for tick in block.times:
        x, y = _place(tick.at, 0)
        _line(drawing, "mark", ((x, y), (x, y + 5)))
        _text(drawing, tick.label, x, y + 20, "middle")
    spots = [_place(point.x, point.y) for point in block.points]
    _line(drawing, "scores", spots)
    for point, (x, y) in zip(block.points, spots, strict=True):
        etree.SubElement(drawing, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4")
        if point.value:
            _text(drawing, point.value, x, y - 10, "middle")


def _place(x: float, y: float) -> tuple[float, float]:
    """Turn a place from 0 to 1 into one in the drawing, whose y goes down."""
    return (
        _LEFT + x * (_WIDE - _LEFT - _RIGHT),
        _ABOVE + (1 - y) * (_HIGH - _ABOVE - _BELOW),
    )


def _line(drawing: etree._Element, kind: str, spots: Iterable[tuple[float, float]]) -> None:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    etree.SubElement(drawing, "polyline", {"class": kind, "points": points})


def _text(drawing: etree._Element, text: str, x: float, y: float, anchor: str) -> None:
    _add(drawing, "text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)
