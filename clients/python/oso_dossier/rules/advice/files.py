"""Attachments: is each one what its name says, and safe to open?"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from oso.dossier.v1.document_pb2 import TEKSTVORM_LETTERLIJK
from oso_dossier.rules.advice.content import PROGRAM_ENDINGS, Content, look_into
from oso_dossier.rules.advice.definition import Advice, Circumstances, advice, first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Control characters, and what turns text round or cannot be seen: names can be made to lie with it.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORBIDDEN = frozenset('/\\:*?"<>|')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))]
)
_LONGEST = 255  # bytes; what file systems hold
_CONTENT, _NAME = "bestandsinhoud", "bestandsnaam"


def _content(document: Any, now: Circumstances) -> Content | None:
    """Look into an attachment, once; None when its bytes are not here, or are no base64."""
    facts = document.bestandsinhoud
    number = facts.part_number
    if facts.tekstvorm == TEKSTVORM_LETTERLIJK:  # told in a warning of its own
        return None
    if now.attachments is None or not 1 <= number <= len(now.attachments):
        return None
    if number not in now.looked_into:
        found = look_into(now.attachments[number - 1], document.bestandsnaam)
        now.looked_into[number] = found
    return now.looked_into[number]


def _when(test: Callable[[Content], bool]) -> Callable[[Any, Circumstances], Iterable[str]]:
    def looks(document: Any, now: Circumstances) -> Iterable[str]:
        content = _content(document, now)
        return first(_CONTENT, wrong=content is not None and test(content))

    return looks


def _program(document: Any, now: Circumstances) -> Iterable[str]:
    """Look at the name also when the bytes are not here."""
    content = _content(document, now) or look_into(b"", document.bestandsnaam)
    return first(_CONTENT, wrong=content.program)


def _odd_name(document: Any, now: Circumstances) -> Iterable[str]:
    if _is_odd(document.bestandsnaam):
        return (f"{_NAME}[1]",)
    content = _content(document, now)
    names = content.names if content is not None else ()
    # Documents hold files in folders of their own; nobody sees their names.
    lone = names[0] if len(names) == 1 else ""
    return first(_CONTENT, wrong=bool(lone) and _is_odd(lone))


def _is_odd(name: str) -> bool:
    parts = name.lower().split(".")
    return (
        any(one in _FORBIDDEN or unicodedata.category(one) in _HIDDEN for one in name)
        or name.strip(" .") != name
        or parts[0] in _RESERVED
        or len(name.encode("utf-8", "surrogatepass")) > _LONGEST
        or not PROGRAM_ENDINGS.isdisjoint(parts[1:-1])
    )


def _not_base64(document: Any, _: Circumstances) -> Iterable[str]:
    wrong = document.bestandsinhoud.tekstvorm == TEKSTVORM_LETTERLIJK
    return first(_CONTENT, wrong=document.HasField(_CONTENT) and wrong)


_ASK = (
    "Open het bestand niet. Vraag de maker om een gewoon document, zoals een pdf.",
    "Do not open the file. Ask its maker for an ordinary document, such as a PDF.",
)
_SOURCE = "OSO: the standard does not look at attachments; the receiving school opens them"

ADVICE: tuple[Advice, ...] = (
    advice(
        "OSO.DOC.01",
        "Document",
        _not_base64,
        condition=(
            "De inhoud van een bijlage is geen base64.",
            "The contents of an attachment are not base64.",
        ),
        message=(
            "Deze bijlage is niet goed gecodeerd; de ontvanger kan haar niet openen.",
            "This attachment is not encoded well; the receiver cannot open it.",
        ),
        hint=(
            (
                "Voeg het bestand opnieuw toe. Gebeurt het weer, neem dan contact op met uw"
                " leverancier."
            ),
            "Add the file again. If it happens again, ask your supplier.",
        ),
        source="OSO: bestandsinhoud is base64 (RFC 4648), which the standard's schema does not say",
    ),
    advice(
        "OSO.DOC.02",
        "Document",
        _when(lambda content: content.contradicts),
        condition=(
            "De inhoud van een bijlage is van een ander soort dan haar naam zegt.",
            "The contents of an attachment are of another kind than its name says.",
        ),
        message=(
            "De inhoud van deze bijlage past niet bij haar naam.",
            "The contents of this attachment do not fit its name.",
        ),
        hint=(
            "Controleer of het bestand te openen is en voeg het opnieuw toe.",
            "Check whether the file can be opened, and add it again.",
        ),
        source=_SOURCE,
    ),
    advice(
        "OSO.DOC.03",
        "Document",
        _program,
        condition=(
            "Een bijlage is een programma, of heeft een naam waarmee een computer haar uitvoert.",
            "An attachment is a program, or has a name by which a computer runs it.",
        ),
        message=(
            "Deze bijlage is een programma. Dat hoort niet in een dossier.",
            "This attachment is a program. It has no place in a dossier.",
        ),
        hint=_ASK,
        source=_SOURCE,
    ),
    advice(
        "OSO.DOC.04",
        "Document",
        _when(lambda content: content.active),
        condition=(
            "Een bijlage bevat macro's, scripts of acties.",
            "An attachment holds macros, scripts or actions.",
        ),
        message=(
            "Deze bijlage kan bij het openen iets uitvoeren.",
            "This attachment can run something when it is opened.",
        ),
        hint=_ASK,
        source=_SOURCE,
    ),
    advice(
        "OSO.DOC.05",
        "Document",
        _when(lambda content: content.archive),
        condition=(
            "Een bijlage is een archief met andere bestanden erin.",
            "An attachment is an archive of other files.",
        ),
        message=(
            "Deze bijlage is een archief; wat erin zit kan niemand vooraf zien.",
            "This attachment is an archive; nobody can see beforehand what is in it.",
        ),
        hint=(
            "Voeg de bestanden elk apart toe.",
            "Add the files one by one.",
        ),
        source=_SOURCE,
    ),
    advice(
        "OSO.DOC.07",
        "Document",
        _when(lambda content: content.broken),
        condition=(
            "Een bijlage begint als een zip-bestand en is er geen.",
            "An attachment begins as a zip file and is none.",
        ),
        message=(
            "Deze bijlage is beschadigd; de ontvanger kan haar niet openen.",
            "This attachment is damaged; the receiver cannot open it.",
        ),
        hint=("Voeg het bestand opnieuw toe.", "Add the file again."),
        source="OSO: the standard wants files zipped, and does not look whether they are",
    ),
    advice(
        "OSO.DOC.06",
        "Document",
        _odd_name,
        condition=(
            (
                "De naam van een bijlage heeft tekens die een map aanwijzen of niet te zien zijn,"
                " is te lang, of verbergt een tweede uitgang."
            ),
            (
                "The name of an attachment has characters that point to a folder or cannot be"
                " seen, is too long, or hides a second ending."
            ),
        ),
        message=(
            "De naam van deze bijlage is niet veilig.",
            "The name of this attachment is not safe.",
        ),
        hint=(
            "Geef het bestand een korte, gewone naam, zoals verslag.pdf.",
            "Give the file a short, ordinary name, such as report.pdf.",
        ),
        source=_SOURCE,
    ),
)
