"""Rules OG: what values must look like in every dossier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import common
from oso_dossier.rules.rule import Text
from oso_dossier.rules.subject import TEXT
from oso_dossier.rules.wording import Words

if TYPE_CHECKING:
    from oso_dossier.rules.definition import Breaks
    from oso_dossier.rules.subject import Subject

_SHORTEST, _LONGEST = 4, 256
# One character before the @ is enough: whatever stands before it may be anything.
_BEFORE_AT = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%*+=?^_`{|}~.-"
)
_LABEL = re.compile("[A-Za-z0-9-]+")
_31_JULY = (7, 31)


def _when_email(breaks: Breaks) -> Breaks:
    return lambda contact, subject: contact.soort == "e-mail" and breaks(contact, subject)


def _no_address_at_the_end(contact: Any, _: Subject) -> bool:
    """Tell whether no end of the text is an e-mail address.

    An address has one @, so it can only be the last one; looked at once, however long the text.
    """
    before, at, domain = contact.nummer.rpartition("@")
    return not (at and before[-1:] in _BEFORE_AT and _is_domain(domain))


def _is_domain(domain: str) -> bool:
    return all(
        _LABEL.fullmatch(label) and not label.startswith("-") and not label.endswith("-")
        for label in domain.split(".")
    )


def _other_version(metadata: Any, subject: Subject) -> bool:
    place = (subject.metadata_place, "standaardversie", 1)
    texts = subject.texts(place, TEXT, metadata.standaardversie)
    return subject.year.standaardversie not in texts


def _ends_otherwise(lwoo: Any, _: Subject) -> bool:
    day = lwoo.lwoo_einddatum
    return lwoo.HasField("lwoo_einddatum") and (day.month, day.day) != _31_JULY


def _email(nl: str, en: str) -> Words:
    return Words(
        Text(
            f"Bij een contactgegeven van de soort e-mail: {nl}.",
            f"For a contact of kind e-mail: {en}.",
        ),
        Text(f"Dit e-mailadres klopt niet: {nl}.", f"This e-mail address is not right: {en}."),
        Text(
            "Verbeter het e-mailadres, of kies bij soort 'telefoon' als het een nummer is.",
            "Correct the e-mail address, or choose 'telefoon' as its kind when it is a number.",
        ),
    )


_DEATH_HINT = Text(
    "Zet bij deze verzorger 'overleden' aan, of haal de datum weg.",
    "Switch on 'deceased' for this carer, or remove the date.",
)
_DOCTOR_HINT = Text(
    "Haal dit gegeven weg bij de huisarts.", "Remove this from the general practitioner."
)

CHECKS = (
    common(
        "OG.01.minlength",
        55,
        "Communicatie.nummer",
        _when_email(lambda contact, _: len(contact.nummer) < _SHORTEST),
        _email("het heeft minder dan 4 tekens", "it has fewer than 4 characters"),
    ),
    common(
        "OG.01.maxlength",
        56,
        "Communicatie.nummer",
        _when_email(lambda contact, _: len(contact.nummer) > _LONGEST),
        _email("het heeft meer dan 256 tekens", "it has more than 256 characters"),
    ),
    common(
        "OG.01.at",
        57,
        "Communicatie.nummer",
        _when_email(lambda contact, _: "@" not in contact.nummer),
        _email("er staat geen @ in", "it has no @"),
    ),
    common(
        "OG.01.pattern",
        58,
        "Communicatie.nummer",
        _when_email(_no_address_at_the_end),
        _email(
            "het eindigt niet op naam@domein met letters, cijfers en gewone tekens",
            "it does not end in name@domain with letters, digits and common signs",
        ),
    ),
    common(
        "OG.02",
        59,
        "Metadata.standaardversie",
        _other_version,
        Words(
            Text(
                "De standaardversie is niet die van het jaar van het dossier (2019.1 voor 2019).",
                "The standaardversie is not that of the dossier's year (2019.1 for 2019).",
            ),
            Text(
                "De versie van de standaard klopt niet met dit soort bestand.",
                "The version of the standard does not go with this kind of file.",
            ),
            Text(
                "Maak het dossier opnieuw met een programma dat deze versie kent.",
                "Make the dossier again with a program that knows this version.",
            ),
        ),
        inside=True,
    ),
    common(
        "OG.03",
        60,
        "Lwoo.lwoo_einddatum",
        _ends_otherwise,
        Words(
            Text(
                "De einddatum van lwoo is geen 31 juli. De opbouw laat dat al niet toe.",
                "The end date of lwoo is not a 31 July. The structure already refuses that.",
            ),
            Text("Lwoo eindigt altijd op 31 juli.", "Lwoo always ends on 31 July."),
            Text("Kies 31 juli als einddatum.", "Choose 31 July as the end date."),
        ),
        inside=True,
    ),
    common(
        "OG.04.noflag",
        61,
        "Verzorger.overlijdensdatum",
        lambda carer, _: carer.HasField("overlijdensdatum") and not carer.HasField("overleden"),
        Words(
            Text(
                "Een verzorger heeft een overlijdensdatum, maar er staat niet of hij of zij"
                " overleden is.",
                "A carer has a date of death, but nothing says whether she or he has died.",
            ),
            Text(
                "Er is een overlijdensdatum, maar niet ingevuld of de verzorger overleden is.",
                "There is a date of death, but not whether the carer has died.",
            ),
            _DEATH_HINT,
        ),
        first_year="2018.1.1",
    ),
    common(
        "OG.04.false",
        62,
        "Verzorger.overlijdensdatum",
        lambda carer, _: carer.HasField("overlijdensdatum") and not carer.overleden,
        Words(
            Text(
                "Een verzorger heeft een overlijdensdatum, maar 'overleden' is niet waar.",
                "A carer has a date of death, but 'overleden' is not true.",
            ),
            Text(
                "Er is een overlijdensdatum, terwijl de verzorger niet als overleden is vermeld.",
                "There is a date of death, while the carer is not said to have died.",
            ),
            _DEATH_HINT,
        ),
        first_year="2018.1.1",
    ),
    common(
        "OG.05.roepnaam",
        63,
        "Persoon.roepnaam",
        lambda doctor, _: doctor.HasField("roepnaam"),
        Words(
            Text("De huisarts heeft een roepnaam.", "The general practitioner has a nickname."),
            Text(
                "Een roepnaam hoort niet bij de huisarts.",
                "A nickname does not belong with the general practitioner.",
            ),
            _DOCTOR_HINT,
        ),
        first_year="2019.1",
    ),
    common(
        "OG.05.geslacht",
        64,
        "Persoon.geslacht",
        lambda doctor, _: doctor.HasField("geslacht"),
        Words(
            Text("De huisarts heeft een geslacht.", "The general practitioner has a gender."),
            Text(
                "Het geslacht hoort niet bij de huisarts.",
                "The gender does not belong with the general practitioner.",
            ),
            _DOCTOR_HINT,
        ),
        first_year="2019.1",
    ),
    common(
        "OG.05.adresgeheim",
        65,
        "Persoon.adresgeheim",
        lambda doctor, _: doctor.adresgeheim,
        Words(
            Text(
                "Het adres van de huisarts staat op geheim.",
                "The address of the general practitioner is marked secret.",
            ),
            Text(
                "Het adres van de huisarts kan niet geheim zijn.",
                "The address of the general practitioner cannot be secret.",
            ),
            _DOCTOR_HINT,
        ),
        first_year="2019.1",
    ),
)
