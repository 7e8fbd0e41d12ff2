"""Rules LL: what must and may not be known of the pupil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import absent, checks, present
from oso_dossier.rules.rule import Text
from oso_dossier.rules.wording import Words, forbidden, missing

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject

_DUMMY_PHONE, _DUMMY_EMAIL = "9999999999", "geheim@geheim.geheim"
_POVO = ("POVO",)


def _no_address(pupil: Any, _: Subject) -> bool:
    return not (pupil.HasField("adreslijst") or pupil.adresbuitenland or pupil.adresgeheim)


def _secret_but_there(pupil: Any, _: Subject) -> bool:
    return bool(pupil.adresgeheim and pupil.HasField("adreslijst"))


def _secret_but_there_abroad(pupil: Any, _: Subject) -> bool:
    return pupil.adresgeheim and bool(pupil.adresbuitenland)


def _any_number(pupil: Any, _: Subject) -> bool:
    return bool(pupil.HasField("bsn") or pupil.HasField("onderwijsnummer"))


def _no_number(pupil: Any, subject: Subject) -> bool:
    return not _any_number(pupil, subject)


def _shown_phone(contact: Any, _: Subject) -> bool:
    shown = contact.nummer != _DUMMY_PHONE
    return bool(contact.geheim and contact.soort == "telefoon" and shown)


def _shown_email(contact: Any, _: Subject) -> bool:
    shown = contact.nummer != _DUMMY_EMAIL
    return bool(contact.geheim and contact.soort == "e-mail" and shown)


def _secret_contact(dutch: str, english: str, dummy: str) -> Words:
    return Words(
        Text(
            f"Een {dutch} ergens in het dossier staat op geheim, en er staat iets anders dan"
            f" {dummy}.",
            f"Some {english} in the dossier is marked secret, and it is not {dummy}.",
        ),
        Text(
            f"Dit geheime {dutch} mag niet in het dossier staan.",
            f"This secret {english} may not be in the dossier.",
        ),
        Text(
            f"Zet {dummy} in de plaats, of haal 'geheim' weg als het niet geheim is.",
            f"Put {dummy} in its place, or remove 'geheim' if it is not secret.",
        ),
    )


_BOTH_SECRET = Text(
    "Haal het adres weg, of zet 'adres geheim' uit als het niet geheim is.",
    "Remove the address, or switch off 'secret address' if it is not secret.",
)

CHECKS = (
    *checks(
        {"OVa.LL01": 15, "PaO.LL01": 9},
        "Leerling.voornaam",
        absent("voornaam"),
        missing("de voornaam van de leerling", "the first name of the pupil"),
    ),
    *checks(
        {"OVa.LL02": 16, "PaO.LL02": 10},
        "Leerling.geboortedatum",
        absent("geboortedatum"),
        missing("de geboortedatum van de leerling", "the birth date of the pupil"),
    ),
    *checks(
        {"OVa.LL03": 17, "OVb.LL01": 38, "PaO.LL03": 11},
        "Leerling.geboortemaand",
        present("geboortemaand"),
        forbidden("de geboortemaand", "the month of birth"),
    ),
    *checks(
        {"OVa.LL04": 18, "PaO.LL04": 12},
        "Leerling.adresgeheim",
        absent("adresgeheim"),
        missing(
            "het antwoord of het adres van de leerling geheim is",
            "the answer whether the address of the pupil is secret",
        ),
    ),
    *checks(
        {"OVa.LL05": 19, "PaO.LL05": 13},
        "Leerling.adreslijst",
        _no_address,
        Words(
            Text(
                "Er is geen adres, ook niet in het buitenland, en het adres is niet geheim.",
                "There is no address, not abroad either, and the address is not secret.",
            ),
            Text("Het adres van de leerling ontbreekt.", "The address of the pupil is missing."),
            Text(
                "Vul een adres in Nederland of in het buitenland in, of zet 'adres geheim' aan.",
                "Fill in an address here or abroad, or switch on 'secret address'.",
            ),
        ),
    ),
    *checks(
        {"OVa.LL06": 20, "OVb.LL02": 39, "PaO.LL06": 14},
        "Leerling.adreslijst",
        _secret_but_there,
        Words(
            Text(
                "Het adres van de leerling is geheim en staat er toch in.",
                "The address of the pupil is secret and is there all the same.",
            ),
            Text(
                "Het adres van de leerling is geheim en mag niet in het dossier staan.",
                "The address of the pupil is secret and may not be in the dossier.",
            ),
            _BOTH_SECRET,
        ),
    ),
    *checks(
        {"OVa.LL07": 21, "OVb.LL03": 40, "PaO.LL07": 15},
        "Leerling.postcode4adres",
        present("postcode4adres"),
        forbidden("de postcode van vier cijfers", "the postal code of four digits"),
    ),
    *checks(
        {"OVa.LL08.phone": 22, "OVb.LL04.phone": 41, "PaO.LL08.phone": 16},
        "Leerling.nummer",
        _shown_phone,
        _secret_contact("telefoonnummer", "phone number", _DUMMY_PHONE),
        over="Communicatie",
    ),
    *checks(
        {"OVa.LL08.email": 23, "OVb.LL04.email": 42, "PaO.LL08.email": 17},
        "Leerling.nummer",
        _shown_email,
        _secret_contact("e-mailadres", "e-mail address", _DUMMY_EMAIL),
        over="Communicatie",
    ),
    *checks(
        {"OVa.LL09": 24, "OVb.LL05": 43, "PaO.LL09": 18},
        "Leerling.adresbuitenland",
        _secret_but_there_abroad,
        Words(
            Text(
                "Het adres van de leerling is geheim en het adres in het buitenland staat erin.",
                "The address of the pupil is secret and the address abroad is there.",
            ),
            Text(
                "Het adres van de leerling is geheim; het adres in het buitenland mag er niet in.",
                "The address of the pupil is secret; the address abroad may not be there.",
            ),
            _BOTH_SECRET,
        ),
    ),
    *checks(
        {"OVa.LL10": 25, "OVb.LLxx.geboorteplaats": 44, "PaO.LL10": 19},
        "Leerling.geboorteplaats",
        present("geboorteplaats"),
        forbidden("de geboorteplaats", "the place of birth"),
    ),
    *checks(
        {"OVa.LL11": 26, "OVb.LLxx.nationaliteit": 45, "PaO.LL11": 20},
        "Leerling.nationaliteit",
        present("nationaliteit"),
        forbidden("de nationaliteit", "the nationality"),
    ),
    *checks(
        {"OVa.LL12": 27},
        "Leerling.bsn",
        _no_number,
        missing("het BSN of onderwijsnummer", "the BSN or onderwijsnummer"),
    ),
    *checks(
        {"PaO.LL12": 21},
        "Leerling.bsn",
        _any_number,
        forbidden("het BSN of onderwijsnummer", "the BSN or onderwijsnummer"),
    ),
    *checks(
        {"OVa.LL13": 28},
        "Leerling.leerlingid",
        absent("leerlingid"),
        missing(
            "het nummer van de leerling in de leerlingadministratie",
            "the number of the pupil in the pupil administration",
        ),
        moves=_POVO,
    ),
    *checks(
        {"OVa.LL14": 29},
        "Leerling.datuminschrijving",
        absent("datuminschrijving"),
        missing("de datum van inschrijving", "the day of enrolment"),
    ),
)
