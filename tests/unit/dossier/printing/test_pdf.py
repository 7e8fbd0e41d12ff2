"""The PDF: PDF/A-2a and PDF/UA-1, the same bytes each time, and a printout of whatever comes."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.type.date_pb2 import Date
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier import DossierDocument, read_xml, write_xml
from oso_dossier.printing import to_html, to_pdf
from oso_dossier.printing.content import printout
from oso_dossier.printing.glyphs import MARK, printed
from oso_dossier.printing.model import Fields, Group, Line, Note, Printout
from oso_dossier.printing.pdf import _Pages, render
from oso_dossier.synthetic import generate
from oso_dossier.testing import dossiers

from .samples import JPEG, dossier, png, pupil_of, with_attachments, with_scores, zipped


def _read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def _text(content: bytes) -> str:
    """Give the text of all pages, with what was broken over lines put together."""
    pages = [page.extract_text() for page in _read(content).pages]
    return " ".join(" ".join(pages).replace("\u200b", "").split())


def _tags(content: bytes) -> list[Any]:
    """Give all elements of the structure tree."""
    found: list[Any] = []
    root: Any = _read(content).trailer["/Root"]
    waiting = [root["/StructTreeRoot"]["/K"]]
    while waiting:
        one = waiting.pop().get_object()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, DictionaryObject) and "/S" in one:
            found.append(one)
            waiting += [one["/K"]] if "/K" in one else []
    return found


def _simple(**changes: Any) -> Printout:
    plain = Printout("nl", "Titel", "School", "", (2026, 3, 12), "Pagina {} van {}", (), ())
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def made() -> bytes:
    """A printout with a table, a chart and a picture."""
    document = with_scores("10", "20", "30")
    pictured = with_attachments(zipped(foto__png=png()))
    pupil_of(document).overigdocumentlijst.extend(pupil_of(pictured).overigdocumentlijst)
    return to_pdf(DossierDocument(document.dossier, pictured.attachments))


def test_it_says_it_is_pdf_a_2a_and_pdf_ua_1(made: bytes) -> None:
    """The metadata name both standards; Typst checks them and gives no file when it breaks one."""
    metadata = _read(made).xmp_metadata

    assert metadata is not None
    packet = metadata.rdf_root.toxml()
    for claim in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"):
        assert claim in packet


@pytest.mark.parametrize(("language", "code"), [("nl", "nl"), ("en", "en")])
def test_language_title_and_tags_are_there_for_a_screen_reader(language: str, code: str) -> None:
    """What PDF/UA asks of the catalogue: language, title shown, marked, tagged."""
    reader = _read(to_pdf(dossier(), language))
    root: Any = reader.trailer["/Root"]

    assert str(root["/Lang"]).startswith(code)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None
    assert printout(dossier(), language).title == reader.metadata.title


def test_headings_tables_and_figures_are_tagged(made: bytes) -> None:
    """Who cannot see it hears headings, which cells are headings, and what a figure shows."""
    tags = _tags(made)
    kinds = {str(one["/S"]) for one in tags}
    figures = [one for one in tags if one["/S"] == "/Figure"]

    assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/Figure"} <= kinds
    assert 2 <= len(figures)
    assert [] == [one for one in figures if not str(one.get("/Alt", "")).strip()]


def test_nothing_in_it_runs_or_is_fetched(made: bytes) -> None:
    """No script, no action at opening, no link, no file inside."""
    for word in (b"/JavaScript", b"/JS", b"/OpenAction", b"/URI", b"/Launch", b"/EmbeddedFile"):
        assert word not in made


def test_only_the_fonts_of_typst_are_used(made: bytes) -> None:
    """Fonts of the machine would make the same dossier look different elsewhere."""
    names = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in _read(made).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }

    assert set() == {
        name for name in names if not name.startswith(("LibertinusSerif", "DejaVuSansMono"))
    }


def test_the_same_dossier_gives_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    """Time, folder, hash seed and time zone of the machine do not show in the file."""
    source = tmp_path / "dossier.xml"
    source.write_bytes(write_xml(generate("POVO", 1)))
    program = (
        "import hashlib, pathlib, sys; from oso_dossier import read_xml;"
        "from oso_dossier.printing import to_pdf;"
        "document = read_xml(pathlib.Path(sys.argv[1]));"
        "print(hashlib.sha256(to_pdf(document)).hexdigest())"
    )
    elsewhere = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONHASHSEED": "7",
        "TZ": "Pacific/Auckland",
        "TMPDIR": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, "-c", program, source],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )

    assert hashlib.sha256(to_pdf(read_xml(source))).hexdigest() == done.stdout.strip()


def test_nothing_stays_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures lie there while the pages are made, and no longer."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    to_pdf(with_attachments(zipped(foto__png=png())))

    assert [] == list(tmp_path.iterdir())


def test_pages_are_numbered_and_say_whose_they_are() -> None:
    """Each page has school, date and its number."""
    pages = _read(to_pdf(dossier())).pages

    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Pagina {number} van {len(pages)}" in text
        assert "Basisschool De Driemaster" in text
        assert "15 mei 2019" in text


MARKUP = r"""#eval("1+1") *vet* $x^2$ <label> @ref `code` \ // [c] #read("/etc/passwd") &amp; <b>"""


