"""The HTML: one file that loads and runs nothing, readable with eyes, ears and on paper."""

from __future__ import annotations

import base64
import hashlib
import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import html

from oso_dossier import DossierDocument, read_xml
from oso_dossier.printing import to_html
from oso_dossier.printing.content import printout
from oso_dossier.printing.html import render
from oso_dossier.printing.model import Note, Printout
from oso_dossier.testing import dossiers

from ..official import EXAMPLES, example  # noqa: TID252  tests are no package one could name
from .samples import dossier, png, pupil_of, text_of, with_attachments, with_scores, zipped

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&lt;]]>--><!-- ${7*7} {{7*7}}"


def _page(content: bytes) -> Any:
    return html.document_fromstring(content.decode("utf-8"))


def _full() -> DossierDocument:
    document = with_scores("1", "2", "3")
    pictured = with_attachments(zipped(foto__png=png()))
    pupil_of(document).overigdocumentlijst.extend(pupil_of(pictured).overigdocumentlijst)
    return DossierDocument(document.dossier, pictured.attachments)


def _words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_holds_all_of_the_printout(name: str) -> None:
    """Every word of the model stands in the page, in the same number at least."""
    document = read_xml(example(name))
    page = _page(to_html(document))
    shown = " ".join(page.itertext()) + " ".join(page.xpath("//@alt | //@aria-label"))

    assert set() == set(_words(text_of(printout(document)))) - set(_words(shown))


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else() -> None:
    """A browser would refuse script, frames, forms and anything from elsewhere."""
    page = _page(to_html(_full()))
    (style,) = page.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert [f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"] == page.xpath(
        "//meta[@http-equiv='Content-Security-Policy']/@content"
    )


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """No script, no handler, no style outside the sheet, no address but data: pictures."""
    content = to_html(_full())
    page = _page(content)

    assert [] == page.xpath("//script | //link | //iframe | //object | //form | //a | //@style")
    assert [] == list(page.xpath("//@*[starts-with(name(), 'on')]"))
    assert all(one.startswith("data:image/png;base64,") for one in page.xpath("//@src | //@href"))
    assert b"url(" not in content
    assert b"@import" not in content


def test_markup_in_any_value_is_text() -> None:
    """Names, file names and descriptions that look like HTML stay what they are: text."""
    document = with_attachments(zipped(x=png()), name=MARKUP)
    pupil_of(document).achternaam = MARKUP
    pupil_of(document).overigdocumentlijst[0].omschrijving = MARKUP
    document.dossier.huidigeschool.naam = MARKUP

    page = _page(to_html(document))

    assert [] == page.xpath("//script | //@onerror")
    assert MARKUP in page.xpath("//h1")[0].text_content()
    assert {MARKUP} == set(page.xpath("//img/@alt"))


@settings(max_examples=30)
@given(dossiers())
def test_any_dossier_becomes_a_page_that_holds_all_of_it(document: DossierDocument) -> None:
    """Control characters and all: there is a page, and a parser reads back what was put in."""
    page = _page(to_html(document))
    shown = " ".join(page.itertext()) + " ".join(page.xpath("//@alt | //@aria-label"))

    assert set() == set(_words(text_of(printout(document)))) - set(_words(shown))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_screen_reader_knows_language_title_and_outline(language: str) -> None:
    """Language and title are set; headings go down one step at a time, from one h1."""
    page = _page(to_html(_full(), language))
    levels = [int(one.tag[1]) for one in page.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")]

    assert language == page.get("lang")
    assert page.xpath("//title/text()") == page.xpath("//h1/text()")
    assert 1 == levels.count(1)
    assert [] == [(one, then) for one, then in itertools.pairwise(levels) if then > one + 1]


def test_tables_have_a_caption_and_headings_with_scope() -> None:
    """Who hears a table hears what it is, and of which row and column a cell is."""
    page = _page(to_html(_full()))
    tables = page.xpath("//table")

    assert tables
    for table in tables:
        assert table.xpath("caption[normalize-space()]")
        assert len(table.xpath("thead/tr/th[@scope='col']")) == len(table.xpath("thead/tr/*"))
        assert all(row.xpath("th[@scope='row']") for row in table.xpath("tbody/tr"))


def test_pictures_and_charts_have_words() -> None:
    """No picture and no chart without its alternative text."""
    page = _page(to_html(_full()))

    assert [] == page.xpath("//img[not(normalize-space(@alt))]")
    assert [] == page.xpath("//svg[not(@role='img') or not(normalize-space(@aria-label))]")
    assert page.xpath("//img")
    assert page.xpath("//svg")


def _luminance(colour: str) -> float:
    """Give the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ink", ["#1b2a3a", "#4a5561", "#0b4f71"])
@pytest.mark.parametrize("paper", ["#ffffff", "#eef3f6"])
def test_text_stands_out_from_its_background(ink: str, paper: str) -> None:
    """Each colour of text has a contrast of 4.5 to 1 at least (WCAG 2.2 AA)."""
    sheet = to_html(dossier()).decode()

    assert ink in sheet
    assert 4.5 <= (_luminance(paper) + 0.05) / (_luminance(ink) + 0.05)


def test_the_same_dossier_gives_the_same_page() -> None:
    """Nothing of the moment or the machine is in it."""
    assert to_html(_full()) == to_html(_full())


def test_an_empty_printout_is_a_page_all_the_same() -> None:
    """Without school, date or sections there is a title."""
    empty = Printout("nl", "Titel", "", "", (1, 1, 1), "{} van {}", (), ())

    assert ["Titel"] == _page(render(replace(empty, blocks=(Note("x"),)))).xpath("//h1/text()")
