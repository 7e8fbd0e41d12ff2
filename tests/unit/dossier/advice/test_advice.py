"""Warnings beyond the official validators: each is given where it should be, and nowhere else.

Misuse tried here: attachments that lie about their kind, hold programs, unpack to more than a
machine has, or are named to be put elsewhere; lists of a hundred thousand contact details.
"""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier.attachments import describe
from oso_dossier.document import DossierDocument
from oso_dossier.documents import documents_of
from oso_dossier.rules import RULES, Severity, validate
from oso_dossier.rules.advice import ADVICE_RULES, advise
from oso_dossier.synthetic import PROFILES, generate

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.dossier.v1.dossier_pb2 import Dossier

PUPIL = "/dossier[1]/huidigeschool[1]/leerling[1]"


def _found(dossier: Dossier, **options: Any) -> list[tuple[str, str]]:
    profile = options.pop("profile", "POVO")
    return [(one.rule.id, one.location) for one in advise(dossier, profile, **options)]


def _dossier(profile: str = "POVO") -> Any:
    return generate(profile, 7).dossier


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", range(10))
def test_an_invented_dossier_gives_no_warning(profile: str, seed: int) -> None:
    """What is as it should be gives no warning, attachments included."""
    document = generate(profile, seed)

    found = validate(document.dossier, warnings=True, attachments=document.attachments).findings

    assert () == found


def _number(name: str, value: str) -> Callable[[Any], None]:
    return lambda pupil: setattr(pupil, name, value)


def _date(path: str, year: int, month: int, day: int) -> Callable[[Any], None]:
    def change(pupil: Any) -> None:
        message = pupil
        for step in path.split("."):
            message = message[int(step)] if step.isdigit() else getattr(message, step)
        message.year, message.month, message.day = year, month, day

    return change


def _other_bsn(pupil: Any) -> None:
    pupil.bsn = "123456789"


def _onderwijsnummer(pupil: Any) -> None:
    pupil.onderwijsnummer = "123456789"


def _gba(text: str) -> Callable[[Any], None]:
    def change(pupil: Any) -> None:
        pupil.gba.gbageboortedatum = text

    return change


def _ends_early(pupil: Any) -> None:
    career = pupil.schoolloopbaanlijst[0]
    career.begindatum.year, career.begindatum.month, career.begindatum.day = 2012, 8, 1
    career.einddatum.year, career.einddatum.month, career.einddatum.day = 2012, 7, 31


def _contact(kind: str, number: str) -> Callable[[Any], None]:
    def change(pupil: Any) -> None:
        contact = pupil.verzorger[0].communicatielijst[0]
        contact.soort, contact.nummer, contact.geheim = kind, number, False

    return change


def _same_contact_twice(pupil: Any) -> None:
    contacts = pupil.verzorger[0].communicatielijst
    contacts[0].geheim = False
    contacts.add().CopyFrom(contacts[0])