def test_markup_in_a_name_is_text() -> None:
    """What looks like Typst or HTML is printed to the letter."""
    document = dossier()
    pupil_of(document).achternaam = MARKUP
    document.dossier.huidigeschool.naam = MARKUP

    text = _text(to_pdf(document))

    assert MARKUP in text


def test_every_character_said_to_be_printed_is_printed() -> None:
    """The list of characters is true of the fonts of this Typst, regular and bold."""
    blocks = tuple(Group(one, (Fields((Line(one, one),)),)) for one in _pieces())
    pages = _Pages(_simple(blocks=blocks), Path())

    assert pages.compile().startswith(b"%PDF-")  # the first try, which marks nothing more


def _pieces() -> list[str]:
    every = sorted(printed())
    return ["x".join(["", *every[start : start + 200]]) for start in range(0, len(every), 200)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zo\u00eb \u0141ukasz \u015e\u00fckr\u00fc", "Zo\u00eb \u0141ukasz \u015e\u00fckr\u00fc"),
        ("\u674e \U0001f600", f"{MARK} {MARK}"),
        ("a\u202eb", f"a{MARK}b"),
        ("\ue000", MARK),
        ("a\x07b", f"a{MARK}b"),
        ("Zoe\u0308", "Zo\u00eb"),
    ],
)
def test_letters_are_shown_or_visibly_replaced(name: str, shown: str) -> None:
    """European names as they are; what no font holds, or what commands, is an empty square."""
    assert shown in _text(render(_simple(blocks=(Note(f"[{name}]"),))))


def test_arabic_letters_are_printed() -> None:
    """A name in Arabic letters has its letters, not squares."""
    assert MARK not in _text(render(_simple(blocks=(Note("\u0645\u062d\u0645\u062f"),))))


@settings(max_examples=25)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5))
def test_any_text_can_be_printed(texts: list[str]) -> None:
    """Letters that cannot stand together, marks on nothing: there is a page."""
    blocks = (*(Note(one) for one in texts), *(Group(one, (Note(one),)) for one in texts))

    assert render(_simple(title=texts[0], blocks=blocks)).startswith(b"%PDF-")


@settings(max_examples=12)
@given(dossiers())
def test_any_dossier_can_be_printed(document: DossierDocument) -> None:
    """Whatever the schema admits has a printout."""
    assert to_pdf(document).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "day", [Date(), Date(year=2019), Date(year=2019, month=13, day=1), Date(year=9999, month=12)]
)
def test_a_date_that_is_none_does_not_stop_the_print(day: Date) -> None:
    """A message nobody checked may hold half a date: it is shown as it is."""
    document = dossier()
    document.dossier.metadata.datum.CopyFrom(day)

    assert to_pdf(document).startswith(b"%PDF-")


