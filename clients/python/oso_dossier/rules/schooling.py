"""Rules about the way through school: before, until now, the advice for after, and to MBO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.rules.definition import absent, checks, present
from oso_dossier.rules.rule import Text
from oso_dossier.rules.wording import Words, forbidden, missing

if TYPE_CHECKING:
    from oso_dossier.rules.subject import Subject

_VOSWV, _POSWV, _POVO = ("VOSWV",), ("POSWV",), ("POVO",)
_NOT_POPO = ("POVO", "VOVO")


def _outside_popo(name: str) -> Any:
    there = present(name)
    return lambda pupil, subject: subject.move != "POPO" and there(pupil, subject)


def _no_advice(advice: Any, subject: Subject) -> bool:
    return not subject.is_special_school() and not advice.HasField("advies")


def _only_popo(words: Words) -> Words:
    condition = Text(
        f"{words.condition.nl} De overstap is niet POPO.",
        f"{words.condition.en} The move is not POPO.",
    )
    return words._replace(condition=condition)


_PRESCHOOL = forbidden("de gegevens over voorschoolse educatie", "the pre-school information")
_EARLY = forbidden("de gegevens over vroegschoolse educatie", "the early-school information")
_CONTACT = Text(
    "Vul dit in, of zet uit dat contact nodig is.",
    "Fill this in, or switch off that contact is needed.",
)

_BEFORE = (
    *checks(
        {"OVa.VV01": 33},
        "Leerling.voorschools",
        _outside_popo("voorschools"),
        _only_popo(_PRESCHOOL),
        profiles=_NOT_POPO,
    ),
    *checks(
        {"OVa.VV02": 34},
        "Leerling.vroegschools",
        _outside_popo("vroegschools"),
        _only_popo(_EARLY),
        profiles=_NOT_POPO,
    ),
    *checks(
        {"PaO.VV01": 22},
        "Leerling.vanpeuterspeelzaal",
        present("vanpeuterspeelzaal"),
        forbidden(
            "het antwoord op 'van peuterspeelzaal'", "the answer whether there was a playgroup"
        ),
        moves=_VOSWV,
    ),
    *checks(
        {"PaO.VV02": 23},
        "Leerling.naampeuterspeelzaal",
        present("naampeuterspeelzaal"),
        forbidden("de naam van de peuterspeelzaal", "the name of the playgroup"),
        moves=_VOSWV,
    ),
    *checks(
        {"PaO.VV03": 24},
        "Leerling.voorschools",
        present("voorschools"),
        _PRESCHOOL,
        moves=_VOSWV,
    ),
    *checks(
        {"PaO.VV04": 25}, "Leerling.vroegschools", present("vroegschools"), _EARLY, moves=_VOSWV
    ),
    *checks(
        {"OVa.SL01.career": 35, "PaO.SL01.career": 26},
        "Leerling.schoolloopbaanlijst",
        absent("schoolloopbaanlijst"),
        missing("de schoolloopbaan van de leerling", "the school career of the pupil"),
    ),
)

_ADVICE = (
    *checks(
        {"OVa.OA01": 36},
        "Leerling.overstapadvies",
        absent("overstapadvies"),
        missing("het advies voor de overstap", "the advice for the move"),
    ),
    *checks(
        {"OVa.OA02": 48},
        "Overstapadvies.advies",
        _no_advice,
        Words(
            Text(
                "Er is geen schooladvies en de school is geen SO.",
                "There is no school advice and the school is not of kind SO.",
            ),
            Text("Het schooladvies ontbreekt.", "The advice of the school is missing."),
            Text("Vul het schooladvies in.", "Fill in the advice of the school."),
        ),
        moves=_POVO,
    ),
    *checks(
        {"OVa.OA03": 49},
        "Overstapadvies.contactnodig",
        absent("contactnodig"),
        missing("het antwoord of contact nodig is", "the answer whether contact is needed"),
    ),
    *checks(
        {"OVa.OA04": 50},
        "Overstapadvies.contactpersoon",
        lambda advice, _: advice.contactnodig and not advice.HasField("contactpersoon"),
        Words(
            Text(
                "Contact is nodig en er is geen contactpersoon.",
                "Contact is needed and there is no contact person.",
            ),
            Text(
                "Contact is nodig, maar de contactpersoon ontbreekt.",
                "Contact is needed, but the contact person is missing.",
            ),
            _CONTACT,
        ),
    ),
    *checks(
        {"OVa.OA05": 51},
        "Overstapadvies.contacttelefoon",
        lambda advice, _: advice.contactnodig and not advice.HasField("contacttelefoon"),
        Words(
            Text(
                "Contact is nodig en er is geen telefoonnummer.",
                "Contact is needed and there is no phone number.",
            ),
            Text(
                "Contact is nodig, maar het telefoonnummer daarvoor ontbreekt.",
                "Contact is needed, but the phone number for it is missing.",
            ),
            _CONTACT,
        ),
    ),
)

_TO_MBO = {
    "bevorderd": ("de laatste bevordering", "the last move up"),
    "examenresultaat": ("het resultaat van het examen", "the result of the examination"),
    "resultaatvakkenvo": ("het resultaat per vak", "the results by subject"),
    "certificaat": ("het certificaat", "the certificate"),
    "competenties": ("het overzicht van competenties", "the competencies"),
    "stage": ("de stage", "the internship"),
    "overigvombo": ("het blok 'overig voor het mbo'", "the block of other facts for MBO"),
}

CHECKS = (
    *_BEFORE,
    *_ADVICE,
    *(
        check
        for number, (name, (dutch, english)) in enumerate(_TO_MBO.items(), 1)
        for check in checks(
            {f"PaO.VM{number:02d}": 28 + number},
            f"Leerling.{name}",
            present(name),
            forbidden(dutch, english),
            moves=_POSWV,
        )
    ),
)