CAREGIVER = f"{PUPIL}/verzorger[1]"
CONTACT = f"{CAREGIVER}/communicatielijst[1]/communicatie[1]/nummer[1]"
RETURNED = f"{PUPIL}/teruggeplaatstnaarbrin[1]"
CASES = [
    ("OSO.BSN.01", _other_bsn, f"{PUPIL}/bsn[1]"),
    ("OSO.BSN.02", _onderwijsnummer, f"{PUPIL}/onderwijsnummer[1]"),
    (
        "OSO.BRIN.02",
        _number("teruggeplaatstnaarbrin", "0AAA"),
        f"{PUPIL}/teruggeplaatstnaarbrin[1]",
    ),
    (
        "OSO.IBAN.01",
        lambda pupil: setattr(pupil.verzorger[0], "iban", "NL00BANK0123456789"),
        f"{CAREGIVER}/iban[1]",
    ),
    (
        "OSO.COM.01",
        _contact("e-mail", "jan@"),
        f"{CAREGIVER}/communicatielijst[1]/communicatie[1]/nummer[1]",
    ),
    (
        "OSO.COM.01",
        _contact("e-mail", "a b@c.nl"),
        f"{CAREGIVER}/communicatielijst[1]/communicatie[1]/nummer[1]",
    ),
    (
        "OSO.COM.02",
        _contact("telefoon", "06 na zessen"),
        f"{CAREGIVER}/communicatielijst[1]/communicatie[1]/nummer[1]",
    ),
    ("OSO.DAT.01", _ends_early, f"{PUPIL}/schoolloopbaanlijst[1]/schoolloopbaan[1]/einddatum[1]"),
    ("OSO.DAT.02", _date("datuminschrijving", 1990, 1, 1), f"{PUPIL}/datuminschrijving[1]"),
    ("OSO.DAT.04", _date("geboortedatum", 2090, 1, 1), f"{PUPIL}/geboortedatum[1]"),
    ("OSO.DAT.05", _gba("31-02-2007"), f"{PUPIL}/gba[1]/gbageboortedatum[1]"),
    ("OSO.DAT.05", _gba("01-00-2007"), f"{PUPIL}/gba[1]/gbageboortedatum[1]"),
    ("OSO.DAT.06", _gba("00-00-1999"), f"{PUPIL}/gba[1]/gbageboortedatum[1]"),
    ("OSO.DAT.07", _date("geboortedatum", 1970, 1, 1), f"{PUPIL}/geboortedatum[1]"),
    (
        "OSO.DAT.08",
        lambda pupil: setattr(pupil.schoolloopbaanlijst[0], "schooljaar", "2012-2014"),
        f"{PUPIL}/schoolloopbaanlijst[1]/schoolloopbaan[1]/schooljaar[1]",
    ),
]


@pytest.mark.parametrize(("rule", "change", "place"), CASES)
def test_what_is_wrong_is_told_where_it_is(
    rule: str, change: Callable[[Any], None], place: str
) -> None:
    """A value that cannot be right gives its warning at its own place."""
    dossier = _dossier()
    change(dossier.huidigeschool.leerling)

    assert (rule, place) in _found(dossier)


@pytest.mark.parametrize("text", ["00-00-0000", "00-00-2007", "00-03-2007"])
def test_unknown_parts_of_a_day_of_the_register_are_zero(text: str) -> None:
    """The population register does not know every day of birth; that is no mistake."""
    dossier = _dossier()
    born = dossier.huidigeschool.leerling.geboortedatum
    born.year, born.month, born.day = 2007, 3, 1
    dossier.huidigeschool.leerling.gba.gbageboortedatum = text

    rules = {rule for rule, _ in _found(dossier)}

    assert set() == rules & {"OSO.DAT.05", "OSO.DAT.06"}


def test_a_contact_detail_that_is_there_twice_is_told_once() -> None:
    """The second of two is named; a secret one has the same stand-in as another, and is not."""
    dossier = _dossier()
    pupil = dossier.huidigeschool.leerling
    _same_contact_twice(pupil)
    count = len(pupil.verzorger[0].communicatielijst)
    place = f"{CAREGIVER}/communicatielijst[1]/communicatie[{count}]"

    assert ("OSO.COM.03", place) in _found(dossier)
    pupil.verzorger[0].communicatielijst[count - 1].geheim = True
    assert ("OSO.COM.03", place) not in _found(dossier)


def test_a_hundred_thousand_contact_details_are_looked_at_once_each() -> None:
    """A long list costs its length: every one but the first is told to be double."""
    dossier = _dossier()
    contacts = dossier.huidigeschool.communicatielijst
    for _ in range(100_000):
        contacts.add(soort="telefoon", nummer="0612345678", aanduiding="werk")

    told = [place for rule, place in _found(dossier) if rule == "OSO.COM.03"]

    assert 99_999 == len(told)


