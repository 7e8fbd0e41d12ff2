"""Rules about parents, other carers, and who is liable for the pupil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import absent, checks, present
from oso_dossier.rules.rule import Text
from oso_dossier.rules.wording import Words, forbidden, missing

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject


def nobody_liable(pupil: Any, _: Subject) -> bool:
    """Tell whether neither the carers nor an institution are liable for the pupil."""
    return not pupil.verzorgersaansprakelijk and not pupil.HasField("aansprakelijkeinstelling")


def _liable_but_unknown(pupil: Any, _: Subject) -> bool:
    return pupil.verzorgersaansprakelijk and not pupil.verzorger


def _secret_but_there(carer: Any, _: Subject) -> bool:
    return carer.adresgeheim and bool(carer.adreslijst)


INSTITUTION = Words(
    Text(
        "De verzorgers zijn niet aansprakelijk en er is geen aansprakelijke instelling.",
        "The carers are not liable and there is no liable institution.",
    ),
    Text(
        "Er staat niet in welke instelling aansprakelijk is voor de leerling.",
        "Nothing says which institution is liable for the pupil.",
    ),
    Text(
        "Vul de aansprakelijke instelling in, of zet aan dat de verzorgers aansprakelijk zijn.",
        "Fill in the liable institution, or switch on that the carers are liable.",
    ),
)

CHECKS = (
    *checks(
        {"OVa.LL15": 30},
        "Leerling.verzorgersaansprakelijk",
        absent("verzorgersaansprakelijk"),
        missing(
            "het antwoord of de verzorgers aansprakelijk zijn",
            "the answer whether the carers are liable",
        ),
    ),
    *checks(
        {"OVa.AI01.POPO": 31},
        "Leerling.aansprakelijkeinstelling",
        nobody_liable,
        INSTITUTION,
        moves=("POPO",),
    ),
    *checks(
        {"OVa.AI01.POVO": 32},
        "Leerling.aansprakelijkeinstelling",
        nobody_liable,
        INSTITUTION,
        moves=("POVO",),
    ),
    *checks(
        {"OVa.OV01": 37, "PaO.OV01": 28},
        "Leerling.verzorger",
        _liable_but_unknown,
        Words(
            Text(
                "De verzorgers zijn aansprakelijk en er is geen verzorger.",
                "The carers are liable and there is no carer.",
            ),
            Text(
                "De verzorgers zijn aansprakelijk, maar er staat geen verzorger in het dossier.",
                "The carers are liable, but the dossier has no carer.",
            ),
            Text("Vul minstens een verzorger in.", "Fill in at least one carer."),
        ),
    ),
    *checks(
        {"OVa.OV03": 46, "OVb.OV01": 47, "PaO.OV03": 36},
        "Verzorger.adreslijst",
        _secret_but_there,
        Words(
            Text(
                "Het adres van een verzorger is geheim en staat er toch in.",
                "The address of a carer is secret and is there all the same.",
            ),
            Text(
                "Het adres van deze verzorger is geheim en mag niet in het dossier staan.",
                "The address of this carer is secret and may not be in the dossier.",
            ),
            Text(
                "Haal het adres weg, of zet 'adres geheim' uit als het niet geheim is.",
                "Remove the address, or switch off 'secret address' if it is not secret.",
            ),
        ),
    ),
    *checks(
        {"PaO.OV05": 37},
        "Verzorger.banknummer",
        present("banknummer"),
        forbidden(
            "het bankrekeningnummer van de verzorger", "the bank account number of the carer"
        ),
    ),
)
