"""A dossier in outline: enough to recognise it, no more than a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.options.v1 import field_pb2
from oso_dossier.documents import documents_of
from oso_dossier.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier.document import DossierDocument

_FACTS = field_pb2.facts


def outline(document: DossierDocument, language: str = "nl") -> Iterator[str]:
    """Give the lines: header, pupil, what each category holds, attachments.

    Addresses, phone numbers and national numbers are not shown.
    """
    dossier = document.dossier
    metadata, school = dossier.metadata, dossier.huidigeschool
    pupil = school.leerling
    dutch = language == "nl"
    name = " ".join(part for part in (pupil.roepnaam, pupil.voorvoegsel, pupil.achternaam) if part)
    yield printable(f"{dossier.overdrachtsoort} {metadata.overstap} ({metadata.standaardversie})")
    yield _line("leerling" if dutch else "pupil", name)
    yield _line("school", f"{school.naam} ({school.brincode})")
    yield _line(
        "gemaakt" if dutch else "made",
        f"{metadata.datum.year:04d}-{metadata.datum.month:02d}-{metadata.datum.day:02d}, "
        f"{metadata.pakketnaam} {metadata.pakketversie}",
    )
    for category, count in _categories(dossier).items():
        noun = ("onderdeel" if count == 1 else "onderdelen") if dutch else "item(s)"
        yield _line(category.removeprefix("cat_"), f"{count} {noun}")
    for one in documents_of(dossier):
        facts = one.bestandsinhoud
        label = "bijlage" if dutch else "attachment"
        yield _line(
            f"{label} {facts.part_number}", f"{one.bestandsnaam[:150]} ({facts.size} bytes)"
        )


def _line(label: str, text: str) -> str:
    return f"  {label:<24} {printable(text)}"


def _categories(dossier: Any) -> dict[str, int]:
    """Count what stands in each category, in the order of the standard."""
    counts: dict[str, int] = {}
    pupil = dossier.huidigeschool.leerling
    for message in (dossier, pupil, pupil.onderwijsondersteuning):  # where categories begin
        for one, value in message.ListFields():
            category = one.GetOptions().Extensions[_FACTS].category
            if category:
                size = len(value) if one.is_repeated else 1
                counts[category] = counts.get(category, 0) + size
    return counts