@pytest.mark.parametrize(
    ("profile", "switch", "value", "told"),
    [
        ("POVO", "cat_vve", "OPTIONEEL", 1),
        ("POVO", "cat_vve", "VERBODEN", 0),
        ("POVO", "cat_leerling", "OPT-UIT", 1),
        ("POPO", "cat_vve", "OPT-UIT", 0),
        ("VOSWV", "cat_onderwijsondersteuning", "OPTIONEEL", 1),
        ("ELDERS", "cat_vve", "OPTIONEEL", 0),
    ],
)
def test_a_switch_must_fit_the_profile(profile: str, switch: str, value: str, told: int) -> None:
    """What a switch may say is looked up in the matrix of the profile."""
    dossier = _dossier()
    setattr(dossier.metadata.categorie_uitlevering, switch, value)
    place = f"/dossier[1]/metadata[1]/categorie_uitlevering[1]/{switch}[1]"

    assert told == _found(dossier, profile=profile).count(("OSO.CAT.01", place))


def test_test_codes_are_looked_up_only_in_a_table_that_is_given() -> None:
    """Without a table nothing is said; with one, each unknown code is told at its place."""
    dossier = _dossier()
    tests = dossier.huidigeschool.leerling.toetslijst
    codes = {one.toetsidentificatie.eldtoetscode for one in tests}

    def told(known: set[str]) -> list[str]:
        found = _found(dossier, test_codes=known)
        return [place for rule, place in found if rule == "OSO.TST.01"]

    assert [] == [rule for rule, _ in _found(dossier) if rule.startswith("OSO.TST")]
    assert [] == told(codes)
    assert len([one for one in tests if one.toetsidentificatie.eldtoetscode]) == len(told(set()))