def test_an_empty_dossier_can_be_printed() -> None:
    """A message without anything in it has a title and room to sign."""
    assert "Dossier van een leerling zonder naam" in _text(to_pdf(DossierDocument(Dossier())))


def test_secret_values_are_in_neither_file() -> None:
    """Marked as secret, a number is not in the text, the metadata or the words for a figure."""
    document = dossier()
    (first, *_) = pupil_of(document).communicatielijst
    first.nummer, first.geheim = "0699999123", True

    content = to_pdf(document)

    assert "0699999123" not in _text(content)
    assert b"0699999123" not in to_html(document) + content


def test_a_very_long_word_stays_on_the_page() -> None:
    """A word without end is broken, none of its letters is lost."""
    document = dossier()
    pupil_of(document).overstapadvies.argumentatie = "w" * 5_000

    pages = _read(to_pdf(document)).pages
    text = "".join(page.extract_text() for page in pages)

    assert 5_000 <= text.count("w")
    longest = max(len(line) for page in pages for line in page.extract_text().splitlines())
    assert longest < 200


@pytest.mark.slow
def test_ten_thousand_tests_are_printed() -> None:
    """Far more than any pupil took: many pages, and no failure."""
    document = dossier()
    tests = pupil_of(document).toetslijst
    tests.extend([tests[0]] * 10_000)

    assert 500 < max(map(int, re.findall(rb"/Count (\d+)", to_pdf(document))))


@pytest.mark.parametrize(
    "picture",
    [
        png()[:-20],
        png(claims=(3000, 3000)),
        png()[:24],
        JPEG[:200],
        JPEG[:-30] + b"\0" * 30,
    ],
)
def test_a_damaged_picture_is_told_in_its_place(picture: bytes) -> None:
    """One bad picture does not spoil the printout, nor the good picture beside it."""
    made = to_pdf(with_attachments(zipped(a__png=picture), zipped(b__png=png())))

    assert "Plaatje uit bijlage 2" in _text(made)
    assert "/Image" in {
        str(one.get_object()["/Subtype"])
        for page in _read(made).pages
        for one in page["/Resources"].get("/XObject", {}).values()  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize("picture", [png(), JPEG])
def test_a_good_picture_is_drawn_with_words_beside_it(picture: bytes) -> None:
    """PNG and JPEG become pages; the description is their alternative text."""
    made = to_pdf(with_attachments(zipped(a__bin=picture)))

    told = [str(one["/Alt"]) for one in _tags(made) if one["/S"] == "/Figure"]
    assert ["document 1"] == [one for one in told if not one.startswith("Lijngrafiek")]


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\nbroken",
        b"%PDF-1.7\n/Encrypt 1 0 R",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://192.0.2.1/x.png"/></svg>',
        b"PK\x03\x04 no zip",
        b"\x89PNG\r\n\x1a\n",
        b"",
    ],
)
def test_other_attachments_are_listed_and_never_opened(content: bytes) -> None:
    """PDF, SVG and broken files are named in the list; they make no page and no error."""
    made = to_pdf(with_attachments(zipped(x__bin=content), content or b"x"))

    assert [] == [
        one for one in _tags(made) if one["/S"] == "/Figure" and "document" in one["/Alt"]
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a\0b.png", "con.png", "x" * 3_000, "\u202egnp.exe"]
)
def test_a_hostile_file_name_is_only_text(name: str, tmp_path: Path) -> None:
    """Names are never paths: nothing is written where they point."""
    content = zipped(**{name.replace(".", "__"): png()}) if "\0" not in name else zipped(x=png())
    before = sorted(tmp_path.iterdir())

    made = to_pdf(with_attachments(content, name=name))

    assert made.startswith(b"%PDF-")
    assert before == sorted(tmp_path.iterdir())
