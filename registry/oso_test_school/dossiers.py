"""The dossiers of the test school: invented ones, about the pupils of its scenarios."""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING

from google.type.date_pb2 import Date

from oso_dossier import DossierDocument
from oso_dossier.attachments import describe
from oso_dossier.synthetic import generate
from oso_dossier.synthetic.drawing import pdf, png, zipped
from oso_dossier.years import convert, year_named
from oso_test_school.scenarios import Content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_test_school.pupils import Pupil
    from oso_test_school.scenarios import Scenario

OLD_YEAR = "2018.1.1"
_SMALL_ATTACHMENTS = 40
_LARGE = (1400, 1280)  # pixels: 5.1 MiB


def dossier_of(scenario: Scenario, brin: str, changed: datetime | None = None) -> DossierDocument:
    """Make the dossier of a scenario; the same arguments give the same bytes.

    Args:
        scenario: The scenario.
        brin: The test school.
        changed: When it was changed; None for the first version.

    """
    invented = generate(scenario.profile, scenario.seed)
    dossier, attachments = invented.dossier, list(invented.attachments)
    _name_school(dossier, brin)
    _name_pupil(dossier, scenario.pupil)
    if changed is not None:
        advice = dossier.huidigeschool.leerling.overstapadvies
        advice.argumentatie += f" Bijgewerkt op {changed:%Y-%m-%d om %H:%M:%S} UTC."
    pupil = dossier.huidigeschool.leerling
    for name, content in _more_attachments(scenario):
        attachments.append(zipped(name, content))
        added = pupil.overigdocumentlijst.add(bestandsnaam=name, omschrijving="Werk van school")
        added.bestandsinhoud.CopyFrom(describe(attachments[-1], len(attachments)))
    document = DossierDocument(dossier, tuple(attachments))
    if scenario.content is Content.OLD_YEAR:
        return convert(document, year_named(OLD_YEAR)).document
    return document


def _name_school(dossier: Dossier, brin: str) -> None:
    school = dossier.huidigeschool
    school.naam, school.brincode = "OSO-testschool", brin
    for stretch in school.leerling.schoolloopbaanlijst:
        stretch.brincode = brin


def _name_pupil(dossier: Dossier, pupil: Pupil) -> None:
    told = dossier.huidigeschool.leerling
    told.voornaam[:] = pupil.first_names
    told.voorletters_1 = "".join(f"{name[0]}." for name in pupil.first_names)
    told.voorvoegsel, told.achternaam = pupil.prefix, pupil.surname
    if not pupil.prefix:
        told.ClearField("voorvoegsel")
    told.roepnaam = pupil.first_names[0]
    year, month, day = (int(part) for part in pupil.birth_date.split("-"))
    told.geboortedatum.CopyFrom(Date(year=year, month=month, day=day))
    if pupil.number:
        setattr(told, pupil.kind, pupil.number)  # one of them: the other is gone with it


def _more_attachments(scenario: Scenario) -> Iterator[tuple[str, bytes]]:
    """Give name and content of what comes besides what every invented dossier has."""
    if scenario.content is Content.MANY_ATTACHMENTS:
        for number in range(1, _SMALL_ATTACHMENTS + 1):
            lines = [f"Bladzijde {number}.", "Dit document is verzonnen en gaat over niemand."]
            yield f"werkstuk-{number:02}.pdf", pdf(f"Werkstuk {number}", lines)
    if scenario.content in {Content.MANY_ATTACHMENTS, Content.LARGE}:
        yield "muurschildering.png", _mural()


@cache
def _mural() -> bytes:
    """Draw what is large, once: it takes a fifth of a second."""
    return png(random.Random("mural"), *_LARGE)  # noqa: S311  not for secrets