def _zip(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
DOCX = (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
FILES = [
    ("verslag.pdf", PDF, []),
    ("verslag.pdf", _zip(("verslag.pdf", PDF)), []),
    ("verslag.docx", _zip(*DOCX), []),
    ("verslag.docx", _zip(("verslag.docx", _zip(*DOCX))), []),
    ("brief.txt", "geachte ouders, ë".encode(), []),
    ("brief.txt", "\ufeffgeachte".encode("utf-16"), []),
    ("verslag", b"\x00\x01", []),
    ("verslag.pdf", b"\x89PNG\r\n\x1a\n", ["OSO.DOC.02"]),
    ("verslag.pdf", _zip(("verslag.pdf", b"GIF89a")), ["OSO.DOC.02"]),
    ("brief.txt", b"a\0b", ["OSO.DOC.02"]),
    ("verslag.pdf", b"MZ\x90\0", ["OSO.DOC.02", "OSO.DOC.03"]),
    ("lees.exe", b"tekst", ["OSO.DOC.03"]),
    ("lees.pdf", _zip(("lees.js", b"alert(1)")), ["OSO.DOC.03"]),
    ("script", b"#!/bin/sh\n", ["OSO.DOC.03"]),
    ("verslag.docm", _zip(*DOCX), ["OSO.DOC.03"]),
    ("verslag.pdf", PDF + b"/OpenAction <</S /JavaScript /JS (x)>>", ["OSO.DOC.04"]),
    ("verslag.pdf", b"\n\n" + PDF + b"/JS (x)", ["OSO.DOC.04"]),
    ("verslag.pdf", PDF + b"/J#61vaScript (x)", ["OSO.DOC.04"]),
    ("pagina.html", b"<body onload=x()>", ["OSO.DOC.04"]),
    ("pagina.htm", b"tekst <script>x</script>", ["OSO.DOC.04"]),
    ("plaatje.svg", "\ufeff<svg><script>x</script></svg>".encode("utf-16-le"), ["OSO.DOC.04"]),
    ("plaatje.svg", b"<svg><path d='M0 0'/></svg>", []),
    ("verslag.doc", OLE + "_VBA_PROJECT".encode("utf-16-le"), ["OSO.DOC.04"]),
    ("verslag.docx", _zip(*DOCX, ("word/vbaProject.bin", b"x")), ["OSO.DOC.04"]),
    ("plaatje.svg", b"<svg onload='x()'/>", ["OSO.DOC.04"]),
    ("pagina.html", b"<!doctype html><script>x</script>", ["OSO.DOC.04"]),
    ("twee.zip", _zip(("a.pdf", PDF), ("b.pdf", PDF)), ["OSO.DOC.05"]),
    ("twee.zip", _zip(("a.pdf", PDF), ("b.exe", b"MZ")), ["OSO.DOC.03", "OSO.DOC.05"]),
    ("in.zip", _zip(("in.zip", _zip(("a", b"a"), ("b", b"b")))), ["OSO.DOC.05"]),
    ("oud.rar", b"Rar!\x1a\x07\x00", ["OSO.DOC.05"]),
    ("verslag.pdf", b"PK\x03\x04kapot", ["OSO.DOC.07"]),
    ("../../etc/passwd", PDF, ["OSO.DOC.06"]),
    ("verslag\u202efdp.txt", b"x", ["OSO.DOC.06"]),
    ("verslag.exe.pdf", PDF, ["OSO.DOC.06"]),
    ("nul.pdf", PDF, ["OSO.DOC.06"]),
    ("verslag.pdf ", PDF, ["OSO.DOC.06"]),
    ("a" * 300, PDF, ["OSO.DOC.06"]),
    ("verslag.pdf", _zip(("../../start.pdf", PDF)), ["OSO.DOC.06"]),
]


def _with_file(name: str, content: bytes) -> DossierDocument:
    document = generate("POVO", 7)
    one = documents_of(document.dossier)[0]
    one.bestandsnaam = name
    one.bestandsinhoud.CopyFrom(describe(content, 1))
    return DossierDocument(document.dossier, (content, *document.attachments[1:]))


@pytest.mark.parametrize(("name", "content", "expected"), FILES)
def test_an_attachment_is_judged_by_its_bytes_and_name(
    name: str, content: bytes, expected: list[str]
) -> None:
    """A file that is what it says is left in peace; one that is not, or that could run, is told."""
    document = _with_file(name, content)

    found = _found(document.dossier, attachments=document.attachments)

    assert expected == sorted({rule for rule, _ in found})


def test_a_program_is_known_by_its_name_also_without_its_bytes() -> None:
    """A dossier without its attachments at hand is judged as far as that goes."""
    document = _with_file("lees.exe", b"MZ")

    assert ["OSO.DOC.03"] == [rule for rule, _ in _found(document.dossier)]


def test_a_zip_bomb_is_not_unpacked() -> None:
    """A file that says it holds a gigabyte costs a bearable multiple of its own size."""
    bomb = _zip(("bom.txt", bytes(200_000_000)))
    document = _with_file("bom.txt", bomb)
    tracemalloc.start()

    _found(document.dossier, attachments=document.attachments)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 50 * len(bomb)


def test_a_zip_of_very_many_files_is_not_read() -> None:
    """A directory of twenty thousand names is not taken into memory: it is an archive."""
    content = _zip(*((str(number), b"") for number in range(20_000)))
    document = _with_file("veel.zip", content)
    tracemalloc.start()

    found = _found(document.dossier, attachments=document.attachments)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ["OSO.DOC.05"] == [rule for rule, _ in found]
    assert most < 5 * len(content)


def test_no_warning_holds_a_value() -> None:
    """Messages are fixed texts: nothing of a dossier can come along in them."""
    for rule in ADVICE_RULES:
        for text in (*rule.message, *rule.hint, *rule.condition):
            assert text
            assert "{" not in text


def test_every_warning_can_be_explained() -> None:
    """Each has an id of its own, is a warning, and is in the list of all rules."""
    ids = [rule.id for rule in ADVICE_RULES]

    assert len(set(ids)) == len(ids)
    assert {Severity.WARNING} == {rule.severity for rule in ADVICE_RULES}
    assert set(ids) <= set(RULES)
    assert all(one.startswith("OSO.") for one in ids)
